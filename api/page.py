"""The development page at `/`: what each parent of the demonstration sees today, in Arabic first.

It asks the schema in process, by the operations that `mobile-contract/` gives to apps, and its
buttons post the contract's mutations to `/graphql`. `api/app.py` mounts it, never in production;
it serves `api/static` at `/static` beside it.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import TypeAlias
from urllib.parse import parse_qs
from uuid import UUID

import msgspec
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from api.demo import DemoParent
from api.page_text import PAGE_TEXT
from api.settings import CHECKOUT
from domain.error import NotFound, Refusal
from domain.people.actor import Actor
from domain.text.message import LANGUAGES, Language
from schema.build import OsratiSchema, build_schema
from schema.context import RequestContext
from timeline.command import CommandRegistry
from timeline.ground import Ground
from timeline.request_body import read_body

DemoParents: TypeAlias = Callable[[], Awaitable[list[DemoParent]]]

ACT_AS_COOKIE = "osrati_act_as"
LANGUAGE_COOKIE = "osrati_language"
COOKIE_SECONDS = 30 * 24 * 60 * 60  # a developer's month
SNOOZE_DAYS = 7
CARDS_A_PAGE = 100
FORM_BYTES_MAX = 256  # one name and one UUID

OPERATIONS = CHECKOUT / "mobile-contract" / "operations"
ACTS = ("AcknowledgeCard", "SnoozeCard", "DismissCard", "UndoCard")
OPEN, LATER = ("OVERDUE", "DUE", "UPCOMING"), ("SCHEDULED", "WAITING")
PAST = ("SNOOZED", "DISMISSED", "DONE", "EXPIRED")


class ForeignSite(Refusal):
    code = "foreign_site"
    status = 403
    ar = "لا يُقبل هذا الطلب إلا من صفحة العرض نفسها. افتحها ثم أعد المحاولة."
    en = "This is taken from the development page alone. Open it and try again."


# What follows is the shape of an answer to the contract's `Timeline` operation.


class WindowShown(msgspec.Struct, frozen=True, rename="camel"):
    visible_from: date
    due_from: date
    due_until: date
    expires_on: date


class LineShown(msgspec.Struct, frozen=True, rename="camel"):
    truth: str
    text: str


class FactShown(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    source_name: str
    occurred_on: date
    asserted_on: date


class RuleShown(msgspec.Struct, frozen=True, rename="camel"):
    service: str
    version: int
    revision: int


class WhyShown(msgspec.Struct, frozen=True, rename="camel"):
    criterion: str
    lines: list[LineShown]
    facts: list[FactShown]
    rule: RuleShown

    @property
    def told(self) -> list[FactShown]:
        """The facts, those that read alike once."""
        return list(dict.fromkeys(self.facts))


class CardShown(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    service_name: str
    agency_name: str
    nature: str
    state: str
    title: str
    body: str
    window: WindowShown | None
    shows_from: date | None
    draft: bool
    number: int
    acknowledged: bool
    dismissed: bool
    snoozed_until: date | None
    why: WhyShown

    @property
    def day(self) -> date | None:
        """The one day that matters in the card's state, if any."""
        if self.state in ("SCHEDULED", "SNOOZED"):
            return self.shows_from or self.snoozed_until
        if self.window is None:
            return None
        return {
            "UPCOMING": self.window.due_from,
            "DUE": self.window.due_until,
            "OVERDUE": self.window.due_until,
            "EXPIRED": self.window.expires_on,
        }.get(self.state)

    @property
    def acts(self) -> tuple[str, ...]:
        """What its reader may do to it here."""
        if self.state in OPEN:
            seen = () if self.acknowledged else ("Acknowledge",)
            return (*seen, "Snooze", "Dismiss", *(("Undo",) if self.touched else ()))
        return ("Undo",) if self.touched and self.state in ("SNOOZED", "DISMISSED") else ()

    @property
    def touched(self) -> bool:
        return self.acknowledged or self.dismissed or self.snoozed_until is not None


class _Edge(msgspec.Struct, frozen=True, rename="camel"):
    node: CardShown


class _PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None


class _Connection(msgspec.Struct, frozen=True, rename="camel"):
    edges: list[_Edge]
    page_info: _PageInfo


class _Me(msgspec.Struct, frozen=True, rename="camel"):
    timeline: _Connection


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    me: _Me


class ParentShown(msgspec.Struct, frozen=True):
    """A parent with their cards in three groups."""

    parent: DemoParent
    open: list[CardShown]
    later: list[CardShown]
    past: list[CardShown]

    def name(self, language: Language) -> str:
        return self.parent.name_ar if language == "ar" else self.parent.name_en


class FamilyShown(msgspec.Struct, frozen=True):
    """A story with its parents."""

    id: str
    title: str
    parents: list[ParentShown]


