"""Raw messages: sealed for the circles they concern once applied, so that erasing one of these
erases them; what waits moves from month to month, and a month's key goes when nothing needs it.
"""

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from api.settings import read_settings
from api.wire import INTAKE_SCHEMAS, House
from api.worker import interpret_message
from domain.ids import AgencyId, CircleId, InboxId, PersonId
from gov.event.schema import EventSchemas
from gov.inbox.resource import hash_resource, list_versions
from gov.inbox.row import find_by_hash, find_message, hash_event, reopen
from gov.inbox.upkeep import MONTH_KEY_GRACE_DAYS, WAITING_ALARM_DAYS, keep_up, reseal_waiting
from store.keys import KeyErased
from store.scope import ReferenceScope
from store.session import Database, T, Unit
from tests.gov.fhir.resources import bundle, immunization, patient
from tests.gov.test_intake_http import BIRTH, CHILD, HUSBAND, MARRIAGE, WIFE, books, cards, event
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake
from tests.timeline.test_law_once import Crash, CrashingDatabase
from timeline.ground import Ground
from timeline.people import find_person
from timeline.record import couple_circle, single_circle

MOJ = AgencyId("moj")
P2 = "Patient/p2"
DOSE = event("vaccination.given", "v-1", {"person": CHILD, "vaccine_code": "08"})


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


async def tell(house: TestHouse, intake: Intake, told: dict[str, object]) -> None:
    """Sends one event and lets the worker work; a second later than what came before."""
    house.clock.instant += timedelta(seconds=1)
    await intake.tell("moj", told)


async def rows(house: TestHouse) -> list[tuple[UUID, int, str | None, str | None]]:
    """Id, state, reason and month of every row, oldest first."""
    async with house.ground.database.read(ReferenceScope("intake")) as session:
        found = await session.execute(
            text("SELECT inbox_id, state, reason, month FROM inbox ORDER BY received_at")
        )
        return [tuple(row) for row in found]


async def fact_count(house: TestHouse) -> int:
    async with house.ground.database.read(ReferenceScope("intake")) as session:
        return int((await session.execute(text("SELECT count(*) FROM fact"))).scalar_one())


async def person_of(house: TestHouse, said: Mapping[str, object]) -> PersonId:
    number = said["identifier"]
    assert isinstance(number, dict)
    value = f"{number.get('assigner', '')}/{str(number['value']).replace('-', '')}"
    if number["system"] != "emirates_id":
        value = f"{number['assigner']}/{number['value']}"
    found = await find_person(house.ground, system=str(number["system"]), value=value)
    assert found is not None
    return found


async def body_of(house: TestHouse, event_id: str) -> bytes | None:
    """The raw body as a process that has just started opens it; None when it is erased."""
    ground = house.ground
    ground.keys._cache.clear()
    try:
        message = await find_by_hash(ground, hash_event(ground, MOJ, event_id))
    except KeyErased:
        return None
    assert message is not None
    return message.body


async def test_an_applied_message_is_sealed_for_its_circles_and_needs_no_month(
    house: TestHouse, intake: Intake
) -> None:
    await intake.report("moj", MARRIAGE)
    assert [row[3] for row in await rows(house)] == [f"{datetime.now(UTC):%Y-%m}"]
    await intake.work()
    assert [row[3] for row in await rows(house)] == [None]
    body = await body_of(house, "m-1")
    assert body is not None
    assert b"marriage.registered" in body


@pytest.mark.parametrize("whose", ["husband", "wife", "couple"])
async def test_erasing_any_circle_of_a_message_erases_it_and_no_other(
    house: TestHouse, intake: Intake, whose: str
) -> None:
    """The dose is the child's alone and the couple's; the marriage is the husband's and wife's."""
    await tell(house, intake, MARRIAGE)
    landed = event("person.died", "d-1", {"person": {**WIFE, "identifier": other_number()}})
    await tell(house, intake, landed)
    husband, wife = await person_of(house, HUSBAND), await person_of(house, WIFE)
    keys = house.ground.keys
    circles: dict[str, CircleId] = {
        "husband": single_circle(keys, husband).id,
        "wife": single_circle(keys, wife).id,
        "couple": couple_circle(keys, husband, wife).id,
    }
    await keys.erase_circle(circles[whose])
    assert await body_of(house, "m-1") is None
    assert await body_of(house, "d-1") is not None, "nobody of the couple is in it"


