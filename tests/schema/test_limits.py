"""What an operation may not be, each limit at its edge and past it; and what an answer hides."""

import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)
from structlog.testing import capture_logs

from domain.error import Busy, NotFound
from schema.build import OsratiSchema, build_schema
from schema.error import show_error
from schema.limit import (
    ALIASES_MAX,
    DEPTH_MAX,
    DIRECTIVES_MAX,
    LIST_COST_MAX,
    OPERATIONS_MAX,
    TOKENS_MAX,
    OperationRefused,
)
from schema.measure import LIST_ITEMS_ASSUMED, Measuring
from schema.page import PAGE_DEFAULT, PAGE_MAX

DEVELOPMENT = build_schema(production=False)
PRODUCTION = build_schema(production=True)


async def codes(query: str, schema: OsratiSchema = DEVELOPMENT) -> set[object]:
    """The codes of what is refused before anything is executed."""
    result = await schema.execute(query)
    errors = [error for error in result.errors or () if error.path is None]
    return {(error.extensions or {})["code"] for error in errors}


async def complaints(query: str, schema: OsratiSchema = DEVELOPMENT) -> list[str]:
    """What validation says of a query. Without a context a query that passes fails later."""
    result = await schema.execute(query)
    return [error.message for error in result.errors or () if error.path is None]


def deep(levels: int) -> str:
    return "query { " + "me { " * (levels - 1) + "me" + " }" * levels


async def test_depth_is_limited() -> None:
    assert "graphql.too_deep" not in await codes(deep(DEPTH_MAX))
    assert "graphql.too_deep" in await codes(deep(DEPTH_MAX + 1))


async def test_depth_is_measured_through_fragments() -> None:
    spread = "query { ...A } fragment A on Query { me { ...B } } fragment B on Me { "
    levels = DEPTH_MAX - 1
    inner = "timeline { " * (levels - 1) + "timeline" + " }" * (levels - 1)
    assert "graphql.too_deep" not in await codes(spread + inner + " }")
    assert "graphql.too_deep" in await codes(spread + "timeline { " + inner + " } }")


