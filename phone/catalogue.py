"""The catalogue's texts on the phone, and what a card says by them.

Public words, signed by the publisher: they are checked and kept as they came. A row names entry
and version; the highest revision of that version is what is said.
"""

from datetime import date
from typing import Any

import cbor2
import msgspec

from phone.enrol import PUBLISHER_KEY
from phone.exchange import published_catalogue
from phone.message import LOCALES, Listed, Unrenderable, Value, join, render
from phone.record import Card, Truth
from phone.signature import is_signed
from phone.store import Store
from phone.transport import Transport
from phone.wire import CatalogueAnswer, Malformed, decode

SIGNED = b"osrati/1/catalogue"
UNNAMED = "unnamed"


class CardText(msgspec.Struct, frozen=True):
    """A card's title and body, as messages."""

    title: str
    body: str


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one service in one language."""

    id: str
    version: int
    revision: int
    name: str
    draft: bool = False
    nature: str = ""
    criterion: str = ""
    agency: str = ""
    lines: dict[str, str] = {}
    cards: dict[str, CardText] = {}
    terms: dict[str, str] = {}
    dates: tuple[str, ...] = ()


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the catalogue: what is new since a version."""

    version: int
    since: int
    locale: str
    services: tuple[dict[str, Any], ...] = ()  # Any: kept as they came, unknown fields too
    gone: tuple[str, ...] = ()
    agencies: dict[str, str] = {}
    facts: dict[str, str] = {}
    reviews: dict[str, str] = {}


class SaidCard(msgspec.Struct, frozen=True):
    """A card in words."""

    title: str
    body: str
    lines: tuple[tuple[str, Truth], ...]
    draft: bool


class NotSigned(Exception):
    """A catalogue that the publisher did not sign: nothing of it is kept."""


async def fetch_catalogue(store: Store, transport: Transport) -> None:
    """Brings the texts of both languages up to what the last answer named. Raises: Fault,
    NotSigned.
    """
    wanted = published_catalogue(store)
    for locale in LOCALES:
        since = store.find_number(f"catalogue/{locale}")
        if since < wanted:
            keep_catalogue(store, await transport.catalogue(since, locale), locale)


def keep_catalogue(store: Store, answer: CatalogueAnswer, locale: str) -> None:
    """Keeps a signed page, in one transaction. Raises: NotSigned, Malformed."""
    publisher = store.find_setting(PUBLISHER_KEY)
    if publisher is None or not is_signed(publisher, SIGNED + answer.body, answer.signature):
        raise NotSigned("the catalogue is not signed by its publisher")
    page = decode(answer.body, Catalogue)
    if page.locale != locale:
        raise Malformed("a catalogue of another language")
    with store.transaction() as connection:
        for body in page.services:
            service = _service(body)
            connection.execute(
                "INSERT INTO service VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET revision = excluded.revision, body = excluded.body"
                " WHERE service.revision <= excluded.revision",
                (locale, service.id, service.version, service.revision, cbor2.dumps(body)),
            )
        names = {**find_names(store, "agencies", locale), **page.agencies}
        store.set_setting(f"catalogue/agencies/{locale}", cbor2.dumps(names))
        facts = {**find_names(store, "facts", locale), **page.facts}
        store.set_setting(f"catalogue/facts/{locale}", cbor2.dumps(facts))
        store.set_setting(f"catalogue/reviews/{locale}", cbor2.dumps(page.reviews))
        store.set_number(f"catalogue/{locale}", page.version)


def find_names(store: Store, of: str, locale: str) -> dict[str, str]:
    """The names of `agencies`, of kinds of `facts`, or the messages of `reviews`."""
    body = store.find_setting(f"catalogue/{of}/{locale}")
    return {} if body is None else dict(cbor2.loads(body))


def find_service(store: Store, entry: str, version: int, locale: str) -> Service | None:
    """The texts that a row names; where its version is not here, the newest that is."""
    row = store.connection.execute(
        "SELECT body FROM service WHERE locale = ? AND id = ?"
        " ORDER BY version = ? DESC, version DESC LIMIT 1",
        (locale, entry, version),
    ).fetchone()
    return None if row is None else _service(cbor2.loads(row[0]))


def say_card(store: Store, card: Card, locale: str) -> SaidCard:
    """What a card says. A text that this phone cannot say is the service's name, or its id."""
    service = find_service(store, card.entry, card.version, locale)
    if service is None:
        return SaidCard(card.entry, "", (), False)
    lines = tuple(
        (_say(service, card, service.lines.get(line.id, line.id), locale), line.truth)
        for line in card.why.lines
    )
    name = _say(service, card, service.name, locale)
    texts = service.cards.get(card.card)
    if card.waiting or texts is None:
        unmet = "\n".join(text for text, truth in lines if truth != "met")
        return SaidCard(name, unmet, lines, service.draft)
    return SaidCard(
        _say(service, card, texts.title, locale),
        _say(service, card, texts.body, locale),
        lines,
        service.draft,
    )


def _say(service: Service, card: Card, message: str, locale: str) -> str:
    try:
        return render(message, locale, _values(service, card, locale))
    except Unrenderable:
        return service.id


def _values(service: Service, card: Card, locale: str) -> dict[str, Value]:
    """Parameters by name, else by name and language, else the term for whom nobody named."""
    values: dict[str, Value] = {}
    for parameter in card.parameters:
        name, value = parameter.name, parameter.value
        if name.rpartition("_")[2] in LOCALES:
            if name.endswith(f"_{locale}"):
                name = name.removesuffix(f"_{locale}")
            else:
                continue
        if isinstance(value, tuple):
            words = tuple(render(service.terms.get(one, one), locale, {}) for one in value)
            values[name] = Listed(value, join(words, locale))
        elif isinstance(value, str) and name in service.dates:
            values[name] = date.fromisoformat(value)
        else:
            values[name] = value
    return values


def _service(body: dict[str, Any]) -> Service:  # Any: CBOR of the contract
    try:
        return msgspec.convert(body, Service)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None
