"""Card: what a parent sees of one thing that the state offers, asks or reminds of.

A card is made from a record and its service when it is asked for; nothing of it is stored as
GraphQL shows it, and its state is the one that its dates give today.
"""

from datetime import date
from enum import Enum

import strawberry

from domain.record import Window
from schema.field import described
from schema.language import InLanguage, chosen
from schema.load_card import LoadedCard, LoadedTimeline
from schema.node import Node, encode_id
from schema.rendering import Rendering
from schema.source import source_name
from schema.why import Criterion, Why, why_of


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
    service: str = strawberry.field(description="The service's id in the catalogue.")
    card: str = strawberry.field(description="Which of the service's cards this is.")
    agency: str = strawberry.field(description="The id of the agency whose service it is.")
    nature: Nature
    criterion: Criterion = strawberry.field(description="What started it.")
    state: CardState
    subject: strawberry.ID = strawberry.field(
        description="Whom it is about: the same for every card about one person."
    )
    rank: int = strawberry.field(description="Lower matters more. A timeline is sorted by it.")
    window: CardWindow | None = strawberry.field(description="Null while the card is waiting.")
    shows_from: date | None = strawberry.field(
        description="Of a scheduled card, the day from which it shows; null of any other."
    )
    draft: bool = strawberry.field(
        description=(
            "The agency has not signed this service off yet. Say so wherever the card is shown."
        )
    )
    number: int = strawberry.field(
        description="Raised whenever the card changes. `undoCard` takes the one that was seen."
    )
    acknowledged: bool
    dismissed: bool
    snoozed_until: date | None
    rendering: strawberry.Private[Rendering]

    @described("The service's name.")
    def service_name(self, language: InLanguage = None) -> str:
        spoken = chosen(language, self.rendering.language)
        return self.rendering.service.name.message(spoken).render({})

    @described("The agency's name.")
    def agency_name(self, language: InLanguage = None) -> str:
        spoken = chosen(language, self.rendering.language)
        return source_name(self.rendering.agencies, self.agency, spoken)

    @strawberry.field
    def title(self, language: InLanguage = None) -> str:
        return self.rendering.say(language).title

    @described("Plain text. Of a waiting card, the lines that are not met.")
    def body(self, language: InLanguage = None) -> str:
        return self.rendering.say(language).body

    @described("Why it is here; of a waiting card, why not yet.")
    def why(self) -> Why:
        return why_of(self.rendering)


def card_of(timeline: LoadedTimeline, loaded: LoadedCard) -> Card:
    """The card as GraphQL shows it."""
    record, service = loaded.card.record, loaded.service
    window, state = record.window, CardState(loaded.card.state)
    scheduled = window is not None and state is CardState.SCHEDULED
    return Card(
        id=encode_id("Card", record.key),
        service=service.id,
        card=record.card,
        agency=service.agency,
        nature=Nature(service.nature),
        criterion=Criterion(service.criterion),
        state=state,
        subject=encode_id("Person", record.subject.bytes),
        rank=record.rank,
        window=None if window is None else _window(window),
        shows_from=window.visible_from if window is not None and scheduled else None,
        draft=service.draft,
        number=loaded.card.number,
        acknowledged=record.acknowledged,
        dismissed=record.dismissed,
        snoozed_until=record.snoozed_until,
        rendering=timeline.rendering(loaded),
    )


def _window(window: Window) -> CardWindow:
    return CardWindow(
        visible_from=window.visible_from,
        due_from=window.due_from,
        due_until=window.due_until,
        expires_on=window.expires_on,
    )
