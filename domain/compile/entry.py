"""Compiles the kinds of entries that services refer to (`domain/entry.py`).

One function a kind, each from a document's keys to its entry. What refers to another entry is
checked in `domain/compile/reference.py`, when all of them are known.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Literal, get_args

from domain.compile.document import Node
from domain.compile.head import HEAD_OPTIONAL, HEAD_REQUIRED, read_head, read_sign_off, read_span
from domain.compile.text import Scope, compile_bilingual
from domain.entry import (
    Agency,
    AgencyName,
    Bundle,
    Centre,
    Charter,
    Contact,
    ContactKind,
    ExchangePolicy,
    Figure,
    FigureValue,
    Holiday,
    HolidayYear,
    Provision,
    Questionnaire,
    RamadanYear,
    Reach,
    Span,
    Sure,
    Unit,
)
from domain.facts.person import EmploymentSector
from domain.ids import EntryId
from domain.rule.variable import VARIABLES
from domain.text.bilingual import Bilingual

FIGURE_MAX = 1_000_000_000  # dirhams of the largest grant have six digits
CONTACT_CHARACTERS_MAX = 200
YEAR_MIN = 2000
YEAR_MAX = 2100
HIJRI_YEAR_MIN = 1420  # about 2000
HIJRI_YEAR_MAX = 1524  # about 2100

Emirate = Literal["AE-AJ", "AE-AZ", "AE-DU", "AE-FU", "AE-RK", "AE-SH", "AE-UQ"]
"""ISO 3166-2."""

FamilyStage = Literal["about_to_marry", "newly_wed", "expecting", "with_children"]
_SPAN = ("valid_from", "valid_to")
_NOTHING = Scope()
_ONE_DAY = timedelta(days=1)


def fields_of(root: Node, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Node]:
    """The keys of an entry with its head's."""
    return root.fields(required=(*HEAD_REQUIRED, *required), optional=(*HEAD_OPTIONAL, *optional))


def read_agency(root: Node) -> Agency:
    """An agency. Its names follow each other: on every day it has one at most."""
    node = fields_of(root, ("names",), ("provides", "charter", "centres"))
    names: list[AgencyName] = []
    for item in node["names"].items(minimum=1):
        fields = item.fields(required=("name",), optional=_SPAN)
        first, last = read_span(fields)
        name = compile_bilingual(fields["name"], _NOTHING)
        names.append(AgencyName(name=name, valid_from=first, valid_to=last))
    check_following(node["names"], names, "name")
    provides: list[Provision] = []
    for item in node["provides"].items() if "provides" in node else ():
        fields = item.fields(required=("what",), optional=_SPAN)
        first, last = read_span(fields)
        what = fields["what"].refers_to("provision")
        provides.append(Provision(what=what, valid_from=first, valid_to=last))
    return Agency(
        **read_head(node),
        names=tuple(names),
        provides=tuple(provides),
        charter=_read_charter(node["charter"]) if "charter" in node else None,
        centres=tuple(_read_centre(item) for item in node["centres"].items())
        if "centres" in node
        else (),
    )


def read_bundle(root: Node) -> Bundle:
    """A bundle, and which agency manages it."""
    node = fields_of(root, ("name", "about", "manager"))
    return Bundle(
        **read_head(node),
        name=compile_bilingual(node["name"], _NOTHING),
        about=compile_bilingual(node["about"], _NOTHING),
        manager=node["manager"].refers_to("agency"),
    )


