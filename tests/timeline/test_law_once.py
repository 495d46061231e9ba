"""Law 4, once: what is delivered twice has the effect of once, and a crash between any two commits
loses nothing.

A crash is a database that ends the process's work after its n-th commit, for every n there is; then
the same work is done again, and what lies in the tables must be what an uninterrupted run leaves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID

import asyncpg
import msgspec
import pytest

from domain.card.record import decode_effect, encode_effect, encode_record
from domain.fact import Fact, encode_fact
from domain.facts.act import CardAct
from domain.ids import ActKey, CircleId, CommandId, PersonId
from store.circle_tables import (
    EFFECT_CANCELLED,
    EFFECT_DONE,
    EFFECT_PENDING,
    EFFECT_RETRACTED,
    EFFECT_REVERSED,
)
from store.scope import CircleScope, MemberScope, PersonScope
from store.seal import Place, open_
from store.session import Database, T, Unit
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
    vaccinated,
)
from tests.support.house import TestHouse, actor_of, person
from timeline.act import AcknowledgeCard, DismissCard
from timeline.apply import apply_facts
from timeline.command import Command, run_command
from timeline.effect import claim_effect, finish_effect, list_due_effects
from timeline.effect_lease import LEASE_SECONDS, DueEffect
from timeline.ground import Ground
from timeline.outcome import APPLIED
from timeline.people import Profile, circles_of, profile_of
from timeline.read import read_timeline
from timeline.record import fact_key, read_facts, single_circle
from timeline.refresh import refresh
from timeline.reversal import claim_reversed, finish_reversed, list_reversed
from timeline.stream import find_head, read_stream, row_digest
from timeline.wake import list_waking_circles

HUSBAND, WIFE, CHILD, NEXT_HUSBAND, TWIN = (person(number) for number in range(1, 6))
PEOPLE = (HUSBAND, WIFE, CHILD, NEXT_HUSBAND, TWIN)
TODAY = date(2026, 11, 21)
COMMAND = CommandId(UUID(int=77))
AT_ONCE = 8


class Crash(BaseException):
    """The process is gone; nothing on its way up may catch this."""


class CrashingDatabase(Database):
    """A database whose process ends after its n-th commit."""

    commits = 0
    crash_after: int | None = None

    @asynccontextmanager
    async def unit(self, scope: T) -> AsyncIterator[Unit[T]]:
        async with super().unit(scope) as unit:
            yield unit
        self.commits += 1
        if self.commits == self.crash_after:
            raise Crash


@dataclass(frozen=True)
class Event:
    """The facts of one event, and whom it concerns without naming them."""

    facts: tuple[Fact, ...]
    concerns: tuple[PersonId, ...] = ()


def life() -> list[Event]:
    """A marriage, a birth whose father nobody named, a dose, and a death taken back."""
    wedding = married(HUSBAND, WIFE, date(2025, 6, 1), source_id="wedding")
    birth = born(CHILD, WIFE, TODAY, source_id="birth")
    wrong = died(CHILD, TODAY)
    return [
        Event(
            (wedding, described(HUSBAND, date(2025, 6, 1), nationality=CITIZEN, source_id="wed"))
        ),
        Event((birth, described(CHILD, TODAY, name_ar="هند", source_id="birth"))),
        Event((vaccinated(CHILD, "19", TODAY),)),
        Event((wrong,)),
        Event((in_error(wrong, TODAY),), (CHILD,)),
    ]


LIFE = life()
TABLES = (
    "circle",
    "membership",
    "fact",
    "stream",
    "stream_key",
    "stream_record",
    "effect",
    "outcome",
    "refresh_log",
    "person",
    "person_circle",
    "person_outcome",
)


@pytest.fixture
async def tables(databases: tuple[str, str]) -> AsyncIterator[asyncpg.Connection]:
    """The family database itself, past every scope."""
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    yield connection
    await connection.close()


async def empty(tables: asyncpg.Connection) -> None:
    # Not TRUNCATE, which makes new files: a few rows go faster one by one.
    await tables.execute(";".join(f"DELETE FROM {table}" for table in TABLES))


@dataclass(frozen=True)
class State:
    """Everything families have in the tables, opened, in an order of its own."""

    facts: dict[UUID, list[bytes]]
    records: dict[tuple[UUID, UUID], list[bytes]]
    effects: dict[tuple[UUID, bytes], tuple[int, bytes]]
    circles: list[tuple[UUID, int, date | None]]
    links: list[tuple[UUID, UUID, bool]]
    members: list[tuple[UUID, UUID]]
    profiles: dict[UUID, Profile]
    outcome_count: int


async def state_of(ground: Ground, tables: asyncpg.Connection) -> State:
    facts: dict[UUID, list[bytes]] = {}
    records: dict[tuple[UUID, UUID], list[bytes]] = {}
    effects: dict[tuple[UUID, bytes], tuple[int, bytes]] = {}
    circles = await tables.fetch("SELECT * FROM circle ORDER BY circle_id")
    for row in circles:
        assert row["refreshed_version"] == row["facts_version"], "nothing is left dirty"
        circle_id = CircleId(row["circle_id"])
        keys = await ground.keys.circle(circle_id)
        async with ground.database.read(CircleScope(circle_id)) as session:
            held = await read_facts(session, keys)
        assert len(held) == len({fact_key(ground.keys, fact) for fact in held})
        assert row["facts_version"] == len(held)
        facts[circle_id] = sorted(encode_fact(_without_sequence(fact)) for fact in held)
        for effect in await tables.fetch("SELECT * FROM effect WHERE circle_id = $1", circle_id):
            body = open_(keys.for_("effect"), Place(circle_id, effect["act_key"]), effect["sealed"])
            opened = encode_effect(decode_effect(body))
            effects[circle_id, effect["act_key"]] = (effect["state"], opened)
    for row in await tables.fetch("SELECT circle_id, person_id FROM stream"):
        scope = MemberScope(CircleId(row["circle_id"]), PersonId(row["person_id"]))
        keys = await ground.keys.circle(scope.circle_id)
        async with ground.database.read(scope) as session:
            opened_rows = await read_stream(session, keys)
            head = await find_head(session)
        assert head is not None
        digest = 0
        for one in opened_rows:
            digest ^= row_digest(one.record.key, one.number)
        assert (head.digest, head.live_count) == (digest, len(opened_rows))
        records[scope.circle_id, scope.person_id] = sorted(
            encode_record(one.record) for one in opened_rows
        )
    links = await tables.fetch("SELECT * FROM person_circle ORDER BY person_id, circle_id")
    members = await tables.fetch("SELECT * FROM membership ORDER BY circle_id, person_id")
    outcomes = await tables.fetchval(
        "SELECT (SELECT count(*) FROM outcome) + (SELECT count(*) FROM person_outcome)"
    )
    return State(
        facts,
        # A stream without a live record is to its reader as one never made.
        {where: bodies for where, bodies in records.items() if bodies},
        {
            where: (state, body)
            for where, (state, body) in effects.items()
            if state != EFFECT_CANCELLED
        },
        [(row["circle_id"], row["facts_version"], row["next_change_on"]) for row in circles],
        [(row["person_id"], row["circle_id"], row["member"]) for row in links],
        [(row["circle_id"], row["person_id"]) for row in members],
        {who: await profile(ground, who) for who in PEOPLE},
        outcomes,
    )


async def profile(ground: Ground, who: PersonId) -> Profile:
    async with ground.database.read(PersonScope(who)) as session:
        return await profile_of(ground, session)


def _without_sequence(fact: Fact) -> Fact:
    """A member's act numbered by arrival: what arrived before it may differ."""
    if not isinstance(fact.payload, CardAct):
        return fact
    return msgspec.structs.replace(fact, payload=msgspec.structs.replace(fact.payload, sequence=0))


