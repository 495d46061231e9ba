"""A notice that was told and is wanted no more leaves every screen that it reached, once."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import cbor2
import msgspec
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from domain.ids import CommandId, PersonId
from phone.reminder import show_once
from phone.removal import notice_name, take_off
from phone.store import Store
from phone.vault import new_vault
from push.answer import Answer
from push.retract import REMOVED_MAX
from push.seal_push import Wake, fits
from store.notice_tables import CHANNEL_PUSH, DELIVERY_ACCEPTED, DELIVERY_SENDING, DeliveryRow
from store.scope import PersonScope
from tests.support.builders import CITIZEN, born, described, family_book, in_error, married
from tests.support.house import TestHouse, actor_of, person
from tests.support.notices import Outbox, enrol, open_push
from timeline.act import DismissCard
from timeline.command import Command, run_command
from timeline.effect_lease import LEASE_SECONDS

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
PHONE, TABLET = UUID(int=11), UUID(int=12)
TODAY = date(2026, 11, 21)
BIRTH = born(CHILD, WIFE, TODAY, father=HUSBAND, source_id="birth")


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


async def a_birth(house: TestHouse) -> None:
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 1, 1)), described(HUSBAND, TODAY, nationality=CITIZEN)
    )
    await house.apply(BIRTH)


async def taken_back(house: TestHouse) -> None:
    await house.apply(in_error(BIRTH, TODAY), concerns=(HUSBAND, WIFE, CHILD))


class Phone:
    """A phone that knows the contract alone: everything that was sent to its token, in order."""

    def __init__(self, key: bytes, token: str) -> None:
        self.key, self.token = key, token
        self.store = Store(None, new_vault())
        self.screen: dict[bytes, str] = {}

    def take(self, outbox: Outbox, *, removals_first: bool = False) -> None:
        pushes = [each for each in outbox.pushes.messages if each.token == self.token]
        removals = [each for each in outbox.removals.messages if each.token == self.token]
        for each in (*removals, *pushes) if removals_first else (*pushes, *removals):
            said = open_push(self.key, each.payload)
            if removed := said.get("removed"):
                assert said["id"] in removed
                take_off(self.store, removed, TODAY)
                self.screen = {id_: s for id_, s in self.screen.items() if id_ not in removed}
            elif show_once(self.store, notice_name(said["id"]), TODAY):
                self.screen[said["id"]] = said["title"]


async def test_a_birth_entered_in_error_leaves_the_screen(house: TestHouse, outbox: Outbox) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    phone = Phone(key, "token-1")
    phone.take(outbox)
    told = set(phone.screen)
    assert told
    assert not outbox.removals.messages
    await taken_back(house)
    await outbox.run()
    phone.take(outbox)
    assert not phone.screen
    removed = [open_push(key, each.payload) for each in outbox.removals.messages]
    assert {each["id"] for each in removed} == told
    assert all(each["count"] == 0 and "title" not in each for each in removed)
    for each in outbox.removals.messages:
        assert each.silent
        assert not each.urgent
        assert each.collapse_key == "remove"
    assert not outbox.texts.messages


async def test_what_is_taken_back_is_taken_back_once(house: TestHouse, outbox: Outbox) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    await taken_back(house)
    await outbox.run()
    count = len(outbox.removals.messages)
    assert count
    for _ in range(3):
        house.clock.instant += timedelta(seconds=LEASE_SECONDS * 2)
        await outbox.run()
    assert len(outbox.removals.messages) == count


async def test_a_push_that_comes_after_its_removal_is_not_shown(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    await taken_back(house)
    await outbox.run()
    phone = Phone(key, "token-1")
    phone.take(outbox, removals_first=True)
    assert not phone.screen


async def test_whom_nothing_reached_is_sent_no_removal(house: TestHouse, outbox: Outbox) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    outbox.pushes.answers = [Answer("refused", "rejected")] * 9
    await outbox.deliver()
    await taken_back(house)
    await outbox.run()
    assert not outbox.removals.messages


async def test_what_was_done_at_the_counter_leaves_the_screen_of_both(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await house.apply(married(HUSBAND, WIFE, TODAY), described(HUSBAND, TODAY, nationality=CITIZEN))
    await outbox.run()
    phone = Phone(key, "token-1")
    phone.take(outbox)
    offered = "خلاصة القيد لأسرتك الجديدة"
    assert offered in phone.screen.values()
    await house.apply(family_book(HUSBAND, WIFE, TODAY))
    await outbox.run()
    phone.take(outbox)
    assert offered not in phone.screen.values()
    assert "مبارك زواجكما" in phone.screen.values()


async def test_what_was_put_away_on_one_phone_leaves_the_other(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await enrol(house, HUSBAND, TABLET, token="token-2")
    await a_birth(house)
    await outbox.run()
    push = outbox.pushes.messages[0]
    first = open_push(key if push.token == "token-1" else TABLET.bytes * 2, push.payload)
    command = Command(CommandId(uuid4()), "card.dismiss", DismissCard(first["record"]))
    await run_command(house.ground, house.registry, actor_of(HUSBAND), command)
    await outbox.run()
    by_token = {each.token: each for each in outbox.removals.messages}
    assert by_token.keys() == {"token-1", "token-2"}
    removed = open_push(TABLET.bytes * 2, by_token["token-2"].payload)
    assert removed["removed"] == [first["id"]]


async def test_a_child_that_moves_to_the_couple_stays_on_the_screen(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, WIFE, PHONE, token="token-1")
    await house.apply(described(WIFE, TODAY, nationality=CITIZEN))
    await house.apply(born(CHILD, WIFE, TODAY, source_id="birth"))
    await outbox.run()
    assert outbox.pushes.messages
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND, source_id="named"))
    await outbox.run()
    assert not outbox.removals.messages


async def test_what_comes_back_and_goes_again_was_told_once_and_is_taken_back(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    told = len(outbox.pushes.messages)
    error = in_error(BIRTH, TODAY)
    await house.apply(error, concerns=(HUSBAND, WIFE, CHILD))
    await house.apply(in_error(error, TODAY), concerns=(HUSBAND, WIFE, CHILD))
    await outbox.run()
    assert not outbox.removals.messages  # before anybody looked it was wanted again
    assert len(outbox.pushes.messages) == told
    await house.apply(in_error(BIRTH, TODAY), concerns=(HUSBAND, WIFE, CHILD))
    await outbox.run()
    assert outbox.removals.messages


async def test_a_push_under_way_is_waited_for(house: TestHouse, outbox: Outbox) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    await set_state(house, HUSBAND, DELIVERY_SENDING)
    await taken_back(house)
    await outbox.plan()
    await set_state(house, HUSBAND, DELIVERY_ACCEPTED)
    await outbox.deliver()
    assert not outbox.removals.messages
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    await outbox.run()
    assert outbox.removals.messages


async def set_state(house: TestHouse, who: PersonId, state: int) -> None:
    """As if the pushes of somebody were just being sent, or now had been."""
    async with house.ground.database.unit(PersonScope(who)) as unit:
        until = house.clock.instant + timedelta(seconds=60)
        await unit.execute(
            update(DeliveryRow)
            .where(col(DeliveryRow.channel) == CHANNEL_PUSH, col(DeliveryRow.person_id) == who)
            .values(state=state, next_at=until)
        )


async def test_a_phone_that_was_away_hears_with_the_last_removal_of_those_before(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await house.apply(married(HUSBAND, WIFE, TODAY), described(HUSBAND, TODAY, nationality=CITIZEN))
    await outbox.run()
    await house.apply(family_book(HUSBAND, WIFE, TODAY))
    await outbox.run()
    house.clock.instant += timedelta(hours=1)
    await house.apply(BIRTH)
    await outbox.run()
    await taken_back(house)
    await outbox.run()
    removals = [open_push(key, each.payload) for each in outbox.removals.messages]
    every = {each["id"] for each in removals}
    assert set(removals[-1]["removed"]) == every
    assert len(every) > 1


async def test_a_phone_that_is_gone_costs_only_its_registration(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    told = len(outbox.pushes.messages)
    outbox.removals.answers = [Answer("dead_address", "unregistered")] * 9
    await taken_back(house)
    await outbox.run()
    assert outbox.removals.messages
    assert len(outbox.pushes.messages) == told
    async with house.ground.database.read(PersonScope(HUSBAND)) as session:
        states = await session.execute(
            select(col(DeliveryRow.state)).where(col(DeliveryRow.channel) == CHANNEL_PUSH)
        )
        assert set(states.scalars()) == {DELIVERY_ACCEPTED}


def test_as_many_as_one_push_takes_back_fit_it() -> None:
    ids = tuple(bytes([number]) * 16 for number in range(REMOVED_MAX))
    plain = msgspec.to_builtins(Wake(ids[0], 0, removed=ids), builtin_types=(bytes,))
    assert fits(cbor2.dumps(plain, canonical=True))
