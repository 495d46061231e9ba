"""The entries of the catalogue that are neither service nor schedule: what services refer to.

Agencies, bundles, figures of law, articles, messages, exchange policies, questionnaires, days of
the calendar. Compiled by `domain/compile/entry.py`; immutable.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from domain.ids import EntryId
from domain.text.bilingual import Bilingual

Sure = Literal["verified", "secondary", "memory", "conflicting"]
"""How sure a source is: read in it; press or commentary; not verified; sources differ."""

Unit = Literal["dirhams", "days", "working_days", "weeks", "months", "years", "hours", "percent"]
"""What a figure of law counts; the spans of time among them may stand in a window."""

Channel = Literal["push", "sms", "email"]
Stage = Literal[
    "marriage_preparation",
    "marriage",
    "pregnancy_first",
    "pregnancy_second",
    "pregnancy_third",
    "newborn",
    "infant",
    "child",
    "school",
    "separation",
    "bereavement",
]
"""When in a family's life an article is for; a pregnancy's are its three trimesters."""

Topic = Literal[
    "preparation",
    "finances",
    "rights",
    "health",
    "nutrition",
    "growth",
    "wellbeing",
    "documents",
]
ContactKind = Literal["telephone", "email", "website", "address"]


class SignOff(msgspec.Struct, frozen=True):
    """Who has yet to confirm what of a draft. `ar` None: it was written in English alone."""

    ar: str | None
    en: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What every entry says of itself: `version` is its rules, `revision` its words."""

    id: EntryId
    version: int
    revision: int
    draft: bool
    sign_off: SignOff | None = None


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The days on which something holds: both ends included, None is no bound."""

    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether `day` is one of them."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def overlaps(self, other: "Span") -> bool:
        """Whether both hold on some day."""
        return not (_ends_before(self, other) or _ends_before(other, self))


class AgencyName(Span, frozen=True, kw_only=True):
    """What an agency was called on those days."""

    name: Bilingual


class Provision(Span, frozen=True, kw_only=True):
    """What an agency issues or answers for on those days: a document's kind or a service's id."""

    what: str


class Contact(msgspec.Struct, frozen=True):
    """How to reach an agency or a centre."""

    kind: ContactKind
    value: str


class Centre(msgspec.Struct, frozen=True):
    """A place where an agency serves people."""

    id: str
    name: Bilingual
    emirate: str
    address: Bilingual | None
    contacts: tuple[Contact, ...]


class Charter(msgspec.Struct, frozen=True):
    """What an agency promises, what it asks of whoever it serves, how to reach it."""

    commitments: tuple[Bilingual, ...]
    duties: tuple[Bilingual, ...]
    contacts: tuple[Contact, ...]


class Agency(Head, frozen=True, kw_only=True):
    """An agency: what it was called when, what it provides since when, its charter and centres."""

    names: tuple[AgencyName, ...]
    provides: tuple[Provision, ...]
    charter: Charter | None
    centres: tuple[Centre, ...]

    def name_on(self, day: date) -> Bilingual:
        """What it was called on `day`; before its first name its first, after its last its last."""
        for named in self.names:
            if named.valid_to is None or day <= named.valid_to:
                return named.name
        return self.names[-1].name


class Bundle(Head, frozen=True, kw_only=True):
    """Services that one agency looks after across agencies. A service says what it belongs to."""

    name: Bilingual
    about: Bilingual
    manager: EntryId


class FigureValue(Span, frozen=True, kw_only=True):
    """What a figure was on those days. `sign_off` says who has yet to confirm it, if anyone."""

    value: int
    source: str
    sure: Sure
    sign_off: SignOff | None


class Figure(Head, frozen=True, kw_only=True):
    """One number of law by name, dated: its values follow each other with no gap or overlap.

    Before the first value it is not known, and after the last one's end neither.
    """

    name: Bilingual
    unit: Unit
    values: tuple[FigureValue, ...]

    def on(self, day: date) -> FigureValue | None:
        """What it was on `day`; None outside its values."""
        return next((value for value in self.values if value.holds_on(day)), None)


class Article(Head, frozen=True, kw_only=True):
    """What a family may read at a stage of its life: Markdown of few words
    (`domain/text/article.py`), in which figures of law may be named.
    """

    stage: Stage
    topic: Topic
    audience: tuple[str, ...]
    agency: EntryId
    title: Bilingual
    summary: Bilingual
    body: Bilingual
    figures: Mapping[EntryId, Figure]
    words_ar: int
    words_en: int
    review_on: date | None = None


class ChannelText(msgspec.Struct, frozen=True):
    """What is said by one channel; a text message has no title."""

    title: Bilingual | None
    body: Bilingual


class MessageEntry(Head, frozen=True, kw_only=True):
    """The words of a notice, by channel: those of SMS and e-mail name nobody and nothing."""

    texts: Mapping[Channel, ChannelText]
    terms: Mapping[str, Bilingual]


class ExchangePolicy(Head, frozen=True, kw_only=True):
    """Which fields of a registry may be used for which services, handed to which agency."""

    registry: EntryId
    fields: tuple[str, ...]
    purposes: tuple[EntryId, ...]
    agency: EntryId
    holds: Span


class Questionnaire(Head, frozen=True, kw_only=True):
    """A form by name: who owns it, under which licence. Its questions are not here."""

    name: Bilingual
    owner: str
    licence: str
    url: str | None


class Holiday(msgspec.Struct, frozen=True):
    """One public holiday, as it was decided, which may differ from any calendar's arithmetic."""

    on: date
    name: Bilingual
    sure: Sure


class HolidayYear(Head, frozen=True, kw_only=True):
    """Every public holiday of a year."""

    year: int
    days: tuple[Holiday, ...]


class RamadanYear(Head, frozen=True, kw_only=True):
    """The days of Ramadan in a year of the Hijri calendar, as they were declared."""

    hijri_year: int
    first_on: date
    last_on: date
    sure: Sure


class Reach(Head, frozen=True, kw_only=True):
    """Whom something is for: an emirate, a facility, a kind of employer, a stage of life.

    Each list that is not empty must hold one thing that is true of the family. Named
    `scope` in documents; a database session's scope is another thing.
    """

    name: Bilingual
    emirates: tuple[str, ...]
    facilities: tuple[str, ...]
    employers: tuple[str, ...]
    stages: tuple[str, ...]


class Entries(msgspec.Struct, frozen=True):
    """Every such entry of one version of the catalogue, by kind."""

    agencies: Mapping[EntryId, Agency] = {}
    bundles: Mapping[EntryId, Bundle] = {}
    figures: Mapping[EntryId, Figure] = {}
    articles: Mapping[EntryId, Article] = {}
    messages: Mapping[EntryId, MessageEntry] = {}
    policies: Mapping[EntryId, ExchangePolicy] = {}
    questionnaires: Mapping[EntryId, Questionnaire] = {}
    holidays: Mapping[EntryId, HolidayYear] = {}
    ramadans: Mapping[EntryId, RamadanYear] = {}
    scopes: Mapping[EntryId, Reach] = {}
    withdrawn: frozenset[EntryId] = frozenset()


def _ends_before(span: Span, other: Span) -> bool:
    return (
        span.valid_to is not None
        and other.valid_from is not None
        and span.valid_to < other.valid_from
    )
