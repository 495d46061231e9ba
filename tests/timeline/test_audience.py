"""The audience projection: what refreshes leave is what a fresh computation gives, and it ends with
a membership, with a circle and with its keys.
"""

from datetime import date, timedelta
from random import Random

import asyncpg
import pytest

from domain.evaluate import evaluate
from domain.facts.person import ContactReported, PersonFirstSeen, ResidenceChanged
from domain.ids import CircleId, EntryId, PersonId
from domain.projection import (
    CHILDREN_MAX,
    ROW_BYTES,
    SERVICES_MAX,
    Projection,
    decode_projection,
    encode_projection,
)
from store.keys import KeyErased
from store.seal import SEALED_OVERHEAD_BYTES, Place, open_
from tests.domain.test_law_purity import life_story
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    divorced,
    fact,
    married,
    pregnant,
    vaccinated,
)
from tests.support.house import TestHouse, person
from timeline.audience import PURPOSE, open_projections
from timeline.population import list_reads, open_population, rounded
from timeline.rebuild import erase_circle, find_progress, rebuild
from timeline.record import couple_circle, single_circle
from timeline.refresh import read_snapshot, refresh

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)
ROW_MAX_BYTES = 128  # of the plan

Rows = dict[tuple[CircleId, PersonId], Projection]


async def held(house: TestHouse, databases: tuple[str, str], epoch: int = 1) -> Rows:
    """Every row as it lies, opened; of the size that the plan allows."""
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    try:
        rows = await connection.fetch("SELECT circle_id, person_id, sealed FROM audience")
    finally:
        await connection.close()
    assert all(len(row["sealed"]) == ROW_BYTES + SEALED_OVERHEAD_BYTES for row in rows)
    assert ROW_BYTES + SEALED_OVERHEAD_BYTES <= ROW_MAX_BYTES
    numbers = await house.ground.catalogues.numbers()
    return open_projections(rows, await house.ground.keys.projection(epoch), numbers.by_number)


async def fresh(house: TestHouse, databases: tuple[str, str]) -> Rows:
    """What an evaluation of every circle says now."""
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    circles = [CircleId(row[0]) for row in await connection.fetch("SELECT circle_id FROM circle")]
    await connection.close()
    found: Rows = {}
    for circle_id in circles:
        keys = await house.ground.keys.circle(circle_id)
        snapshot = await read_snapshot(house.ground, circle_id, keys)
        assert snapshot is not None
        evaluation = evaluate(
            snapshot.state.circle,
            snapshot.facts,
            await house.ground.catalogues.current(),
            house.clock.today(),
            house.ground.keys.record_secret(),
        )
        found |= {(circle_id, who): one for who, one in evaluation.projections.items()}
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_refreshes_it_is_what_a_fresh_computation_gives(
    house: TestHouse, databases: tuple[str, str], seed: int
) -> None:
    chance = Random(seed)
    story = list(life_story())
    chance.shuffle(story)
    house.clock.move_to(date(2026, 6, 1))
    for number, one in enumerate(story):
        await house.apply(one)
        if number % 6 == 5:
            house.clock.move_days(chance.randrange(40))
            for circle_id, _ in await held(house, databases):
                await refresh(house.ground, circle_id)
            now = await held(house, databases)
            assert now == await fresh(house, databases)
            assert now


async def test_a_row_says_who_somebody_is_there_and_how_they_are_reached(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 6, 1)),
        described(WIFE, date(2025, 6, 1), nationality=CITIZEN),
    )
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    await house.apply(fact(ResidenceChanged(WIFE, "AE-AJ"), TODAY))
    await house.apply(
        fact(ContactReported(WIFE, mobile="+971500000000", language="ar"), TODAY),
        fact(PersonFirstSeen(WIFE, "emirates_id", "x"), TODAY, source="uae_pass"),
    )
    rows = await held(house, databases)
    couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    hers = rows[couple, WIFE]
    assert hers.roles == {"wife", "mother"}
    assert hers.stages == {"married", "parent", "citizen"}
    assert hers.emirate == "AE-AJ"
    assert hers.birth_months == (date(2026, 11, 1),)
    assert {"marriage", "birth"} <= hers.starts
    assert "vaccination" in hers.services
    own = rows[single_circle(house.ground.keys, WIFE).id, WIFE]
    assert own.language == "ar"
    assert own.reach == {"mobile", "app"}
    assert "self" in own.roles
    assert rows[couple, HUSBAND].emirate is None  # hers is not his


