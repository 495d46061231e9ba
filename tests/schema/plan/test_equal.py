"""A plan answers what GraphQL's own executor answers, data and located errors, whatever selection
is asked of whatever values: the real types, under a root that hands out made-up objects.
"""

import asyncio
from typing import Any  # data and errors as they come

import strawberry
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from strawberry.types import Info

from schema.act import CardOutcome
from schema.build import build_schema
from schema.card import Card
from schema.growth_chart import GrowthChart
from schema.node import Node
from schema.plan.executor import PlannedExecutor, planned_executor
from schema.session import SignInSession, SignOutOutcome
from schema.timeline import TimelineConnection
from schema.vaccinations import VaccinationRecordView
from tests.schema.plan.values import Making, Selecting

Root = dict[str, Any]


def _handed_out(name: str) -> Any:
    def resolve(self: None, info: Info[Root, None]) -> Any:
        value = info.context[name]
        if isinstance(value, Exception):
            raise value
        return value

    return resolve


@strawberry.type
class Held:
    """Attributes beside fields that call something: a resolver that raises, one to await."""

    text: str
    maybe: str | None
    inner: "Held | None"
    cards: list[Card | None] | None

    @strawberry.field
    def called(self) -> str:
        return self.text

    @strawberry.field
    async def awaited(self) -> str | None:
        await asyncio.sleep(0)
        return self.maybe

    @strawberry.field
    def raising(self) -> str | None:
        raise ValueError("Hind")


@strawberry.type
class Query:
    timeline: TimelineConnection | None = strawberry.field(resolver=_handed_out("timeline"))
    records: list[VaccinationRecordView] = strawberry.field(resolver=_handed_out("records"))
    sessions: list[SignInSession | None] | None = strawberry.field(resolver=_handed_out("sessions"))
    node: Node | None = strawberry.field(resolver=_handed_out("node"))
    outcome: CardOutcome = strawberry.field(resolver=_handed_out("outcome"))
    signed_out: SignOutOutcome | None = strawberry.field(resolver=_handed_out("signedOut"))
    chart: GrowthChart | None = strawberry.field(resolver=_handed_out("chart"))
    held: Held | None = strawberry.field(resolver=_handed_out("held"))


DEFAULT = strawberry.Schema(query=Query, types=[Card])
PLANNED = strawberry.Schema(query=Query, types=[Card], execution_context_class=planned_executor())
_PLANNED_EXECUTOR: Any = PLANNED.execution_context_class


async def answered(schema: strawberry.Schema, text: str, root: Root) -> tuple[Any, list[Any]]:
    """Data as JSON would tell it, key after key, and every error with where it arose."""
    result = await schema.execute(text, context_value=root)
    errors = [
        (error.formatted, type(error.original_error), str(error.original_error))
        for error in result.errors or ()
    ]
    return repr(result.data), sorted(errors, key=repr)


async def test_a_directive_an_argument_and_a_call_leave_their_selection_without_a_plan() -> None:
    held = object.__new__(Held)
    held.__dict__.update(text="a", maybe=None, inner=None, cards=[])
    for text, planned in (
        ("{ held { text maybe } }", True),
        ("query Q($yes: Boolean! = true) { held { text @include(if: $yes) } }", False),
        ("{ held { text called } }", False),
        ("{ held { text raising } }", False),
        ('{ __type(name: "Held") { name } }', False),
    ):
        expected = await answered(DEFAULT, text, {"held": held})
        assert await answered(PLANNED, text, {"held": held}) == expected
        kept = list(_PLANNED_EXECUTOR._kept.values())[-1]
        assert any(kept.plans.values()) is planned, text


async def test_operations_that_are_written_alike_have_plans_of_their_own() -> None:
    held = object.__new__(Held)
    held.__dict__.update(text="a", maybe="b", inner=None, cards=[])
    for field, value in (("text", "a"), ("maybe", "b"), ("text", "a")):
        text = f"{{ held {{ ...F }} }} fragment F on Held {{ {field} }}"
        result = await PLANNED.execute(text, context_value={"held": held})
        assert result.data == {"held": {field: value}}


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_plan_answers_what_the_default_executor_answers(data: st.DataObject) -> None:
    schema = DEFAULT._schema
    text = Selecting(schema, data.draw).operation()
    assert schema.query_type is not None
    making = Making(schema, data.draw)
    root = {
        name: making.value(field.type) if name in text else None
        for name, field in schema.query_type.fields.items()
    }

    async def both() -> None:
        expected = await answered(DEFAULT, text, root)
        assert await answered(PLANNED, text, root) == expected, text
        event("with errors" if expected[1] else "without errors")

    asyncio.run(both())
    kept = list(_PLANNED_EXECUTOR._kept.values())
    event("with a plan" if any(kept[-1].plans.values()) else "without a plan")


def test_plans_can_be_turned_off() -> None:
    on, off = (build_schema(production=True, planned=planned) for planned in (True, False))
    assert issubclass(on.execution_context_class, PlannedExecutor)
    assert not issubclass(off.execution_context_class, PlannedExecutor)
