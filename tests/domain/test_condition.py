"""Conditions: three-valued, typed when compiled, bounded, and clear about what is wrong."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card.record import Truth
from domain.rule.condition import (
    NESTING_MAX,
    SOURCE_CHARACTERS_MAX,
    Condition,
    ConditionError,
    VariableType,
    compile_condition,
)

VARIABLES: dict[str, VariableType] = {
    "child_alive": "bool",
    "father_known": "bool",
    "child_count": "int",
    "child_nationality": "string",
}


def truth(source: str, **values: bool | int | str) -> Truth:
    return compile_condition(source, VARIABLES).evaluate(values)


def refusal(source: str) -> str:
    with pytest.raises(ConditionError) as caught:
        compile_condition(source, VARIABLES)
    return str(caught.value)


def test_a_condition_is_met_not_met_or_unknown() -> None:
    assert truth("child_alive", child_alive=True) == "met"
    assert truth("child_alive", child_alive=False) == "not_met"
    assert truth("child_alive") == "unknown"


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("child_alive && father_known", {"child_alive": False}, "not_met"),
        ("child_alive && father_known", {"father_known": False}, "not_met"),
        ("child_alive && father_known", {"child_alive": True}, "unknown"),
        ("child_alive || father_known", {"father_known": True}, "met"),
        ("child_alive || father_known", {"child_alive": False}, "unknown"),
        ("!child_alive", {}, "unknown"),
        ("child_nationality in ['ARE', 'SAU']", {"child_nationality": "SAU"}, "met"),
        ("child_nationality in ['ARE', 'SAU']", {"child_nationality": "IND"}, "not_met"),
        ("child_count >= 2 ? father_known : true", {"child_count": 1}, "met"),
        ("child_count >= 2 ? father_known : true", {"child_count": 2}, "unknown"),
    ],
)
def test_what_is_missing_matters_only_where_it_decides(
    source: str, values: dict[str, bool | int | str], expected: Truth
) -> None:
    assert truth(source, **values) == expected


@given(
    st.fixed_dictionaries(
        {}, optional={"child_alive": st.booleans(), "father_known": st.booleans()}
    )
)
def test_and_or_and_not_follow_the_three_valued_tables(values: dict[str, bool]) -> None:
    # Kleene: with false < unknown < true, "and" is the least, "or" the greatest, "not" turns round.
    order: list[Truth] = ["not_met", "unknown", "met"]

    def place(name: str) -> int:
        return 1 if name not in values else (2 if values[name] else 0)

    left, right = place("child_alive"), place("father_known")
    assert truth("child_alive && father_known", **values) == order[min(left, right)]
    assert truth("child_alive || father_known", **values) == order[max(left, right)]
    assert truth("!child_alive", **values) == order[2 - left]


def test_a_fault_of_arithmetic_is_unknown() -> None:
    assert truth("1 / child_count == 1", child_count=0) == "unknown"
    assert truth("child_count + 1 > 0", child_count=2**63 - 1) == "unknown"


def test_values_that_nobody_asks_for_are_ignored() -> None:
    assert truth("child_alive", child_alive=True, shoe_size=21, child_count="many") == "met"


def test_a_value_of_another_type_is_a_defect_of_the_caller() -> None:
    with pytest.raises(TypeError, match="child_alive is declared bool, got int"):
        truth("child_alive", child_alive=1)
    with pytest.raises(TypeError, match="child_count is declared int, got bool"):
        truth("child_count == 1", child_count=True)


def test_a_condition_knows_its_variables() -> None:
    source = "child_alive && child_nationality == 'father_known' // child_count"
    assert compile_condition(source, VARIABLES).variables == {"child_alive", "child_nationality"}


def test_conditions_are_equal_by_source_and_fit_a_frozen_struct() -> None:
    class Holder(msgspec.Struct, frozen=True):
        when: Condition

    one, same = (compile_condition("child_alive", VARIABLES) for _ in range(2))
    other = compile_condition("!child_alive", VARIABLES)
    assert Holder(one) == Holder(same) != Holder(other)
    assert len({one, same, other}) == 2
    assert hash(Holder(one)) == hash(Holder(same))


def test_the_same_words_over_other_types_are_another_condition() -> None:
    assert compile_condition("held == held", {"held": "int"}).evaluate({"held": 1}) == "met"
    with pytest.raises(TypeError):
        compile_condition("held == held", {"held": "string"}).evaluate({"held": 1})


def test_an_empty_condition_is_refused() -> None:
    assert "empty" in refusal("  ")


def test_an_undeclared_name_is_refused_with_the_closest_declared() -> None:
    message = refusal("child_alife && father_known")
    assert "'child_alife' is not declared; the closest is 'child_alive'" in message
    assert "child_alife && father_known" in message


def test_a_name_is_refused_where_nothing_is_declared() -> None:
    with pytest.raises(ConditionError, match="none is declared"):
        compile_condition("child_alive", {})


def test_a_condition_that_gives_no_bool_is_refused() -> None:
    assert "gives string, not bool" in refusal("child_nationality")


def test_a_comparison_across_types_is_refused_with_its_place() -> None:
    assert "no matching overload" in refusal("child_nationality == 3")
    assert "(at character 19)" in refusal("child_nationality == 3")


def test_a_broken_expression_is_refused() -> None:
    assert "Syntax error" in refusal("child_alive &&")


@pytest.mark.parametrize(
    "source",
    [
        "[1, 2].exists(x, x > 1)",
        "[1, 2].all(x, x > 1)",
        "has(child_alive.a)",
        "size(child_nationality) > 2",
        "child_nationality.matches('(a+)+')",
        "child_nationality . matches ('a')",
        "dyn(child_alive)",
        "matches(child_nationality, 'a')",
    ],
)
def test_calls_and_macros_are_refused(source: str) -> None:
    assert "is called" in refusal(source) or "is not allowed" in refusal(source)


@pytest.mark.parametrize("source", ["child_alive.year == 1", ".child_alive", "{'a': 1} == {}"])
def test_fields_and_maps_are_refused(source: str) -> None:
    assert "is not allowed" in refusal(source)


def test_brackets_and_calls_within_a_string_are_only_words() -> None:
    assert truth("child_nationality == '((f(x).y{'", child_nationality="((f(x).y{") == "met"


def test_the_length_is_bounded() -> None:
    just = "child_alive".ljust(SOURCE_CHARACTERS_MAX)
    assert truth(just, child_alive=True) == "met"
    assert f"has {SOURCE_CHARACTERS_MAX + 1} characters" in refusal(just + " ")


def test_the_depth_of_brackets_is_bounded() -> None:
    def nested(depth: int) -> str:
        return "(" * depth + "child_alive" + ")" * depth

    assert truth(nested(NESTING_MAX), child_alive=True) == "met"
    assert f"more than {NESTING_MAX} deep" in refusal(nested(NESTING_MAX + 1))


def test_choices_count_as_depth() -> None:
    def chained(count: int) -> str:
        return "child_alive ? true : " * count + "false"

    assert truth(chained(NESTING_MAX), child_alive=False) == "not_met"
    assert "deep" in refusal(chained(NESTING_MAX + 1))


@given(st.text(alphabet="ab!&|()[]?:.'\"{} =<1", max_size=60))
def test_whatever_is_written_is_compiled_or_refused(source: str) -> None:
    try:
        condition = compile_condition(source, {"a": "bool", "b": "bool"})
    except ConditionError:
        return
    assert condition.evaluate({"a": True, "b": False}) in ("met", "not_met", "unknown")
