"""The catalogue as `evaluate` reads it: compiled, immutable, one value a version.

Authors write documents (YAML in `content/packs/`); `domain/compile_catalogue.py` makes these.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from domain.calendar_date import Offset
from domain.condition import Condition
from domain.growth.development import DevelopmentTable
from domain.growth.standard import GrowthStandard
from domain.ids import EntryId
from domain.immunization.programme import Programme
from domain.immunization.schedule import Schedule
from domain.pregnancy.follow import PregnancyTables
from domain.record import Criterion, Nature
from domain.text import Language, Message

Start = Literal["marriage", "pregnancy", "birth"]
Role = Literal["husband", "wife", "mother", "father"]
Unmet = Literal["explain", "withdraw"]
NoticeMoment = Literal["visible", "due"]
CalculatorName = Literal["immunization", "pregnancy", "development"]
ScheduleTables = Programme | Schedule | PregnancyTables | DevelopmentTable | GrowthStandard


class Bilingual(msgspec.Struct, frozen=True):
    """One text in both languages. Arabic comes first everywhere."""

    ar: Message
    en: Message

    def message(self, language: Language) -> Message:
        """The text in `language`."""
        return self.ar if language == "ar" else self.en


class EligibilityLine(msgspec.Struct, frozen=True):
    """One condition with its own words.

    `unmet="explain"` shows a waiting card that says which line fails; `"withdraw"` shows nothing at
    all: for lines whose failing must never be put before a family (a death).
    """

    id: str
    when: Condition
    unmet: Unmet
    text: Bilingual


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


class Row(msgspec.Struct, frozen=True):
    """One row of a card's table: an occurrence and its due offset from the anchor."""

    id: str
    age: Offset
    parameters: tuple[tuple[str, str | int], ...] = ()


class CardRule(msgspec.Struct, frozen=True):
    """One card, or one per row of its table, or one per occurrence that the service's calculator
    plans (`planned`).
    """

    id: str
    rank: int
    window: WindowRule
    rows: tuple[Row, ...]
    resolved_when: Condition | None
    title: Bilingual
    body: Bilingual
    notices: tuple[NoticeMoment, ...]
    planned: bool = False


class Calculator(msgspec.Struct, frozen=True):
    """The medical code that plans a service's cards, by name, and the schedule it goes by."""

    name: CalculatorName
    schedule: EntryId


class Service(msgspec.Struct, frozen=True):
    """One service of the catalogue. `draft` is said on every card it makes."""

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

    def card(self, card_id: str) -> CardRule:
        """The card rule with this id. Raises: KeyError when the service has none."""
        for rule in self.cards:
            if rule.id == card_id:
                return rule
        raise KeyError(card_id)


class Catalogue(msgspec.Struct, frozen=True):
    """Every service of one published version, and the schedules that calculators go by."""

    version: int
    services: Mapping[EntryId, Service]
    schedules: Mapping[EntryId, ScheduleTables] = {}
