"""A long replay passes over the rows that state nothing new, and over no other."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from api.settings import read_settings
from gov.inbox.known import list_known
from gov.inbox.list import Chosen, list_rows
from store.scope import ReferenceScope
from tests.gov.fhir.resources import bundle, immunization, patient
from tests.gov.test_inbox_seal import DOSE, fact_count, person_of
from tests.gov.test_intake_http import BIRTH, CHILD, HUSBAND, MARRIAGE, WIFE, cards, event
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake
from timeline.record import single_circle


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


async def told(house: TestHouse, intake: Intake, *events: dict[str, object]) -> None:
    for one in events:
        house.clock.instant += timedelta(seconds=1)
        await intake.tell("moj", one)


async def known(house: TestHouse) -> list[bool]:
    """Whether each row, oldest first, states nothing new; as a process just started sees it."""
    house.ground.keys._cache.clear()
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        rows = await list_rows(session, Chosen())
    found = await list_known(house.ground, house.schemas, rows)
    assert found <= {row.inbox_id for row in rows}
    return [row.inbox_id in found for row in rows]


async def forget(house: TestHouse, circle_id: UUID, event_id: str, part: str = "") -> None:
    """Takes a fact out of one circle, as if the event's mapping had left it out."""
    key = house.ground.keys.hash("fact", b"moj", event_id.encode(), part.encode())
    async with house.ground.database.unit(ReferenceScope("intake")) as unit:
        gone = await unit.execute(
            text("DELETE FROM fact WHERE circle_id = :circle AND fact_key = :key RETURNING 1"),
            {"circle": circle_id, "key": key},
        )
        assert len(gone.all()) == 1


async def test_events_whose_facts_are_all_there_are_known(house: TestHouse, intake: Intake) -> None:
    await told(house, intake, MARRIAGE, BIRTH, DOSE)
    assert await known(house) == [True, True, True]


@pytest.mark.parametrize(
    ("whose", "event_id", "part", "expected"),
    [
        (HUSBAND, "m-1", "", [False, True]),
        (HUSBAND, "m-1", "person:husband", [False, True]),
        (WIFE, "m-1", "", [False, True]),
        (WIFE, "b-1", "", [True, False]),
        (CHILD, "b-1", "", [True, False]),
        (CHILD, "b-1", "person:child", [True, False]),
    ],
)
async def test_an_event_of_which_somebodys_own_circle_lacks_a_fact_is_not_known(
    house: TestHouse,
    intake: Intake,
    whose: dict[str, object],
    event_id: str,
    part: str,
    expected: list[bool],
) -> None:
    await told(house, intake, MARRIAGE, BIRTH)
    circle_id = single_circle(house.ground.keys, await person_of(house, whose)).id
    await forget(house, circle_id, event_id, part)
    assert await known(house) == expected


async def test_what_is_held_corrects_or_was_erased_is_never_known(
    house: TestHouse, intake: Intake
) -> None:
    error = event("entered_in_error", "e-1", {"event_id": "v-1"})
    await told(house, intake, MARRIAGE, BIRTH, DOSE, error, event("moon.landed", "x-1", {}))
    assert await known(house) == [True, True, True, False, False]
    child = single_circle(house.ground.keys, await person_of(house, CHILD)).id
    await house.ground.keys.erase_circle(child)
    assert await known(house) == [True, False, False, False, False]


async def test_an_event_not_yet_applied_is_not_known(house: TestHouse, intake: Intake) -> None:
    await intake.report("moj", MARRIAGE)
    assert await known(house) == [False]
    assert await fact_count(house) == 0


async def test_fhir_resources_are_left_to_their_own_steps(house: TestHouse, intake: Intake) -> None:
    await intake.tell_fhir("mohap", bundle(patient(), immunization()))
    assert await known(house) == [False, False]


async def test_no_row_is_no_row(house: TestHouse, intake: Intake) -> None:
    assert await known(house) == []
    assert await cards(house, 501) == []