def read_figure(root: Node) -> Figure:
    """A dated figure of law. One that waits for a signature makes its entry a draft."""
    node = fields_of(root, ("name", "unit", "values"))
    values: list[FigureValue] = []
    for item in node["values"].items(minimum=1):
        fields = item.fields(
            required=("value", "valid_from", "source", "sure"), optional=("valid_to", "sign_off")
        )
        first, last = read_span(fields)
        sure: Sure = fields["sure"].choice(get_args(Sure))
        if sure != "verified" and "sign_off" not in fields:
            fields["sure"].refuse(
                f"a figure that is {sure!r} names in sign_off who must confirm it: add it"
            )
        values.append(
            FigureValue(
                value=fields["value"].integer(0, FIGURE_MAX),
                valid_from=first,
                valid_to=last,
                source=fields["source"].text(),
                sure=sure,
                sign_off=read_sign_off(fields["sign_off"]) if "sign_off" in fields else None,
            )
        )
    check_following(node["values"], values, "value")
    figure = Figure(
        **read_head(node),
        name=compile_bilingual(node["name"], _NOTHING),
        unit=node["unit"].choice(get_args(Unit)),
        values=tuple(values),
    )
    if any(value.sign_off for value in values) and not figure.draft:
        node["draft"].refuse("one of its values is not signed: so it is a draft")
    for start, known in VARIABLES.items():
        if figure.id in known:
            node["id"].refuse(f"{figure.id!r} is a variable of {start!r}: rename the figure")
    return figure


def read_policy(root: Node) -> ExchangePolicy:
    """Which fields of a registry may be used for what, and by whom."""
    node = fields_of(root, ("registry", "fields", "purposes", "agency"), _SPAN)
    first, last = read_span(node)
    return ExchangePolicy(
        **read_head(node),
        registry=node["registry"].refers_to("agency"),
        fields=_identifiers(node["fields"]),
        purposes=refer_once(node["purposes"], "service"),
        agency=node["agency"].refers_to("agency"),
        holds=Span(valid_from=first, valid_to=last),
    )


def read_questionnaire(root: Node) -> Questionnaire:
    """A form, by reference alone."""
    node = fields_of(root, ("name", "owner", "licence"), ("url",))
    if "url" in node and not str(node["url"].value).startswith("https://"):
        node["url"].refuse("expected an address that begins with https://")
    return Questionnaire(
        **read_head(node),
        name=compile_bilingual(node["name"], _NOTHING),
        owner=node["owner"].text(),
        licence=node["licence"].text(),
        url=node["url"].text() if "url" in node else None,
    )


def read_holidays(root: Node) -> HolidayYear:
    """The public holidays of a year, each on its own day of it."""
    node = fields_of(root, ("year", "days"))
    year = node["year"].integer(YEAR_MIN, YEAR_MAX)
    days: list[Holiday] = []
    for item in node["days"].items(minimum=1):
        fields = item.fields(required=("on", "name", "sure"))
        day = Holiday(
            on=fields["on"].day(),
            name=compile_bilingual(fields["name"], _NOTHING),
            sure=fields["sure"].choice(get_args(Sure)),
        )
        if day.on.year != year:
            fields["on"].refuse(f"{day.on} is not in {year}: move it to its own year's document")
        if days and day.on <= days[-1].on:
            fields["on"].refuse("is not after the day before it: put the days in order, once each")
        days.append(day)
    return HolidayYear(**read_head(node), year=year, days=tuple(days))


def read_ramadan(root: Node) -> RamadanYear:
    """Ramadan of one Hijri year: 29 or 30 days."""
    node = fields_of(root, ("hijri_year", "first_on", "last_on", "sure"))
    first, last = node["first_on"].day(), node["last_on"].day()
    if (last - first).days + 1 not in (29, 30):
        node["last_on"].refuse("a month of the Hijri calendar has 29 or 30 days: mend a day")
    return RamadanYear(
        **read_head(node),
        hijri_year=node["hijri_year"].integer(HIJRI_YEAR_MIN, HIJRI_YEAR_MAX),
        first_on=first,
        last_on=last,
        sure=node["sure"].choice(get_args(Sure)),
    )


