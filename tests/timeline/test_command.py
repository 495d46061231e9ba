"""What a member does to a card: every command, every refusal, and nothing of it seen by another."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from domain.card.state import card_state
from domain.error import Refusal
from domain.ids import CommandId, PersonId, RecordKey
from store.scope import MemberScope
from tests.support.builders import CITIZEN, born, described, in_error, married, vaccinated
from tests.support.house import TestHouse, actor_of, person
from timeline.act import (
    COMMANDS,
    REFUSALS,
    SNOOZE_DAYS_MAX,
    AcknowledgeCard,
    DismissCard,
    NothingToUndo,
    SnoozeCard,
    SnoozeOutOfRange,
    Superseded,
    TooLate,
    UndoCard,
)
from timeline.command import (
    Command,
    CommandRegistry,
    CommandUnknown,
    run_command,
)
from timeline.outcome import APPLIED, Outcome
from timeline.people import circles_of
from timeline.read import TimelineCard, find_card
from timeline.stream import StreamHead, find_head

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)
NOT_FOUND = "not_found"
Act = AcknowledgeCard | SnoozeCard | DismissCard | UndoCard
NAMES: dict[type, str] = {kind.payload: kind.name for kind in COMMANDS}


@pytest.fixture
async def family(house: TestHouse) -> TestHouse:
    """A citizen, his wife, and their child of today."""
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 6, 1)),
        described(HUSBAND, TODAY, nationality=CITIZEN),
    )
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    return house


async def card(house: TestHouse, occurrence: str, who: PersonId = WIFE) -> TimelineCard:
    (found,) = [
        one for one in await house.timeline(who) if one.record.occurrence.endswith(occurrence)
    ]
    return found


async def do(
    house: TestHouse, payload: Act, who: PersonId = WIFE, *, command_id: UUID | None = None
) -> str:
    command = Command(CommandId(command_id or uuid4()), NAMES[type(payload)], payload)
    outcome = await run_command(house.ground, house.registry, actor_of(who), command)
    return outcome.code


async def heads(house: TestHouse, who: PersonId) -> list[StreamHead | None]:
    found = []
    for circle_id in await circles_of(house.ground, who):
        async with house.ground.database.read(MemberScope(circle_id, who)) as session:
            found.append(await find_head(session))
    return found


# What each does


async def test_an_acknowledged_card_stays_in_its_state(family: TestHouse) -> None:
    before = await card(family, "visit/bcg_1")
    assert await do(family, AcknowledgeCard(before.record.key)) == APPLIED
    after = await card(family, "visit/bcg_1")
    assert after.record.acknowledged
    assert after.state == before.state == "due"
    assert after.number > before.number


async def test_a_dismissed_card_is_dismissed(family: TestHouse) -> None:
    target = await card(family, "dtp_1")
    assert await do(family, DismissCard(target.record.key)) == APPLIED
    assert (await card(family, "dtp_1")).state == "dismissed"


async def test_a_snoozed_card_comes_back_on_its_day(family: TestHouse) -> None:
    target = await card(family, "visit/bcg_1")
    until = TODAY + timedelta(days=3)
    assert await do(family, SnoozeCard(target.record.key, until)) == APPLIED
    assert (await card(family, "visit/bcg_1")).state == "snoozed"
    family.clock.move_to(until - timedelta(days=1))
    assert (await card(family, "visit/bcg_1")).state == "snoozed"
    family.clock.move_to(until)
    assert (await card(family, "visit/bcg_1")).state == "due"


async def test_undo_restores_the_card_as_it_was(family: TestHouse) -> None:
    before = await card(family, "visit/bcg_1")
    key = before.record.key
    for payload in (
        AcknowledgeCard(key),
        SnoozeCard(key, TODAY + timedelta(days=2)),
        DismissCard(key),
    ):
        assert await do(family, payload) == APPLIED
        done = await card(family, "visit/bcg_1")
        assert done.record != before.record
        assert await do(family, UndoCard(key, done.number)) == APPLIED
        assert (await card(family, "visit/bcg_1")).record == before.record


async def test_undo_takes_back_the_latest_act_alone(family: TestHouse) -> None:
    key = (await card(family, "visit/bcg_1")).record.key
    await do(family, AcknowledgeCard(key))
    await do(family, DismissCard(key))
    assert await do(family, UndoCard(key, (await card(family, "visit/bcg_1")).number)) == APPLIED
    after = (await card(family, "visit/bcg_1")).record
    assert (after.acknowledged, after.dismissed) == (True, False)


# Every refusal


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (-1, SnoozeOutOfRange.code),
        (0, SnoozeOutOfRange.code),
        (1, APPLIED),
        (SNOOZE_DAYS_MAX, APPLIED),
        (SNOOZE_DAYS_MAX + 1, SnoozeOutOfRange.code),
    ],
)
async def test_a_snooze_is_from_tomorrow_to_thirty_days(
    family: TestHouse, days: int, code: str
) -> None:
    key = (await card(family, "visit/bcg_1")).record.key
    assert await do(family, SnoozeCard(key, TODAY + timedelta(days=days))) == code
    assert (await card(family, "visit/bcg_1")).record.snoozed_until == (
        TODAY + timedelta(days=days) if code == APPLIED else None
    )


async def test_what_is_done_dismissed_expired_or_waiting_cannot_be_put_off(
    family: TestHouse,
) -> None:
    tomorrow = TODAY + timedelta(days=1)
    dismissed = (await card(family, "dtp_1")).record.key
    await do(family, DismissCard(dismissed))
    for code in ("19", "08"):
        await family.apply(vaccinated(CHILD, code, TODAY))
    done = await card(family, "visit/bcg_1")
    assert done.state == "done"
    for key in (dismissed, done.record.key):
        assert await do(family, SnoozeCard(key, tomorrow)) == TooLate.code
    # The bundle is offered for 120 days: through 2027-03-21.
    bundle = await find_bundle(family)
    family.clock.move_to(date(2027, 3, 20))
    last = family.clock.today() + timedelta(days=1)
    assert await do(family, SnoozeCard(bundle, last + timedelta(days=1)), HUSBAND) == (
        SnoozeOutOfRange.code
    )
    assert await do(family, SnoozeCard(bundle, last), HUSBAND) == APPLIED
    family.clock.move_to(date(2027, 3, 22))
    last = family.clock.today() + timedelta(days=1)
    assert await do(family, SnoozeCard(bundle, last), HUSBAND) == TooLate.code


async def find_bundle(house: TestHouse) -> RecordKey:
    (found,) = [
        one for one in await house.timeline(HUSBAND) if one.record.entry == "newborn_bundle"
    ]
    return found.record.key


async def test_a_waiting_card_cannot_be_put_off(house: TestHouse) -> None:
    await house.apply(married(HUSBAND, WIFE, TODAY))
    waiting = next(c for c in await house.timeline(HUSBAND) if c.record.entry == "family_book")
    assert card_state(waiting.record, TODAY) == "waiting"
    payload = SnoozeCard(waiting.record.key, TODAY + timedelta(days=1))
    assert await do(house, payload, HUSBAND) == TooLate.code


async def test_undo_of_a_card_that_changed_since_is_superseded(family: TestHouse) -> None:
    key = (await card(family, "visit/bcg_1")).record.key
    await do(family, DismissCard(key))
    seen = (await card(family, "visit/bcg_1")).number
    await family.apply(vaccinated(CHILD, "19", TODAY))  # one of two doses: the card says less
    now = await card(family, "visit/bcg_1")
    assert now.number > seen
    for number in (seen, now.number + 1):
        assert await do(family, UndoCard(key, number)) == Superseded.code
    assert (await card(family, "visit/bcg_1")).record.dismissed
    assert await do(family, UndoCard(key, now.number)) == APPLIED


async def test_where_nothing_was_done_nothing_is_undone(family: TestHouse) -> None:
    fresh = await card(family, "visit/bcg_1")
    assert await do(family, UndoCard(fresh.record.key, fresh.number)) == NothingToUndo.code
    await do(family, AcknowledgeCard(fresh.record.key))
    await do(family, UndoCard(fresh.record.key, (await card(family, "visit/bcg_1")).number))
    undone = await card(family, "visit/bcg_1")
    assert await do(family, UndoCard(fresh.record.key, undone.number)) == NothingToUndo.code


async def test_an_unknown_name_or_another_commands_payload_is_refused(family: TestHouse) -> None:
    key = (await card(family, "visit/bcg_1")).record.key
    for name in ("card.explode", "card.snooze"):
        command = Command(CommandId(uuid4()), name, DismissCard(key))
        for _ in range(2):
            outcome = await run_command(family.ground, family.registry, actor_of(WIFE), command)
            assert outcome == Outcome(CommandUnknown.code)
    assert not (await card(family, "visit/bcg_1")).record.dismissed


async def test_anothers_card_and_a_missing_one_are_the_same_refusal(family: TestHouse) -> None:
    his = await find_bundle(family)
    for key in (his, RecordKey(bytes(16))):
        for payload in (
            AcknowledgeCard(key),
            DismissCard(key),
            SnoozeCard(key, TODAY + timedelta(days=1)),
            UndoCard(key, 1),
        ):
            command_id = uuid4()
            assert await do(family, payload, WIFE, command_id=command_id) == NOT_FOUND
            assert await do(family, payload, WIFE, command_id=command_id) == NOT_FOUND
    (bundle,) = [one for one in await family.timeline(HUSBAND) if one.record.key == his]
    assert not bundle.record.acknowledged
    assert not bundle.record.dismissed


async def test_a_card_that_was_withdrawn_is_missing(house: TestHouse) -> None:
    birth = born(CHILD, WIFE, TODAY, father=HUSBAND)
    await house.apply(birth)
    key = (await card(house, "visit/bcg_1")).record.key
    await house.apply(in_error(birth, TODAY), concerns=(CHILD, WIFE, HUSBAND))
    assert await find_card(house.ground, actor_of(WIFE), key) is None
    assert await do(house, DismissCard(key)) == NOT_FOUND


async def test_somebody_nobody_ever_reported_has_no_cards_and_may_do_nothing(
    family: TestHouse,
) -> None:
    stranger = person(99)
    key = (await card(family, "visit/bcg_1")).record.key
    assert await family.timeline(stranger) == ()
    assert await do(family, DismissCard(key), stranger) == NOT_FOUND


def test_every_refusal_has_words_and_a_code_of_its_own() -> None:
    refusals: list[type[Refusal]] = [*REFUSALS, CommandUnknown]
    assert len({refusal.code for refusal in refusals}) == len(refusals) == 10
    for refusal in refusals:
        assert refusal.ar
        assert refusal.en.endswith(".")
        assert 400 <= refusal.status < 500


def test_two_commands_of_one_name_are_a_mistake_of_wiring() -> None:
    with pytest.raises(ValueError, match=r"card\.acknowledge"):
        CommandRegistry((*COMMANDS, COMMANDS[0]))


# Outcomes and others' streams


async def test_an_outcome_is_given_again_whatever_has_happened_since(family: TestHouse) -> None:
    key = (await card(family, "visit/bcg_1")).record.key
    refused, applied = uuid4(), uuid4()
    early = SnoozeCard(key, TODAY)
    assert await do(family, early, command_id=refused) == SnoozeOutOfRange.code
    assert await do(family, DismissCard(key), command_id=applied) == APPLIED
    await do(family, UndoCard(key, (await card(family, "visit/bcg_1")).number))
    family.clock.move_days(-1)  # a day on which that snooze would have been right
    assert await do(family, early, command_id=refused) == SnoozeOutOfRange.code
    family.clock.move_days(1)
    assert await do(family, DismissCard(key), command_id=applied) == APPLIED
    assert not (await card(family, "visit/bcg_1")).record.dismissed


async def test_a_card_that_comes_after_its_refusal_does_not_change_the_outcome(
    house: TestHouse,
) -> None:
    birth = born(CHILD, WIFE, TODAY, father=HUSBAND)
    await house.apply(birth)
    key = (await card(house, "visit/bcg_1")).record.key
    error = in_error(birth, TODAY)
    concerns = (CHILD, WIFE, HUSBAND)
    await house.apply(error, concerns=concerns)
    command_id = uuid4()
    assert await do(house, DismissCard(key), command_id=command_id) == NOT_FOUND
    await house.apply(in_error(error, TODAY), concerns=concerns)
    assert await do(house, DismissCard(key), command_id=command_id) == NOT_FOUND
    assert not (await card(house, "visit/bcg_1")).record.dismissed
    assert await do(house, DismissCard(key)) == APPLIED


async def test_the_other_parents_stream_is_not_touched_by_what_one_does(
    family: TestHouse,
) -> None:
    key = (await card(family, "visit/bcg_1")).record.key
    his, hers = await heads(family, HUSBAND), await heads(family, WIFE)
    records = [one.record for one in await family.timeline(HUSBAND)]
    await do(family, AcknowledgeCard(key))
    await do(family, SnoozeCard(key, TODAY + timedelta(days=2)))
    await do(family, DismissCard(key))
    await do(family, UndoCard(key, (await card(family, "visit/bcg_1")).number))
    await do(family, DismissCard(RecordKey(bytes(16))))
    assert await heads(family, WIFE) != hers
    assert await heads(family, HUSBAND) == his
    assert [one.record for one in await family.timeline(HUSBAND)] == records
