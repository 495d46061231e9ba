"""What cannot be told is set aside alone, and keeps nobody else waiting."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col
from structlog.testing import capture_logs

from api.notices import tell_everyone
from api.settings import read_settings
from api.wire import House
from domain.ids import ActKey, CircleId, EntryId, PersonId, RecordKey
from push.closed import count_closed
from push.dead import count_dead, list_dead, retry_batch, retry_one
from push.due import PEOPLE_BATCH_MAX
from push.funnel import count_stages, recount
from push.make import make_notices
from push.notice import Notice
from push.set_aside import AGAIN_MAX, AGAIN_MIN, FAILING, UNREADABLE
from push.told import list_told
from store.key_keeper import FileKeyKeeper
from store.keys import KeyRing
from store.notice_tables import (
    DELIVERY_FAILED,
    NOTICE_CLOSED,
    NOTICE_WAITING,
    DeliveryRow,
    NoticePreferenceRow,
    NoticeRow,
)
from store.scope import PersonScope, SweepScope
from store.session import Database
from tests.push.test_tell import HUSBAND, PHONE, TODAY, WIFE, a_birth, notices_of
from tests.push.test_wishes import wish
from tests.support.house import TestHouse, actor_of, person
from tests.support.notices import Outbox, enrol, keep_notice, open_push
from timeline.ground import Ground
from timeline.record import couple_circle

GARBAGE = b"spoiled" * 9


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


@pytest.fixture
def opened(house: TestHouse, tmp_path: Path) -> House:
    return House(read_settings({}, data_dir=tmp_path), house.ground, house.registry, house.schemas)


async def spoil(house: TestHouse, who: PersonId, notice_id: bytes, *, sealed: bytes) -> None:
    async with house.ground.database.unit(PersonScope(who)) as unit:
        await unit.execute(
            update(NoticeRow)
            .where(col(NoticeRow.person_id) == who, col(NoticeRow.notice_id) == notice_id)
            .values(sealed=sealed)
        )


async def reasons_of(house: TestHouse, who: PersonId) -> dict[bytes, tuple[int, str | None]]:
    async with house.ground.database.read(PersonScope(who)) as session:
        found = await session.execute(
            select(col(NoticeRow.notice_id), col(NoticeRow.state), col(NoticeRow.reason)).where(
                col(NoticeRow.person_id) == who
            )
        )
        return {bytes(row.notice_id): (row.state, row.reason) for row in found}


async def load_many(house: TestHouse, count: int, *, sealed: bytes | None) -> list[PersonId]:
    """People before the family's in every order, each with one notice that is due."""
    people = [person(1_000_000 + number) for number in range(count)]
    notice = Notice(
        ActKey(b"n" * 16),
        CircleId(UUID(int=7)),
        RecordKey(b"r" * 16),
        EntryId("vaccination"),
        "card",
        "due",
        "clinical",
        TODAY,
        TODAY + timedelta(days=30),
    )
    now = house.clock.now_utc()
    for who in people:
        await keep_notice(
            house,
            who,
            notice,
            state=NOTICE_WAITING,
            made_at=now,
            due_at=now - timedelta(days=1),
            sealed=sealed,
        )
        if sealed is None:  # their notice opens, and what they wish does not
            async with house.ground.database.unit(PersonScope(who)) as unit:
                await unit.execute(
                    insert(NoticePreferenceRow).values(person_id=who, version=1, sealed=GARBAGE)
                )
    return people


