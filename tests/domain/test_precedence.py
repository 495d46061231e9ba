"""Who answers for a fact that is said to be wrong: its registry, else whoever said it."""

from datetime import date
from itertools import pairwise

import pytest

from domain.fact import Payload
from domain.facts.marriage import MarriageRegistered
from domain.facts.person import PersonDescribed
from domain.precedence import OWNERS, Precedence, owned_precedence, registry_of
from tests.support.builders import fact
from tests.support.house import person

DAY = date(2026, 11, 20)
WHO, OTHER = person(1), person(2)


@pytest.mark.parametrize(
    ("payload", "source", "registry"),
    [
        (PersonDescribed(WHO, nationality="ARE"), "mohap", "icp"),
        (PersonDescribed(WHO, name_en="Noura"), "mohap", "icp"),
        (PersonDescribed(WHO, born_on=DAY), "icp", "icp"),
        (PersonDescribed(WHO, name_en="Noura"), "uae_pass", "icp"),
        (MarriageRegistered(WHO, OTHER), "moj", "moj"),
        (MarriageRegistered(WHO, OTHER), "member", None),
        (MarriageRegistered(WHO, OTHER), "operator", None),
    ],
)
def test_the_registry_that_owns_it_answers_else_who_said_it(
    payload: Payload, source: str, registry: str | None
) -> None:
    assert registry_of(fact(payload, DAY, source=source)) == registry


def test_the_source_ranks_first_then_the_assertion_then_the_id() -> None:
    """(source, asserted_at, source id), the source by what it owns."""

    def said(source: str, day: int, id_: str) -> Precedence:
        payload = PersonDescribed(WHO, name_en="x")
        on = date(2026, 11, day)
        return owned_precedence(fact(payload, on, source=source, source_id=id_), "name")

    assert OWNERS["name"] == ("icp",)
    in_order = [
        said("mohap", 1, "b"),
        said("mohap", 2, "a"),
        said("mohap", 2, "b"),
        said("icp", 1, "a"),
    ]
    assert all(one < other for one, other in pairwise(in_order))
