"""Facts for tests, each with only what the test is about."""

from datetime import UTC, date, datetime, time
from itertools import count

from domain.calendar_date import Sex
from domain.fact import Fact, Payload
from domain.facts.act import EnteredInError
from domain.facts.birth import BirthNotified
from domain.facts.health import VaccinationGiven
from domain.facts.marriage import DivorceRegistered, FamilyBookIssued, MarriageRegistered
from domain.facts.person import PersonDescribed, PersonDied
from domain.facts.pregnancy import PregnancyConfirmed, PregnancyEnded, PregnancyOutcome
from domain.ids import PersonId

_numbers = count(1)
CITIZEN = "ARE"


def fact(
    payload: Payload,
    on: date,
    *,
    source: str = "mohap",
    source_id: str | None = None,
    part: str = "",
    asserted_on: date | None = None,
) -> Fact:
    """A fact asserted at 08:00 UTC (noon in Dubai) of its own day, unless another day is given."""
    return Fact(
        source=source,
        source_id=source_id or f"event-{next(_numbers)}",
        part=part,
        occurred_on=on,
        asserted_at=datetime.combine(asserted_on or on, time(8), UTC),
        payload=payload,
    )


def married(husband: PersonId, wife: PersonId, on: date, *, source_id: str | None = None) -> Fact:
    return fact(MarriageRegistered(husband, wife), on, source="moj", source_id=source_id)


def divorced(
    husband: PersonId, wife: PersonId, on: date, *, asserted_on: date | None = None
) -> Fact:
    return fact(DivorceRegistered(husband, wife), on, source="moj", asserted_on=asserted_on)


def family_book(husband: PersonId, wife: PersonId, on: date) -> Fact:
    return fact(FamilyBookIssued(husband, wife), on, source="icp")


def pregnant(
    mother: PersonId,
    on: date,
    *,
    due_on: date,
    father: PersonId | None = None,
    source: str = "mohap",
    source_id: str | None = None,
) -> Fact:
    payload = PregnancyConfirmed(mother, father, due_on)
    return fact(payload, on, source=source, source_id=source_id)


def pregnancy_ended(
    mother: PersonId,
    on: date,
    outcome: PregnancyOutcome = "loss",
    *,
    fetus_count: int | None = None,
) -> Fact:
    return fact(PregnancyEnded(mother, outcome, fetus_count), on)


def born(
    child: PersonId,
    mother: PersonId,
    on: date,
    *,
    father: PersonId | None = None,
    source_id: str | None = None,
    asserted_on: date | None = None,
) -> Fact:
    payload = BirthNotified(child, mother, father)
    return fact(payload, on, source_id=source_id, asserted_on=asserted_on)


def vaccinated(child: PersonId, code: str, on: date, *, source: str = "mohap") -> Fact:
    return fact(VaccinationGiven(child, code), on, source=source)


def died(who: PersonId, on: date) -> Fact:
    return fact(PersonDied(who), on)


def described(
    who: PersonId,
    on: date,
    *,
    name_ar: str | None = None,
    name_en: str | None = None,
    nationality: str | None = None,
    sex: Sex | None = None,
    source_id: str | None = None,
    part: str = "person",
) -> Fact:
    said = PersonDescribed(who, name_ar=name_ar, name_en=name_en, nationality=nationality, sex=sex)
    return fact(said, on, source_id=source_id, part=part)


def in_error(of: Fact, on: date) -> Fact:
    return fact(EnteredInError(of.source, of.source_id), on, source=of.source)
