"""The walk and the fuzz see a check that somebody forgot: each fault here is one that code could
have.
"""

from typing import Any  # an id decoded
from uuid import UUID

import httpx2
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.tools import merge_types

from api.app import act_as
from domain.ids import PersonId
from schema.act import Mutation
from schema.build import OsratiSchema
from schema.card import Card
from schema.context import Asked
from schema.http import GraphQLEndpoint
from schema.node import decode_id
from schema.session import SessionQuery
from schema.timeline import Query
from store.scope import PersonScope
from tests.access.fuzz import CASES_COUNT, fuzz
from tests.access.walk import Walk, operations
from tests.access.world import FATHER, NAMES, World
from timeline.people import profile_of


async def name_of(info: Asked, person: Any) -> str | None:
    ground = info.context.ground
    async with ground.database.read(PersonScope(PersonId(UUID(bytes=person)))) as session:
        return (await profile_of(ground, session)).name_en


@strawberry.type
class Reads:
    @strawberry.field
    async def planted(self, info: Asked, person: strawberry.ID) -> str | None:
        """The name of whomever one asks for."""
        info.context.signed_in()
        raw = decode_id("Person", person)
        return None if raw is None else await name_of(info, raw)


@strawberry.type
class Counts:
    @strawberry.field
    async def planted(self, info: Asked, person: strawberry.ID) -> str | None:
        """Says nothing, and looks once more where there is something."""
        actor, raw = info.context.signed_in(), decode_id("Person", person)
        if raw is not None and raw != actor.person_id.bytes and await name_of(info, raw):
            await name_of(info, raw)
        return None


@strawberry.type
class Tells:
    @strawberry.field
    async def planted(self, info: Asked) -> str:
        """Takes no id, and tells of somebody."""
        info.context.signed_in()
        return f"{NAMES[FATHER]} lives here"


@strawberry.type
class Sound:
    @strawberry.field
    async def planted(self, info: Asked) -> str | None:
        """Nothing is wrong with it."""
        return str(info.context.signed_in().language)


def app_with(world: World, planted: type) -> tuple[OsratiSchema, Starlette]:
    """The schema with the field `planted` in it, and an application that answers it."""
    schema = OsratiSchema(
        query=merge_types("Query", (Query, SessionQuery, planted)), mutation=Mutation, types=[Card]
    )
    endpoint = GraphQLEndpoint(
        schema,
        ground=world.house.ground,
        registry=world.house.registry,
        authenticate=act_as,
        documents={},
        documents_only=False,
    )
    return schema, Starlette(routes=[Route("/graphql", endpoint)])


async def found_in(world: World, planted: type) -> list[str]:
    """What the walk says of the field `planted`, as one mother of another family."""
    schema, app = app_with(world, planted)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://osrati.test"
    ) as http:
        walk = Walk(world, http)
        (operation,) = [one for one in operations(schema._schema) if one.name == "planted"]
        role = next(iter(world.of("Session")[-1].readers))
        await walk.walk_foreign("somebody", role, operation)
        await walk.walk_own("somebody", role, operation)
    return walk.found


@pytest.mark.parametrize(
    ("planted", "said"), [(Reads, NAMES[FATHER]), (Counts, "statements"), (Tells, NAMES[FATHER])]
)
async def test_a_planted_fault_is_found(world: World, planted: type, said: str) -> None:
    found = await found_in(world, planted)
    assert any(said in one for one in found), found


@pytest.mark.parametrize("planted", [Reads, Tells])
async def test_the_fuzz_finds_what_is_told_of_others(world: World, planted: type) -> None:
    _, app = app_with(world, planted)
    run = await fuzz(world, ["planted"], cases_count=CASES_COUNT // 10, app=app, each_id=True)
    leaks = {leak for leak, _, _ in (one.partition(": ") for one in run.found)}
    assert leaks & set(NAMES.values()), run.codes


async def test_what_is_sound_passes(world: World) -> None:
    assert await found_in(world, Sound) == []
    _, app = app_with(world, Sound)
    run = await fuzz(world, ["planted"], cases_count=CASES_COUNT // 20, app=app, each_id=True)
    assert (run.found, run.answered["planted"] > 0) == ([], True)
