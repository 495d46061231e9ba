"""Nothing that shipped apps rely on goes before it was announced in time."""

from datetime import date

import pytest
from graphql import InputObjectTypeDefinitionNode, parse

from schema.baseline import (
    BASELINE_PATH,
    DEPRECATION_DAYS,
    AnnouncementMalformed,
    check_announcements,
    goes_on,
    list_unannounced,
)
from schema.print_sdl import sdl
from store.clock import SystemClock

# Inputs of something said once: left out and null both say nothing. Any other field of an input
# that may be left out is an update's: `strawberry.Maybe`, which has no default.
SAID_ONCE = {("DisputeFactInput", "saysOn"), ("DisputeFactInput", "words")}

SINCE, GOES = "2027-01-01", "2027-06-30"  # 180 days
REASON = f"Since {SINCE}: use other. Goes on {GOES} at the earliest."
BASE = """
type Query { me(id: ID, old: Int%s): Me other: String node: Node }
type Mutation { act(input: In!): Me }
type Me { name: String%s age: Int! kind: Kind }
enum Kind { ONE TWO%s }
input In { id: ID! note: String%s }
interface Node { id: ID! }
type Card implements Node { id: ID! }
type Lone { only: Int }
"""
DEPRECATED = f' @deprecated(reason: "{REASON}")'
PLAIN, ANNOUNCED = BASE % ("", "", "", ""), BASE % ((DEPRECATED,) * 4)
DAY = date.fromisoformat(GOES)


def test_the_schema_breaks_nothing_of_the_last_release() -> None:
    baseline = BASELINE_PATH.read_text(encoding="utf-8")
    broken = list_unannounced(baseline, sdl(), today=SystemClock().today())
    assert broken == [], "deprecate it first: mobile-contract/README.md, `What changes, and how`"


def test_everything_deprecated_says_since_when_what_instead_and_until_when() -> None:
    assert check_announcements(sdl()) >= 0
    assert check_announcements(ANNOUNCED) == 4
    with pytest.raises(AnnouncementMalformed):
        check_announcements(BASE % (' @deprecated(reason: "Use other.")', "", "", ""))
    with pytest.raises(AnnouncementMalformed):
        check_announcements(BASE % (" @deprecated", "", "", ""))


def test_a_deprecation_lasts_half_a_year() -> None:
    assert goes_on(REASON) == DAY
    assert (DAY - date.fromisoformat(SINCE)).days == DEPRECATION_DAYS
    with pytest.raises(AnnouncementMalformed):
        goes_on(f"Since {SINCE}: use other. Goes on 2027-06-29 at the earliest.")


GONE = {
    "a field": ("name: String", ""),
    "an argument": (", old: Int", ""),
    "a value of an enum": ("ONE TWO", "ONE"),
    "a field of an input": (" note: String", ""),
}


@pytest.mark.parametrize("what", GONE)
def test_what_goes_was_announced_and_its_day_has_come(what: str) -> None:
    now = PLAIN.replace(*GONE[what])
    assert now != PLAIN
    assert list_unannounced(PLAIN, now, today=DAY) != [], "never announced"
    before = date.fromordinal(DAY.toordinal() - 1)
    assert list_unannounced(ANNOUNCED, now, today=before) != [], "announced, and too early"
    assert list_unannounced(ANNOUNCED, now, today=DAY) == []


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("age: Int!", "age: Int"),
        ("age: Int!", "age: Float!"),
        ("kind: Kind", "kind: [Kind]"),
        ("note: String", "note: String!"),
        ("id: ID! note", "id: Int! note"),
        ("me(id: ID,", "me(id: ID!,"),
        ("type Card implements Node", "type Card"),
        ("other: String", ""),
        ("type Mutation { act(input: In!): Me }", ""),
        ("input In {", "input In { more: Int!"),
        ("me(id: ID,", "me(more: Int!, id: ID,"),
    ],
)
def test_whatever_else_breaks_an_app_is_found(was: str, becomes: str) -> None:
    now = PLAIN.replace(was, becomes, 1)
    assert now != PLAIN
    assert list_unannounced(PLAIN, now, today=DAY) != []


def test_additions_break_nothing_and_a_type_goes_with_what_led_to_it() -> None:
    more = PLAIN.replace("ONE TWO", "ONE TWO THREE").replace(
        "other: String", "other: String a: Int"
    )
    assert list_unannounced(PLAIN, more, today=DAY) == []
    leads = "type Query { gone: Gone%s other: String } type Gone { in: In } type In { a: String }"
    alone = "type Query { other: String }"
    assert list_unannounced(leads % DEPRECATED, alone, today=DAY) == []
    assert len(list_unannounced(leads % "", alone, today=DAY)) == 3


def test_an_update_tells_null_from_what_was_left_out() -> None:
    inputs = [
        each
        for each in parse(sdl()).definitions
        if isinstance(each, InputObjectTypeDefinitionNode) and each.name.value.endswith("Input")
    ]
    assert inputs
    defaulted = {
        (each.name.value, field.name.value)
        for each in inputs
        for field in each.fields or ()
        if field.default_value is not None
    }
    assert defaulted == SAID_ONCE, "an update's field is a `strawberry.Maybe`"
