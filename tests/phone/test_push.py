"""Pushes on the phone: opened by the contract, shown once, told of by receipts."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from domain.calendar_date import local_date
from domain.facts.person import ContactReported
from phone.day import PhoneClock
from phone.exchange import RECEIPTS, NotEnrolled
from phone.outbox import list_acts
from phone.push import (
    RECEIPTS_MAX,
    PushBroken,
    note,
    open_push,
    plan_registration,
    take_push,
)
from phone.reminder import take_reminders
from phone.store import Store
from phone.sync import Phone, come_back
from phone.transport import Transport
from phone.vault import new_vault
from push.told import list_told
from tests.support.builders import CITIZEN, born, described, died, fact, married
from tests.support.house import TestHouse, actor_of, person
from tests.support.notices import Outbox
from tests.support.phone import open_app

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)


class HouseClock(PhoneClock):
    """The phone's clock is the house's."""

    def __init__(self, house: TestHouse) -> None:
        self._house = house

    def now_utc(self) -> datetime:
        return self._house.clock.now_utc()


async def pause(seconds: float) -> None:
    raise AssertionError(f"nothing is to be waited for: {seconds}")


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


@pytest.fixture
async def phone(house: TestHouse, http: httpx2.AsyncClient) -> AsyncIterator[Phone]:
    """A father's: enrolled, in step, registered for pushes; he has a number, too."""
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 1, 1)),
        described(HUSBAND, TODAY, nationality=CITIZEN),
        fact(ContactReported(HUSBAND, mobile="+971500000001"), TODAY, source="icp"),
    )
    held = Phone(Store(None, new_vault()), Transport(http, HUSBAND), HouseClock(house))
    with pytest.raises(NotEnrolled):
        plan_registration(held.store, "token-1")
    await come_back(held, pause)
    await held.transport.register_for_pushes(plan_registration(held.store, "token-1"))
    yield held
    held.store.close()


async def pushes(house: TestHouse, outbox: Outbox) -> list[bytes]:
    """A birth, and what the phone is sent of it."""
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await outbox.run()
    sent = [push.payload for push in outbox.pushes.messages]
    assert len(sent) > 1
    return sent


def shown(phone: Phone, payload: bytes) -> str | None:
    now = phone.clock.now_utc()
    wake = take_push(phone.store, payload, today=local_date(now), now=now)
    return None if wake is None else wake.title


async def test_each_notice_shows_once_however_often_its_push_comes(
    house: TestHouse, phone: Phone
) -> None:
    sent = await pushes(house, Outbox(house))
    titles = [shown(phone, payload) for payload in sent]
    assert all(titles)
    assert [shown(phone, payload) for payload in [*sent, *reversed(sent)]] == [None] * 2 * len(sent)


async def test_beside_its_own_reminder_whichever_comes_second_is_not_shown(
    house: TestHouse, phone: Phone
) -> None:
    sent = await pushes(house, Outbox(house))
    await come_back(phone, pause)
    raised = take_reminders(phone.store, TODAY)
    assert raised
    named = {(one.card.key, one.moment) for one in raised}
    for payload in sent:
        wake = open_push(phone.store, payload)
        again = (wake.record, wake.act) in named
        assert (shown(phone, payload) is None) == again
    opened = [open_push(phone.store, payload) for payload in sent]
    assert any((wake.record, wake.act) in named for wake in opened)


async def test_a_reminder_is_not_raised_after_the_push_of_the_same(
    house: TestHouse, phone: Phone
) -> None:
    for payload in await pushes(house, Outbox(house)):
        shown(phone, payload)
        wake = open_push(phone.store, payload)
        await come_back(phone, pause)
        assert wake.record not in {one.card.key for one in take_reminders(phone.store, TODAY)}


async def test_what_came_and_what_was_opened_reaches_the_server_and_no_sms_follows(
    house: TestHouse, phone: Phone
) -> None:
    outbox = Outbox(house)
    sent = await pushes(house, outbox)
    for payload in sent:
        shown(phone, payload)
        note(phone.store, "opened", open_push(phone.store, payload).id, now=phone.clock.now_utc())
    waiting = [act for act in list_acts(phone.store) if act.name == RECEIPTS]
    assert len(waiting) == 1, "receipts that wait are one act"
    await come_back(phone, pause)
    told = (await list_told(house.ground, actor_of(HUSBAND), limit=100)).notices
    assert all(each.delivered_at and each.opened_at for each in told if each.is_told)
    ids = {each.notice.id.hex() for each in told if each.is_told}
    assert len(ids) == len(sent)
    for _ in range(4):
        house.clock.move_days(1)
        await outbox.run()
    assert not ids & {text.reference for text in outbox.texts.messages}
    await come_back(phone, pause)
    assert not [act for act in list_acts(phone.store) if act.name == RECEIPTS], "nobody reads them"


async def test_offline_receipts_wait_and_more_than_one_act_holds_are_two(
    house: TestHouse, phone: Phone
) -> None:
    now = phone.clock.now_utc()
    for number in range(RECEIPTS_MAX + 1):
        note(phone.store, "delivered", number.to_bytes(16, "big"), now=now + timedelta(hours=1))
    waiting = [act for act in list_acts(phone.store) if act.name == RECEIPTS]
    assert [len(act.payload["delivered"]) for act in waiting] == [RECEIPTS_MAX, 1]
    await come_back(phone, pause)
    assert {act.state for act in list_acts(phone.store)} <= {"applied"}


async def test_what_is_no_push_for_this_phone_is_refused(house: TestHouse, phone: Phone) -> None:
    sent = (await pushes(house, Outbox(house)))[0]
    for place in range(len(sent)):
        broken = bytearray(sent)
        broken[place] ^= 1
        with pytest.raises(PushBroken):
            open_push(phone.store, bytes(broken))
    for cut in (b"", sent[:12], sent[:-1]):
        with pytest.raises(PushBroken):
            open_push(phone.store, cut)
    other = Store(None, new_vault())
    with pytest.raises(PushBroken):
        open_push(other, sent)


def test_the_key_is_made_once(house: TestHouse, phone: Phone) -> None:
    one, two = plan_registration(phone.store, "a"), plan_registration(phone.store, "b")
    assert one.key == two.key
    assert UUID(one.device).version


async def test_what_is_taken_back_is_not_shown_when_it_comes_late(
    house: TestHouse, phone: Phone
) -> None:
    outbox = Outbox(house)
    sent = await pushes(house, outbox)
    await house.apply(died(CHILD, TODAY))
    await outbox.run()
    removals = [push.payload for push in outbox.removals.messages]
    assert removals
    for payload in removals:
        assert shown(phone, payload) is None
        assert open_push(phone.store, payload).removed
    taken = {one for payload in removals for one in open_push(phone.store, payload).removed}
    for payload in sent:
        assert (shown(phone, payload) is None) == (open_push(phone.store, payload).id in taken)
