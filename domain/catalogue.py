"""The catalogue as `evaluate` reads it: compiled, immutable, one value a version.

Authors write documents (YAML in `content/packs/`); `domain/compile/catalogue.py` makes these.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal

import msgspec

from domain.calendar_date import Offset
from domain.card.record import Criterion, Nature
from domain.entry import Channel, Entries, Figure, Reach, SignOff
from domain.facts.document import DocumentKind
from domain.growth.development import DevelopmentTable
from domain.growth.standard import GrowthStandard
from domain.ids import EntryId
from domain.immunization.programme import Programme
from domain.immunization.schedule import Schedule
from domain.pregnancy.follow import PregnancyTables
from domain.rule.condition import Condition
from domain.text.bilingual import Bilingual

Start = Literal[
    "contract",
    "marriage",
    "pregnancy",
    "birth",
    "delivery",
    "divorce",
    "death",
    "disability",
    "appointment",
    "document",
    "employment",
    "residence",
    "place",
    "regulation",
    "licence",
    "partner",
]
Role = Literal["husband", "wife", "mother", "father", "self", "widowed", "owner"]
Unmet = Literal["explain", "withdraw"]
NoticeMoment = Literal["visible", "due"]
AskedForm = Literal["text", "number", "date", "choice", "photo", "signature"]
CalculatorName = Literal["immunization", "pregnancy", "development"]
VisitPlace = Literal["health_centre"]  # where a planned card asks its reader to come
ScheduleTables = Programme | Schedule | PregnancyTables | DevelopmentTable | GrowthStandard


class EligibilityLine(msgspec.Struct, frozen=True):
    """One condition with its own words.

    `unmet="explain"` shows a waiting card that says which line fails; `"withdraw"` shows nothing at
    all: for lines whose failing must never be put before a family (a death).
    """

    id: str
    when: Condition
    unmet: Unmet
    text: Bilingual


class FigureSpan(msgspec.Struct, frozen=True):
    """A span of time that a figure of law says: as it was on the anchor's day."""

    figure: Figure
    backwards: bool = False


class Notice(msgspec.Struct, frozen=True):
    """That the audience is told, and when. An e-mail may carry the electronic copy of a document
    (`attachment`). Without a message the card's own words are said; without
    channels the sender's usual one is used.
    """

    moment: NoticeMoment
    message: EntryId | None = None
    channels: tuple[Channel, ...] = ()
    attachment: DocumentKind | None = None


class InYear(msgspec.Struct, frozen=True):
    """A due day that is the same for a whole year's children: this day of the first year in which
    the offset was reached by the end of the month that a figure of law says for that year.
    """

    month: int
    day: int
    reached_by: Figure


class WindowRule(msgspec.Struct, frozen=True):
    """Offsets from an anchor date. `due_until` counts from `due_from`'s day, `expires` likewise.

    `visible` is counted back or forth from the due day too. A table's row adds its own `age` to the
    anchor to give the due day; a card without a table uses `due`.
    `expires_from="anchor"`: `expires` counts from the anchor instead, the same day for every row
    ("until 18", "until week 42"); a `due_until` past that day ends on it.
    `catch_up`: a due day that lay before the family was known is moved to the day it became known,
    with the same grace; without it, a window already closed by then gives no card.
    """

    anchor: str  # one of variable.ANCHORS
    due: Offset
    visible: Offset
    due_until: Offset
    expires: Offset
    catch_up: bool
    expires_from: Literal["due", "anchor"] = "due"
    figures: Mapping[str, FigureSpan] = {}  # those of its offsets that a figure of law says
    in_year: InYear | None = None


class Row(msgspec.Struct, frozen=True):
    """One row of a card's table: an occurrence and its due offset from the anchor."""

    id: str
    age: Offset
    parameters: tuple[tuple[str, str | int], ...] = ()


class Submit(msgspec.Struct, frozen=True):
    """What is sent to an agency once a card is due: by itself, or when a member approves it.

    `fields` are those of variable.FIELDS; one that is not known is left out, `required` ones stop
    it until they are.
    """

    kind: str
    agency: str
    by: Literal["itself", "approval"]
    fields: tuple[str, ...]
    required: tuple[str, ...] = ()


class Waits(msgspec.Struct, frozen=True):
    """How long a service whose lines are not met says why: until so long after a date that is
    always known."""

    anchor: str
    until: Offset


