"""Notices in awkward families and at awkward moments: who is told, once, and who is not."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import cbor2
import msgspec
import pytest

from domain.calendar_date import DUBAI
from domain.ids import ActKey, CircleId, RecordKey
from push.compose import Composer, encode_wake
from push.instant import local_now
from push.lease import Claimed
from push.letter import Letter
from push.seal_push import SIZES, PushTooLong, fits, seal_push
from push.sms_text import count_segments
from push.standing import Part
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    divorced,
    family_book,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
)
from tests.support.house import TestHouse, person
from tests.support.notices import ORIGIN, Outbox, enrol, open_push

HUSBAND, WIFE, CHILD, TWIN = person(1), person(2), person(3), person(4)
PHONE, TABLET = UUID(int=11), UUID(int=12)
TODAY = date(2026, 11, 21)
OFFERED = "خلاصة القيد لأسرتك الجديدة"
FCM_BYTES_MAX = 4_096  # of a message's data, by FCM's documents


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


async def a_couple(house: TestHouse) -> None:
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 1, 1)), described(HUSBAND, TODAY, nationality=CITIZEN)
    )


def told(outbox: Outbox, token: str, key: bytes) -> list[bytes]:
    """The ids of the notices that a phone got, in order."""
    return [
        open_push(key, push.payload)["id"] for push in outbox.pushes.messages if push.token == token
    ]


async def test_of_twins_each_is_told_of_once(house: TestHouse, outbox: Outbox) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_couple(house)
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await outbox.run()
    of_one = told(outbox, "token-1", key)
    await house.apply(born(TWIN, WIFE, TODAY, father=HUSBAND))
    for _ in range(4):  # what a day's cap holds back comes on the next days
        await outbox.run()
        house.clock.move_days(1)
    of_both = told(outbox, "token-1", key)
    assert of_one
    assert len(of_both) > len(of_one)
    assert len(of_both) == len(set(of_both))


async def test_of_a_twin_whose_twin_died_no_message_congratulates_not_even_one_already_planned(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_couple(house)
    await house.apply(described(HUSBAND, TODAY, nationality=CITIZEN))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await house.apply(born(TWIN, WIFE, TODAY, father=HUSBAND))
    await outbox.plan()
    await house.apply(died(CHILD, TODAY))
    for _ in range(4):
        await outbox.run()
        house.clock.move_days(1)
    titles = [open_push(key, push.payload)["title"] for push in outbox.pushes.messages]
    assert sum(title.startswith("وثائق") for title in titles) == 1
    assert not any("مبروك" in title or "مبارك" in title for title in titles)


async def test_what_was_gone_before_anybody_was_told_is_told_once_when_it_is_there_again(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_couple(house)
    house.clock.instant = datetime(2026, 11, 21, 22, 0, tzinfo=DUBAI)  # quiet
    birth = born(CHILD, WIFE, TODAY, father=HUSBAND)
    error = in_error(birth, TODAY)
    everybody = (HUSBAND, WIFE, CHILD)
    await house.apply(birth)
    await outbox.run()
    await house.apply(error, concerns=everybody)
    house.clock.instant = datetime(2026, 11, 22, 9, 0, tzinfo=DUBAI)
    await outbox.run()
    before = told(outbox, "token-1", key)
    await house.apply(in_error(error, TODAY), concerns=everybody)
    await outbox.run()
    after = told(outbox, "token-1", key)
    assert len(after) > len(before)
    second = in_error(birth, TODAY)
    await house.apply(second, concerns=everybody)
    await outbox.run()
    await house.apply(in_error(second, TODAY), concerns=everybody)
    await outbox.run()
    assert told(outbox, "token-1", key) == after, "what was told stays told"


async def test_divorced_parents_are_told_apart_and_never_the_same_notice(
    house: TestHouse, outbox: Outbox
) -> None:
    his = await enrol(house, HUSBAND, PHONE, token="token-1")
    hers = await enrol(house, WIFE, TABLET, token="token-2")
    await a_couple(house)
    await house.apply(divorced(HUSBAND, WIFE, TODAY - timedelta(days=1)))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await outbox.run()
    father, mother = told(outbox, "token-1", his), told(outbox, "token-2", hers)
    assert mother
    assert not set(father) & set(mother)
    for ids in (father, mother):
        assert len(ids) == len(set(ids))


async def test_what_was_done_in_the_last_second_is_not_told(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await house.apply(married(HUSBAND, WIFE, TODAY), described(HUSBAND, TODAY, nationality=CITIZEN))
    await outbox.plan()
    await house.apply(family_book(HUSBAND, WIFE, TODAY))  # the wife was at the counter
    await outbox.run()
    titles = [open_push(key, push.payload)["title"] for push in outbox.pushes.messages]
    assert "مبارك زواجكما" in titles
    assert OFFERED not in titles  # that it was issued is told instead
    assert "صدرت خلاصة القيد" in titles


async def test_a_loss_in_the_last_second_silences_the_pregnancy(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, WIFE, PHONE, token="token-1")
    await house.apply(described(WIFE, TODAY, nationality=CITIZEN))
    await house.apply(pregnant(WIFE, TODAY, due_on=TODAY + timedelta(days=200)))
    await outbox.plan()
    await house.apply(pregnancy_ended(WIFE, TODAY))
    before = len(outbox.pushes.messages)
    assert await outbox.deliver()  # something had been written for her
    assert len(outbox.pushes.messages) == before == 0


async def test_a_first_load_tells_each_parent_of_one_thing(
    house: TestHouse, outbox: Outbox
) -> None:
    his = await enrol(house, HUSBAND, PHONE, token="token-1")
    hers = await enrol(house, WIFE, TABLET, token="token-2")
    said_on = TODAY - timedelta(days=730)  # both turn two today: six cards are due
    facts = (
        married(HUSBAND, WIFE, said_on),
        described(HUSBAND, said_on, nationality=CITIZEN),
        born(CHILD, WIFE, said_on, father=HUSBAND),
        born(TWIN, WIFE, said_on, father=HUSBAND),
    )
    await house.apply(*(msgspec.structs.replace(each, received_on=TODAY) for each in facts))
    await outbox.run()
    assert len(told(outbox, "token-1", his)) == 1
    assert len(told(outbox, "token-2", hers)) == 1


async def test_whom_nothing_reaches_is_told_once_a_phone_is_there(
    house: TestHouse, outbox: Outbox
) -> None:
    await a_couple(house)
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await outbox.run()
    assert not outbox.pushes.messages
    assert not outbox.texts.messages
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    house.clock.move_days(1)
    await outbox.run()
    assert told(outbox, "token-1", key)


async def test_a_clock_that_jumps_tells_nothing_twice_and_nothing_that_is_over(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_couple(house)
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await outbox.run()
    for days in (-2, 2, -1, 1):
        house.clock.move_days(days)
        await outbox.run()
    ids = told(outbox, "token-1", key)
    assert ids
    assert len(ids) == len(set(ids))
    house.clock.move_days(365 * 40)
    count = len(outbox.pushes.messages)
    await outbox.run()
    assert len(outbox.pushes.messages) == count


@pytest.mark.parametrize(
    "zone",
    [
        timezone(timedelta(hours=23, minutes=59)),
        timezone(-timedelta(hours=23, minutes=59)),
        timezone(timedelta(hours=4, minutes=12, seconds=34)),
        UTC,
    ],
)
def test_people_are_told_by_their_own_time_whatever_zone_a_clock_has(
    house_clock_instant: datetime, zone: timezone
) -> None:
    class Odd:
        def now_utc(self) -> datetime:
            return house_clock_instant.astimezone(zone)

        def today(self) -> date:
            return house_clock_instant.astimezone(DUBAI).date()

    assert local_now(Odd()) == house_clock_instant
    assert local_now(Odd()).utcoffset() == timedelta(hours=4)


@pytest.fixture
def house_clock_instant() -> datetime:
    return datetime(2026, 11, 21, 23, 30, tzinfo=DUBAI)


def letter(title: str = "", text: str = "") -> Letter:
    part = Part(ActKey(bytes(16)), CircleId(UUID(int=1)), RecordKey(bytes(16)), 1)
    return Letter(
        "push" if title else "sms",
        "service",
        (part,),
        "en",
        TODAY,
        title=title,
        text=text,
        address="" if title else "+971500000001",
    )


@pytest.mark.parametrize("title", ["ا" * 5_000, "😀" * 2_000, "a" * 100_000])
def test_a_title_that_no_push_holds_is_cut_and_the_push_stays_small(title: str) -> None:
    wake = encode_wake(ActKey(bytes(16)), letter(title))
    assert fits(wake)
    said = cbor2.loads(wake)["title"]
    assert said
    assert title.startswith(said)
    assert len(seal_push(bytes(32), 1, wake)) * 4 / 3 < FCM_BYTES_MAX


def test_a_text_of_one_byte_more_than_the_largest_size_is_no_push() -> None:
    seal_push(bytes(32), 1, bytes(SIZES[-1] - 2))
    with pytest.raises(PushTooLong):
        seal_push(bytes(32), 1, bytes(SIZES[-1] - 1))


def claimed(said: Letter) -> Claimed:
    return Claimed(HUSBAND, ActKey(bytes(16)), PHONE, 1, retaken=False, letter=said)


async def test_an_sms_of_eleven_parts_is_refused_and_says_why(house: TestHouse) -> None:
    eleven = "ا" * (67 * 11)
    assert count_segments(eleven).count == 11
    composer = Composer(house.ground, public_origin=ORIGIN)
    (refused,) = await composer.texts([claimed(letter(text=eleven))])
    assert refused.message is None
    assert refused.answer is not None
    assert refused.answer.code == "too_big"
    (fine,) = await composer.texts([claimed(letter(text="{link}"))])
    assert fine.message is not None
