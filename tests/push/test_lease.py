"""Taking deliveries and settling them: by several workers, with letters nobody can open, through
outages, and while one answer is slow.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select
from sqlmodel import col

from push.answer import ACCEPTED, Answer, AnswerCode
from push.compose import Composer
from push.deliver import WINDOW_MAX, Composed, Deliverer
from push.instant import local_now
from push.lease import LEASE_SECONDS, Claimed, claim_due, note_begun
from push.outgoing import PushMessage, Sender, SmsMessage
from push.verdict import ATTEMPTS_MAX, OUTAGE_RETRY_SECONDS_MAX
from store.key_keeper import FileKeyKeeper
from store.keys import KeyRing
from store.notice_tables import (
    CHANNEL_PUSH,
    CHANNEL_SMS,
    DELIVERY_ACCEPTED,
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
    DELIVERY_WITHDRAWN,
    DeliveryRow,
)
from store.scope import SweepScope
from store.session import Database
from tests.support.house import TestHouse
from tests.support.notices import ORIGIN, KeptSender, Outbox
from tests.support.recipients import load_recipients
from timeline.ground import Ground

TODAY = date(2026, 11, 21)
QUOTA = Answer("retry", "quota", retry_after_seconds=120)
CHANGED = Answer("refused", "changed")


async def rows_of(house: TestHouse) -> list[Any]:
    """Every delivery: state, reason, attempts, whose."""
    async with house.ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(
                col(DeliveryRow.state),
                col(DeliveryRow.reason),
                col(DeliveryRow.attempt_count),
                col(DeliveryRow.person_id),
            ).order_by(col(DeliveryRow.person_id))
        )
        return list(found)


def driver_url(url: str) -> str:
    return url.replace("+asyncpg", "")


def sms_deliverer(ground: Ground, sender: KeptSender[SmsMessage]) -> Deliverer[SmsMessage]:
    composer = Composer(ground, public_origin=ORIGIN)
    return Deliverer(ground, channel=CHANNEL_SMS, compose=composer.texts, sender=sender)


def push_deliverer(
    ground: Ground, sender: Sender[PushMessage], *, window: int = WINDOW_MAX, ahead: int = 0
) -> Deliverer[PushMessage]:
    return Deliverer(
        ground,
        channel=CHANNEL_PUSH,
        compose=Composer(ground, public_origin=ORIGIN).pushes,
        sender=sender,
        resends_unknown=True,
        together=1,
        window=window,
        ahead=ahead,
    )


async def test_a_letter_that_nobody_can_open_ends_alone_and_says_why(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    people = await load_recipients(house, 5, channel=CHANNEL_SMS)
    connection = await asyncpg.connect(driver_url(databases[0]))
    await connection.execute(
        "UPDATE delivery SET sealed = set_byte(sealed, length(sealed) - 1, "
        "get_byte(sealed, length(sealed) - 1) # 1) WHERE person_id = $1",
        people[2].person_id,
    )
    await connection.close()
    outbox = Outbox(house)
    assert await outbox.deliver() == 5
    assert len(outbox.texts.messages) == 4
    stands = {row.person_id: (row.state, row.reason) for row in await rows_of(house)}
    assert stands.pop(people[2].person_id) == (DELIVERY_FAILED, "unreadable")
    assert set(stands.values()) == {(DELIVERY_ACCEPTED, None)}
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    assert await outbox.deliver() == 0


async def test_workers_that_claim_at_once_neither_wait_nor_take_one_row_twice(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    people = await load_recipients(house, 200)
    now = local_now(house.clock)
    connection = await asyncpg.connect(driver_url(databases[0]))
    async with connection.transaction():  # another worker is about to commit its claim
        held = await connection.fetch(
            "SELECT person_id FROM delivery ORDER BY next_at LIMIT 20 FOR UPDATE"
        )
        claims = await asyncio.gather(
            *(claim_due(house.ground, CHANNEL_PUSH, limit=30, now=now) for _ in range(8))
        )
    await connection.close()
    taken = [each.person_id for claim in claims for each in claim.claimed]
    assert len(taken) == len(set(taken)) == 180
    assert set(taken) == {each.person_id for each in people} - {row["person_id"] for row in held}
    rest = await claim_due(house.ground, CHANNEL_PUSH, limit=100, now=now)
    assert rest.count == 20


async def test_what_fcm_says_of_the_project_holds_for_every_worker_and_after_a_restart(
    house: TestHouse,
) -> None:
    await load_recipients(house, 3)
    one, two = Outbox(house), Outbox(house)
    one.pushes.answers = [Answer("retry", "quota", retry_after_seconds=120)]
    assert await one.deliverers[0].deliver(limit=1) == 1
    assert await two.deliver() == 0
    house.clock.instant += timedelta(seconds=119)
    assert await two.deliver() == 0
    house.clock.instant += timedelta(seconds=2)
    two.pushes.answers = [Answer("retry", "quota", retry_after_seconds=1), *[ACCEPTED] * 2]
    assert await two.deliver() == 3
    assert {row.state for row in await rows_of(house)} == {DELIVERY_ACCEPTED, DELIVERY_QUEUED}


async def test_credentials_of_one_platform_pause_no_other(house: TestHouse) -> None:
    await load_recipients(house, 3)
    outbox = Outbox(house)
    outbox.pushes.answers = [Answer("retry", "platform_credentials"), ACCEPTED]
    assert await outbox.deliverers[0].deliver(limit=2) == 2
    assert await outbox.deliverers[0].deliver() == 1
    assert sorted(row.state for row in await rows_of(house)) == [
        DELIVERY_QUEUED,
        DELIVERY_ACCEPTED,
        DELIVERY_ACCEPTED,
    ]


async def test_an_evening_without_fcm_costs_nobody_their_notice(house: TestHouse) -> None:
    await load_recipients(house, 2)
    outbox = Outbox(house)
    for _ in range(ATTEMPTS_MAX + 4):
        outbox.pushes.answers = [Answer("retry", "connection_lost")] * 2
        assert await outbox.deliver() == 2
        house.clock.instant += timedelta(seconds=OUTAGE_RETRY_SECONDS_MAX + 1)
    assert await outbox.deliver() == 2
    assert {row.state for row in await rows_of(house)} == {DELIVERY_ACCEPTED}


@pytest.mark.parametrize("code", ["quota", "device_quota"])
async def test_a_device_that_had_too_many_waits_alone_and_a_project_for_everybody(
    house: TestHouse, code: AnswerCode
) -> None:
    await load_recipients(house, 1)
    outbox = Outbox(house)
    outbox.pushes.answers = [Answer("retry", code, retry_after_seconds=90)]
    assert await outbox.deliver() == 1
    await load_recipients(house, 2, first=1)
    everybody_waits = code == "quota"
    assert await outbox.deliver() == (0 if everybody_waits else 2)
    house.clock.instant += timedelta(seconds=91)
    assert await outbox.deliver() == (3 if everybody_waits else 1)
    assert {row.state for row in await rows_of(house)} == {DELIVERY_ACCEPTED}


async def test_however_long_a_quota_lasts_no_message_is_given_up(house: TestHouse) -> None:
    await load_recipients(house, 1)
    outbox = Outbox(house)
    for code in ("quota", "device_quota"):
        for _ in range(ATTEMPTS_MAX + 1):
            outbox.pushes.answers = [Answer("retry", code, retry_after_seconds=60)]
            assert await outbox.deliver() == 1
            house.clock.instant += timedelta(seconds=OUTAGE_RETRY_SECONDS_MAX + 1)
    assert await outbox.deliver() == 1
    assert {row.state for row in await rows_of(house)} == {DELIVERY_ACCEPTED}


async def test_a_message_that_always_fails_is_given_up(house: TestHouse) -> None:
    await load_recipients(house, 1)
    outbox = Outbox(house)
    outbox.pushes.answers = [Answer("retry", "internal")] * ATTEMPTS_MAX
    for _ in range(ATTEMPTS_MAX):
        assert await outbox.deliver() == 1
        house.clock.instant += timedelta(seconds=3_601)
    assert await outbox.deliver() == 0
    assert [(row.state, row.reason) for row in await rows_of(house)] == [
        (DELIVERY_FAILED, "gave_up")
    ]


@pytest.mark.parametrize(("days", "state"), [(0, DELIVERY_ACCEPTED), (1, DELIVERY_WITHDRAWN)])
async def test_past_its_last_day_there_is_nothing_to_say(
    house: TestHouse, days: int, state: int
) -> None:
    await load_recipients(house, 1, until_on=TODAY)
    house.clock.move_days(days)
    outbox = Outbox(house)
    assert await outbox.deliver() == 1
    assert [row.state for row in await rows_of(house)] == [state]
    assert len(outbox.pushes.messages) == (state == DELIVERY_ACCEPTED)


class SlowSender:
    """Answers all but the first, until it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.sent_count = 0

    async def send(self, messages: Sequence[PushMessage]) -> Sequence[Answer]:
        self.sent_count += len(messages)
        if self.sent_count == 1:
            await self.go.wait()
        return [ACCEPTED] * len(messages)


