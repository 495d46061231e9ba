"""Why a card is here, or why not yet: every line and how it stood, every fact and its source."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum

import strawberry

from domain.card.record import Criterion as CriterionName
from domain.card.record import Reason, Record
from domain.card.record import Truth as TruthName
from domain.card.text import RenderedLine
from domain.catalogue import Catalogue, Service
from domain.citation import split
from domain.immunization.reason_text import FORECAST_REASON_WORDS, Words
from domain.text.message import Language
from schema.node import encode_fact
from schema.review import FactReview, review_of
from schema.told import WhyTold, told_of
from timeline.source import AgencyNames, fact_name, source_name

_REASON_WORDS: Mapping[str, Words] = {str(k): words for k, words in FORECAST_REASON_WORDS.items()}


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
    truth: TruthName = strawberry.field(graphql_type=Truth)
    text: str
    gaps: list[str] = strawberry.field(
        description="Of a line that is not met: by how much, in words; often empty."
    )
    met_from: date | None = strawberry.field(
        description="The day from which a change of law that is decided would have it met."
    )


@strawberry.type(description="A fact that the card rests on.")
class WhyFact:
    kind: str = strawberry.field(description="Such as `birth.notified`.")
    name: str = strawberry.field(description="The kind in words.")
    source: str = strawberry.field(
        description="The id of the agency that reported it; `*` where it is not named."
    )
    source_name: str = strawberry.field(description="The source in words.")
    occurred_on: date = strawberry.field(description="The day it happened.")
    asserted_on: date = strawberry.field(description="The day its source said so.")
    id: strawberry.ID | None = strawberry.field(
        default=None, description="For `disputeFact`; null on a card written before there was one."
    )
    review: FactReview | None = strawberry.field(
        default=None, description="Where a member says that it is wrong."
    )


@strawberry.type(description="Why a calculator asks for one thing, such as one dose.")
class WhyReason:
    about: str = strawberry.field(description="A term, such as `dtp`.")
    name: str = strawberry.field(description="The term in words.")
    number: int | None = strawberry.field(description="Which dose of it.")
    code: str
    text: str


@strawberry.type(description="The rule that made the card, by service and version.")
class WhyRule:
    service: str
    version: int = strawberry.field(description="Raised when the rules change.")
    revision: int = strawberry.field(description="Raised when only the words change.")


@strawberry.type(description="Why the card is here; of a waiting card, why not yet.")
class Why:
    lines: list[WhyLine]
    facts: list[WhyFact]
    reasons: list[WhyReason] = strawberry.field(
        description="What the service's calculator says of what the card asks for; often empty."
    )
    rule: WhyRule
    criterion: CriterionName = strawberry.field(graphql_type=Criterion)
    told: WhyTold = strawberry.field(description="Who decided that the card is told to whom.")


def why_of(
    record: Record,
    service: Service,
    *,
    lines: Iterable[RenderedLine],
    catalogue: Catalogue,
    agencies: AgencyNames,
    today: date,
    language: Language,
) -> Why:
    """The explanation of one card, its `lines` in words already."""
    citations = split(record.cited)
    reviews = {
        review.place: review_of(review, agencies=agencies, today=today, language=language)
        for review in record.reviews
    }
    return Why(
        lines=[
            WhyLine(
                id=line.id,
                truth=line.truth,
                text=line.text,
                gaps=list(line.gaps),
                met_from=line.met_from,
            )
            for line in lines
        ],
        facts=[
            WhyFact(
                kind=fact.kind,
                name=fact_name(fact.kind, language),
                source=fact.source,
                source_name=source_name(agencies, fact.source, language),
                occurred_on=fact.occurred_on,
                asserted_on=fact.asserted_on,
                id=encode_fact(citations[place]) if citations else None,
                review=reviews.get(place),
            )
            for place, fact in enumerate(record.why.facts)
        ],
        reasons=[_reason(reason, service, language) for reason in record.why.reasons],
        rule=WhyRule(service=service.id, version=record.version, revision=service.revision),
        criterion=service.criterion,
        told=told_of(
            record,
            service,
            catalogue=catalogue,
            agencies=agencies,
            today=today,
            language=language,
        ),
    )


def _reason(reason: Reason, service: Service, language: Language) -> WhyReason:
    term = service.terms.get(reason.about)
    words = _REASON_WORDS.get(reason.code)
    return WhyReason(
        about=reason.about,
        name=reason.about if term is None else term.message(language).render({}),
        number=reason.number,
        code=reason.code,
        text=reason.code if words is None else words.ar if language == "ar" else words.en,
    )
