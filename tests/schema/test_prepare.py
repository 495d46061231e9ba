"""An operation is parsed and validated once, and what is remembered of it is nobody's to change."""

import pytest
from graphql import GraphQLError, build_schema

from schema.build import build_schema as build_ours
from schema.limit import TOKENS_MAX
from schema.prepare import OPERATIONS_KEPT_MAX, preparing

SCHEMA = build_schema("type Query { day: String }")
OTHER = build_schema("type Query { night: String }")


def test_the_same_text_is_prepared_once_for_each_schema() -> None:
    prepare = preparing(())
    first = prepare(SCHEMA, "{ day }")
    assert first.errors == ()
    assert prepare(SCHEMA, "{ day }") is first
    assert len(prepare(OTHER, "{ day }").errors) == 1


@pytest.mark.parametrize(
    ("others", "kept"), [(OPERATIONS_KEPT_MAX - 1, True), (OPERATIONS_KEPT_MAX, False)]
)
def test_the_last_operations_are_kept(others: int, kept: bool) -> None:
    prepare = preparing(())
    first = prepare(SCHEMA, "{ day }")
    for number in range(others):
        prepare(SCHEMA, f"{{ a{number}: day }}")
    assert (prepare(SCHEMA, "{ day }") is first) is kept


def query_of(tokens: int) -> str:
    return "{" + " day" * (tokens - 2) + " }"


def test_what_cannot_be_parsed_is_refused_each_time() -> None:
    prepare = preparing(())
    assert len(prepare(SCHEMA, query_of(TOKENS_MAX)).document.definitions) == 1
    for refused in ("{ day", query_of(TOKENS_MAX + 1)):
        for _ in range(2):
            with pytest.raises(GraphQLError):
                prepare(SCHEMA, refused)


async def test_an_answer_may_be_edited_and_the_next_is_whole() -> None:
    schema = build_ours(production=True)
    for _ in range(2):
        result = await schema.execute("{ mee { today } }")
        assert result.errors is not None
        assert [error.message for error in result.errors] == [
            "Cannot query field 'mee' on type 'Query'."
        ]
        result.errors.clear()
