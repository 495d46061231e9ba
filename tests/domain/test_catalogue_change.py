"""What a change of the catalogue can touch: whom it does not concern sees the same as before."""

from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.catalogue import Catalogue
from domain.catalogue_change import EVERYTHING, RuleChange, find_rule_change
from domain.compile.catalogue import compile_catalogue
from domain.evaluate import evaluate
from domain.projection import Projection
from tests.domain.test_law_purity import CIRCLES, SECRET, History, histories

Document = dict[str, Any]
SERVICES = ("family_book", "newborn_bundle", "pregnancy_followup", "vaccination")


@cache
def shipped() -> dict[str, Document]:
    return {str(one["id"]): dict(one) for _, one in read_catalogue(SHIPPED_PACK)}


@cache
def raised(entry_id: str) -> Catalogue:
    """The shipped catalogue with one service of a higher version."""
    return compile_catalogue(list(changed(entry_id).items()), version=2)


@cache
def whole() -> Catalogue:
    return compile_catalogue(list(shipped().items()), version=1)


def changed(entry_id: str) -> dict[str, Document]:
    service = shipped()[entry_id]
    return shipped() | {entry_id: service | {"version": service["version"] + 1}}


@given(histories(), st.sampled_from(SERVICES))
@settings(max_examples=20, deadline=None)
def test_whom_a_change_does_not_concern_sees_the_same(history: History, entry_id: str) -> None:
    change = find_rule_change(shipped(), changed(entry_id))
    assert not change.is_everything
    for circle in CIRCLES:
        before = evaluate(circle, history.facts, whole(), history.today, SECRET)
        if change.concerns(before.projections.values()):
            continue
        after = evaluate(circle, history.facts, raised(entry_id), history.today, SECRET)
        assert (after.records, after.effects) == (before.records, before.effects)
        assert after.members == before.members
        # It wakes in time for the new rules, too.
        assert (before.next_change_on or date.max) <= (after.next_change_on or date.max)


def test_words_are_no_change_of_rules() -> None:
    service = shipped()["vaccination"]
    reworded = service | {"name": {"ar": "أ", "en": "A"}, "revision": 99, "draft": False}
    assert find_rule_change(shipped(), shipped() | {"vaccination": reworded}).is_nothing


@pytest.mark.parametrize(
    ("entry_id", "said", "found"),
    [
        ("vaccination", {"audience": ["father"]}, RuleChange(frozenset({"birth"}))),
        ("family_book", {"version": 9}, RuleChange(frozenset({"marriage"}))),
        ("cdsi", {"packed": "x"}, RuleChange(frozenset({"birth", "pregnancy"}))),
        ("new", {"kind": "holiday"}, EVERYTHING),
        ("new", {"kind": "unheard_of"}, EVERYTHING),
        ("new", {"kind": "questionnaire"}, EVERYTHING),
        ("no_such_figure", {"kind": "figure"}, RuleChange()),
        ("new", {"kind": "article"}, RuleChange()),
        ("new", {"kind": "service", "starts_with": "divorce"}, RuleChange(frozenset({"divorce"}))),
    ],
)
def test_what_a_change_touches(entry_id: str, said: Document, found: RuleChange) -> None:
    after = shipped() | {entry_id: shipped().get(entry_id, {}) | said}
    assert find_rule_change(shipped(), after) == found
    assert find_rule_change(after, shipped()) == found


def test_a_figure_counts_where_a_service_names_it_and_everywhere_behind_another_entry() -> None:
    figure: Document = {"kind": "figure", "id": "some_days", "value": 1}
    naming = shipped()["family_book"] | {"fee": "some_days"}
    before = shipped() | {"some_days": figure, "family_book": naming}
    after = before | {"some_days": figure | {"value": 2}}
    assert find_rule_change(before, after) == RuleChange(frozenset({"marriage"}))
    scope: Document = {"kind": "scope", "id": "a_scope", "when": "age < some_days"}
    with_scope = {"a_scope": scope}
    assert find_rule_change(before | with_scope, after | with_scope) == EVERYTHING


def scope(*emirates: str) -> Document:
    said: Document = {"kind": "scope", "format": 1, "id": "here", "version": 1, "revision": 1}
    said |= {"draft": False, "sources": [{"text": "a source", "sure": "verified"}]}
    return said | {"name": {"ar": "هنا", "en": "Here"}, "emirates": list(emirates)}


def reaches(change: RuleChange) -> set[tuple[str, tuple[str, ...]]]:
    return {(start, reach.emirates) for start, reach in change.reached}


def test_a_service_with_a_scope_concerns_whom_it_was_for_and_whom_it_is_for() -> None:
    book = shipped()["family_book"]
    scoped = {"here": scope("AE-AJ"), "family_book": book | {"scope": "here"}}
    before = shipped() | scoped
    moved = find_rule_change(before, before | {"here": scope("AE-AJ", "AE-DU")})
    assert (moved.starts, moved.is_everything, moved.is_nothing) == (frozenset(), False, False)
    assert reaches(moved) == {("marriage", ("AE-AJ",)), ("marriage", ("AE-AJ", "AE-DU"))}
    reruled = scoped["family_book"] | {"version": 99}
    assert reaches(find_rule_change(before, before | {"family_book": reruled})) == {
        ("marriage", ("AE-AJ",))
    }
    # For everybody before or after: whoever it starts for.
    for one, other in ((shipped(), before), (before, shipped() | {"here": scope("AE-AJ")})):
        assert find_rule_change(one, other).starts == {"marriage"}
    assert find_rule_change(shipped(), shipped() | {"here": scope("AE-AJ")}).is_nothing


def test_within_a_reach_a_circle_is_concerned_only_by_its_start() -> None:
    here = scope("AE-AJ")
    book = shipped()["family_book"] | {"scope": "here"}
    before = shipped() | {"here": here, "family_book": book}
    change = find_rule_change(before, before | {"here": scope("AE-DU")})
    wed, single = Projection(starts=frozenset({"marriage"})), Projection(starts=frozenset({"job"}))
    assert change.concerns([wed])
    assert not change.concerns_anywhere([wed])
    assert [reach.emirates for reach in change.reaches_of([wed])] in (
        [("AE-AJ",), ("AE-DU",)],
        [("AE-DU",), ("AE-AJ",)],
    )
    assert not change.concerns([single])
    assert change.reaches_of([single]) == ()


def test_a_row_in_which_something_did_not_fit_is_always_concerned() -> None:
    change = RuleChange(frozenset({"divorce"}))
    assert change.concerns([Projection(has_more=True)])
    assert not change.concerns([Projection(starts=frozenset({"birth"}))])
    assert not change.concerns([])
