"""What phones say of notices: kept once, and no SMS follows what was read."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlmodel import col

from domain.ids import ActKey, CommandId, PersonId
from push.answer import Answer
from push.instant import local_now
from push.lease import LEASE_SECONDS, claim_due
from push.plan import PATIENCE_HOURS
from push.reason import EVERY_REASON, REASONS
from push.receipt import RECEIPTS_MAX, SeeNotices
from push.told import ToldNotice, list_told
from push.wish import ServiceWish
from store.notice_tables import (
    CHANNEL_PUSH,
    CHANNEL_SMS,
    DELIVERY_ACCEPTED,
    DELIVERY_SENDING,
    DELIVERY_WITHDRAWN,
    DeliveryRow,
)
from store.scope import PersonScope
from tests.push.test_wishes import a_birth, reached_by, wish
from tests.support.builders import born, died
from tests.support.house import TestHouse, actor_of, person
from tests.support.notices import Outbox, enrol, open_push
from timeline.command import Command, run_command
from timeline.outcome import APPLIED

HUSBAND, WIFE, CHILD, OTHER = person(1), person(2), person(3), person(4)
PHONE, TABLET = UUID(int=11), UUID(int=12)
TODAY = date(2026, 11, 21)


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


async def seen(house: TestHouse, who: PersonId, device_id: UUID | None = None, **said: Any) -> str:
    command = Command(CommandId(uuid4()), "notices.seen", SeeNotices(**said), device_id)
    return (await run_command(house.ground, house.registry, actor_of(who), command)).code


async def told(house: TestHouse, who: PersonId) -> list[ToldNotice]:
    return list((await list_told(house.ground, actor_of(who), limit=100)).notices)


def ids(outbox: Outbox, key: bytes, token: str = "token-1") -> tuple[ActKey, ...]:
    """The notices that a phone got, each once, in order."""
    pushes = [push for push in outbox.pushes.messages if push.token == token]
    return tuple(dict.fromkeys(ActKey(open_push(key, push.payload)["id"]) for push in pushes))


async def pushed(house: TestHouse, outbox: Outbox) -> tuple[ActKey, ...]:
    """What a father with a phone and a number was told by push."""
    await reached_by(house, HUSBAND)
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    assert not outbox.texts.messages
    return ids(outbox, key)


async def past_patience(house: TestHouse, outbox: Outbox) -> int:
    """How many SMS follow until nothing can follow any more."""
    for _ in range(4):
        house.clock.move_days(1)
        await outbox.run()
    return len(outbox.texts.messages)


async def test_what_nobody_opened_is_said_by_sms_also_if_it_came(
    house: TestHouse, outbox: Outbox
) -> None:
    notices = await pushed(house, outbox)
    assert await seen(house, HUSBAND, delivered=notices) == APPLIED
    assert all(each.delivered_at and not each.opened_at for each in await told(house, HUSBAND))
    assert await past_patience(house, outbox) > 0


@pytest.mark.parametrize("what", ["opened", "acted"])
async def test_what_was_read_within_patience_is_followed_by_no_sms(
    house: TestHouse, outbox: Outbox, what: str
) -> None:
    notices = await pushed(house, outbox)
    house.clock.instant += timedelta(hours=min(PATIENCE_HOURS.values()) - 1)
    said: dict[str, Any] = {what: notices}
    assert await seen(house, HUSBAND, **said) == APPLIED
    before = len(outbox.texts.messages)
    for each in await told(house, HUSBAND):
        if each.notice.id in notices:
            assert each.opened_at
            assert (each.acted_at is not None) == (what == "acted")
    await past_patience(house, outbox)
    followed = {text.reference for text in outbox.texts.messages[before:]}
    assert not followed & {notice_id.hex() for notice_id in notices}


async def test_an_sms_that_waits_is_withdrawn_when_the_push_is_read(
    house: TestHouse, outbox: Outbox
) -> None:
    notices = await pushed(house, outbox)
    house.clock.instant += timedelta(hours=max(PATIENCE_HOURS.values()))
    await outbox.plan()  # the SMS are written, and not sent yet
    waiting = [way for each in await told(house, HUSBAND) for way in each.ways]
    assert any(way.channel == CHANNEL_SMS for way in waiting)
    assert await seen(house, HUSBAND, opened=notices) == APPLIED
    for each in await told(house, HUSBAND):
        for way in each.ways:
            if each.notice.id in notices and way.channel == CHANNEL_SMS:
                assert way.state == DELIVERY_WITHDRAWN
    await outbox.deliver()
    sent = {text.reference for text in outbox.texts.messages}
    assert not sent & {notice_id.hex() for notice_id in notices}


async def test_a_receipt_counts_once_and_its_first_instant_stays(
    house: TestHouse, outbox: Outbox
) -> None:
    notices = await pushed(house, outbox)
    await seen(house, HUSBAND, opened=notices[:1])
    (first,) = [each for each in await told(house, HUSBAND) if each.notice.id == notices[0]]
    house.clock.instant += timedelta(hours=1)
    await seen(house, HUSBAND, delivered=notices[:1], opened=notices[:1], acted=notices[:1])
    (again,) = [each for each in await told(house, HUSBAND) if each.notice.id == notices[0]]
    assert (again.delivered_at, again.opened_at) == (first.delivered_at, first.opened_at)
    assert again.acted_at == house.clock.now_utc()


async def test_anothers_notice_and_one_of_nobody_are_passed_over(
    house: TestHouse, outbox: Outbox
) -> None:
    notices = await pushed(house, outbox)
    before = await told(house, HUSBAND)
    assert await seen(house, WIFE, acted=notices) == APPLIED
    assert await seen(house, OTHER, acted=notices) == APPLIED
    assert await seen(house, HUSBAND, acted=(ActKey(bytes(16)),)) == APPLIED
    assert await told(house, HUSBAND) == before


async def test_of_two_phones_one_that_reads_it_takes_it_from_the_other(
    house: TestHouse, outbox: Outbox
) -> None:
    his = await enrol(house, HUSBAND, PHONE, token="token-1")
    await enrol(house, HUSBAND, TABLET, token="token-2")
    await a_birth(house)
    await outbox.plan()
    (one,) = [each for each in await told(house, HUSBAND) if "vacc" in each.notice.entry]
    assert [way.channel for way in one.ways] == [CHANNEL_PUSH] * 2
    assert await seen(house, HUSBAND, opened=(one.notice.id,)) == APPLIED
    await outbox.run()
    assert one.notice.id not in ids(outbox, his)
    assert outbox.pushes.messages, "of the others both are told"


async def test_an_sms_that_is_on_its_way_is_not_sent_when_the_push_is_read_in_the_last_second(
    house: TestHouse, outbox: Outbox
) -> None:
    notices = await pushed(house, outbox)
    house.clock.instant += timedelta(hours=max(PATIENCE_HOURS.values()))
    await outbox.plan()  # the SMS are written
    now = local_now(house.clock)
    claims = await claim_due(house.ground, CHANNEL_SMS, limit=100, now=now)  # and taken
    on_their_way = {each.notice_id for each in claims.claimed}
    assert on_their_way & set(notices)
    await seen(house, HUSBAND, opened=notices)  # what is taken, it cannot take back
    async with house.ground.database.read(PersonScope(HUSBAND)) as session:
        found = await session.execute(
            select(col(DeliveryRow.state)).where(col(DeliveryRow.channel) == CHANNEL_SMS)
        )
        assert set(found.scalars()) == {DELIVERY_SENDING}
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    assert await outbox.deliver() >= len(on_their_way)
    sent = {text.reference for text in outbox.texts.messages}
    assert not sent & {notice_id.hex() for notice_id in notices}
    for each in await told(house, HUSBAND):
        if each.notice.id in on_their_way & set(notices):
            (sms,) = [way for way in each.ways if way.channel == CHANNEL_SMS]
            assert sms.state == DELIVERY_WITHDRAWN


# What was read on one phone leaves the others


def removed(outbox: Outbox, keys: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Which phone was told to take what off its screen, in order."""
    return [
        (push.token, open_push(keys[push.token], push.payload)["id"])
        for push in outbox.removals.messages
    ]


