"""2,000 recipients and a hard moment: reversed while queued, a clock that jumps, an SMS that may
have gone.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from sqlalchemy import func, select, update
from sqlmodel import col

from bench.recipients import Recipient
from push.answer import Answer
from push.compose import Composer
from push.deliver import WINDOW_MAX, Deliverer
from push.lease import LEASE_SECONDS
from push.outgoing import PushMessage, SmsMessage
from store.circle_tables import StreamRecordRow
from store.notice_tables import (
    CHANNEL_PUSH,
    CHANNEL_SMS,
    DELIVERY_ACCEPTED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
    DELIVERY_WITHDRAWN,
    NOTICE_FINISHED,
    NOTICE_WAITING,
    DeliveryRow,
    NoticeRow,
)
from store.scope import SweepScope
from tests.support.house import TestHouse
from tests.support.notices import ORIGIN, Outbox
from tests.support.recipients import load_recipients

RECIPIENTS = 2_000
M = TypeVar("M")


class HeldSender(Generic[M]):
    """Has what it is handed, and says when it is let go that it failed, so that whoever took it
    since must not be undone.
    """

    def __init__(self) -> None:
        self.messages: list[M] = []
        self.has_some, self.go = asyncio.Event(), asyncio.Event()

    async def send(self, messages: Sequence[M]) -> Sequence[Answer]:
        self.messages += messages
        self.has_some.set()
        await self.go.wait()
        return [Answer("retry", "internal")] * len(messages)


async def states(house: TestHouse) -> Counter[int]:
    async with house.ground.database.read(SweepScope()) as session:
        found = await session.execute(
            select(col(DeliveryRow.state), func.count().label("number")).group_by(
                col(DeliveryRow.state)
            )
        )
        return Counter({row.state: row.number for row in found})


async def deliver_all(outbox: Outbox) -> None:
    while await outbox.deliver():
        pass


async def test_what_is_reversed_while_it_is_queued_reaches_nobody(house: TestHouse) -> None:
    people = await load_recipients(house, RECIPIENTS)
    reversed_, standing = people[::2], people[1::2]
    async with house.ground.database.unit(SweepScope()) as unit:
        await unit.execute(
            update(StreamRecordRow)
            .where(col(StreamRecordRow.person_id).in_([each.person_id for each in reversed_]))
            .values(number=2)
        )
    outbox = Outbox(house)
    await deliver_all(outbox)
    assert Counter(push.token for push in outbox.pushes.messages) == tokens(standing)
    half = RECIPIENTS // 2
    assert await states(house) == {DELIVERY_ACCEPTED: half, DELIVERY_WITHDRAWN: half}
    async with house.ground.database.read(SweepScope()) as session:
        found = await session.execute(select(col(NoticeRow.person_id), col(NoticeRow.state)))
        stands = {row.person_id: row.state for row in found}
    assert {stands[each.person_id] for each in reversed_} == {NOTICE_WAITING}, "looked at again"
    assert {stands[each.person_id] for each in standing} == {NOTICE_FINISHED}


def tokens(people: Sequence[Recipient]) -> Counter[str]:
    return Counter(each.token for each in people)


async def test_a_clock_that_jumps_sends_twice_what_was_in_flight_and_no_more(
    house: TestHouse,
) -> None:
    people = await load_recipients(house, RECIPIENTS)
    held: HeldSender[PushMessage] = HeldSender()
    slow = Deliverer(
        house.ground,
        channel=CHANNEL_PUSH,
        compose=Composer(house.ground, public_origin=ORIGIN).pushes,
        sender=held,
        resends_unknown=True,
    )
    outbox = Outbox(house)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(slow.deliver())
        await held.has_some.wait()
        house.clock.instant += timedelta(hours=2)  # to whoever looks, the lease has run out
        await deliver_all(outbox)
        held.go.set()
    house.clock.instant -= timedelta(hours=2)
    await deliver_all(outbox)
    house.clock.instant += timedelta(hours=3)
    await deliver_all(outbox)
    assert len(held.messages) == WINDOW_MAX
    assert Counter(push.token for push in outbox.pushes.messages) == tokens(people)
    assert await states(house) == {DELIVERY_ACCEPTED: RECIPIENTS}


async def test_an_sms_that_may_have_gone_goes_again_only_where_it_is_clinical(
    house: TestHouse,
) -> None:
    clinical = await load_recipients(house, 40, channel=CHANNEL_SMS, notice_class="clinical")
    await load_recipients(house, 40, first=40, channel=CHANNEL_SMS)
    held: HeldSender[SmsMessage] = HeldSender()
    dying = Deliverer(
        house.ground,
        channel=CHANNEL_SMS,
        compose=Composer(house.ground, public_origin=ORIGIN).texts,
        sender=held,
    )
    task = asyncio.create_task(dying.deliver())
    await held.has_some.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(held.messages) == 80
    outbox = Outbox(house)
    assert await outbox.deliver() == 0
    assert await states(house) == {DELIVERY_SENDING: 80}
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    await deliver_all(outbox)
    assert {text.number for text in outbox.texts.messages} == {each.mobile for each in clinical}
    assert len(outbox.texts.messages) == 40
    assert await states(house) == {DELIVERY_ACCEPTED: 40, DELIVERY_UNKNOWN: 40}
