"""The catalogue on the phone: signed, kept, and saying what the server says, card by card."""

from collections.abc import Mapping
from datetime import date, timedelta

import cbor2
import msgspec
import pytest

from domain.card.text import render_lines, render_record
from domain.catalogue import Service
from domain.text.message import LANGUAGES, Language
from phone.catalogue import NotSigned, keep_catalogue, say_card
from phone.enrol import PUBLISHER_KEY
from phone.record import Card, Line, Parameter, Why, Window
from phone.store import Store
from phone.vault import new_vault, public_point
from phone.wire import CatalogueAnswer, Malformed
from sync.catalogue import service_text
from tests.support.builders import CITIZEN, born, described, married, pregnant
from tests.support.house import TestHouse, person
from timeline.read import TimelineCard

HUSBAND, WIFE, CHILD, ELDER = (person(number) for number in range(1, 5))
PUBLISHER = new_vault()


def as_published(service: Service, language: Language) -> dict[str, object]:
    """A service as the server sends it."""
    sent: dict[str, object] = msgspec.to_builtins(service_text(service, language))
    return sent


def signed(page: Mapping[str, object]) -> CatalogueAnswer:
    body = cbor2.dumps(page)
    return CatalogueAnswer(body, bytes(8), PUBLISHER.sign(b"osrati/1/catalogue" + body))


def fresh_store() -> Store:
    store = Store(None, new_vault())
    with store.transaction():
        store.set_setting(PUBLISHER_KEY, public_point(PUBLISHER.signing))
    return store


def on_phone(shown: TimelineCard) -> Card:
    """A record as its row would say it."""
    record = shown.record
    window = record.window
    return Card(
        key=record.key,
        entry=record.entry,
        version=record.version,
        card=record.card,
        occurrence=record.occurrence,
        rank=record.rank,
        waiting=record.waiting,
        window=None
        if window is None
        else Window(*(getattr(window, name) for name in Window.__struct_fields__)),
        resolved_on=record.resolved_on,
        parameters=tuple(Parameter(one.name, one.value) for one in record.parameters),
        why=Why(tuple(Line(line.id, line.truth) for line in record.why.lines), ()),
    )


async def test_every_card_says_on_the_phone_what_the_server_says(house: TestHouse) -> None:
    today = house.clock.today()
    await house.apply(
        married(HUSBAND, WIFE, today - timedelta(days=700)),
        described(HUSBAND, today - timedelta(days=700), nationality=CITIZEN, part="husband"),
        pregnant(WIFE, today - timedelta(days=60), due_on=today + timedelta(days=100)),
        born(CHILD, WIFE, today - timedelta(days=500), father=HUSBAND),
        born(ELDER, WIFE, date(2013, 2, 28), father=HUSBAND),
        described(
            ELDER,
            date(2013, 2, 28),
            name_ar="هند التجريبي",
            name_en="Hind Al-Tajribi",
            part="child",
        ),
    )
    services = (await house.ground.catalogues.current()).services
    store = fresh_store()
    for language in LANGUAGES:
        told = [as_published(service, language) for service in services.values()]
        page = {"version": 1, "since": 0, "locale": language, "services": told}
        keep_catalogue(store, signed(page), language)
    cards = [*await house.timeline(HUSBAND), *await house.timeline(WIFE)]
    assert len(cards) > 20
    for shown in cards:
        for language in LANGUAGES:
            expected = render_record(services[shown.record.entry], shown.record, language)
            said = say_card(store, on_phone(shown), language)
            assert (said.title, said.body) == (expected.title, expected.body)
            lines = render_lines(services[shown.record.entry], shown.record, language)
            assert [text for text, _ in said.lines] == [line.text for line in lines]


def test_a_catalogue_that_is_not_signed_is_not_kept() -> None:
    store = fresh_store()
    page = {"version": 3, "since": 0, "locale": "ar", "services": []}
    good = signed(page)
    forged = CatalogueAnswer(good.body + b"\x00", good.key_id, good.signature)
    with pytest.raises(NotSigned):
        keep_catalogue(store, forged, "ar")
    with pytest.raises(Malformed):
        keep_catalogue(store, good, "en")
    assert store.find_number("catalogue/ar") == 0
    keep_catalogue(store, good, "ar")
    assert store.find_number("catalogue/ar") == 3


def test_the_highest_revision_is_said_and_an_unknown_service_by_its_id() -> None:
    store = fresh_store()
    for revision, name in ((2, "second"), (1, "first")):
        told = {"id": "entry", "version": 1, "revision": revision, "name": name}
        page = {"version": 1, "since": 0, "locale": "en", "services": [told]}
        keep_catalogue(store, signed(page), "en")
    card = Card(
        key=bytes(16),
        entry="entry",
        version=1,
        card="card",
        occurrence="",
        rank=1,
        waiting=True,
        window=None,
        resolved_on=None,
        parameters=(),
        why=Why((), ()),
    )
    assert say_card(store, card, "en").title == "second"
    assert say_card(store, card, "ar").title == "entry"
