"""What an operation may not be, each limit at its edge and past it; and what an answer hides."""

from graphql import GraphQLError, get_introspection_query
from structlog.testing import capture_logs

from domain.error import Busy, NotFound
from schema.build import OsratiSchema, build_schema
from schema.error import show_error
from schema.limit import ALIASES_MAX, DEPTH_MAX, OPERATIONS_MAX, TOKENS_MAX

DEVELOPMENT = build_schema(production=False)
PRODUCTION = build_schema(production=True)


async def complaints(query: str, schema: OsratiSchema = DEVELOPMENT) -> list[str]:
    """What validation says of a query. Without a context a query that passes fails later."""
    result = await schema.execute(query)
    return [error.message for error in result.errors or () if error.path is None]


def deep(levels: int) -> str:
    return "query { " + "me { " * (levels - 1) + "me" + " }" * levels


async def test_depth_is_limited() -> None:
    refusal = f"Too many levels: at most {DEPTH_MAX} are allowed."
    assert refusal not in await complaints(deep(DEPTH_MAX))
    assert refusal in await complaints(deep(DEPTH_MAX + 1))


async def test_depth_is_measured_through_fragments() -> None:
    spread = "query { ...A } fragment A on Query { me { ...B } } fragment B on Me { "
    levels = DEPTH_MAX - 1
    inner = "timeline { " * (levels - 1) + "timeline" + " }" * (levels - 1)
    refusal = f"Too many levels: at most {DEPTH_MAX} are allowed."
    assert refusal not in await complaints(spread + inner + " }")
    assert refusal in await complaints(spread + "timeline { " + inner + " } }")


async def test_aliases_are_limited_also_where_a_fragment_is_spread_twice() -> None:
    refusal = f"Too many aliases: at most {ALIASES_MAX} are allowed."
    named = [f"a{number}: me {{ today }}" for number in range(ALIASES_MAX + 1)]
    assert refusal not in await complaints("{ " + " ".join(named[:-1]) + " }")
    assert refusal in await complaints("{ " + " ".join(named) + " }")
    twice = "{ me { ...F } other: me { ...F } } fragment F on Me { " + " ".join(
        f"b{number}: today" for number in range(ALIASES_MAX // 2)
    )
    assert refusal not in await complaints(twice + " }")
    assert refusal in await complaints(twice + " last: today }")


async def test_operations_in_one_document_are_limited() -> None:
    def query(count: int) -> str:
        return " ".join(f"query Q{number} {{ me {{ today }} }}" for number in range(count))

    refusal = f"Too many operations: at most {OPERATIONS_MAX} are allowed."
    result = await DEVELOPMENT.execute(query(OPERATIONS_MAX), operation_name="Q0")
    assert refusal not in [error.message for error in result.errors or ()]
    result = await DEVELOPMENT.execute(query(OPERATIONS_MAX + 1), operation_name="Q0")
    assert refusal in [error.message for error in result.errors or ()]


async def test_tokens_are_limited() -> None:
    # "{", "me", "{", n times "today", "}", "}"
    def query(tokens: int) -> str:
        return "{ me { " + "today " * (tokens - 5) + "} }"

    refusal = f"Syntax Error: Document contains more than {TOKENS_MAX} tokens. Parsing aborted."
    assert refusal not in await complaints(query(TOKENS_MAX))
    assert refusal in await complaints(query(TOKENS_MAX + 1))


async def test_fragments_that_double_are_measured_at_once() -> None:
    count = 90  # walked one by one: 2 to the power of 90 selections
    doubling = " ".join(
        f"fragment F{number} on Me {{ ...F{number + 1} ...F{number + 1} }}"
        for number in range(count)
    )
    last = f"fragment F{count} on Me {{ a: today }}"
    refusal = f"Too many aliases: at most {ALIASES_MAX} are allowed."
    assert refusal in await complaints(f"{{ me {{ ...F0 }} }} {doubling} {last}")


async def test_a_fragment_cycle_is_refused_and_not_followed() -> None:
    said = await complaints("{ me { ...A } } fragment A on Me { ...B } fragment B on Me { ...A }")
    assert any("Cannot spread fragment" in message for message in said)


async def test_introspection_is_for_development_alone() -> None:
    assert await complaints(get_introspection_query()) == []
    refused = await complaints(get_introspection_query(), PRODUCTION)
    assert any("introspection" in message for message in refused)


async def test_only_development_suggests_names() -> None:
    assert any("Did you mean" in message for message in await complaints("{ ne { today } }"))
    assert not any(
        "Did you mean" in message for message in await complaints("{ ne { today } }", PRODUCTION)
    )


def test_a_bug_says_nothing_of_itself_and_is_logged_by_kind_alone() -> None:
    cause = ValueError("Hind was born on 9 November")
    with capture_logs() as logged:
        shown = show_error(GraphQLError("raw", original_error=cause), "en")
    assert shown.extensions == {"code": "internal_error"}
    assert shown.original_error is None
    assert "Hind" not in str(shown.formatted)
    (line,) = logged
    assert (line["event"], line["error"]) == ("graphql_failed", "ValueError")
    assert "Hind" not in str(logged)


def test_what_was_refused_says_its_code_in_the_readers_language() -> None:
    shown = show_error(GraphQLError("raw", original_error=NotFound("node")), "ar")
    assert shown.message == NotFound.ar
    assert shown.extensions == {"code": "not_found", "detail": "node"}


def test_what_may_pass_says_when_to_try_again() -> None:
    shown = show_error(GraphQLError("raw", original_error=Busy()), "en")
    assert shown.message == Busy.en
    assert shown.extensions == {"code": "try_later", "retryAfterSeconds": Busy.retry_after_seconds}


async def test_a_value_of_the_wrong_type_is_told_as_it_is() -> None:
    query = "query Q($until: Date!) { me { timeline(filter: {dueFrom: $until}) { totalCount } } }"
    result = await DEVELOPMENT.execute(query, variable_values={"until": "tomorrow"})
    assert result.errors is not None
    assert "Value cannot represent a Date" in result.errors[0].message