async def on_two_phones(house: TestHouse, outbox: Outbox) -> dict[str, bytes]:
    """What a father with two phones was told on both; their keys by token."""
    keys = {
        "token-1": await enrol(house, HUSBAND, PHONE, token="token-1"),
        "token-2": await enrol(house, HUSBAND, TABLET, token="token-2"),
    }
    await a_birth(house)
    await outbox.run()
    return keys


def of_class(notices: list[ToldNotice], notice_class: str) -> ActKey:
    """The lead of a message of this class that went to both phones."""
    return next(
        each.notice.id
        for each in notices
        if each.notice.notice_class == notice_class
        and [way.channel for way in each.ways] == [CHANNEL_PUSH] * 2
    )


async def test_what_was_opened_on_one_phone_leaves_the_other_once(
    house: TestHouse, outbox: Outbox
) -> None:
    keys = await on_two_phones(house, outbox)
    read = of_class(await told(house, HUSBAND), "service")
    for _ in range(2):
        assert await seen(house, HUSBAND, device_id=PHONE, opened=(read,)) == APPLIED
        await outbox.run()
    assert removed(outbox, keys) == [("token-2", read)]
    assert all(push.silent for push in outbox.removals.messages)


async def test_a_clinical_notice_leaves_the_other_phone_only_when_it_was_acted_on(
    house: TestHouse, outbox: Outbox
) -> None:
    keys = await on_two_phones(house, outbox)
    read = of_class(await told(house, HUSBAND), "clinical")
    await seen(house, HUSBAND, device_id=TABLET, opened=(read,))
    await outbox.run()
    assert not outbox.removals.messages
    await seen(house, HUSBAND, device_id=TABLET, acted=(read,))
    await outbox.run()
    assert removed(outbox, keys) == [("token-1", read)]


