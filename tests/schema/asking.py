"""Asking the schema in process, as a signed-in person or as nobody."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from domain.ids import PersonId
from domain.people.actor import Actor
from domain.text.message import Language
from schema.build import build_schema
from schema.card import CardState
from schema.context import RequestContext
from tests.support.house import TestHouse

SCHEMA = build_schema(production=True)
OPERATIONS = Path(__file__).parents[2] / "mobile-contract" / "operations"
EVERY_STATE = [
    state.name
    for state in CardState  # in the order of the schema
]

Json = dict[str, Any]  # an answer, as an app would get it


def operation(name: str) -> str:
    """One of the contract's operations."""
    return (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")


async def ask(
    house: TestHouse,
    person_id: PersonId | None,
    query: str,
    *,
    reading: Language = "ar",
    **variables: object,
) -> Json:
    """The answer as JSON, `data` and any `errors`. `reading` is the language of whoever asks."""
    actor = Actor(person_id, reading, "demonstration") if person_id else None
    context = RequestContext(house.ground, house.registry, actor)
    result = await SCHEMA.execute(query, variable_values=variables, context_value=context)
    answer: Json = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


async def cards(house: TestHouse, person_id: PersonId, **variables: object) -> list[Json]:
    """A page of a person's cards, by the contract's own operation; every state unless filtered."""
    given = {"filter": {"states": EVERY_STATE}, **variables}
    answer = await ask(house, person_id, operation("Timeline"), reading="ar", **given)
    assert "errors" not in answer, answer
    return [edge["node"] for edge in answer["data"]["me"]["timeline"]["edges"]]


async def act(
    house: TestHouse, person_id: PersonId | None, name: str, card_id: str, **asked: object
) -> Json:
    """The outcome of one of the four mutations, by the contract's own operation."""
    given = {"commandId": str(uuid4()), "cardId": card_id, **asked}
    answer = await ask(house, person_id, operation(f"{name}Card"), input=given)
    assert "errors" not in answer, answer
    outcome: Json = answer["data"][f"{name.lower()}Card"]
    return outcome
