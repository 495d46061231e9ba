"""What people wish to be told, changed by a command: per field, kept, and obeyed at once."""

import asyncio
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from domain.facts.person import ContactReported
from domain.ids import CommandId, EntryId, PersonId
from domain.people.actor import Actor
from push.deliver import WINDOW_MAX
from push.hours import QuietHours
from push.instant import local_now
from push.lease import LEASE_SECONDS, claim_due
from push.letter import decode_letter
from push.prefer import read_wishes
from push.preference import Preferences
from push.wish import (
    ChangeWishes,
    ChannelWish,
    ClassWish,
    Hours,
    NumberInvalid,
    ServiceUnknown,
    ServiceWish,
    changed,
)
from store.notice_tables import (
    CHANNEL_PUSH,
    DELIVERY_QUEUED,
    DELIVERY_WITHDRAWN,
    NOTICE_CLOSED,
    DeliveryRow,
    NoticeRow,
    RegistrationRow,
)
from store.scope import PersonScope
from store.seal import Place, open_
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    divorced,
    fact,
    married,
    pregnancy_ended,
    pregnant,
)
from tests.support.house import TestHouse, person
from tests.support.notices import Outbox, enrol, open_push
from timeline.command import Command, run_command
from timeline.outcome import APPLIED
from timeline.step_up import STEP_UP_SECONDS, StepUpRequired

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
PHONE, TABLET = UUID(int=11), UUID(int=12)
TODAY = date(2026, 11, 21)
REPORTED, OWN = "+971500000001", "+971501234567"
VACCINATIONS = EntryId("vaccination")
KNOWN = (VACCINATIONS, EntryId("family_book"))


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


async def wish(
    house: TestHouse,
    who: PersonId,
    *,
    command_id: UUID | None = None,
    signed_in: bool = True,
    **fields: Any,
) -> str:
    """The code of the outcome; by somebody who signed in just now."""
    at = house.clock.now_utc() if signed_in else None
    actor = Actor(who, "ar", "SOP3", uuid4(), at)
    command = Command(CommandId(command_id or uuid4()), "wishes.change", ChangeWishes(**fields))
    return (await run_command(house.ground, house.registry, actor, command)).code


async def wishes_of(house: TestHouse, who: PersonId) -> Preferences:
    keys = await house.ground.keys.person(who)
    async with house.ground.database.read(PersonScope(who)) as session:
        return (await read_wishes(session, keys)).preferences


async def reached_by(house: TestHouse, who: PersonId, mobile: str = REPORTED) -> None:
    await house.apply(fact(ContactReported(who, mobile=mobile), TODAY, source="icp"))


async def a_birth(house: TestHouse) -> None:
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 1, 1)), described(HUSBAND, TODAY, nationality=CITIZEN)
    )
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))


async def states(house: TestHouse, who: PersonId) -> list[int]:
    async with house.ground.database.read(PersonScope(who)) as session:
        found = await session.execute(
            select(col(DeliveryRow.state)).where(col(DeliveryRow.person_id) == who)
        )
        return sorted(found.scalars())


async def reasons(house: TestHouse, who: PersonId) -> set[str | None]:
    """Why notices of a person were closed."""
    async with house.ground.database.read(PersonScope(who)) as session:
        found = await session.execute(
            select(col(NoticeRow.reason)).where(
                col(NoticeRow.person_id) == who, col(NoticeRow.state) == NOTICE_CLOSED
            )
        )
        return set(found.scalars())


def titles(outbox: Outbox, token: str, key: bytes) -> list[str]:
    return [
        open_push(key, push.payload)["title"]
        for push in outbox.pushes.messages
        if push.token == token
    ]


# What a change makes of what was wished before: pure


def after(before: Preferences, **fields: Any) -> Preferences:
    return changed(before, ChangeWishes(**fields), today=TODAY, services=KNOWN)


FULL = Preferences(
    stopped_services=frozenset({VACCINATIONS}),
    stopped_classes=frozenset({"information"}),
    stopped_channels=frozenset({"email"}),
    stopped_ways=frozenset({(EntryId("family_book"), "sms")}),
    language="en",
    number=OWN,
)