async def tell(ground: Ground, events: Sequence[Event]) -> None:
    """Applies events as the worker does, then lets the sweep find what is left."""
    for event in events:
        for circle_id in sorted(await apply_facts(ground, event.facts, concerns=event.concerns)):
            await refresh(ground, circle_id)
    for circle_id in await list_waking_circles(ground):
        await refresh(ground, circle_id)


# Facts


async def test_facts_applied_twice_are_there_once(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tell(house.ground, LIFE)
    once = await state_of(house.ground, tables)
    written = await tables.fetch("SELECT circle_id, person_id, head FROM stream ORDER BY 1, 2")
    await tell(house.ground, LIFE)
    assert await state_of(house.ground, tables) == once
    again = await tables.fetch("SELECT circle_id, person_id, head FROM stream ORDER BY 1, 2")
    assert again == written, "nothing new was written to any stream"
    assert all(once.facts[single_circle(house.ground.keys, who).id] for who in PEOPLE[:3])


async def test_half_of_an_event_and_then_the_whole_is_the_whole(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tell(house.ground, LIFE)
    whole = await state_of(house.ground, tables)
    for half in (slice(0, 1), slice(1, 2)):
        await empty(tables)
        halves = [Event(event.facts[half], event.concerns) for event in LIFE]
        await tell(house.ground, [event for event in halves if event.facts])
        await tell(house.ground, LIFE)
        assert await state_of(house.ground, tables) == whole


async def test_one_event_applied_by_many_at_once_is_there_once(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tell(house.ground, LIFE)
    alone = await state_of(house.ground, tables)
    await empty(tables)
    for event in LIFE:
        await asyncio.gather(
            *(
                apply_facts(house.ground, event.facts, concerns=event.concerns)
                for _ in range(AT_ONCE)
            )
        )
    await tell(house.ground, [])
    assert await state_of(house.ground, tables) == alone


async def test_a_whole_life_told_at_once_is_that_told_in_turn(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tell(house.ground, LIFE)
    in_turn = await state_of(house.ground, tables)
    for _ in range(3):
        await empty(tables)
        await asyncio.gather(*(tell(house.ground, [event]) for event in LIFE))
        await tell(house.ground, [])
        assert await state_of(house.ground, tables) == in_turn


def remarriage() -> list[Event]:
    """A child of the second marriage, whose father follows from the mother's marriages alone."""
    second = married(NEXT_HUSBAND, WIFE, date(2026, 1, 5), source_id="second")
    birth = born(CHILD, WIFE, TODAY, source_id="birth")
    twin = born(TWIN, WIFE, TODAY, source_id="twin")
    return [
        Event((married(HUSBAND, WIFE, date(2022, 1, 5), source_id="first"),)),
        Event((second,)),
        Event((pregnant(WIFE, date(2026, 5, 1), due_on=date(2026, 12, 1), source_id="seen"),)),
        Event((birth, described(CHILD, TODAY, nationality=CITIZEN, source_id="birth"))),
        Event((described(CHILD, TODAY, name_ar="هند", source_id="named"),)),
        Event((described(CHILD, date(2026, 11, 20), name_en="Hind", source_id="before"),)),
        Event((twin,)),
        Event((vaccinated(CHILD, "19", TODAY),)),
        Event((in_error(twin, TODAY),), (TWIN, WIFE)),
    ]


def reversed_marriage() -> list[Event]:
    """A marriage that was never made: what followed from it goes back to the mother."""
    wedding = married(HUSBAND, WIFE, date(2025, 6, 1), source_id="wedding")
    return [
        Event((wedding,)),
        Event((pregnant(WIFE, date(2026, 6, 1), due_on=date(2027, 1, 30), source_id="seen"),)),
        Event((born(CHILD, WIFE, TODAY, source_id="birth"),)),
        Event((pregnancy_ended(WIFE, TODAY, "birth"),)),
        Event((vaccinated(CHILD, "08", TODAY),)),
        Event((in_error(wedding, TODAY),), (HUSBAND, WIFE)),
    ]


@pytest.mark.parametrize("story", [life, remarriage, reversed_marriage])
async def test_whatever_order_events_arrive_in_everyone_sees_the_same(
    house: TestHouse, tables: asyncpg.Connection, story: Callable[[], list[Event]]
) -> None:
    events, chance = story(), Random(2026)
    expected: dict[PersonId, tuple[Profile, list[bytes]]] | None = None
    for attempt in range(6):
        if attempt:
            chance.shuffle(events)
        await empty(tables)
        ground = _fresh(house)
        await tell(ground, events)
        seen = {
            who: (
                await profile(ground, who),
                [encode_record(card.record) for card in await read_timeline(ground, actor_of(who))],
            )
            for who in PEOPLE
        }
        if expected is None:
            expected = seen
        assert any(cards for _, cards in seen.values())
        assert seen == expected, [event.facts[0].kind for event in events]


async def test_a_former_husband_sees_nothing_of_a_child_of_the_next_marriage(
    house: TestHouse,
) -> None:
    for event in (remarriage()[index] for index in (0, 3, 1)):  # the second marriage comes last
        await house.apply(*event.facts)
    assert CHILD not in {card.record.subject for card in await house.timeline(HUSBAND)}
    assert CHILD in {card.record.subject for card in await house.timeline(NEXT_HUSBAND)}


def _fresh(house: TestHouse, database: Database | None = None) -> Ground:
    """The ground of a process that has just started: nothing opened yet."""
    ground = house.ground
    return Ground(database or ground.database, ground.keys, ground.clock, ground.catalogues)


# A crash between any two commits


async def day(house: TestHouse, ground: Ground) -> None:
    """A day's work: events, a sweep, a member's command, what is due told."""
    await tell(ground, LIFE[:2])
    actor = actor_of(WIFE)
    card = next(
        card
        for card in await read_timeline(ground, actor)
        if card.record.occurrence.endswith("dtp_1")
    )
    command = Command(COMMAND, "card.dismiss", DismissCard(card.record.key))
    assert (await run_command(ground, house.registry, actor, command)).code == APPLIED
    await deliver(ground)


async def deliver(ground: Ground) -> int:
    """Claims and finishes everything due; how much."""
    count = 0
    for due in await list_due_effects(ground):
        claimed = await claim_effect(ground, due)
        if claimed is not None and await finish_effect(ground, claimed):
            count += 1
    return count


async def test_a_crash_after_any_commit_loses_nothing_and_doubles_nothing(
    house: TestHouse, databases: tuple[str, str], tables: asyncpg.Connection
) -> None:
    await crash_everywhere(
        house, databases[0], tables, lambda ground: day(house, ground), commits_min=25
    )


async def crash_everywhere(
    house: TestHouse,
    url: str,
    tables: asyncpg.Connection,
    work: Callable[[Ground], Awaitable[None]],
    *,
    commits_min: int,
) -> None:
    """Does `work` whole; then, for every n, up to the n-th commit and again; compares the ends."""
    await work(_fresh(house))
    whole = await state_of(house.ground, tables)
    assert sum(map(len, whole.records.values())) > 0
    assert any(state == EFFECT_DONE for state, _ in whole.effects.values())
    noon = house.clock.instant
    database = CrashingDatabase(url, pool_connections=2)
    crashed_count = 0
    try:
        while True:
            await empty(tables)
            house.clock.instant = noon
            database.commits, database.crash_after = 0, crashed_count + 1
            try:
                await work(_fresh(house, database))
            except Crash:
                crashed_count += 1
            else:
                break
            await work(_fresh(house))
            # What the dead process had claimed is free again when its lease has run out.
            house.clock.instant = noon + timedelta(seconds=LEASE_SECONDS + 1)
            await deliver(house.ground)
            assert await state_of(house.ground, tables) == whole, f"after commit {crashed_count}"
    finally:
        await database.close()
    assert crashed_count >= commits_min


# Commands


async def a_card(house: TestHouse) -> Command[AcknowledgeCard]:
    await tell(house.ground, LIFE)
    cards = await house.timeline(WIFE)
    return Command(COMMAND, "card.acknowledge", AcknowledgeCard(cards[0].record.key))


async def acts_in(house: TestHouse, who: PersonId) -> list[CardAct]:
    found: list[CardAct] = []
    for circle_id in await circles_of(house.ground, who):
        keys = await house.ground.keys.circle(circle_id)
        async with house.ground.database.read(CircleScope(circle_id)) as session:
            facts = await read_facts(session, keys)
        found += [fact.payload for fact in facts if isinstance(fact.payload, CardAct)]
    return found


async def test_a_command_sent_twice_is_done_once(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    command = await a_card(house)
    first = await run_command(house.ground, house.registry, actor_of(WIFE), command)
    once = await state_of(house.ground, tables)
    again = await run_command(house.ground, house.registry, actor_of(WIFE), command)
    assert (first.code, again) == (APPLIED, first)
    assert await state_of(house.ground, tables) == once
    assert len(await acts_in(house, WIFE)) == 1


async def test_a_command_sent_by_many_at_once_is_done_once(house: TestHouse) -> None:
    command = await a_card(house)
    outcomes = await asyncio.gather(
        *(
            run_command(house.ground, house.registry, actor_of(WIFE), command)
            for _ in range(AT_ONCE)
        )
    )
    assert {outcome.code for outcome in outcomes} == {APPLIED}
    assert len(await acts_in(house, WIFE)) == 1


async def test_one_command_id_of_two_people_is_two_commands(house: TestHouse) -> None:
    await tell(house.ground, LIFE)
    for who in (HUSBAND, WIFE):
        key = (await house.timeline(who))[0].record.key
        command = Command(COMMAND, "card.acknowledge", AcknowledgeCard(key))
        outcome = await run_command(house.ground, house.registry, actor_of(who), command)
        assert outcome.code == APPLIED
    assert {act.person for act in await acts_in(house, WIFE)} == {HUSBAND, WIFE}


async def test_a_command_whose_answer_was_lost_in_a_crash_is_known_again(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    command = await a_card(house)
    database = CrashingDatabase(databases[0], pool_connections=2)
    database.crash_after = 1
    try:
        with pytest.raises(Crash):
            await run_command(_fresh(house, database), house.registry, actor_of(WIFE), command)
    finally:
        await database.close()
    outcome = await run_command(_fresh(house), house.registry, actor_of(WIFE), command)
    assert outcome.code == APPLIED
    assert len(await acts_in(house, WIFE)) == 1


# Effects


async def due_now(house: TestHouse) -> DueEffect:
    return (await list_due_effects(house.ground))[0]


async def effect_state(tables: asyncpg.Connection, act_key: ActKey) -> int:
    return int(await tables.fetchval("SELECT state FROM effect WHERE act_key = $1", act_key))


async def test_of_many_who_claim_an_effect_one_gets_it(house: TestHouse) -> None:
    await tell(house.ground, LIFE)
    due = await due_now(house)
    claims = await asyncio.gather(*(claim_effect(house.ground, due) for _ in range(AT_ONCE)))
    assert sum(claim is not None for claim in claims) == 1
    assert due not in await list_due_effects(house.ground)


async def test_a_lease_holds_to_its_last_second_and_then_another_may_claim(
    house: TestHouse,
) -> None:
    await tell(house.ground, LIFE)
    due = await due_now(house)
    first = await claim_effect(house.ground, due)
    assert first is not None
    house.clock.instant += timedelta(seconds=LEASE_SECONDS)
    assert await claim_effect(house.ground, due) is None
    assert due not in await list_due_effects(house.ground)
    house.clock.instant += timedelta(microseconds=1)
    assert due in await list_due_effects(house.ground)
    second = await claim_effect(house.ground, due)
    assert second is not None
    assert second.effect == first.effect
    assert not await finish_effect(house.ground, first), "the lease was lost"
    assert await finish_effect(house.ground, second)
    assert not await finish_effect(house.ground, second)


async def test_a_finished_effect_comes_again_only_when_it_was_taken_back(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    birth = LIFE[1].facts[0]
    await tell(house.ground, LIFE)
    due = await due_now(house)
    claimed = await claim_effect(house.ground, due)
    assert claimed is not None
    assert await finish_effect(house.ground, claimed)
    error = in_error(birth, TODAY)
    for correction, state in (  # taken back, and that taken back
        (error, EFFECT_REVERSED),
        (in_error(error, TODAY), EFFECT_PENDING),
    ):
        assert await claim_effect(house.ground, due) is None
        await tell(house.ground, [Event((correction,), (CHILD, WIFE))])
        assert await effect_state(tables, due.act_key) == state
    assert due in await list_due_effects(house.ground), "whoever does it knows what was told"


async def test_what_was_told_and_is_wanted_no_more_is_taken_back_by_one_of_two_that_look(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tell(house.ground, LIFE)
    due = await due_now(house)
    claimed = await claim_effect(house.ground, due)
    assert claimed is not None
    assert await finish_effect(house.ground, claimed)
    assert await claim_reversed(house.ground, due) is None, "it is wanted"
    error = in_error(LIFE[1].facts[0], TODAY)
    await tell(house.ground, [Event((error,), (CHILD, WIFE))])
    assert due in await list_reversed(house.ground)
    first = await claim_reversed(house.ground, due)
    assert first is not None
    assert first.effect == claimed.effect
    assert await claim_reversed(house.ground, due) is None, "it is another's"
    house.clock.instant += timedelta(seconds=LEASE_SECONDS + 1)
    second = await claim_reversed(house.ground, due)
    assert second is not None
    assert not await finish_reversed(house.ground, first), "the lease was lost"
    assert await finish_reversed(house.ground, second)
    assert await effect_state(tables, due.act_key) == EFFECT_RETRACTED
    assert due not in await list_reversed(house.ground)
    await tell(house.ground, [Event((in_error(error, TODAY),), (CHILD, WIFE))])
    assert await effect_state(tables, due.act_key) == EFFECT_PENDING, "it is wanted again"


async def test_past_its_days_nothing_is_taken_back(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tell(house.ground, LIFE)
    due = await due_now(house)
    claimed = await claim_effect(house.ground, due)
    assert claimed is not None
    assert await finish_effect(house.ground, claimed)
    house.clock.move_to(claimed.effect.not_after_on + timedelta(days=1))
    error = in_error(LIFE[1].facts[0], TODAY)
    await tell(house.ground, [Event((error,), (CHILD, WIFE))])
    assert await effect_state(tables, due.act_key) == EFFECT_RETRACTED


async def test_a_cancelled_effect_comes_back_when_it_is_wanted_again(
    house: TestHouse, tables: asyncpg.Connection
) -> None:
    await tell(house.ground, LIFE)
    due = await due_now(house)
    claimed = await claim_effect(house.ground, due)
    assert claimed is not None
    error = in_error(LIFE[1].facts[0], TODAY)
    await tell(house.ground, [Event((error,), (CHILD, WIFE))])
    assert await effect_state(tables, due.act_key) == EFFECT_CANCELLED
    assert await claim_effect(house.ground, due) is None
    assert not await finish_effect(house.ground, claimed), "it was cancelled on the way"
    await tell(house.ground, [Event((in_error(error, TODAY),), (CHILD, WIFE))])
    assert await effect_state(tables, due.act_key) == EFFECT_PENDING
    assert due in await list_due_effects(house.ground)
    assert await claim_effect(house.ground, due) is not None


async def test_a_correction_taken_back_restores_what_both_parents_saw(house: TestHouse) -> None:
    correction = born(TWIN, WIFE, TODAY, source_id="twin")  # of whom nothing else is said
    await tell(house.ground, [*LIFE, Event((correction,))])
    before = {who: await house.card_names(who) for who in (HUSBAND, WIFE)}
    for depth in range(1, 5):
        correction = in_error(correction, TODAY)
        await tell(house.ground, [Event((correction,), (TWIN, WIFE))])
        for who in (HUSBAND, WIFE):
            names = await house.card_names(who)
            assert (names == before[who]) == (depth % 2 == 0), depth


async def test_an_effect_is_due_from_its_first_day_to_its_last(house: TestHouse) -> None:
    # The visit at two months: told when it shows, 2027-01-21 - 14 = 2027-01-07, of use through
    # 2027-01-20; and when it is due, 2027-01-21 through 2027-02-20.
    await tell(house.ground, LIFE)
    seen: dict[date, set[str]] = {}
    for on in (
        date(2027, 1, 6),
        date(2027, 1, 7),
        date(2027, 1, 20),
        date(2027, 1, 21),
        date(2027, 2, 20),
        date(2027, 2, 21),
    ):
        house.clock.move_to(on)
        seen[on] = set()
        for due in await list_due_effects(house.ground):
            claimed = await claim_effect(house.ground, due)
            assert claimed is not None
            effect = claimed.effect
            of_visit = (effect.recipient, effect.entry) == (WIFE, "vaccination")
            if of_visit and effect.not_before_on.year == 2027:
                seen[on].add(effect.act)
    assert list(seen.values()) == [set(), {"visible"}, {"visible"}, {"due"}, {"due"}, set()]