async def test_erasing_a_circle_erases_the_resources_about_it_and_no_other(
    house: TestHouse, intake: Intake
) -> None:
    """A hospital's Patient, and a dose in a newer version, go with the child; another's stay."""
    sent = bundle(patient("p1"), immunization("i1"), patient("p2"), immunization("i2", of=P2))
    await intake.tell_fhir("mohap", sent)
    house.clock.instant += timedelta(seconds=10)
    newer = immunization("i1", lotNumber="L-2")
    await intake.tell_fhir("mohap", bundle(patient("p1"), newer))
    ids = [row[0] for row in await rows(house)]
    assert [row[1:] for row in await rows(house)] == [(1, None, None)] * 5
    about = {inbox_id: await resource_of(house, inbox_id) for inbox_id in ids}
    found = await find_person(
        house.ground, system="hospital_number", value="demo-hospital-ajman/A-p1"
    )
    assert found is not None
    await house.ground.keys.erase_circle(single_circle(house.ground.keys, found).id)
    gone = {inbox_id for inbox_id in ids if await resource_of(house, inbox_id) is None}
    expected = {one for one in ids if about[one] in ("Patient/p1", "Immunization/i1")}
    assert (gone, len(gone)) == (expected, 3)
    for inbox_id in gone:  # and looking again does not bring it back, nor fail
        await interpret_message(intake.house, InboxId(inbox_id), again=True)
        assert await resource_of(house, inbox_id) is None
    hash_ = hash_resource(house.ground, AgencyId("mohap"), "Immunization/i1")
    assert await list_versions(house.ground, hash_) == ()


async def resource_of(house: TestHouse, inbox_id: UUID) -> str | None:
    """Type and id of a row's resource, as a process just started opens it; None when erased."""
    house.ground.keys._cache.clear()
    try:
        message = await find_message(house.ground, inbox_id)
    except KeyErased:
        return None
    assert message is not None
    resource = orjson.loads(message.body)["entry"][0]["resource"]
    return f"{resource['resourceType']}/{resource['id']}"


def other_number() -> dict[str, str]:
    return {"system": "hospital_number", "value": "A-9", "assigner": "h1"}


async def test_a_mothers_message_stays_when_a_strangers_circle_goes_and_the_facts_of_others_stay(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, MARRIAGE)
    await tell(house, intake, BIRTH)
    await tell(house, intake, DOSE)
    child = single_circle(house.ground.keys, await person_of(house, CHILD)).id
    before = await cards(house, 501)
    await house.ground.keys.erase_circle(child)
    assert await body_of(house, "v-1") is None
    assert await body_of(house, "b-1") is None
    assert await body_of(house, "m-1") is not None
    assert await cards(house, 501) == before, "the couple's circle holds its own copies"


async def test_what_is_replayed_twice_changes_nothing(house: TestHouse, intake: Intake) -> None:
    for told in (MARRIAGE, BIRTH, DOSE):
        await tell(house, intake, told)
    before = (await fact_count(house), await cards(house, 501), await cards(house, 502))
    states = [row[1:] for row in await rows(house)]
    for _ in range(2):
        for row in await rows(house):
            await interpret_message(intake.house, InboxId(row[0]), again=True)
    assert (await fact_count(house), await cards(house, 501), await cards(house, 502)) == before
    assert [row[1:] for row in await rows(house)] == states


async def test_a_held_message_of_an_erased_circle_says_so(house: TestHouse, intake: Intake) -> None:
    await tell(house, intake, event("person.died", "d-1", {"person": WIFE}, on="2026-11-01"))
    await tell(house, intake, MARRIAGE)  # held: she had died; it is known whom it concerns
    assert [row[3] for row in await rows(house)] == [None, None]
    wife = single_circle(house.ground.keys, await person_of(house, WIFE)).id
    await house.ground.keys.erase_circle(wife)
    held = (await rows(house))[1][0]
    await reopen(house.ground, held)
    await interpret_message(intake.house, InboxId(held))
    assert (await rows(house))[1][1:3] == (3, "intake.erased")
    answer = (await intake.report("moj", MARRIAGE)).json()
    assert answer["reason"]["code"] == "intake.erased"


