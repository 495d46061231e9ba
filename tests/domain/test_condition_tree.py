"""The tree of a condition, its plain reading in both languages, and by how much a line fails."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card.record import Gap
from domain.entry import Figure, FigureValue
from domain.ids import EntryId
from domain.rule.condition import (
    LIST_ITEMS_MAX,
    NODES_MAX,
    Condition,
    ConditionError,
    VariableType,
    compile_condition,
)
from domain.rule.condition_tree import Constant, Name, Operation, Several
from domain.rule.reading import read_condition
from domain.rule.shortfall import gaps_of, met_from, say_gap
from domain.rule.variable import VARIABLES as DECLARED
from domain.rule.variable_name import find_variable_name
from domain.text.bilingual import Bilingual
from domain.text.message import Language, compile_message

Value = bool | int | str

VARIABLES: dict[str, VariableType] = {
    "marriage_in_force": "bool",
    "family_book_issued": "bool",
    "husband_nationality": "string",
    "husband_age_at_contract": "int",
    "children": "int",
    "income": "int",
    "income_max": "int",
}


def figure(*values: tuple[int, date, date | None], unit: str = "dirhams") -> Figure:
    name = Bilingual(compile_message("الحد", "ar"), compile_message("the limit", "en"))
    return Figure(
        id=EntryId("income_max"),
        version=1,
        revision=1,
        draft=False,
        name=name,
        unit=unit,  # type: ignore[arg-type]  # a test's own
        values=tuple(
            FigureValue(
                value=value,
                valid_from=first,
                valid_to=last,
                source="law",
                sure="verified",
                sign_off=None,
            )
            for value, first, last in values
        ),
    )


FIGURES = {EntryId("income_max"): figure((25_000, date(2017, 1, 1), None))}


def condition(source: str) -> Condition:
    return compile_condition(source, VARIABLES)


def test_the_tree_is_what_is_run() -> None:
    tree = condition('!marriage_in_force || husband_nationality in ["ARE"] && children > -2').tree
    assert tree == Operation(
        "||",
        (
            Operation("!", (Name("marriage_in_force"),)),
            Operation(
                "&&",
                (
                    Operation("in", (Name("husband_nationality"), Several((Constant("ARE"),)))),
                    Operation(">", (Name("children"), Constant(-2))),
                ),
            ),
        ),
    )


def test_what_a_condition_costs_is_bounded() -> None:
    def listed(count: int) -> str:
        return "husband_nationality in [" + ",".join("'a'" for _ in range(count)) + "]"

    condition(listed(LIST_ITEMS_MAX))
    with pytest.raises(ConditionError, match=f"a list of {LIST_ITEMS_MAX + 1}"):
        condition(listed(LIST_ITEMS_MAX + 1))

    def rowed(count: int) -> str:  # each name is a node, and so is what joins two
        return "||".join("1>0" for _ in range(count))

    just = (NODES_MAX + 1) // 4  # n comparisons of three nodes, n - 1 operators
    assert condition(rowed(just)).evaluate({}) == "met"
    with pytest.raises(ConditionError, match="names, literals and operators"):
        condition(rowed(just + 1))


UNKNOWN: list[tuple[str, dict[str, Value], str]] = [
    ("!marriage_in_force", {}, "unknown"),
    ("marriage_in_force && family_book_issued", {"marriage_in_force": True}, "unknown"),
    ("family_book_issued && marriage_in_force", {"marriage_in_force": True}, "unknown"),
    ("family_book_issued && marriage_in_force", {"marriage_in_force": False}, "not_met"),
    ("marriage_in_force || family_book_issued", {"marriage_in_force": False}, "unknown"),
    ("family_book_issued || marriage_in_force", {"marriage_in_force": True}, "met"),
    ("children == 2", {}, "unknown"),
    ("2 == children", {}, "unknown"),
    ("children != 2", {}, "unknown"),
    ("children < 2", {}, "unknown"),
    ("children <= 2", {}, "unknown"),
    ("children > 2", {}, "unknown"),
    ("children >= 2", {}, "unknown"),
    ("children + 1 > 2", {}, "unknown"),
    ("children - 1 > 2", {}, "unknown"),
    ("children * 2 > 2", {}, "unknown"),
    ("children / 2 > 2", {}, "unknown"),
    ("children % 2 > 2", {}, "unknown"),
    ("-children > 2", {}, "unknown"),
    ("husband_nationality in ['ARE']", {}, "unknown"),
    ("'ARE' in ['SAU', husband_nationality]", {}, "unknown"),
    ("marriage_in_force ? true : true", {}, "unknown"),
    ("true ? marriage_in_force : true", {}, "unknown"),
    ("false ? true : marriage_in_force", {}, "unknown"),
    ("false ? marriage_in_force : true", {}, "met"),
]


@pytest.mark.parametrize(("source", "values", "truth"), UNKNOWN)
def test_a_missing_fact_is_unknown_in_every_place_where_it_matters(
    source: str, values: dict[str, Value], truth: str
) -> None:
    assert condition(source).evaluate(values) == truth
    assert gaps_of(condition(source), values, {}) == ()


@pytest.mark.parametrize(
    ("source", "arabic", "english"),
    [
        ("marriage_in_force", "عقد الزواج قائم", "the marriage is in force"),
        (
            "!marriage_in_force",
            "ليس صحيحًا أن عقد الزواج قائم",
            "it is not so that the marriage is in force",
        ),
        (
            "marriage_in_force && family_book_issued",
            "عقد الزواج قائم، وخلاصة القيد صادرة",
            "the marriage is in force, and the family book is issued",
        ),
        (
            "marriage_in_force || family_book_issued && children > 1",
            "عقد الزواج قائم، أو (خلاصة القيد صادرة، وchildren يزيد على 1)",
            "the marriage is in force, or (the family book is issued, and children is more than 1)",
        ),
        (
            'husband_nationality == "ARE"',
            "جنسية الزوج: الإمارات",
            "the husband's nationality is the United Arab Emirates",
        ),
        (
            'husband_nationality in ["ARE", "SAU"]',
            "جنسية الزوج: أحد ما يلي: الإمارات، SAU",
            "the husband's nationality is one of the United Arab Emirates, SAU",
        ),
        (
            "husband_age_at_contract >= 21",
            "عمر الزوج عند العقد لا يقل عن 21 سنة",
            "the husband's age at the contract is at least 21 years",
        ),
        ("income <= income_max", "income لا يزيد على الحد", "income is at most the limit"),
        (
            "marriage_in_force == false",
            "ليس صحيحًا أن عقد الزواج قائم",
            "it is not so that the marriage is in force",
        ),
        (
            "marriage_in_force ? children > 1 : true",
            "إذا صحّ أن عقد الزواج قائم فالشرط: children يزيد على 1، وإلا فالشرط: دائمًا",
            "if the marriage is in force, then children is more than 1; otherwise always",
        ),
        ("children + 1 == 3", "(children + 1): 3", "(children + 1) is 3"),
    ],
)
def test_a_rule_reads_in_both_languages(source: str, arabic: str, english: str) -> None:
    said: dict[Language, str] = {"ar": arabic, "en": english}
    for language, wanted in said.items():
        assert read_condition(condition(source), language, FIGURES) == wanted


def test_every_variable_has_its_words() -> None:
    named = {name for known in DECLARED.values() for name in known}
    assert [name for name in sorted(named) if find_variable_name(name) is None] == []


# By how much


@pytest.mark.parametrize(
    ("source", "values", "gap"),
    [
        ("income <= 25000", {"income": 28_000}, Gap("income", True, 3_000, "")),
        ("income < 25000", {"income": 25_000}, Gap("income", True, 1, "")),
        ("income >= 10", {"income": 7}, Gap("income", False, 3, "")),
        ("income > 10", {"income": 10}, Gap("income", False, 1, "")),
        ("income == 10", {"income": 7}, Gap("income", False, 3, "")),
        ("income == 10", {"income": 12}, Gap("income", True, 2, "")),
        ("25000 >= income", {"income": 28_000}, Gap("income", True, 3_000, "")),
        ("!(income > 25000)", {"income": 28_000}, Gap("income", True, 3_000, "")),
        (
            "income <= income_max",
            {"income": 28_000, "income_max": 25_000},
            Gap("income", True, 3_000, "dirhams"),
        ),
        (
            "income_max >= income",
            {"income": 28_000, "income_max": 25_000},
            Gap("income", True, 3_000, "dirhams"),
        ),
        (
            "husband_age_at_contract >= 21",
            {"husband_age_at_contract": 19},
            Gap("husband_age_at_contract", False, 2, "years"),
        ),
        (
            "marriage_in_force ? income <= 5 : true",
            {"marriage_in_force": True, "income": 6},
            Gap("income", True, 1, ""),
        ),
        (
            "marriage_in_force && income <= 5",
            {"marriage_in_force": True, "income": 6},
            Gap("income", True, 1, ""),
        ),
    ],
)
def test_a_line_that_fails_says_by_how_much(
    source: str, values: dict[str, Value], gap: Gap
) -> None:
    asked = condition(source)
    assert gaps_of(asked, values, FIGURES) == (gap,)
    change = -gap.amount if gap.is_above else gap.amount
    assert asked.evaluate(values | {gap.name: int(values[gap.name]) + change}) == "met"


@given(st.integers(-50, 50), st.integers(-50, 50), st.sampled_from(["<", "<=", ">", ">=", "=="]))
def test_the_distance_is_the_least_that_mends_it(income: int, limit: int, operator: str) -> None:
    asked = condition(f"income {operator} {limit}")
    for gap in gaps_of(asked, {"income": income}, {}):
        step = -1 if gap.is_above else 1
        assert asked.evaluate({"income": income + step * gap.amount}) == "met"
        assert asked.evaluate({"income": income + step * (gap.amount - 1)}) == "not_met"


def test_what_is_no_number_or_is_met_has_no_distance() -> None:
    assert gaps_of(condition("marriage_in_force"), {"marriage_in_force": False}, {}) == ()
    assert gaps_of(condition("income > 1"), {"income": 2}, {}) == ()
    assert gaps_of(condition("income_max > 30000"), {"income_max": 25_000}, FIGURES) == ()


def test_a_distance_is_said_in_both_languages() -> None:
    gap = Gap("husband_age_at_contract", False, 2, "years")
    assert say_gap(gap, "en") == "The husband's age at the contract: 2 years below what is asked"
    assert say_gap(gap, "ar") == "عمر الزوج عند العقد: أقل من المطلوب بمقدار سنتين"


def test_a_change_of_law_that_is_decided_says_from_which_day() -> None:
    law = {
        EntryId("income_max"): figure(
            (25_000, date(2017, 1, 1), date(2026, 12, 31)),
            (27_000, date(2027, 1, 1), date(2027, 6, 30)),
            (30_000, date(2027, 7, 1), None),
        )
    }
    asked = condition("income <= income_max")
    values: dict[str, Value] = {"income": 28_000, "income_max": 25_000}
    today = date(2026, 12, 17)
    assert met_from(asked, values, law, today) == date(2027, 7, 1)
    assert met_from(asked, values | {"income": 26_000}, law, today) == date(2027, 1, 1)
    assert met_from(asked, values | {"income": 31_000}, law, today) is None
    assert met_from(condition("income <= 5"), values, law, today) is None