def page_routes(
    ground: Ground,
    registry: CommandRegistry,
    demo_parents: DemoParents,
    *,
    shows_received: bool = False,
) -> list[BaseRoute]:
    """`/` (the page), `POST /dev/act-as` (whom the explorer acts as), `/graphiql`.
    `shows_received`: there is a page of what phones received to lead to.
    """
    page = _DevelopmentPage(ground, registry, demo_parents, shows_received=shows_received)
    return [
        Route("/", page.show),
        Route("/dev/act-as", page.act_as, methods=["POST"]),
        Route("/graphiql", _open_explorer),
    ]


async def _open_explorer(_: Request) -> Response:
    return RedirectResponse("/static/graphiql/index.html")


class _DevelopmentPage:
    def __init__(
        self,
        ground: Ground,
        registry: CommandRegistry,
        demo_parents: DemoParents,
        *,
        shows_received: bool,
    ) -> None:
        self._ground = ground
        self._shows_received = shows_received
        self._registry = registry
        self._demo_parents = demo_parents
        self._schema: OsratiSchema = build_schema(production=False)
        self._timeline = _operation("Timeline")
        templates = FileSystemLoader(CHECKOUT / "api" / "templates")
        self._templates = Environment(
            loader=templates, autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    async def show(self, request: Request) -> Response:
        """The page, in the language asked for, else the one chosen before, else Arabic."""
        language = chosen_language(request)
        parents = await self._demo_parents()
        shown = [await self._parent(parent, language) for parent in parents]
        today = self._ground.clock.today()
        html = self._templates.get_template("page.html").render(
            language=language,
            words=PAGE_TEXT[language],
            families=list(_families(shown, language)),
            today=today,
            snooze_until=today + timedelta(days=SNOOZE_DAYS),
            day=lambda value: format_date(value, "long", locale=f"{language}_AE"),
            operations={name: _operation(name) for name in ACTS},
            shows_received=self._shows_received,
        )
        response = HTMLResponse(html, headers={"cache-control": "no-store"})
        remember(response, LANGUAGE_COOKIE, language)
        return response

    async def act_as(self, request: Request) -> Response:
        """Sets whom the explorer acts as, and opens it. Raises: ForeignSite, NotFound."""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise ForeignSite
        body = await read_body(request, bytes_max=FORM_BYTES_MAX, too_large=NotFound)
        form = parse_qs(body.decode("ascii", "replace"), max_num_fields=2)
        (asked,) = form.get("person_id", [""])[:1]
        if asked not in {str(parent.person_id) for parent in await self._demo_parents()}:
            raise NotFound("person_id")
        response = RedirectResponse("/graphiql", status_code=303)
        remember(response, ACT_AS_COOKIE, str(UUID(asked)))
        return response

    async def _parent(self, parent: DemoParent, language: Language) -> ParentShown:
        cards = await self._cards(parent, language)
        return ParentShown(
            parent, *([card for card in cards if card.state in group] for group in _GROUPS)
        )

    async def _cards(self, parent: DemoParent, language: Language) -> list[CardShown]:
        """Every card of a parent, by the contract's operation, page after page."""
        reads: Language = "en" if parent.language == "en" else "ar"
        context = RequestContext(
            self._ground, self._registry, Actor(parent.person_id, reads, "demonstration")
        )
        cards: list[CardShown] = []
        after: str | None = None
        while True:
            variables = {
                "language": language.upper(),
                "first": CARDS_A_PAGE,
                "after": after,
                "filter": {"states": [state for group in _GROUPS for state in group]},
            }
            result = await self._schema.execute(
                self._timeline, variable_values=variables, context_value=context
            )
            if result.errors:
                raise result.errors[0]
            connection = msgspec.convert(result.data, _Answer).me.timeline
            cards += [edge.node for edge in connection.edges]
            after = connection.page_info.end_cursor
            if not connection.page_info.has_next_page:
                return cards


_GROUPS = (OPEN, LATER, PAST)


def _families(shown: Iterable[ParentShown], language: Language) -> Iterable[FamilyShown]:
    """The parents by their stories, in the order in which they came."""
    for story_id, parents in groupby(shown, key=lambda item: item.parent.story_id):
        members = list(parents)
        told = members[0].parent
        yield FamilyShown(story_id, told.title_ar if language == "ar" else told.title_en, members)


def chosen_language(request: Request) -> Language:
    """The language asked for, else the one chosen before, else Arabic."""
    asked = request.query_params.get("language") or request.cookies.get(LANGUAGE_COOKIE)
    return next((language for language in LANGUAGES if language == asked), "ar")


def _operation(name: str) -> str:
    return (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")


def remember(response: Response, cookie: str, value: str) -> None:
    """Keeps a choice of the developer's for a month."""
    response.set_cookie(
        cookie, value, max_age=COOKIE_SECONDS, httponly=True, samesite="strict", path="/"
    )
