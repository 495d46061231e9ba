"""Marriages by what was said of them: ended, taken up again, over by a death; whose a child is."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import msgspec
import pytest

from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.marriage import (
    DivorceRevoked,
    FamilyBookChanged,
    FamilyBookIssued,
    MarriageAnnulled,
)
from domain.facts.pregnancy import (
    PregnancyConfirmed,
    PregnancyOutcome,
    PregnancyRedated,
    PregnancyScanned,
)
from domain.family import Family, family_of
from domain.history.gestation import SAME_LOSS_DAYS
from domain.horizon import Horizon
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members
from domain.people.marriage import (
    PRESUMED_AFTER_END_DAYS,
    PRESUMED_AFTER_START_DAYS,
    Marriage,
    book_of,
    father_at,
    marriages_of,
)
from domain.standing import standing_facts
from domain.start.situations import situations_of
from tests.support.builders import (
    born,
    died,
    divorced,
    fact,
    family_book,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
)

HUSBAND, WIFE, NEXT, CHILD, TWIN = (PersonId(UUID(int=number)) for number in range(1, 6))
COUPLE = Circle(CircleId(UUID(int=100)), "couple", couple_members(HUSBAND, WIFE))
ALONE = Circle(CircleId(UUID(int=101)), "single", (WIFE,))
WEDDING = date(2020, 1, 10)


def after(days: int, since: date = WEDDING) -> date:
    return since + timedelta(days=days)


def marriages(*facts: Fact) -> list[Marriage]:
    """The marriages, and a proof that the order of telling means nothing."""
    told = marriages_of(standing_facts(facts))
    for order in permutations(facts):
        assert marriages_of(standing_facts(order)) == told
    return told


def family(*facts: Fact, circle: Circle = COUPLE) -> Family:
    return family_of(circle, facts)


# How a marriage ends


def test_a_divorce_ends_a_marriage_whichever_was_told_first() -> None:
    divorce = divorced(HUSBAND, WIFE, after(500))
    (found,) = marriages(married(HUSBAND, WIFE, WEDDING), divorce)
    assert (found.end, found.over_on) == (divorce, after(500))


def test_a_court_may_end_it_too() -> None:
    annulled = fact(MarriageAnnulled(HUSBAND, WIFE), after(30))
    (found,) = marriages(married(HUSBAND, WIFE, WEDDING), annulled)
    assert found.end == annulled


def test_the_end_of_a_marriage_nobody_told_of_is_nothing() -> None:
    assert marriages(divorced(HUSBAND, WIFE, WEDDING)) == []


def test_a_divorce_in_error_never_was() -> None:
    divorce = divorced(HUSBAND, WIFE, after(500))
    (found,) = marriages(married(HUSBAND, WIFE, WEDDING), divorce, in_error(divorce, after(501)))
    assert found.end is None


def test_a_divorce_taken_back_leaves_one_marriage_that_never_stopped() -> None:
    facts = (
        married(HUSBAND, WIFE, WEDDING),
        divorced(HUSBAND, WIFE, after(500)),
        fact(DivorceRevoked(HUSBAND, WIFE), after(540)),
    )
    (found,) = marriages(*facts)
    assert (found.number, found.end, found.start.occurred_on) == (1, None, WEDDING)


def test_an_annulment_is_not_taken_back_by_a_revoked_divorce() -> None:
    annulled = fact(MarriageAnnulled(HUSBAND, WIFE), after(30))
    revoked = fact(DivorceRevoked(HUSBAND, WIFE), after(40))
    (found,) = marriages(married(HUSBAND, WIFE, WEDDING), annulled, revoked)
    assert found.end == annulled


def test_a_divorce_dated_anew_ends_on_the_day_last_said() -> None:
    first = divorced(HUSBAND, WIFE, after(500))
    again = divorced(HUSBAND, WIFE, after(490), asserted_on=after(600))
    (found,) = marriages(married(HUSBAND, WIFE, WEDDING), first, again)
    assert found.over_on == after(490)


def test_an_annulment_of_the_same_instant_ends_the_marriage_whatever_its_id() -> None:
    for wedding_id, end_id in (("a", "b"), ("b", "a")):
        wedding = msgspec.structs.replace(married(HUSBAND, WIFE, WEDDING), source_id=wedding_id)
        end = fact(MarriageAnnulled(HUSBAND, WIFE), WEDDING, source=wedding.source)
        end = msgspec.structs.replace(
            end, source_id=end_id, asserted_at=wedding.asserted_at, occurred_on=WEDDING
        )
        (found,) = marriages(wedding, end)
        assert found.over_on == WEDDING


def test_a_couple_that_marries_again_after_a_divorce_has_two_marriages() -> None:
    facts = (
        married(HUSBAND, WIFE, WEDDING),
        divorced(HUSBAND, WIFE, after(500)),
        married(HUSBAND, WIFE, after(900)),
        divorced(HUSBAND, WIFE, after(1500)),
    )
    first, second = marriages(*facts)
    assert (first.number, first.over_on) == (1, after(500))
    assert (second.number, second.over_on) == (2, after(1500))


def test_a_husbands_death_is_when_it_was_over_and_no_divorce() -> None:
    (found,) = marriages(married(HUSBAND, WIFE, WEDDING), died(HUSBAND, after(300)))
    assert (found.over_on, found.end) == (after(300), None)
    (both,) = marriages(
        married(HUSBAND, WIFE, WEDDING),
        died(HUSBAND, after(300)),
        divorced(HUSBAND, WIFE, after(200)),
    )
    assert both.over_on == after(200)


# Whose a child is, where no father was named


@pytest.mark.parametrize(
    ("days", "father"),
    [(0, HUSBAND), (PRESUMED_AFTER_END_DAYS, HUSBAND), (PRESUMED_AFTER_END_DAYS + 1, None)],
)
@pytest.mark.parametrize("end", ["divorce", "death"])
def test_a_child_born_too_long_after_the_end_is_not_the_husbands_by_marriage(
    days: int, father: PersonId | None, end: str
) -> None:
    over = divorced(HUSBAND, WIFE, after(500)) if end == "divorce" else died(HUSBAND, after(500))
    told = marriages(married(HUSBAND, WIFE, WEDDING), over)
    assert father_at(WIFE, None, after(500 + days), told) == father
    assert father_at(WIFE, HUSBAND, after(500 + days), told) == HUSBAND  # who is named is named


@pytest.mark.parametrize(
    ("days", "father"),
    [(PRESUMED_AFTER_START_DAYS - 1, HUSBAND), (PRESUMED_AFTER_START_DAYS, NEXT)],
)
def test_a_child_born_soon_after_the_next_marriage_is_the_earlier_husbands(
    days: int, father: PersonId
) -> None:
    told = marriages(
        married(HUSBAND, WIFE, WEDDING),
        divorced(HUSBAND, WIFE, after(500)),
        married(NEXT, WIFE, after(600)),
    )
    assert father_at(WIFE, None, after(600 + days), told) == father


def test_a_widows_later_child_is_at_home_with_her() -> None:
    facts = (
        married(HUSBAND, WIFE, WEDDING),
        died(HUSBAND, after(100)),
        born(CHILD, WIFE, after(100 + PRESUMED_AFTER_END_DAYS + 1)),
    )
    assert family(*facts).children == ()
    assert [child.id for child in family(*facts, circle=ALONE).children] == [CHILD]
    in_time = (*facts[:2], born(CHILD, WIFE, after(250)))
    assert [child.id for child in family(*in_time).children] == [CHILD]


def test_a_pregnancy_is_the_husbands_if_it_is_due_in_time() -> None:
    wedding, divorce = married(HUSBAND, WIFE, WEDDING), divorced(HUSBAND, WIFE, after(500))
    due = after(500 + PRESUMED_AFTER_END_DAYS)
    in_time = pregnant(WIFE, after(560), due_on=due)
    late = pregnant(WIFE, after(561), due_on=due + timedelta(days=1))
    assert len(family(wedding, divorce, in_time).pregnancies) == 1
    assert family(wedding, divorce, late).pregnancies == ()
    assert len(family(wedding, divorce, late, circle=ALONE).pregnancies) == 1


# Family books


def test_each_marriage_has_its_own_family_book_and_its_own_cards() -> None:
    book = family_book(HUSBAND, WIFE, after(20))
    facts = (
        married(HUSBAND, WIFE, WEDDING),
        book,
        divorced(HUSBAND, WIFE, after(500)),
        married(HUSBAND, WIFE, after(900)),
    )
    (situation,) = situations_of(family(*facts), "marriage", Horizon(WEDDING))
    assert situation.occurrence == "marriage_2/"
    assert situation.variables["family_book_issued"] is False
    (before,) = situations_of(family(*facts[:2]), "marriage", Horizon(WEDDING))
    assert before.occurrence == ""
    assert before.variables["family_book_issued"] is True
    second = family_book(HUSBAND, WIFE, after(910))
    (resolved,) = situations_of(family(*facts, second), "marriage", Horizon(WEDDING))
    assert resolved.variable_facts["family_book_issued"] == second


def test_a_marriage_that_ended_is_not_in_force() -> None:
    facts = (married(HUSBAND, WIFE, WEDDING), divorced(HUSBAND, WIFE, after(500)))
    (situation,) = situations_of(family(*facts), "marriage", Horizon(WEDDING))
    assert situation.variables["marriage_in_force"] is False
    assert {said.kind for said in situation.facts} == {"marriage.registered", "divorce.registered"}


def test_a_book_that_was_changed_was_issued() -> None:
    changed = fact(FamilyBookChanged(HUSBAND, WIFE, "renewed"), after(50))
    found = family(married(HUSBAND, WIFE, WEDDING), changed)
    book = book_of(found.marriages[0], found.family_books)
    assert book is not None
    assert book.start == changed
    issued = fact(FamilyBookIssued(HUSBAND, WIFE), after(10))
    both = family(married(HUSBAND, WIFE, WEDDING), changed, issued)
    book = book_of(both.marriages[0], both.family_books)
    assert book is not None
    assert book.start == issued


# One of several


def twins(on: date, *, count: int | None = 2) -> Fact:
    due_on = on + timedelta(days=200)
    return fact(PregnancyConfirmed(WIFE, HUSBAND, due_on, fetus_count=count), on)


def test_the_loss_of_one_twin_ends_nothing_and_of_both_ends_it() -> None:
    confirmed = twins(WEDDING)
    one = pregnancy_ended(WIFE, after(60), "loss", fetus_count=1)
    (found,) = family(confirmed, one).pregnancies
    assert found.ended is None
    other = pregnancy_ended(WIFE, after(90), "loss", fetus_count=1)
    for facts in permutations((confirmed, one, other)):
        (found,) = family(*facts).pregnancies
        assert found.ended == "loss"


def test_a_scan_tells_how_many_there_are() -> None:
    scan = fact(PregnancyScanned(WIFE, 84, fetus_count=1), after(5))
    one = pregnancy_ended(WIFE, after(60), "loss", fetus_count=1)
    (found,) = family(twins(WEDDING, count=None), scan, one).pregnancies
    assert found.ended == "loss"


def test_a_twin_who_lives_is_confirmed_though_the_other_was_stillborn() -> None:
    birth = born(CHILD, WIFE, after(200), father=HUSBAND)
    partial = pregnancy_ended(WIFE, after(200), "stillbirth", fetus_count=1)
    whole = pregnancy_ended(WIFE, after(200), "stillbirth")
    (child,) = family(twins(WEDDING), birth, partial).children
    assert child.is_confirmed
    (child,) = family(twins(WEDDING), birth, whole).children
    assert not child.is_confirmed


def test_one_loss_told_by_two_exchanges_is_one() -> None:
    one = pregnancy_ended(WIFE, after(60), "loss", fetus_count=1)
    again = fact(one.payload, after(60), source="nabidh")
    (found,) = family(twins(WEDDING), one, again).pregnancies
    assert found.ended is None


@pytest.mark.parametrize("outcome", ["loss", "stillbirth", "termination"])
def test_a_loss_told_with_a_count_ends_a_pregnancy_of_which_nobody_said_how_many(
    outcome: PregnancyOutcome,
) -> None:
    lost = pregnancy_ended(WIFE, after(60), outcome, fetus_count=1)
    (found,) = family(twins(WEDDING, count=None), lost).pregnancies
    assert found.ended == outcome


def test_two_losses_of_one_day_told_by_one_hospital_are_two() -> None:
    one, other = (pregnancy_ended(WIFE, after(60), "stillbirth", fetus_count=1) for _ in "ab")
    again = fact(one.payload, after(61), source="nabidh")
    (found,) = family(twins(WEDDING), one, other).pregnancies
    assert found.ended == "stillbirth"
    for facts in permutations((one, other, again)):
        (found,) = family(twins(WEDDING), *facts).pregnancies
        assert found.ended == "stillbirth"
        (found,) = family(twins(WEDDING, count=3), *facts).pregnancies
        assert found.ended is None  # the third lives


@pytest.mark.parametrize(
    ("apart", "ended"), [(1, None), (SAME_LOSS_DAYS, None), (SAME_LOSS_DAYS + 1, "loss")]
)
def test_a_loss_that_another_exchange_dates_days_apart_is_the_same(
    apart: int, ended: PregnancyOutcome | None
) -> None:
    one = pregnancy_ended(WIFE, after(60), "loss", fetus_count=1)
    again = fact(one.payload, after(60 + apart), source="nabidh")
    (found,) = family(twins(WEDDING), one, again).pregnancies
    assert found.ended == ended


def test_a_birth_of_several_tells_that_one_of_them_was_lost() -> None:
    lost = pregnancy_ended(WIFE, after(200), "stillbirth", fetus_count=1)
    (alone,) = family(born(CHILD, WIFE, after(200), father=HUSBAND), lost).children
    assert not alone.is_confirmed  # they speak of one child
    second = fact(BirthNotified(CHILD, WIFE, HUSBAND, birth_order=2), after(200))
    (found,) = family(second, lost).children
    assert found.is_confirmed


# Dated anew


def test_what_a_clinician_set_anew_counts_above_a_later_confirmation() -> None:
    confirmed = pregnant(WIFE, WEDDING, due_on=after(200), father=HUSBAND)
    anew = fact(PregnancyRedated(WIFE, after(188)), after(20))
    later = pregnant(WIFE, after(30), due_on=after(205), father=HUSBAND, source="nabidh")
    for facts in permutations((confirmed, anew, later)):
        (found,) = family(*facts).pregnancies
        assert (found.due_on, found.start, found.first) == (after(188), anew, confirmed)
    (found,) = family(confirmed, anew, later, in_error(anew, after(40))).pregnancies
    assert found.due_on == after(205)


def test_a_dating_of_another_pregnancy_moves_nothing() -> None:
    confirmed = pregnant(WIFE, WEDDING, due_on=after(200), father=HUSBAND)
    far = fact(PregnancyRedated(WIFE, after(285)), after(20))  # 85 days: not the same pregnancy
    before = fact(PregnancyRedated(WIFE, after(190)), after(-1))
    (found,) = family(confirmed, far, before).pregnancies
    assert found.due_on == after(200)
