"""Mutations that nobody here wrote: no fault of ours, nothing of another family's."""

from tests.access.fuzz import CASES_COUNT, fuzz
from tests.access.walk import operations
from tests.access.world import World
from tests.schema.asking import SCHEMA

MUTATIONS = [one.name for one in operations(SCHEMA._schema) if one.text.startswith("mutation")]


async def test_a_thousand_mutations_find_no_fault_and_nothing_of_others(world: World) -> None:
    run = await fuzz(world, MUTATIONS, cases_count=CASES_COUNT // 2)
    assert run.found == []
    assert run.sent_count >= CASES_COUNT // 2
    assert run.answered.keys() == set(MUTATIONS), "each has been carried out or refused in words"
    assert run.codes["graphql.invalid"] > 0, "values of the wrong type were among them"