async def test_a_slow_answer_keeps_no_other_in_doubt_nor_its_place_in_the_window(
    house: TestHouse,
) -> None:
    await load_recipients(house, 150)
    sender = SlowSender()
    deliverer = push_deliverer(house.ground, sender)
    stop = asyncio.Event()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(deliverer.deliver_until(stop))
        expected = [DELIVERY_SENDING, *[DELIVERY_ACCEPTED] * 149]
        while sorted(row.state for row in await rows_of(house)) != expected:  # noqa: ASYNC110  # rows
            await asyncio.sleep(0.1)
        assert not sender.go.is_set()
        sender.go.set()
        stop.set()
    assert {row.state for row in await rows_of(house)} == {DELIVERY_ACCEPTED}


class HeldSender:
    """Keeps every answer back, until each is let go."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.go = asyncio.Event()
        self._left = iter(answers)
        self.sent_count = 0

    async def send(self, messages: Sequence[PushMessage]) -> Sequence[Answer]:
        self.sent_count += len(messages)
        answers = [next(self._left) for _ in messages]
        await self.go.wait()
        return answers


async def wait_for(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110  # rows of a table
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("answers", "sent", "states"),
    [
        ([ACCEPTED] * 6, 6, {DELIVERY_ACCEPTED}),
        ([QUOTA] * 6, 4, {DELIVERY_QUEUED}),
        # Whose card has changed is settled one by one, and frees a place each.
        ([*[CHANGED] * 3, *[QUOTA] * 3], 4, {DELIVERY_WITHDRAWN, DELIVERY_QUEUED}),
    ],
)
async def test_what_is_claimed_ahead_waits_for_room_and_rests_where_the_channel_does(
    house: TestHouse, answers: list[Answer], sent: int, states: set[int]
) -> None:
    await load_recipients(house, 6)
    sender = HeldSender(answers)
    deliverer = push_deliverer(house.ground, sender, window=4, ahead=2)
    stop = asyncio.Event()

    async def all_claimed() -> bool:
        return {row.state for row in await rows_of(house)} == {DELIVERY_SENDING}

    async def none_claimed() -> bool:
        return DELIVERY_SENDING not in {row.state for row in await rows_of(house)}

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(deliverer.deliver_until(stop))
        await wait_for(all_claimed)
        assert sender.sent_count <= 4
        sender.go.set()
        await wait_for(none_claimed)
        stop.set()
    rows = await rows_of(house)
    assert sender.sent_count == sent
    assert {row.state for row in rows} == states
    assert sorted(row.attempt_count for row in rows) == [0] * (6 - sent) + [1] * sent


async def test_with_the_key_store_away_nothing_is_in_doubt_and_no_attempt_is_spent(
    house: TestHouse, databases: tuple[str, str], tmp_path: Path
) -> None:
    await load_recipients(house, 3, channel=CHANNEL_SMS)
    keystore = Database(databases[1], pool_connections=2)
    keys = await KeyRing.unlock(keystore, FileKeyKeeper(tmp_path / "master.key"))
    fresh = Ground(house.ground.database, keys, house.clock, house.ground.catalogues)
    sender: KeptSender[SmsMessage] = KeptSender()
    connection = await asyncpg.connect(driver_url(databases[1]))
    await connection.execute("ALTER TABLE wrapped_key RENAME TO away")
    with pytest.raises(Exception, match="wrapped_key"):
        await sms_deliverer(fresh, sender).deliver()
    assert [(row.state, row.attempt_count) for row in await rows_of(house)] == [
        (DELIVERY_QUEUED, 0)
    ] * 3
    await connection.execute("ALTER TABLE away RENAME TO wrapped_key")
    await connection.close()
    assert await sms_deliverer(fresh, sender).deliver() == 3
    assert len(sender.messages) == 3
    await keystore.close()


async def test_a_sender_that_raises_leaves_an_sms_in_doubt_and_never_sends_it_again(
    house: TestHouse,
) -> None:
    await load_recipients(house, 2, channel=CHANNEL_SMS)

    class Raising(KeptSender[SmsMessage]):
        async def send(self, messages: Sequence[SmsMessage]) -> Sequence[Answer]:
            self.messages += messages
            raise RuntimeError

    sender = Raising()
    assert await sms_deliverer(house.ground, sender).deliver() == 2
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    assert await sms_deliverer(house.ground, sender).deliver() == 0
    assert len(sender.messages) == 2
    assert {row.reason for row in await rows_of(house)} == {"outcome_unknown"}


async def test_what_a_crash_left_claimed_and_not_begun_is_in_no_doubt(house: TestHouse) -> None:
    await load_recipients(house, 10, channel=CHANNEL_SMS)
    now = local_now(house.clock)
    claims = await claim_due(house.ground, CHANNEL_SMS, limit=10, now=now)
    going = claims.claimed[:3]
    ours = await note_begun(house.ground, CHANNEL_SMS, claims.lease_id, going)
    assert ours == {(each.person_id, each.notice_id, each.device_id) for each in going}
    # Here the process ends.
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    outbox = Outbox(house)
    assert await outbox.deliver() == 10
    assert {text.reference for text in outbox.texts.messages} == {
        each.notice_id.hex() for each in claims.claimed[3:]
    }
    rows = await rows_of(house)
    assert (
        sorted((row.state, row.reason) for row in rows if row.state != DELIVERY_ACCEPTED)
        == [(DELIVERY_UNKNOWN, "outcome_unknown")] * 3
    )


async def test_who_was_too_slow_to_begin_sends_nothing_of_what_another_has_by_now(
    house: TestHouse,
) -> None:
    await load_recipients(house, 2, channel=CHANNEL_SMS)
    slow, fast = Outbox(house), Outbox(house)
    composer = Composer(house.ground, public_origin=ORIGIN)

    async def compose(going: Sequence[Claimed]) -> list[Composed[SmsMessage]]:
        made: list[Composed[SmsMessage]] = await composer.texts(going)
        house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
        assert await fast.deliver() == 2
        return made

    late = Deliverer(house.ground, channel=CHANNEL_SMS, compose=compose, sender=slow.texts)
    assert await late.deliver() == 2
    assert not slow.texts.messages
    assert len(fast.texts.messages) == 2
    assert {row.state for row in await rows_of(house)} == {DELIVERY_ACCEPTED}


async def test_what_is_tried_again_is_not_begun_until_it_is(house: TestHouse) -> None:
    await load_recipients(house, 1, channel=CHANNEL_SMS)
    outbox = Outbox(house)
    outbox.texts.answers = [Answer("retry", "unavailable")]
    assert await outbox.deliver() == 1
    house.clock.instant += timedelta(seconds=OUTAGE_RETRY_SECONDS_MAX)
    assert (await claim_due(house.ground, CHANNEL_SMS, limit=1, now=local_now(house.clock))).count
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    assert await outbox.deliver() == 1
    assert len(outbox.texts.messages) == 2
