"""Nothing of another's comes back, whatever is asked of GraphQL, as whoever is signed in.

Generated from the schema: a new field, argument or mutation is walked, or fails here until the
families of `world.py` have something of it.
"""

import re
from typing import get_args

import httpx2
import msgspec

from api.wire import build_registry
from domain.facts.person import (
    ContactReported,
    IdentifierReplaced,
    NationalityChanged,
    PersonDescribed,
    PersonRenamed,
)
from identity.profile import Profile
from schema.node import NodeType
from tests.access.walk import NODES, SignedIn, Walk, operations
from tests.access.world import NAMES, ROLES, SEES, World
from tests.schema.asking import SCHEMA, ask, operation
from timeline.apply import read_own_facts

IDENTITY = (
    PersonDescribed,
    PersonRenamed,
    NationalityChanged,
    ContactReported,
    IdentifierReplaced,
)
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
    names = ("Sessions", "Timeline", "NoticeWishes", "Notices")
    return [await ask(world.house, who, operation(name)) for who in SEES for name in names]


async def identities(world: World) -> list[object]:
    """Every fact that says who somebody is, and what they are called."""
    facts = [await read_own_facts(world.house.ground, who) for who in NAMES]
    said = [fact for each in facts for fact in each if isinstance(fact.payload, IDENTITY)]
    shown = [await ask(world.house, who, "{ me { nameAr nameEn } }") for who in SEES]
    assert len(said) > len(NAMES)
    return [*said, *shown]


async def test_what_is_anothers_is_as_if_it_were_not_there(
    world: World,
    http: httpx2.AsyncClient,
    staff: dict[str, dict[str, str]],
    signed_in: SignedIn,
) -> None:
    for headers in staff.values():
        json = {**headers, "accept": "application/json"}
        assert (await http.get("/staff/me", headers=json)).status_code == 200
    for who in SEES:
        await signed_in.of(who)
    before = await everything(world)
    walk = Walk(world, http, signed_in)
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
    world: World, http: httpx2.AsyncClient, signed_in: SignedIn
) -> None:
    before = await identities(world)
    walk = Walk(world, http, signed_in)
    for name, role in ROLES.items():
        for each in OPERATIONS:
            await walk.walk_own(name, role, each)
    assert walk.found == []
    assert await identities(world) == before, "who somebody is comes from registries alone"
    every_field = {field for each in OPERATIONS for field in each.fields}
    assert every_field - walk.told == UNTOLD, "let somebody in world.py have it"
    places = {
        (each.name, place)
        for each in OPERATIONS
        for place, kind in each.places()
        if str(kind).strip("[]!") == "ID"
    }
    assert places - walk.live == set(), "let somebody in world.py have something with such an id"


def test_no_mutation_and_no_command_takes_what_registries_say_of_a_person() -> None:
    """Identity fields are nobody's to edit: what differs from them is a preference of its own."""
    inputs = {
        f"{each.name}.{'.'.join(place)}": snake(place[-1])
        for each in OPERATIONS
        if each.text.startswith("mutation")
        for place, _ in each.places()
    }
    payloads = {
        f"{name}.{field.name}": field.name
        for name, kind in build_registry().types.items()
        for field in msgspec.structs.fields(kind.payload)
    }
    said = {
        field.name
        for kind in (*IDENTITY, Profile)
        for field in msgspec.structs.fields(kind)
        if field.name not in ("person", "source", "language")  # which one reads is one's own
    }
    assert len(said) > 8
    assert {where for where, name in (inputs | payloads).items() if name in said} == set()


def snake(name: str) -> str:
    return re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", name)


def test_every_kind_of_id_is_tried() -> None:
    assert set(NODES) == set(get_args(NodeType))
