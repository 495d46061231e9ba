"""Card: what a parent sees of one thing that the state offers, asks or reminds of.

A card is made from a record and its service when it is asked for; nothing of it is stored as
GraphQL shows it, and its state is the one that its dates give today. It is in one language. Every
field is an attribute: a timeline reads hundreds, and a resolver each would take half as long again.
"""

from datetime import date
from enum import Enum
from functools import cached_property
from uuid import UUID

import strawberry

from domain.card.record import Criterion as CriterionName
from domain.card.record import Nature as NatureName
from domain.card.record import Window
from domain.card.state import CardState as StateName
from domain.card.text import RenderedCard, render_lines, render_record
from domain.text.message import Language
from schema.field import attribute
from schema.load_card import LoadedCard, LoadedTimeline
from schema.node import Node, encode_id
from schema.why import Criterion, Why, why_of
from timeline.source import source_name


@strawberry.enum(description="The guide's four kinds of proactive service.")
class Nature(Enum):
    REMINDER = strawberry.enum_value("reminder", description="Tells in time that it is due.")
    ELIGIBILITY = strawberry.enum_value(
        "eligibility", description="Tests an entitlement unasked and tells when it is met."
    )
    INFORMATION = strawberry.enum_value(
        "information", description="Offers what belongs to the moment."
    )
    PROCEDURE = strawberry.enum_value(
        "procedure", description="Offers the transaction that follows from another."
    )


@strawberry.enum(
    description=(
        "Where a card stands today, derived from its dates. UPCOMING, DUE and OVERDUE are open:"
        " a timeline shows these unless it is asked for others."
    )
)
class CardState(Enum):
    WAITING = strawberry.enum_value(
        "waiting", description="Its conditions are not all met: `why` answers why not yet."
    )
    SCHEDULED = strawberry.enum_value(
        "scheduled", description="Its time has not come: `showsFrom` says from which day it shows."
    )
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    EXPIRED = "expired"
    DONE = "done"
    DISMISSED = "dismissed"
    SNOOZED = "snoozed"


@strawberry.type(description="Local days, Asia/Dubai. Each is on or after the one before it.")
class CardWindow:
    visible_from: date
    due_from: date
    due_until: date = strawberry.field(description="The last day on which it is not overdue.")
    expires_on: date = strawberry.field(description="The last day on which it is shown.")


@strawberry.type(description="One card of the person signed in.")
class Card(Node):
    service: str = attribute("The service's id in the catalogue.")
    service_name: str = attribute("The service's name.")
    card: str = attribute("Which of the service's cards this is.")
    agency: str = attribute("The id of the agency whose service it is.")
    agency_name: str = attribute("The agency's name.")
    nature: NatureName = attribute(graphql_type=Nature)
    criterion: CriterionName = attribute("What started it.", graphql_type=Criterion)
    state: StateName = attribute(graphql_type=CardState)
    subject: strawberry.ID = attribute(
        "Whom it is about: the same for every card about one person."
    )
    rank: int = attribute("Lower matters more. A timeline is sorted by it.")
    title: str = attribute()
    body: str = attribute("Plain text. Of a waiting card, the lines that are not met.")
    window: CardWindow | None = attribute("Null while the card is waiting.")
    shows_from: date | None = attribute(
        "Of a scheduled card, the day from which it shows; null of any other."
    )
    draft: bool = attribute(
        "The agency has not signed this service off yet. Say so wherever the card is shown."
    )
    number: int = attribute(
        "Raised whenever the card changes. `undoCard` takes the one that was seen."
    )
    acknowledged: bool = attribute()
    dismissed: bool = attribute()
    snoozed_until: date | None = attribute()
    photo: UUID | None = attribute(
        "The photo that its parent added: a blob, read in chunks at `/v1/blob` by them alone."
    )
    why: Why = attribute("Why it is here; of a waiting card, why not yet.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Asked of every card that is shown; strawberry's own answer looks for casts first."""
        return isinstance(value, cls)


def card_of(timeline: LoadedTimeline, loaded: LoadedCard, language: Language) -> Card:
    """The card as GraphQL shows it, in `language`."""
    return _SpokenCard(loaded, timeline, language)


class _SpokenCard(Card):
    """The card of a record and its service, in one language: its words are made when first read."""

    def __init__(self, loaded: LoadedCard, timeline: LoadedTimeline, language: Language) -> None:
        record, service = loaded.card.record, loaded.service
        agencies = timeline.agencies
        self._record, self._service = record, service
        self._agencies, self._language, self._today = agencies, language, timeline.today
        self._catalogue = timeline.catalogue
        self.id = encode_id("Card", record.key)
        self.service = service.id
        self.service_name = service.name.message(language).render({})
        self.card = record.card
        self.agency = service.agency
        self.agency_name = source_name(agencies, service.agency, language)
        self.nature = service.nature
        self.criterion = service.criterion
        self.state = loaded.card.state
        self.subject = encode_id("Person", record.subject.bytes)
        self.rank = record.rank
        self.window = None if record.window is None else _window(record.window)
        scheduled = record.window if self.state == "scheduled" else None
        self.shows_from = None if scheduled is None else scheduled.visible_from
        self.draft = service.draft
        self.number = loaded.card.number
        self.acknowledged = record.acknowledged
        self.dismissed = record.dismissed
        self.snoozed_until = record.snoozed_until
        self.photo = record.photo

    @cached_property
    def title(self) -> str:  # type: ignore[override]  # read, never set
        return self._words.title

    @cached_property
    def body(self) -> str:  # type: ignore[override]  # read, never set
        return self._words.body

    @cached_property
    def why(self) -> Why:  # type: ignore[override]  # read, never set
        return why_of(
            self._record,
            self._service,
            lines=render_lines(self._service, self._record, self._language),
            catalogue=self._catalogue,
            agencies=self._agencies,
            today=self._today,
            language=self._language,
        )

    @cached_property
    def _words(self) -> RenderedCard:
        return render_record(self._service, self._record, self._language)


def _window(window: Window) -> CardWindow:
    return CardWindow(
        visible_from=window.visible_from,
        due_from=window.due_from,
        due_until=window.due_until,
        expires_on=window.expires_on,
    )
