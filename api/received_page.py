"""`GET /received`: what each phone, number and address of the demonstration received, Arabic first.

Development only: `api/app.py` mounts it beside the page at `/`, where `osrati run` started the
simulators that keep it.
"""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from api.demo import DemoParent
from api.demo_phone import DemoPhones, read_phones
from api.page import LANGUAGE_COOKIE, DemoParents, chosen_language, remember
from api.received import (
    RECEIVED_SHOWN_MAX,
    EmailReceived,
    PushReceived,
    Received,
    SmsReceived,
    read_received,
    read_screen,
)
from api.received_text import RECEIVED_TEXT
from api.settings import CHECKOUT, Simulators
from domain.text.message import Language
from timeline.contact import Contact, find_contact
from timeline.ground import Ground

T = TypeVar("T")


class Told(msgspec.Struct, frozen=True):
    """A parent and all that reached them. `has_phone` is False for who is reached otherwise."""

    parent: DemoParent
    has_phone: bool
    pushes: tuple[PushReceived, ...]
    texts: tuple[SmsReceived, ...]
    emails: tuple[EmailReceived, ...]

    def name(self, language: Language) -> str:
        return self.parent.name_ar if language == "ar" else self.parent.name_en


class FamilyTold(msgspec.Struct, frozen=True):
    id: str
    title: str
    parents: list[Told]


class Elsewhere(msgspec.Struct, frozen=True):
    """What went to no number or address of a demonstration parent's."""

    texts: tuple[SmsReceived, ...]
    emails: tuple[EmailReceived, ...]


class ReceivedPage:
    """The page. It asks the simulators at each request."""

    def __init__(
        self,
        ground: Ground,
        data_dir: Path,
        simulators: Simulators,
        demo_parents: DemoParents,
    ) -> None:
        self._ground, self._data_dir = ground, data_dir
        self._simulators, self._demo_parents = simulators, demo_parents
        self._templates = Environment(
            loader=FileSystemLoader(CHECKOUT / "api" / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )

    def route(self) -> Route:
        return Route("/received", self.show)

    async def show(self, request: Request) -> Response:
        """The page, in the language asked for, else the one chosen before, else Arabic."""
        language = chosen_language(request)
        received = await read_received(self._simulators)
        phones = read_phones(self._data_dir)
        parents = await self._demo_parents()
        contacts = [await find_contact(self._ground, each.person_id) for each in parents]
        told = [
            _told(parent, contact, phones, received)
            for parent, contact in zip(parents, contacts, strict=True)
        ]
        html = self._templates.get_template("received.html").render(
            language=language,
            words=RECEIVED_TEXT[language],
            families=list(_families(told, language)),
            elsewhere=_elsewhere(contacts, received),
            silent=received.silent,
        )
        response = HTMLResponse(html, headers={"cache-control": "no-store"})
        remember(response, LANGUAGE_COOKIE, language)
        return response


def _told(parent: DemoParent, contact: Contact, phones: DemoPhones, received: Received) -> Told:
    phone = phones.get(parent.emirates_id)
    pushes: tuple[PushReceived, ...] = ()
    if phone is not None:
        sealed = [payload for token, payload in received.pushes if token == phone.token]
        pushes = read_screen(phone.push_key, sealed)
    return Told(
        parent,
        phone is not None,
        pushes,
        _latest(each for each in received.texts if each.number == contact.mobile),
        _latest(each for each in received.emails if each.address == contact.email),
    )


def _elsewhere(contacts: Iterable[Contact], received: Received) -> Elsewhere:
    known = list(contacts)
    numbers = {contact.mobile for contact in known}
    addresses = {contact.email for contact in known}
    return Elsewhere(
        _latest(each for each in received.texts if each.number not in numbers),
        _latest(each for each in received.emails if each.address not in addresses),
    )


def _latest(each: Iterable[T]) -> tuple[T, ...]:
    """The latest first, and not more of them than a page shows."""
    return tuple(reversed(tuple(each)))[:RECEIVED_SHOWN_MAX]


def _families(told: Iterable[Told], language: Language) -> Iterable[FamilyTold]:
    for story_id, parents in groupby(told, key=lambda each: each.parent.story_id):
        members = list(parents)
        first = members[0].parent
        title = first.title_ar if language == "ar" else first.title_en
        yield FamilyTold(story_id, title, members)