def test_absent_is_left_null_is_the_default_and_a_value_is_kept() -> None:
    assert after(FULL) == FULL
    assert after(FULL, language=None) == msgspec.structs.replace(FULL, language=None)
    assert after(FULL, language="ar") == msgspec.structs.replace(FULL, language="ar")
    assert after(FULL, sms_number=None).number is None
    assert after(FULL, services=None) == msgspec.structs.replace(
        FULL, stopped_services=frozenset(), stopped_ways=frozenset()
    )
    assert after(FULL, channels=None).stopped_channels == frozenset()
    assert after(FULL, classes=None).stopped_classes == frozenset()
    hours = after(FULL, quiet_hours=Hours("22:30", "06:00"))
    assert hours.quiet_hours is not None
    assert after(hours, quiet_hours=None) == FULL


def test_of_a_list_only_what_is_named_changes() -> None:
    book = ServiceWish(EntryId("family_book"), told=False)
    assert after(FULL, services=(book,)).stopped_services == {VACCINATIONS, "family_book"}
    again = ServiceWish(EntryId("family_book"), told=True, channel="sms")
    assert after(FULL, services=(again,)).stopped_ways == frozenset()
    assert after(FULL, services=(again,)).stopped_services == {VACCINATIONS}
    assert after(FULL, channels=(ChannelWish("sms", used=False),)).stopped_channels == {
        "email",
        "sms",
    }
    assert after(FULL, classes=(ClassWish("information", told=True),)).stopped_classes == set()
    assert after(FULL, services=(), channels=(), classes=()) == FULL


def test_only_services_that_there_are_can_be_stopped_and_any_can_be_heard_of_again() -> None:
    gone = EntryId("no_longer")
    with pytest.raises(ServiceUnknown):
        after(FULL, services=(ServiceWish(gone, told=False),))
    held = Preferences(stopped_services=frozenset({gone}))
    assert after(held, services=(ServiceWish(gone, told=True),)) == Preferences()


@pytest.mark.parametrize(
    "said",
    [
        "0501234567",
        "050 123 4567",
        "00971501234567",
        "+971 50 123 4567",
        "971501234567",
        "٠٥٠ ١٢٣ ٤٥٦٧",  # Arabic-Indic
        "۰۵۰۱۲۳۴۵۶۷",  # Eastern, as Persian and Urdu write
        "٠٠٩٧١٥٠١٢٣٤٥٦٧",
        "\u200e+971501234567\u200f",
        "050-123-4567",
        " 0501234567 ",
    ],
)
def test_a_number_is_understood_however_it_is_written(said: str) -> None:
    assert after(Preferences(), sms_number=said).number == OWN


def test_a_number_abroad_keeps_its_country() -> None:
    assert after(Preferences(), sms_number="00966 50 123 4567").number == "+966501234567"


@pytest.mark.parametrize(
    "said", ["", " ", "123", "042345678", "050123456", "05012345678", "hello", "٠٥٠", "+" * 64]
)
def test_what_is_no_mobile_number_is_refused(said: str) -> None:
    with pytest.raises(NumberInvalid):
        after(Preferences(), sms_number=said)


def test_to_be_forgotten_takes_every_other_wish_away() -> None:
    assert after(FULL, opt_out="forget") == Preferences(opt_out="forget")
    assert after(FULL, opt_out="stop") == msgspec.structs.replace(FULL, opt_out="stop")
    lost = after(FULL, opt_out="loss")
    assert lost.lost_on == TODAY
    assert after(lost, opt_out=None) == FULL


# The command


async def test_a_resend_changes_nothing_more_and_says_the_same(house: TestHouse) -> None:
    command_id = uuid4()
    assert await wish(house, WIFE, command_id=command_id, language="en") == APPLIED
    assert await wish(house, WIFE, language="ar") == APPLIED
    assert await wish(house, WIFE, command_id=command_id, language="en") == APPLIED
    assert (await wishes_of(house, WIFE)).language == "ar"


async def test_a_refusal_is_kept_and_changes_nothing(house: TestHouse) -> None:
    command_id = uuid4()
    fields: dict[str, Any] = {"language": "en", "sms_number": "123"}
    assert await wish(house, WIFE, command_id=command_id, **fields) == NumberInvalid.code
    assert await wishes_of(house, WIFE) == Preferences()
    again = await wish(house, WIFE, command_id=command_id, language="en")
    assert again == NumberInvalid.code
    assert await wishes_of(house, WIFE) == Preferences()