def read_reach(root: Node) -> Reach:
    """Whom a service or a roll-out is for."""
    node = fields_of(root, ("name",), ("emirates", "facilities", "employers", "stages"))
    keys = [key for key in ("emirates", "facilities", "employers", "stages") if key in node]
    if not keys:
        root.refuse("holds for everybody: add emirates, facilities, employers or stages")
    return Reach(
        **read_head(node),
        name=compile_bilingual(node["name"], _NOTHING),
        emirates=_choices(node.get("emirates"), get_args(Emirate)),
        facilities=_texts(node.get("facilities")),
        employers=_choices(node.get("employers"), get_args(EmploymentSector)),
        stages=_choices(node.get("stages"), get_args(FamilyStage)),
    )


def check_following(node: Node, spans: Iterable[Span], what: str) -> None:
    """Each span begins the day after the one before ends: no gap, no overlap, in order."""
    before: date | None = None
    is_first = True
    for item, span in zip(node.items(), spans, strict=False):
        if not is_first and before is None:
            item.refuse(f"the {what} before it has no valid_to: add the day on which that ended")
        elif before is not None and span.valid_from is None:
            item.refuse(f"names no valid_from: add {before + _ONE_DAY}, the day after the {what}")
        elif before is not None and span.valid_from is not None:
            wanted = before + _ONE_DAY
            if span.valid_from > wanted:
                item.refuse(
                    f"begins on {span.valid_from}: from {wanted} to {span.valid_from - _ONE_DAY}"
                    f" there is no {what}; let it begin on {wanted}, or end the one before later"
                )
            elif span.valid_from < wanted:
                item.refuse(
                    f"begins on {span.valid_from}, when the {what} before still holds until"
                    f" {before}: let it begin on {wanted}, or end the one before sooner"
                )
        before, is_first = span.valid_to, False


def refer_once(node: Node, kind: str) -> tuple[EntryId, ...]:
    """A list of other entries of one kind, each named once."""
    return tuple(
        EntryId(name) for name in _once(node, [item.refers_to(kind) for item in node.items()])
    )


def _read_charter(root: Node) -> Charter:
    node = root.fields(required=("commitments", "duties", "contacts"))
    return Charter(
        commitments=_bilinguals(node["commitments"]),
        duties=_bilinguals(node["duties"]),
        contacts=_read_contacts(node["contacts"]),
    )


def _read_centre(root: Node) -> Centre:
    node = root.fields(required=("id", "name", "emirate"), optional=("address", "contacts"))
    return Centre(
        id=node["id"].identifier(),
        name=compile_bilingual(node["name"], _NOTHING),
        emirate=node["emirate"].choice(get_args(Emirate)),
        address=compile_bilingual(node["address"], _NOTHING) if "address" in node else None,
        contacts=_read_contacts(node["contacts"]) if "contacts" in node else (),
    )


def _read_contacts(root: Node) -> tuple[Contact, ...]:
    contacts: list[Contact] = []
    for item in root.items():
        node = item.fields(required=("kind", "value"))
        kind = node["kind"].choice(get_args(ContactKind))
        value = node["value"].text(characters_max=CONTACT_CHARACTERS_MAX)
        if kind == "website" and not value.startswith("https://"):
            node["value"].refuse("expected an address that begins with https://")
        if kind == "telephone" and not value.replace("+", "").replace(" ", "").isdecimal():
            node["value"].refuse("expected digits, such as 800 123 or +971 4 000 0000")
        contacts.append(Contact(kind, value))
    return tuple(contacts)


def _bilinguals(node: Node) -> tuple[Bilingual, ...]:
    return tuple(compile_bilingual(item, _NOTHING) for item in node.items(minimum=1))


def _identifiers(node: Node) -> tuple[str, ...]:
    return _once(node, [item.identifier() for item in node.items(minimum=1)])


def _choices(node: Node | None, options: tuple[str, ...]) -> tuple[str, ...]:
    if node is None:
        return ()
    return _once(node, [item.choice(options) for item in node.items(minimum=1)])


def _texts(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    return _once(node, [item.text() for item in node.items(minimum=1)])


def _once(node: Node, values: Sequence[str]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        node.refuse("one of them stands twice: remove one")
    return tuple(values)