class CardRule(msgspec.Struct, frozen=True):
    """One card, or one per row of its table, or one per occurrence that the service's calculator
    plans (`planned`). Where `when` is not met there is none, and nobody is told why: it is another
    card's turn. `submit` is what an agency is sent because of it. What is to be done at the same
    `place` can be done by one visit.
    """

    id: str
    rank: int
    window: WindowRule
    rows: tuple[Row, ...]
    resolved_when: Condition | None
    title: Bilingual
    body: Bilingual
    notices: tuple[Notice, ...]
    planned: bool = False
    when: Condition | None = None
    submit: Submit | None = None
    place: VisitPlace | None = None


class Calculator(msgspec.Struct, frozen=True):
    """The medical code that plans a service's cards, by name, and the schedule it goes by."""

    name: CalculatorName
    schedule: EntryId


class Prefill(msgspec.Struct, frozen=True):
    """A field that is filled from a registry, under an exchange policy that covers it."""

    field: str
    registry: EntryId
    policy: EntryId


class Asked(msgspec.Struct, frozen=True):
    """A field that only the applicant can fill; `options` are those of a choice."""

    field: str
    form: AskedForm
    text: Bilingual
    required: bool
    options: Mapping[str, Bilingual] = {}


class Service(msgspec.Struct, frozen=True):
    """One service of the catalogue. `draft` is said on every card it makes.

    `figures` are the figures of law that its conditions and texts name, `said_figures` those of its
    texts. Without `scope` it is for every family; `fees` None is not said, empty is free. Where
    `when` is not met there is nothing of it, and nobody is told why: it is another service's turn.
    """

    id: EntryId
    version: int
    revision: int
    draft: bool
    nature: Nature
    criterion: Criterion
    agency: str
    name: Bilingual
    starts_with: Start
    audience: tuple[Role, ...]
    otherwise: tuple[Role, ...]
    eligibility: tuple[EligibilityLine, ...]
    cards: tuple[CardRule, ...]
    terms: Mapping[str, Bilingual]  # words that parameters refer to
    calculator: Calculator | None = None
    figures: Mapping[EntryId, Figure] = {}
    said_figures: tuple[EntryId, ...] = ()
    bundles: tuple[EntryId, ...] = ()
    articles: tuple[EntryId, ...] = ()
    prefill: tuple[Prefill, ...] = ()
    asked: tuple[Asked, ...] = ()
    fees: tuple[EntryId, ...] | None = None
    leads_to: tuple[EntryId, ...] = ()
    questionnaire: EntryId | None = None
    scope: Reach | None = None
    waits: Waits | None = None
    sign_off: SignOff | None = None
    when: Condition | None = None

    def card(self, card_id: str) -> CardRule:
        """The card rule with this id. Raises: KeyError when the service has none."""
        for rule in self.cards:
            if rule.id == card_id:
                return rule
        raise KeyError(card_id)


class Catalogue(msgspec.Struct, frozen=True):
    """One published version: every service, the schedules that calculators go by, and the entries
    that services refer to.
    """

    version: int
    services: Mapping[EntryId, Service]
    schedules: Mapping[EntryId, ScheduleTables] = {}
    entries: Entries = Entries()
    other: "Catalogue | None" = None  # the candidate's side, while a roll-out is open

    def find_service(self, entry: EntryId, version: int) -> Service | None:
        """The service with these rules, on either side of a roll-out."""
        for side in (self, self.other):
            service = side.services.get(entry) if side is not None else None
            if service is not None and service.version == version:
                return service
        return None

    def agency_of(self, service: Service, on: date) -> str:
        """The agency that answers for a service on a day: by the agencies' own dated word, else by
        the service's.
        """
        return next(iter(self.providers_of(service.id, on)), service.agency)

    def providers_of(self, what: str, on: date) -> tuple[EntryId, ...]:
        """The agencies that issue or answer for something on a day; one at most is published."""
        return tuple(
            agency_id
            for agency_id, agency in self.entries.agencies.items()
            if any(given.what == what and given.holds_on(on) for given in agency.provides)
        )

    def without(self, gone: Collection[EntryId]) -> "Catalogue":
        """The same without the entries that are withdrawn; no service leads to one."""
        if not gone:
            return self
        kept = {
            name: {
                id_: entry for id_, entry in getattr(self.entries, name).items() if id_ not in gone
            }
            for name in Entries.__struct_fields__
            if name != "withdrawn"
        }
        services = {
            id_: msgspec.structs.replace(
                one, leads_to=tuple(after for after in one.leads_to if after not in gone)
            )
            for id_, one in self.services.items()
            if id_ not in gone
        }
        return msgspec.structs.replace(
            self,
            services=services,
            entries=msgspec.structs.replace(self.entries, **kept),
        )
