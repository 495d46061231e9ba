"""From an agency's evaluation of a form to what the mother sees, and nobody else."""

from datetime import UTC, date, datetime

from domain.facts.appointment import AppointmentBooked, AppointmentCancelled
from domain.facts.health import QuestionnaireEvaluated
from tests.support.builders import born, fact, in_error, married
from tests.support.house import TestHouse, person

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
BORN_ON = date(2026, 1, 21)
TODAY = date(2026, 11, 21)  # nine months old since 21 October


async def checks(house: TestHouse, reader: object = WIFE) -> dict[str, str]:
    """How the forms of nine months stand, with what follows them."""
    names = await house.card_names(reader)  # type: ignore[arg-type]  # a person
    found = [name.removeprefix("growth_questionnaire/").split(":") for name in names]
    return {name: state for name, state in found if name.startswith("ltsae_9")}


async def test_a_referral_reaches_the_mother_and_is_done_when_she_books(house: TestHouse) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2024, 1, 1)))
    await house.apply(born(CHILD, WIFE, BORN_ON, father=HUSBAND))
    assert await checks(house) == {"ltsae_9": "due"}
    said = QuestionnaireEvaluated(CHILD, "growth_questionnaire", "refer")
    evaluated = fact(said, TODAY, source="mocd")
    await house.apply(evaluated)
    assert await checks(house) == {"ltsae_9": "done", "ltsae_9_follow_up": "due"}
    assert await checks(house, HUSBAND) == {}

    starts_at = datetime(2026, 12, 1, 6, tzinfo=UTC)
    booked = AppointmentBooked(CHILD, "A-1", starts_at, "early_intervention")
    await house.apply(fact(booked, TODAY, source="mof"))
    assert (await checks(house))["ltsae_9_follow_up"] == "done"
    await house.apply(fact(AppointmentCancelled(CHILD, "A-1"), TODAY, source="mof"))
    assert (await checks(house))["ltsae_9_follow_up"] == "due"

    await house.apply(in_error(evaluated, TODAY), concerns=(CHILD,))
    assert await checks(house) == {"ltsae_9": "due"}


async def test_an_evaluation_that_came_before_the_birth_was_told_counts(house: TestHouse) -> None:
    said = QuestionnaireEvaluated(CHILD, "ltsae_9", "on_track")
    await house.apply(fact(said, TODAY, source="mocd"))
    await house.apply(married(HUSBAND, WIFE, date(2024, 1, 1)))
    await house.apply(born(CHILD, WIFE, BORN_ON, father=HUSBAND))
    assert await checks(house) == {"ltsae_9": "done"}