async def test_a_notice_that_nobody_can_open_ends_alone_and_its_reader_is_told_of_the_others(
    house: TestHouse, outbox: Outbox, opened: House
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await make_notices(house.ground)
    every = await notices_of(house, HUSBAND)
    spoiled = min(every)
    async with house.ground.database.read(PersonScope(HUSBAND)) as session:
        found = await session.execute(
            select(col(NoticeRow.sealed)).where(col(NoticeRow.notice_id) == spoiled)
        )
        good = bytes(found.scalar_one())
    await spoil(house, HUSBAND, spoiled, sealed=GARBAGE)
    with capture_logs() as logs:
        await tell_everyone(opened)
    assert [each["count"] for each in logs if each["event"] == "notice_unreadable"] == [1]
    assert not any(each["event"] == "telling_failed" for each in logs)
    await outbox.deliver()
    told = {open_push(key, push.payload)["id"] for push in outbox.pushes.messages}
    assert told
    assert told < every
    assert spoiled not in told
    assert (await reasons_of(house, HUSBAND))[spoiled] == (NOTICE_CLOSED, UNREADABLE)

    # Its reader is shown the others, and the funnel counts them.
    page = await list_told(house.ground, actor_of(HUSBAND), limit=100)
    assert {each.notice.id for each in page.notices} == every - {spoiled}
    assert await count_stages(house.ground)
    assert not await count_stages(house.ground)
    assert not await recount(house.ground, purpose="a spoiled row", reader="test")
    await wish(house, HUSBAND, opt_out="stop")

    # An operator sees it, and has it looked at again once it is mended.
    assert [(one.channel, one.reason, one.count) for one in await count_dead(house.ground)] == [
        (None, UNREADABLE, 1)
    ]
    (dead,) = await list_dead(house.ground, reason=UNREADABLE)
    assert dead.notice_id == spoiled
    assert UNREADABLE in {
        one.reason
        for one in await count_closed(house.ground, since=house.clock.instant - timedelta(days=9))
    }
    await wish(house, HUSBAND, opt_out=None)
    await spoil(house, HUSBAND, spoiled, sealed=good)
    assert await retry_one(house.ground, ActKey(spoiled)) == 1
    await outbox.run()
    assert spoiled in {open_push(key, push.payload)["id"] for push in outbox.pushes.messages}
    assert await count_dead(house.ground) == ()


@pytest.mark.parametrize("sealed", [GARBAGE, None], ids=["spoiled notices", "spoiled wishes"])
async def test_a_whole_batch_of_people_who_cannot_be_told_keeps_nobody_waiting(
    house: TestHouse, outbox: Outbox, opened: House, sealed: bytes | None
) -> None:
    await load_many(house, PEOPLE_BATCH_MAX, sealed=sealed)
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    for _ in range(2):
        await tell_everyone(opened)
    await outbox.deliver()
    assert {open_push(key, push.payload)["id"] for push in outbox.pushes.messages}
    counted = {(one.reason, one.count) for one in await count_dead(house.ground)}
    assert counted == {(UNREADABLE if sealed else FAILING, PEOPLE_BATCH_MAX)}


async def test_who_cannot_be_told_is_looked_at_ever_later_and_told_when_it_is_mended(
    house: TestHouse, opened: House
) -> None:
    (who,) = await load_many(house, 1, sealed=None)
    waits = []
    for _ in range(12):
        await tell_everyone(opened)
        async with house.ground.database.read(PersonScope(who)) as session:
            found = await session.execute(select(NoticeRow))
            row = found.one()
        assert (row.state, row.reason) == (NOTICE_WAITING, FAILING)
        waits.append(row.due_at - house.clock.instant)
        house.clock.instant = row.due_at
    assert waits[0] == AGAIN_MIN
    assert waits == sorted(waits)
    assert waits[-1] == AGAIN_MAX
    assert await retry_batch(house.ground, FAILING) == 1
    async with house.ground.database.unit(PersonScope(who)) as unit:
        await unit.execute(update(NoticePreferenceRow).values(version=0, sealed=GARBAGE))
    assert (await reasons_of(house, who))[b"n" * 16] == (NOTICE_WAITING, None)


async def test_whose_key_was_destroyed_is_told_of_nothing_and_keeps_nobody_waiting(
    house: TestHouse, outbox: Outbox, databases: tuple[str, str], tmp_path: Path
) -> None:
    key = await enrol(house, WIFE, PHONE, token="token-1")
    await a_birth(house)
    await make_notices(house.ground)
    his = await notices_of(house, HUSBAND)
    assert his
    connection = await asyncpg.connect(databases[1].replace("+asyncpg", ""))
    await connection.execute(
        "UPDATE wrapped_key SET wrapped = '' WHERE name = $1", f"person/{HUSBAND}"
    )
    await connection.close()
    keystore = Database(databases[1], pool_connections=2)
    keys = await KeyRing.unlock(keystore, FileKeyKeeper(tmp_path / "master.key"))
    ground = Ground(house.ground.database, keys, house.clock, house.ground.catalogues)
    opened = House(read_settings({}, data_dir=tmp_path), ground, house.registry, house.schemas)
    with capture_logs() as logs:
        await tell_everyone(opened)
    assert not any(each["event"] == "telling_failed" for each in logs)
    assert set((await reasons_of(house, HUSBAND)).values()) == {(NOTICE_CLOSED, UNREADABLE)}
    await outbox.deliver()
    assert {open_push(key, push.payload)["id"] for push in outbox.pushes.messages}
    assert await count_stages(ground)
    assert not await count_stages(ground)
    await keystore.close()


async def test_an_effect_that_nobody_can_open_keeps_no_other_from_being_made(
    house: TestHouse, outbox: Outbox, opened: House
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    async with house.ground.database.unit(SweepScope()) as unit:
        connection = await unit.raw()
        spoiled = await connection.fetchval(
            "UPDATE effect SET sealed = $1 WHERE act_key = (SELECT min(act_key) FROM effect"
            " WHERE kind = 0 AND state = 0 AND not_before_on <= $2 AND not_after_on >= $2)"
            " RETURNING act_key",
            GARBAGE,
            TODAY,
        )
    assert spoiled is not None
    with capture_logs() as logs:
        await tell_everyone(opened)
    assert any(each["event"] == "making_failed" for each in logs)
    await outbox.deliver()
    assert {open_push(key, push.payload)["id"] for push in outbox.pushes.messages}
    with capture_logs() as logs:
        await tell_everyone(opened)
    assert not logs, "it waits for its lease"


async def test_effects_of_a_circle_whose_key_was_destroyed_wait_for_their_lease(
    house: TestHouse, opened: House
) -> None:
    await a_birth(house)
    couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    await house.ground.keys.erase_circle(couple)
    with capture_logs() as logs:
        await tell_everyone(opened)
    assert {each["circle_id"] for each in logs if each["event"] == "making_failed"} == {str(couple)}
    with capture_logs() as logs:
        await tell_everyone(opened)
    assert not any(each["event"] == "making_failed" for each in logs)


async def test_who_has_a_letter_that_nobody_can_open_may_change_their_wishes_and_be_forgotten(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    async with house.ground.database.unit(PersonScope(HUSBAND)) as unit:
        await unit.execute(update(DeliveryRow).values(sealed=GARBAGE))
    await wish(house, HUSBAND, language="en")
    await wish(house, HUSBAND, opt_out="forget")
    await outbox.deliver()
    async with house.ground.database.read(PersonScope(HUSBAND)) as session:
        found = await session.execute(
            select(col(DeliveryRow.state), col(DeliveryRow.reason)).distinct()
        )
        assert [(row.state, row.reason) for row in found] == [(DELIVERY_FAILED, UNREADABLE)]
    assert not outbox.pushes.messages