async def test_the_number_asks_to_confirm_who_one_is_and_the_same_act_then_holds(
    house: TestHouse,
) -> None:
    command_id = uuid4()
    for number in (OWN, None):
        refused = await wish(house, WIFE, command_id=command_id, signed_in=False, sms_number=number)
        assert refused == StepUpRequired.code
    assert await wishes_of(house, WIFE) == Preferences()
    old = Actor(
        WIFE,
        "ar",
        "SOP3",
        uuid4(),
        house.clock.now_utc() - timedelta(seconds=STEP_UP_SECONDS + 1),
    )
    command = Command(CommandId(command_id), "wishes.change", ChangeWishes(sms_number=OWN))
    outcome = await run_command(house.ground, house.registry, old, command)
    assert outcome.code == StepUpRequired.code
    assert await wish(house, WIFE, command_id=command_id, sms_number=OWN) == APPLIED
    # An answer that was lost, asked for again when the sign-in is old:
    assert (await run_command(house.ground, house.registry, old, command)).code == APPLIED
    assert (await wishes_of(house, WIFE)).number == OWN
    assert await wish(house, WIFE, signed_in=False, language="en") == APPLIED


async def test_first_wishes_of_two_phones_at_once_are_both_kept(house: TestHouse) -> None:
    for turn in range(8):
        who = person(40 + turn)
        codes = await asyncio.gather(
            wish(house, who, language="en"),
            wish(house, who, channels=(ChannelWish("sms", used=False),)),
            wish(house, who, classes=(ClassWish("campaign", told=False),)),
        )
        assert set(codes) == {APPLIED}
        assert await wishes_of(house, who) == Preferences(
            language="en",
            stopped_channels=frozenset({"sms"}),
            stopped_classes=frozenset({"campaign"}),
        )


async def test_one_command_twice_at_once_is_carried_out_once(house: TestHouse) -> None:
    command_id = uuid4()
    codes = await asyncio.gather(
        *(wish(house, WIFE, command_id=command_id, language="en") for _ in range(4))
    )
    assert codes == [APPLIED] * 4
    keys = await house.ground.keys.person(WIFE)
    async with house.ground.database.read(PersonScope(WIFE)) as session:
        assert (await read_wishes(session, keys)).version == 1


# What follows at once


async def test_what_was_queued_for_a_stopped_service_is_withdrawn_in_the_same_commit(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    queued = await states(house, HUSBAND)
    assert set(queued) == {DELIVERY_QUEUED}
    told = {card.record.entry for card in await house.timeline(HUSBAND)}
    stopped = tuple(ServiceWish(entry, told=False) for entry in told if "vacc" in entry)
    assert await wish(house, HUSBAND, services=stopped) == APPLIED
    assert set(await states(house, HUSBAND)) == {DELIVERY_WITHDRAWN}
    await outbox.run()
    said = titles(outbox, "token-1", key)
    assert len(said) == len(queued) - 1
    assert not any("تطعيم" in title for title in said)
    assert await reasons(house, HUSBAND) == {"opted_out"}
    # Wanted again within its days, it is told after all, and nothing else a second time.
    assert await wish(house, HUSBAND, services=None) == APPLIED
    await outbox.run()
    assert len(titles(outbox, "token-1", key)) == len(queued)
    assert len(set(titles(outbox, "token-1", key))) == len(queued)


async def test_a_wish_that_comes_after_the_notice_was_claimed_is_obeyed(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    # A worker that has it in its hands, and dies with it.
    claims = await claim_due(
        house.ground, CHANNEL_PUSH, limit=WINDOW_MAX, now=local_now(house.clock)
    )
    assert claims.count
    assert await wish(house, HUSBAND, opt_out="stop") == APPLIED
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    await outbox.run()
    assert not outbox.pushes.messages
    assert set(await states(house, HUSBAND)) == {DELIVERY_WITHDRAWN}


async def test_divorced_parents_wish_apart_for_one_child(house: TestHouse, outbox: Outbox) -> None:
    his = await enrol(house, HUSBAND, PHONE, token="token-1")
    hers = await enrol(house, WIFE, TABLET, token="token-2")
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 1, 1)), described(HUSBAND, TODAY, nationality=CITIZEN)
    )
    await house.apply(divorced(HUSBAND, WIFE, TODAY - timedelta(days=1)))
    await wish(house, WIFE, opt_out="stop")
    await wish(house, HUSBAND, quiet_hours=Hours("00:00", "00:00"))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await outbox.run()
    assert not titles(outbox, "token-2", hers)
    assert titles(outbox, "token-1", his)
    assert (await wishes_of(house, HUSBAND)).opt_out is None
    assert (await wishes_of(house, HUSBAND)).quiet_hours == QuietHours(time(0), time(0))