async def test_who_is_a_member_no_more_has_no_row(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2025, 6, 1)))
    couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    assert {who for circle, who in await held(house, databases) if circle == couple} == {
        HUSBAND,
        WIFE,
    }
    await house.apply(died(HUSBAND, TODAY))
    assert (couple, HUSBAND) not in await held(house, databases)
    await house.apply(divorced(HUSBAND, WIFE, TODAY))
    assert not [circle for circle, _ in await held(house, databases) if circle == couple]


async def test_an_erased_circle_has_no_row_and_never_gets_one(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2025, 6, 1)))
    couple = couple_circle(house.ground.keys, HUSBAND, WIFE).id
    await erase_circle(house.ground, couple)
    assert not [circle for circle, _ in await held(house, databases) if circle == couple]
    with pytest.raises(KeyErased):
        await refresh(house.ground, couple)
    assert [one async for one in rebuild(house.ground)]
    left = await held(house, databases, epoch=2)
    assert left
    assert not [circle for circle, _ in left if circle == couple]


async def test_making_it_anew_goes_on_where_it_was_ended_and_destroys_the_keys_before(
    house: TestHouse, databases: tuple[str, str]
) -> None:
    for number in range(3):
        pair = person(10 + 2 * number), person(11 + 2 * number)
        await house.apply(married(*pair, TODAY - timedelta(days=number)))
    before = await held(house, databases)
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    old = await connection.fetchrow("SELECT * FROM audience LIMIT 1")
    await connection.execute("DELETE FROM audience")  # as after a restore
    first = rebuild(house.ground, batch_max=2)
    assert (await anext(first)).circle_count == 2
    del first  # the command was ended
    progress = await find_progress(house.ground)
    assert progress is not None
    assert (progress.epoch, progress.ended_at) == (2, None)
    # A refresh meanwhile writes under the new keys.
    await house.apply(vaccinated(CHILD, "19", TODAY))
    counts = [one.circle_count async for one in rebuild(house.ground, batch_max=2)]
    assert counts[0] == 4
    rows = await held(house, databases, epoch=2)
    assert {key: rows[key] for key in before} == before
    assert rows == await fresh(house, databases)
    # A copy of an older row is read by nobody.
    with pytest.raises(KeyErased):
        await house.ground.keys.projection(1)
    assert old is not None
    key = (await house.ground.keys.projection(2)).of_shard(PURPOSE, old["circle_id"])
    with pytest.raises(Exception, match="another key"):
        open_(key, Place(old["circle_id"], old["person_id"].bytes), old["sealed"])
    await connection.close()


async def test_a_population_is_counted_in_tens_and_the_reading_is_recorded(
    house: TestHouse,
) -> None:
    for number in range(6):
        pair = person(10 + 2 * number), person(11 + 2 * number)
        await house.apply(married(*pair, TODAY))
    await house.apply(pregnant(person(11), TODAY, due_on=TODAY + timedelta(days=100)))
    async with open_population(
        house.ground, purpose="preview of a rule", reader="zayed", asked="all"
    ) as population:
        everybody = await population.count(lambda one: True)
        married_people = await population.count(lambda one: "married" in one.stages)
        expecting = await population.count(lambda one: "expecting" in one.stages)
        circles = await population.list_circles(lambda one: "expecting" in one.stages)
    # Twelve people, in twelve circles of their own and six of couples.
    assert (everybody.people, everybody.circles) == (10, 20)
    assert married_people.people == 10
    assert (expecting.people, expecting.circles) == (None, None)
    assert couple_circle(house.ground.keys, person(10), person(11)).id in circles
    (recorded,) = await list_reads(house.ground)
    assert (recorded.read.reader, recorded.read.asked) == ("zayed", "all")


@pytest.mark.parametrize(
    ("count", "told"), [(0, None), (9, None), (10, 10), (14, 10), (15, 20), (104, 100)]
)
def test_a_count_is_told_in_tens_and_not_under_ten(count: int, told: int | None) -> None:
    assert rounded(count) == told


def test_a_row_holds_so_many_children_and_services_and_says_that_there_are_more() -> None:
    months = tuple(date(2026 - number, 1, 1) for number in range(CHILDREN_MAX))
    full = Projection(birth_months=months, starts=frozenset({"birth"}))
    assert decode_projection(encode_projection(full, {}), {}) == full
    last, past = EntryId("last"), EntryId("past")
    numbers = {last: SERVICES_MAX - 1, past: SERVICES_MAX}
    entries = {number: entry for entry, number in numbers.items()}
    fits = Projection(services=frozenset({last}))
    assert decode_projection(encode_projection(fits, numbers), entries) == fits
    more = decode_projection(
        encode_projection(Projection(services=frozenset({last, past})), numbers), entries
    )
    assert more == Projection(services=frozenset({last}), has_more=True)
    assert decode_projection(b"\x02" + encode_projection(fits, numbers)[1:], entries) is None
