"""Queries that nobody here wrote: no fault of ours, nothing of another family's.

Half of what schemathesis sends; the other half are mutations (`test_fuzz_mutations.py`).
"""

from tests.access.fuzz import CASES_COUNT, fuzz
from tests.access.walk import operations
from tests.access.world import World
from tests.schema.asking import SCHEMA

QUERIES = [one.name for one in operations(SCHEMA._schema) if one.text.startswith("query")]


async def test_a_thousand_queries_find_no_fault_and_nothing_of_others(world: World) -> None:
    run = await fuzz(world, QUERIES, cases_count=CASES_COUNT // 2)
    assert run.found == []
    assert run.sent_count >= CASES_COUNT // 2
    assert run.answered.keys() == set(QUERIES), "each field has told somebody something"
    assert run.codes["graphql.invalid"] > 0, "values of the wrong type were among them"
    assert run.codes["sign_in_required"] > 0, "and nobody was among those who asked"