async def test_aliases_are_limited_also_where_a_fragment_is_spread_twice() -> None:
    refusal = "graphql.too_many_aliases"
    named = [f"a{number}: me {{ today }}" for number in range(ALIASES_MAX + 1)]
    assert refusal not in await codes("{ " + " ".join(named[:-1]) + " }")
    assert refusal in await codes("{ " + " ".join(named) + " }")
    twice = "{ me { ...F } other: me { ...F } } fragment F on Me { " + " ".join(
        f"b{number}: today" for number in range(ALIASES_MAX // 2)
    )
    assert refusal not in await codes(twice + " }")
    assert refusal in await codes(twice + " last: today }")


def skipping(count: int) -> str:
    """Directives wherever one may stand; each is known, and allowed where it stands."""
    fields = "".join(" today @skip(if: $no) @include(if: $yes)" for _ in range((count - 2) // 2))
    more = " nameAr @skip(if: $no)" if count % 2 else ""
    return (
        "query Q($no: Boolean!, $yes: Boolean!) { me { ...F @skip(if: $no) ... @skip(if: $no)"
        f" {{ today }} }} }} fragment F on Me {{ nameEn{fields}{more} }}"
    )


async def test_directives_are_limited_also_where_a_fragment_is_spread_twice() -> None:
    refusal = "graphql.too_many_directives"
    assert refusal not in await codes(skipping(DIRECTIVES_MAX))
    assert refusal in await codes(skipping(DIRECTIVES_MAX + 1))
    half = " ".join("today @skip(if: false)" for _ in range(DIRECTIVES_MAX // 2))
    twice = "{ me { ...F } } fragment F on Me { ...G ...G } fragment G on Me { " + half
    assert refusal not in await codes(twice + " }")
    assert refusal in await codes(twice + " nameAr @skip(if: false) }")


def objects(query: str) -> int:
    """What a query may ask for, as it is measured."""
    document = parse(query)
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    measuring = Measuring(DEVELOPMENT._schema, fragments)
    (operation,) = [e for e in document.definitions if isinstance(e, OperationDefinitionNode)]
    return measuring.operation(operation).objects


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("", PAGE_DEFAULT),
        ("(first: 3)", 3),
        ("(last: 7)", 7),
        ("(first: 3, last: 7)", 7),
        ("(first: null)", PAGE_DEFAULT),
        ("(first: 0)", 0),
        ("(first: -5)", 0),
        (f"(first: {PAGE_MAX + 1})", PAGE_MAX),
        (f"(first: {10**30})", PAGE_MAX),
        ("(first: $n)", PAGE_MAX),  # it may be the largest: a text is measured once for all
    ],
)
def test_a_page_is_multiplied_down_the_tree(asked: str, page: int) -> None:
    inner = "edges { node { why { lines { text } facts { review { mine { words } } } } } }"
    each = 1 + 1 + 1 + LIST_ITEMS_ASSUMED + LIST_ITEMS_ASSUMED * (1 + 1 + 1)
    text = f"query Q($n: Int) {{ me {{ timeline{asked} {{ {inner} pageInfo {{ endCursor }} }} }} }}"
    assert objects(text) == 1 + page * (1 + each + 1)
    moved = (
        f"query Q($n: Int) {{ me {{ ...A }} }} fragment A on Me {{ timeline{asked} {{ ...B }} }}"
    )
    moved += f" fragment B on TimelineConnection {{ {inner} pageInfo {{ endCursor }} }}"
    assert objects(moved) == objects(text)


async def test_what_an_operation_may_ask_for_is_limited() -> None:
    page = "{ edges { node { why { lines { text } facts { id } } } } }"
    whole = objects(f"{{ me {{ timeline(first: 100) {page} }} }}") - 1
    pages, rest = divmod(LIST_COST_MAX - 1, whole)
    named = " ".join(f"a{number}: timeline(first: 100) {page}" for number in range(pages))
    small = "timeline(first: %d) { totalCount }"
    refusal = "graphql.too_costly"
    fills = f"{{ me {{ {named} {' '.join(f'r{n}: {small % 100}' for n in range(rest // 100))}"
    exact = fills + f" last: {small % (rest % 100)} }} }}"
    assert objects(exact) == LIST_COST_MAX
    assert refusal not in await codes(exact)
    past = fills + f" last: {small % (rest % 100 + 1)} }} }}"
    assert objects(past) == LIST_COST_MAX + 1
    assert refusal in await codes(past)


def test_every_limit_is_told_in_both_languages_with_what_to_do() -> None:
    kinds = OperationRefused.__subclasses__()
    assert len(kinds) == 6
    assert len({kind.code for kind in kinds}) == 6
    for kind in kinds:
        shown = [
            show_error(GraphQLError("raw", original_error=kind()), language)
            for language in ("ar", "en")
        ]
        assert [one.message for one in shown] == [kind.ar, kind.en]
        assert {str(one.extensions) for one in shown} == {str({"code": kind.code})}
        assert kind.ar.count(".") == kind.en.count(".") == 2, "the cause, and what to do"


async def test_operations_in_one_document_are_limited() -> None:
    def query(count: int) -> str:
        return " ".join(f"query Q{number} {{ me {{ today }} }}" for number in range(count))

    refusal = {"code": "graphql.too_many_operations"}
    result = await DEVELOPMENT.execute(query(OPERATIONS_MAX), operation_name="Q0")
    assert refusal not in [error.extensions for error in result.errors or ()]
    result = await DEVELOPMENT.execute(query(OPERATIONS_MAX + 1), operation_name="Q0")
    assert refusal in [error.extensions for error in result.errors or ()]


async def test_tokens_are_limited() -> None:
    # "{", "me", "{", n times "today", "}", "}"
    def query(tokens: int) -> str:
        return "{ me { " + "today " * (tokens - 5) + "} }"

    refusal = "graphql.too_many_tokens"
    assert refusal not in await codes(query(TOKENS_MAX))
    assert await codes(query(TOKENS_MAX + 1)) == {refusal}
    comments = "#\n" * TOKENS_MAX  # comments are tokens that nobody reads
    assert await codes(comments + query(TOKENS_MAX)) == {refusal}


async def test_fragments_that_double_are_measured_at_once() -> None:
    count = 90  # walked one by one: 2 to the power of 90 selections
    doubling = " ".join(
        f"fragment F{number} on Me {{ ...F{number + 1} ...F{number + 1} }}"
        for number in range(count)
    )
    last = f"fragment F{count} on Me {{ a: today }}"
    assert "graphql.too_many_aliases" in await codes(f"{{ me {{ ...F0 }} }} {doubling} {last}")
    pages = f"fragment F{count} on Me {{ timeline {{ edges {{ cursor }} }} }}"
    assert "graphql.too_costly" in await codes(f"{{ me {{ ...F0 }} }} {doubling} {pages}")


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
