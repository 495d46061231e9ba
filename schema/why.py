"""Why a card is here, or why not yet: every line and how it stood, every fact and its source."""

from datetime import date
from enum import Enum

import strawberry

from domain.card_text import RenderedLine
from domain.record import Provenance
from schema.field import described
from schema.language import InLanguage, chosen
from schema.rendering import Rendering
from schema.source import fact_name, source_name


@strawberry.enum(description="Which of the guide's five criteria started the service.")
class Criterion(Enum):
    TIME = "time"
    STATE = strawberry.enum_value("state", description="A change of state: a marriage, a birth.")
    DEPENDENCY = strawberry.enum_value("dependency", description="It follows another service.")
    PLACE = "place"
    LAW = strawberry.enum_value("law", description="A change of law that now covers the family.")


@strawberry.enum(description="How an eligibility line stood.")
class Truth(Enum):
    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = strawberry.enum_value("unknown", description="Nobody has told us yet.")


@strawberry.type(description="One condition of the service, in words, and how it stood.")
class WhyLine:
    id: str
    truth: Truth
    place: strawberry.Private[int]
    rendering: strawberry.Private[Rendering]

    @strawberry.field
    def text(self, language: InLanguage = None) -> str:
        line: RenderedLine = self.rendering.say(language).lines[self.place]
        return line.text


@strawberry.type(description="A fact that the card rests on.")
class WhyFact:
    kind: str = strawberry.field(description="Such as `birth.notified`.")
    source: str = strawberry.field(description="The id of the agency that reported it.")
    occurred_on: date = strawberry.field(description="The day it happened.")
    asserted_on: date = strawberry.field(description="The day its source said so.")
    rendering: strawberry.Private[Rendering]

    @described("The kind in words.")
    def name(self, language: InLanguage = None) -> str:
        return fact_name(self.kind, chosen(language, self.rendering.language))

    @described("The source in words.")
    def source_name(self, language: InLanguage = None) -> str:
        spoken = chosen(language, self.rendering.language)
        return source_name(self.rendering.agencies, self.source, spoken)


@strawberry.type(description="The rule that made the card, by service and version.")
class WhyRule:
    service: str
    version: int = strawberry.field(description="Raised when the rules change.")
    revision: int = strawberry.field(description="Raised when only the words change.")


@strawberry.type(description="Why the card is here; of a waiting card, why not yet.")
class Why:
    lines: list[WhyLine]
    facts: list[WhyFact]
    rule: WhyRule
    criterion: Criterion


def why_of(rendering: Rendering) -> Why:
    """The explanation of one card."""
    record, service = rendering.record, rendering.service
    return Why(
        lines=[
            WhyLine(id=line.id, truth=Truth(line.truth), place=place, rendering=rendering)
            for place, line in enumerate(record.why.lines)
        ],
        facts=[_fact(fact, rendering) for fact in record.why.facts],
        rule=WhyRule(service=service.id, version=record.version, revision=service.revision),
        criterion=Criterion(service.criterion),
    )


def _fact(fact: Provenance, rendering: Rendering) -> WhyFact:
    return WhyFact(
        kind=fact.kind,
        source=fact.source,
        occurred_on=fact.occurred_on,
        asserted_on=fact.asserted_on,
        rendering=rendering,
    )