async def test_a_kind_that_was_unknown_is_applied_once_its_schema_is_there(
    house: TestHouse, intake: Intake, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    shutil.copytree(INTAKE_SCHEMAS, few)
    (few / "marriage.registered.schema.json").unlink()
    settings = read_settings({}, data_dir=tmp_path)
    older = House(settings, house.ground, house.registry, EventSchemas.load(few))
    await intake.report("moj", MARRIAGE)
    (row,) = await rows(house)
    await interpret_message(older, InboxId(row[0]))
    assert (await rows(house))[0][1:3] == (3, "intake.kind_unknown")
    for _ in range(2):
        await reopen(house.ground, row[0])
        await interpret_message(intake.house, InboxId(row[0]), again=True)
        assert (await rows(house))[0][1:] == (1, None, None)
        assert await books(house, 501) == ["family_book:due"]


async def test_what_waits_moves_to_the_next_month_and_then_the_old_key_goes(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, event("moon.landed", "x-1", {}))
    await tell(house, intake, MARRIAGE)
    came = house.clock.instant
    house.clock.instant = (came.replace(day=1) + timedelta(days=32)).replace(day=1, hour=12)
    done = await keep_up(house.ground)
    assert (done.resealed_count, done.destroyed) == (1, ())
    assert (await rows(house))[0][3] == f"{house.clock.instant:%Y-%m}"
    assert b"moon.landed" in (await body_of(house, "x-1") or b"")
    house.clock.instant += timedelta(days=MONTH_KEY_GRACE_DAYS - 1)
    assert (await keep_up(house.ground)).destroyed == ()
    house.clock.instant += timedelta(days=1)
    assert (await keep_up(house.ground)).destroyed == (f"{came:%Y-%m}",)
    assert (await keep_up(house.ground)).destroyed == ()
    assert b"moon.landed" in (await body_of(house, "x-1") or b"")
    assert b"marriage" in (await body_of(house, "m-1") or b"")
    with pytest.raises(KeyErased):
        await house.ground.keys.month(f"{came:%Y-%m}")


async def test_twenty_days_of_waiting_are_told_of_and_not_a_second_less(
    house: TestHouse, intake: Intake
) -> None:
    await tell(house, intake, event("moon.landed", "x-1", {}))
    came = house.clock.instant
    await tell(house, intake, MARRIAGE)  # applied: it does not wait
    house.clock.instant = came + timedelta(days=WAITING_ALARM_DAYS, seconds=-1)
    assert (await keep_up(house.ground)).old_count == 0
    house.clock.instant += timedelta(seconds=1)
    assert (await keep_up(house.ground)).old_count == 1


async def test_a_crash_after_any_commit_of_an_application_loses_nothing(
    house: TestHouse, databases: tuple[str, str], intake: Intake
) -> None:
    """Facts, then the seal for circles: cut anywhere and done again, one of each is there."""
    await tell(house, intake, MARRIAGE)
    house.clock.instant += timedelta(seconds=1)
    await intake.report("moj", BIRTH)
    inbox_id = InboxId((await rows(house))[1][0])
    crashing = CrashingDatabase(databases[0])
    ground = Ground(crashing, house.ground.keys, house.ground.clock, house.ground.catalogues)
    cut = House(intake.house.settings, ground, house.registry, house.schemas)
    try:
        for crash_after in range(1, 40):
            crashing.commits, crashing.crash_after = 0, crash_after
            try:
                await interpret_message(cut, inbox_id)
                break
            except Crash:
                assert await body_of(house, "b-1") is not None
        else:
            pytest.fail("it never ended")
    finally:
        await crashing.close()
    assert (await rows(house))[1][1:] == (1, None, None)
    assert await fact_count(house) == await applied_once(house, intake)


async def applied_once(house: TestHouse, intake: Intake) -> int:
    """The facts there are after applying all once more: as many as before, if nothing was lost."""
    for row in await rows(house):
        await interpret_message(intake.house, InboxId(row[0]), again=True)
    return await fact_count(house)


async def test_a_row_settled_while_it_is_resealed_stays_settled(
    house: TestHouse, databases: tuple[str, str], intake: Intake
) -> None:
    await intake.report("moj", MARRIAGE)
    house.clock.instant = (house.clock.instant.replace(day=1) + timedelta(days=32)).replace(day=1)

    class SettlingDatabase(Database):
        """Between its reading and its writing another process applies the message."""

        @asynccontextmanager
        async def unit(self, scope: T) -> AsyncIterator[Unit[T]]:
            await intake.work()
            async with super().unit(scope) as unit:
                yield unit

    slow = SettlingDatabase(databases[0])
    ground = Ground(slow, house.ground.keys, house.ground.clock, house.ground.catalogues)
    try:
        await reseal_waiting(ground)
    finally:
        await slow.close()
    assert (await rows(house))[0][1:] == (1, None, None)
    message = await find_message(house.ground, (await rows(house))[0][0])
    assert message is not None
