"""Nothing of another's comes back, whatever is asked of GraphQL, as whoever.

Generated from the schema: a new field, argument or mutation is walked, or fails here until the
families of `world.py` have something of it.
"""

from typing import get_args

import httpx2

from schema.node import NodeType
from tests.access.walk import NODES, Walk, operations
from tests.access.world import ROLES, SEES, World
from tests.schema.asking import SCHEMA, ask, operation

OPERATIONS = operations(SCHEMA._schema)
# Nobody in `world.py` has a value of these: codes and words of the calculators, about a child whose
# other fields are walked.
UNTOLD = {
    "FactReview.answeredOn",  # only once a registry has answered a dispute
    "GrowthNote.code",  # only of a measurement that cannot be right
    "GrowthNote.text",
    "WhyLine.metFrom",  # only of a line that a law still to come would have met
    "RecordedVaccination.flag",  # only of a dose that cannot be
    "VaccinationGroup.leftOut",  # only of a dose that no visit can give
    "VaccinationRecordView.refusal",  # only where the programme cannot be worked out
}


async def everything(world: World) -> list[object]:
    """What each person has, as they see it."""
    names = ("Sessions", "Timeline")
    return [await ask(world.house, who, operation(name)) for who in SEES for name in names]


async def test_what_is_anothers_is_as_if_it_were_not_there(
    world: World, http: httpx2.AsyncClient, staff: dict[str, dict[str, str]]
) -> None:
    for headers in staff.values():
        json = {**headers, "accept": "application/json"}
        assert (await http.get("/staff/me", headers=json)).status_code == 200
    before = await everything(world)
    walk = Walk(world, http)
    for name, role in ROLES.items():
        for each in OPERATIONS:
            await walk.walk_foreign(name, role, each)
    for name, headers in staff.items():
        for each in OPERATIONS:
            await walk.walk_foreign(name, None, each, headers)
            await walk.walk_own(name, None, each, headers)
    assert walk.found == []
    assert await everything(world) == before, "somebody changed what is another's"


async def test_whatever_is_asked_nothing_of_anothers_comes_along(
    world: World, http: httpx2.AsyncClient
) -> None:
    walk = Walk(world, http)
    for name, role in ROLES.items():
        for each in OPERATIONS:
            await walk.walk_own(name, role, each)
    assert walk.found == []
    every_field = {field for each in OPERATIONS for field in each.fields}
    assert every_field - walk.told == UNTOLD, "let somebody in world.py have it"
    places = {
        (each.name, place)
        for each in OPERATIONS
        for place, kind in each.places()
        if str(kind).strip("[]!") == "ID"
    }
    assert places - walk.live == set(), "let somebody in world.py have something with such an id"


def test_every_kind_of_id_is_tried() -> None:
    assert set(NODES) == set(get_args(NodeType))
