"""A word that joins two people whose records contradict each other: taken from one agency alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # JSON

import pytest

from api.settings import read_settings
from tests.support.house import TestHouse, actor_of
from tests.support.intake import Intake, open_intake
from timeline.duplicate import list_suspected
from timeline.people import find_person
from timeline.read import read_timeline

HOSPITAL = "demo-hospital-ajman"


def number(value: str) -> dict[str, str]:
    return {"system": "hospital_number", "value": value, "assigner": HOSPITAL}


def told(name: str, kind: str, data: dict[str, Any], on: str = "2026-11-01") -> dict[str, Any]:
    said = {"id": name, "kind": kind, "occurred_on": on, "asserted_at": f"{on}T10:00:00+04:00"}
    return said | {"data": data}


def birth(name: str, child: str, mother: str, on: str) -> dict[str, Any]:
    child_ = {"identifier": number(child), "sex": "male"}
    mother_ = {"identifier": number(mother)}
    return told(name, "birth.notified", {"child": child_, "mother": mother_}, on)


def replaced(name: str, reason: str = "newborn_numbered") -> dict[str, Any]:
    person, former = {"identifier": number("C-2")}, {"identifier": number("C-1")}
    data = {"person": person, "former": former, "reason": reason}
    return told(name, "identifier.replaced", data, "2026-11-10")


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


async def children_of(house: TestHouse, mother: str) -> int:
    person = await find_person(house.ground, system="hospital_number", value=f"{HOSPITAL}/{mother}")
    assert person is not None
    return len(
        {card.record.subject for card in await read_timeline(house.ground, actor_of(person))}
    )


async def test_a_hospital_joins_a_child_it_numbered_anew(house: TestHouse, intake: Intake) -> None:
    await intake.tell("mohap", birth("b-1", "C-1", "M-1", "2026-11-01"))
    await intake.tell("mohap", birth("b-2", "C-2", "M-1", "2026-11-01"))
    assert await children_of(house, "M-1") == 2
    assert len(await list_suspected(house.ground)) == 1
    assert (await intake.tell("mohap", replaced("r-1")))["status"] == "applied"
    assert await children_of(house, "M-1") == 1
    assert await list_suspected(house.ground) == ()


async def test_two_of_different_mothers_are_listed_and_not_joined(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("mohap", birth("b-1", "C-1", "M-1", "2026-11-01"))
    await intake.tell("mohap", birth("b-2", "C-2", "M-2", "2026-11-05"))
    answer = await intake.tell("mohap", replaced("r-1"))
    assert answer["status"] == "held"
    assert "identity_contradicted" in str(answer)
    assert (await children_of(house, "M-1"), await children_of(house, "M-2")) == (1, 1)
    assert len(await list_suspected(house.ground)) == 1


async def test_a_corrected_number_never_moves_a_birth(house: TestHouse, intake: Intake) -> None:
    await intake.tell("mohap", birth("b-1", "C-1", "M-1", "2026-11-01"))
    await intake.tell("mohap", birth("b-2", "C-2", "M-2", "2026-11-01"))
    answer = await intake.tell("mohap", replaced("r-1", "corrected"))
    assert answer["status"] == "held"
    assert "identity_contradicted" in str(answer)
    assert (await children_of(house, "M-1"), await children_of(house, "M-2")) == (1, 1)
    assert await list_suspected(house.ground) == ()  # nobody said that they are one


async def test_a_corrected_number_moves_a_dose(house: TestHouse, intake: Intake) -> None:
    await intake.tell("mohap", birth("b-2", "C-2", "M-2", "2026-11-01"))
    dose = {"person": {"identifier": number("C-1")}, "vaccine_code": "19"}
    await intake.tell("mohap", told("v-1", "vaccination.given", dose, "2026-11-02"))
    assert (await intake.tell("mohap", replaced("r-1", "corrected")))["status"] == "applied"
    mother = await find_person(house.ground, system="hospital_number", value=f"{HOSPITAL}/M-2")
    assert mother is not None
    assert "vaccination/bcg_1:done" in await house.card_names(mother)