async def test_a_number_for_messages_takes_the_reported_ones_place_until_it_is_taken_back(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, HUSBAND)
    await a_birth(house)
    await outbox.plan()  # written for the number that was reported
    assert await wish(house, HUSBAND, sms_number="٠٥٠ ١٢٣ ٤٥٦٧") == APPLIED
    await outbox.run()
    assert {text.number for text in outbox.texts.messages} == {OWN}
    sent = len(outbox.texts.messages)
    assert sent
    await house.apply(pregnant(WIFE, TODAY, due_on=TODAY + timedelta(days=200)))
    assert await wish(house, HUSBAND, sms_number=None) == APPLIED
    for days in (50, 5, 5, 5):  # the vaccinations of two months
        house.clock.move_days(days)
        await outbox.run()
    later = outbox.texts.messages[sent:]
    assert later
    assert {text.number for text in later} == {REPORTED}


async def test_a_number_is_somewhere_to_reach_whoever_was_reported_without_one(
    house: TestHouse, outbox: Outbox
) -> None:
    await a_birth(house)
    await outbox.run()  # unreachable: held for a day
    assert not outbox.texts.messages
    assert await wish(house, HUSBAND, sms_number="0501234567") == APPLIED
    await outbox.run()
    assert {text.number for text in outbox.texts.messages} == {OWN}


async def test_by_one_channel_alone_a_service_is_stopped(house: TestHouse, outbox: Outbox) -> None:
    await reached_by(house, HUSBAND)
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    told = {card.record.entry for card in await house.timeline(HUSBAND)}
    by_sms = tuple(
        ServiceWish(entry, told=False, channel="push") for entry in told if "vacc" in entry
    )
    assert by_sms
    await wish(house, HUSBAND, services=by_sms)
    await outbox.run()
    assert len(outbox.texts.messages) == 1
    assert not any("تطعيم" in title for title in titles(outbox, "token-1", key))
    assert titles(outbox, "token-1", key)


async def test_of_a_forgotten_person_no_phone_number_or_word_is_kept(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, HUSBAND)
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await wish(house, HUSBAND, sms_number=OWN, channels=(ChannelWish("push", used=False),))
    await outbox.run()
    assert outbox.texts.messages
    assert await wish(house, HUSBAND, opt_out="forget") == APPLIED
    assert await wishes_of(house, HUSBAND) == Preferences(opt_out="forget")
    key = (await house.ground.keys.person(HUSBAND)).for_("delivery")
    async with house.ground.database.read(PersonScope(HUSBAND)) as session:
        phones = await session.execute(select(func.count()).select_from(RegistrationRow))
        assert phones.scalar_one() == 0
        rows = (await session.execute(select(DeliveryRow))).all()
    assert rows
    for row in rows:
        letter = decode_letter(open_(key, Place(HUSBAND, row.notice_id), row.sealed))
        assert (letter.address, letter.title, letter.text) == ("", "", "")
    sent = len(outbox.texts.messages)
    await enrol(house, HUSBAND, PHONE, token="token-1")  # an app that knows nothing of it
    await house.apply(pregnant(WIFE, TODAY, due_on=TODAY + timedelta(days=200)))
    for _ in range(30):
        house.clock.move_days(1)
        await outbox.run()
    assert len(outbox.texts.messages) == sent
    assert not outbox.pushes.messages


async def test_after_a_loss_that_she_says_the_pregnancy_is_silent_and_a_later_one_is_not(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, WIFE, PHONE, token="token-1")
    await house.apply(described(WIFE, TODAY, nationality=CITIZEN))
    await house.apply(born(CHILD, WIFE, TODAY - timedelta(days=700)))
    await house.apply(pregnant(WIFE, TODAY, due_on=TODAY + timedelta(days=200)))
    await outbox.plan()
    assert DELIVERY_QUEUED in await states(house, WIFE)
    assert await wish(house, WIFE, opt_out="loss") == APPLIED
    for _ in range(20):
        await outbox.run()
        house.clock.move_days(1)
    assert "lost" in await reasons(house, WIFE)
    said = titles(outbox, "token-1", key)
    assert said, "of her child she is told as before"
    assert not any("حمل" in title for title in said), said
    house.clock.move_days(60)
    today = house.clock.today()
    await house.apply(pregnancy_ended(WIFE, TODAY))
    await house.apply(pregnant(WIFE, today, due_on=today + timedelta(days=230)))
    for _ in range(10):
        await outbox.run()
        house.clock.move_days(1)
    assert any("حمل" in title for title in titles(outbox, "token-1", key))
