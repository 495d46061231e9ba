"""Every kind through the real intake: applied once, held by those it is about, taken back whole."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from api.settings import Settings, read_settings
from domain.fact import Fact
from domain.facts.person import ResidenceChanged
from domain.ids import CircleId, PersonId
from domain.standing import standing_facts
from gov.event.data import Event, Identifier
from gov.event.kind import EVENT_KINDS
from gov.event.read import parse_event
from simulators.agency import encode_event
from store.scope import CircleScope
from tests.support.events import BABY, WIFE, Json, by_number, event, examples
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake
from timeline.apply import read_own_facts
from timeline.people import find_person
from timeline.record import couple_circle, read_facts

TODAY = date(2026, 11, 20)
# An answer needs a dispute that its sender was asked about: tests/gov/test_dispute.py.
STATED = sorted(EVENT_KINDS.keys() - {"entered_in_error", "dispute.answered"})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({}, data_dir=tmp_path)


@pytest.fixture
async def intake(house: TestHouse, settings: Settings) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, settings) as opened:
        yield opened


def correction_of(event_id: str) -> Json:
    return event("entered_in_error", {"event_id": event_id}, on=TODAY, id=f"not-{event_id}")


async def person_of(house: TestHouse, identifier: Identifier) -> PersonId:
    value = f"{identifier.assigner or ''}/{identifier.value}"
    found = await find_person(house.ground, system=identifier.system, value=value)
    assert found is not None
    return found


async def held_of(house: TestHouse, document: Json) -> dict[PersonId, tuple[Fact, ...]]:
    """What the single circle of each person of an event holds of that event."""
    read = parse_event(encode_event(document), schemas=house.schemas, now_utc=house.clock.now_utc())
    assert isinstance(read, Event)
    people = [await person_of(house, person.identifier) for _, person in read.people]
    return {
        person: tuple(
            fact
            for fact in await read_own_facts(house.ground, person)
            if document["id"] in (fact.source_id, f"not-{fact.source_id}")
            or fact.source_id == f"not-{document['id']}"
        )
        for person in people
    }


async def test_every_kind_is_applied_once_and_held_by_all_it_is_about(
    house: TestHouse, intake: Intake
) -> None:
    for kind in STATED:
        house.clock.instant = datetime.now(UTC)  # a signature is good for 30 seconds ahead of it
        document = event(kind, examples(TODAY)[kind], on=TODAY, id=f"once-{kind}")
        told = await intake.tell("moj", document)
        assert told["status"] == "applied", (kind, told)
        held = await held_of(house, document)
        assert held.keys() == {
            person
            for facts in held.values()
            for fact in facts
            if fact.part == ""
            for person in fact.payload.subjects()
        }
        for facts in held.values():
            assert [fact.kind for fact in facts if fact.part == ""] == [kind]
        again = await intake.tell("moj", document)
        assert (again["status"], again["repeated"]) == ("applied", True)
        assert await held_of(house, document) == held
        await intake.tell("moj", correction_of(document["id"]))  # so that nobody stays dead


async def test_every_kind_is_taken_back_whichever_comes_first(
    house: TestHouse, intake: Intake
) -> None:
    for kind in STATED:
        for first in ("event", "correction"):
            house.clock.instant = datetime.now(UTC)
            document = event(kind, examples(TODAY)[kind], on=TODAY, id=f"{first}-{kind}")
            correction = correction_of(document["id"])
            pair = [document, correction] if first == "event" else [correction, document]
            for one in pair:
                await intake.tell("moj", one)
            for one in pair:
                assert (await intake.tell("moj", one))["status"] == "applied", (kind, first)
            for facts in (await held_of(house, document)).values():
                assert len(facts) >= 2
                assert standing_facts(facts) == ()


async def test_a_rule_that_names_nobody_waits_for_the_authors(
    house: TestHouse, intake: Intake
) -> None:
    data = {"regulation": "late_fines", "in_force_on": "2027-01-01"}
    told = await intake.tell("moj", event("regulation.changed", data, on=TODAY, id="r-1"))
    assert (told["status"], told["reason"]["code"]) == ("held", "intake.for_authors")
    taken_back = await intake.tell("moj", correction_of("r-1"))
    assert taken_back["status"] == "applied"


async def test_a_protected_address_is_in_no_circle_of_anybody_else(
    house: TestHouse, intake: Intake
) -> None:
    for kind in ("marriage.registered", "employment.changed"):
        await intake.tell("moj", event(kind, examples(TODAY)[kind], on=TODAY, id=kind))
    said = examples(TODAY)["residence.changed"]
    for protected in (False, True):
        data = {**said, "is_protected": protected}
        await intake.tell("moj", event("residence.changed", data, on=TODAY, id=f"{protected}"))
    husband = await person_of(house, Identifier("emirates_id", "784000000009017"))
    wife = await person_of(house, Identifier("emirates_id", "784000000009027"))
    shared = await facts_of(house, couple_circle(house.ground.keys, husband, wife).id)
    moved = {
        fact.source_id: (fact.payload.emirate, fact.payload.country)
        for fact in shared
        if isinstance(fact.payload, ResidenceChanged)
    }
    assert moved["False"] == (said.get("emirate"), said.get("country"))
    assert moved["True"] == (None, None), "that it is protected may be known; where it is, never"
    assert "employment.changed" in {fact.kind for fact in shared}


async def facts_of(house: TestHouse, circle_id: CircleId) -> tuple[Fact, ...]:
    keys = await house.ground.keys.circle(circle_id)
    async with house.ground.database.read(CircleScope(circle_id)) as session:
        return await read_facts(session, keys)


# Where each policy carries a fact, beside the single circles: to the couple's circle or not.
CARRIED = {
    "contact.reported": False,  # the wife's own
    "personal_status.changed": False,
    "place.entered": False,
    "employment.changed": True,
    "person.renamed": True,
    "divorce.registered": True,
    "family_book.changed": True,
    "grant.decided": True,
    "housing.decided": True,
    "registry.answered": True,
    "document.issued": True,  # of both
    "birth.notified": True,
    "visit.kept": False,  # no pregnancy of its time
}


@pytest.mark.parametrize(("kind", "carried"), CARRIED.items())
async def test_a_fact_goes_to_the_couples_circle_by_the_policy_of_its_kind(
    house: TestHouse, intake: Intake, kind: str, carried: bool
) -> None:
    await intake.tell(
        "moj",
        event("marriage.registered", examples(TODAY)["marriage.registered"], on=TODAY, id="m"),
    )
    await intake.tell("moj", event(kind, examples(TODAY)[kind], on=TODAY, id="e"))
    husband = await person_of(house, Identifier("emirates_id", "784000000009017"))
    wife = await person_of(house, Identifier("emirates_id", "784000000009027"))
    shared = await facts_of(house, couple_circle(house.ground.keys, husband, wife).id)
    assert (kind in {fact.kind for fact in shared}) is carried


async def test_a_childs_facts_follow_it_to_its_parents_and_a_grown_ups_do_not(
    house: TestHouse, intake: Intake
) -> None:
    kinds = ("measurement.taken", "appointment.booked", "seat.reserved", "condition.recorded")
    birth = examples(TODAY)["birth.notified"]
    for number, kind in enumerate(kinds):
        of_child = {**examples(TODAY)[kind], "person": by_number(BABY)}
        of_wife = {**examples(TODAY)[kind], "person": by_number(WIFE)}
        await intake.tell("moj", event(kind, of_child, on=TODAY, id=f"child-{number}"))
        await intake.tell("moj", event(kind, of_wife, on=TODAY, id=f"wife-{number}"))
    await intake.tell("moj", event("birth.notified", birth, on=TODAY, id="b"))
    husband = await person_of(house, Identifier("emirates_id", "784000000009017"))
    wife = await person_of(house, Identifier("emirates_id", "784000000009027"))
    shared = await facts_of(house, couple_circle(house.ground.keys, husband, wife).id)
    told = {fact.source_id for fact in shared if fact.kind in kinds}
    assert {name for name in told if name.startswith("child")} == {f"child-{n}" for n in range(4)}
    # The mother's own visit, on the day she gave birth, goes with the birth: nothing else does.
    assert {name for name in told if name.startswith("wife")} == {"wife-1"}