async def test_what_never_arrived_on_the_other_phone_is_not_taken_off_it(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await enrol(house, HUSBAND, TABLET, token="token-2")
    await a_birth(house)
    await outbox.plan()
    outbox.pushes.answers = [Answer("refused", "rejected")] * 20
    await outbox.run()
    every = tuple(each.notice.id for each in await told(house, HUSBAND))
    await seen(house, HUSBAND, device_id=PHONE, acted=every)
    await outbox.run()
    assert not outbox.removals.messages


async def test_what_another_reads_takes_nothing_off(house: TestHouse, outbox: Outbox) -> None:
    await on_two_phones(house, outbox)
    every = tuple(each.notice.id for each in await told(house, HUSBAND))
    await seen(house, WIFE, device_id=PHONE, acted=every)
    await seen(house, HUSBAND, device_id=PHONE, delivered=every)
    await outbox.run()
    assert not outbox.removals.messages


async def test_as_many_as_are_allowed_are_taken(house: TestHouse) -> None:
    many = tuple(ActKey(number.to_bytes(16, "big")) for number in range(RECEIPTS_MAX))
    assert await seen(house, HUSBAND, delivered=many, opened=many, acted=many) == APPLIED


# What a person is shown of their own


async def test_what_was_told_what_waits_and_what_was_held_back_and_why(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    stopped = ServiceWish(
        next(c.record.entry for c in await house.timeline(HUSBAND) if "vacc" in c.record.entry),
        told=False,
    )
    await wish(house, HUSBAND, services=(stopped,))
    await outbox.run()
    shown = await told(house, HUSBAND)
    held = [each for each in shown if each.is_held_back]
    assert {each.reason for each in held} == {"opted_out"}
    assert {each.notice.entry for each in held} == {stopped.service}
    out = [each for each in shown if each.is_told]
    assert out
    for each in out:
        assert [(way.channel, way.state) for way in each.ways] == [
            (CHANNEL_PUSH, DELIVERY_ACCEPTED)
        ]
        assert each.shown
    await house.apply(born(person(9), WIFE, TODAY, father=HUSBAND))
    house.clock.instant += timedelta(hours=10)
    await outbox.run()
    waiting = [each for each in await told(house, HUSBAND) if each.waits]
    assert {each.reason for each in waiting} == {"quiet_hours"}
    assert await told(house, WIFE) == [] or all(
        each.notice.id not in {one.notice.id for one in shown} for each in await told(house, WIFE)
    )


async def test_a_card_that_is_gone_is_not_named_any_more(house: TestHouse, outbox: Outbox) -> None:
    await pushed(house, outbox)
    assert any(each.shown for each in await told(house, HUSBAND))
    await house.apply(died(CHILD, TODAY))
    shown = [each for each in await told(house, HUSBAND) if "vacc" in each.notice.entry]
    assert shown
    assert not any(each.shown for each in shown)


async def test_pages_follow_one_another_and_miss_nothing(house: TestHouse, outbox: Outbox) -> None:
    await pushed(house, outbox)
    house.clock.instant += timedelta(minutes=1)
    await house.apply(born(person(9), WIFE, TODAY, father=HUSBAND))
    await outbox.run()
    every = [each.notice.id for each in await told(house, HUSBAND)]
    found: list[ActKey] = []
    after = None
    while True:
        page = await list_told(house.ground, actor_of(HUSBAND), limit=1, after=after)
        found += [each.notice.id for each in page.notices]
        if not page.has_next:
            break
        after = page.notices[-1].place
    assert found == every
    assert len(set(found)) == len(found) > 2


def test_every_reason_has_words_in_both_languages() -> None:
    assert REASONS.keys() == EVERY_REASON
    for arabic, english in REASONS.values():
        assert english.isascii()
        assert any("\u0600" <= letter <= "\u06ff" for letter in arabic)
        assert arabic.endswith(".")
