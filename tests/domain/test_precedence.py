"""Who answers for a fact that is said to be wrong: its registry, else whoever said it."""

from datetime import date
from itertools import pairwise

import pytest

from domain.dispute import REVIEW_PART, disputes_of, plan_questions
from domain.fact import MEMBER_SOURCE, Fact, Payload
from domain.facts.birth import BirthNotified
from domain.facts.dispute import DisputeAnswered, FactDisputed, ReviewOpened
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


def test_no_registry_is_asked_about_what_is_answered() -> None:
    """Also where the question was not carried out yet: a registry may hear of it another way."""
    who, day = person(1), date(2026, 11, 21)
    birth = fact(BirthNotified(person(2), who, None), day, source_id="birth")
    disputed = fact(FactDisputed(who, "d", "not_so"), day, source=MEMBER_SOURCE, source_id="d")
    opened = fact(
        ReviewOpened("d", *birth.identity, registry="mohap", due_on=day),
        day,
        source=MEMBER_SOURCE,
        source_id="d",
        part=REVIEW_PART,
    )
    known = (birth, disputed, opened)

    def asked(*facts: Fact) -> list[str]:
        return [
            effect.dispute.registry
            for effect in plan_questions(disputes_of(facts), facts, b"secret")
            if effect.dispute is not None
        ]

    assert asked(*known) == ["mohap"]
    assert asked(*known, fact(DisputeAnswered("d", "upheld"), day)) == []
    assert asked(*known, fact(DisputeAnswered("d", "not_ours", "moj"), day)) == ["moj"]
