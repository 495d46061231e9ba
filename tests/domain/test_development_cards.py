"""A child's forms of development on the timeline: what resolves them, and where a referral leads.

The ages are those of `content/packs/who/development-ages.json` (a draft): 2, 4, 6, 9, 12, 15, 18,
24, 30, 36, 48 and 60 months, the last until 72; an evaluation without a form's name may come 14
days late, and a referral is asked for over 180 days.
"""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.calendar_date import add_months
from domain.card.record import Evaluation, Record
from domain.card.state import card_state
from domain.card.text import render_record
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    VisitKept,
    VisitPurpose,
)
from domain.facts.birth import BirthNotified, CustodyDecided
from domain.facts.health import QuestionnaireEvaluated, QuestionnaireResult
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members
from tests.domain.test_law_purity import CHILDREN, HUSBAND, SECRET, WIFE, shipped
from tests.support.builders import born, died, fact, in_error, pregnant

CHILD, TWIN = CHILDREN[:2]
COUPLE = Circle(CircleId(UUID(int=101)), "couple", couple_members(HUSBAND, WIFE))
BORN = date(2025, 1, 31)
NINE = date(2025, 10, 31)  # nine months; the form gives way at twelve, on 31 January 2026
TWELVE = date(2026, 1, 31)
UNNAMED = "growth_questionnaire"


def days(number: int) -> timedelta:
    return timedelta(days=number)


def birth(child: PersonId = CHILD, on: date = BORN) -> Fact:
    return born(child, WIFE, on, father=HUSBAND, source_id=f"birth {child}")


def evaluated(
    on: date,
    result: QuestionnaireResult = "on_track",
    questionnaire: str = UNNAMED,
    *,
    child: PersonId = CHILD,
    source: str = "mocd",
    asserted_on: date | None = None,
) -> Fact:
    said = QuestionnaireEvaluated(child, questionnaire, result)
    return fact(said, on, source=source, asserted_on=asserted_on)


def look(*facts: Fact, today: date) -> Evaluation:
    return evaluate(COUPLE, facts, shipped(), today, SECRET)


def forms(
    *facts: Fact, today: date, child: PersonId = CHILD, reader: PersonId = WIFE
) -> dict[str, Record]:
    return {
        record.occurrence.removeprefix("check/"): record
        for record in look(*facts, today=today).records
        if record.entry == "growth_questionnaire"
        and (record.recipient, record.subject) == (reader, child)
    }


def states(*facts: Fact, today: date, child: PersonId = CHILD) -> dict[str, str]:
    found = forms(*facts, today=today, child=child)
    return {name: card_state(record, today) for name, record in found.items()}


def done(*facts: Fact, today: date, child: PersonId = CHILD) -> list[str]:
    found = states(*facts, today=today, child=child)
    return sorted(name for name, state in found.items() if state == "done")


def body(record: Record, language: str = "en") -> str:
    service = shipped().services[record.entry]
    return render_record(service, record, "ar" if language == "ar" else "en").body


# Which form an evaluation answers


def test_an_evaluation_that_names_its_form_resolves_it_and_is_cited() -> None:
    day = NINE + days(20)
    facts = [birth(), evaluated(day, questionnaire="ltsae_9")]
    assert states(birth(), today=day)["ltsae_9"] == "due"
    card = forms(*facts, today=day)["ltsae_9"]
    assert card.resolved_on == day
    assert [one.kind for one in card.why.facts] == ["birth.notified", "questionnaire.evaluated"]
    assert "grows as expected" in body(card)
    # Once answered it is done: when the next takes its place, and for good.
    assert states(*facts, today=TWELVE)["ltsae_9"] == "done"
    assert states(*facts, today=TWELVE)["ltsae_12"] == "due"
    assert done(*facts, today=date(2030, 1, 1)) == ["ltsae_9"]


@pytest.mark.parametrize(
    ("on", "form"),
    [
        (BORN + days(30), None),  # before the first form
        (date(2025, 3, 31), "ltsae_2"),  # two months: the first form has none before it
        (NINE - days(1), "ltsae_6"),
        (NINE, "ltsae_6"),  # within 14 days the answers may be those of the form before
        (NINE + days(13), "ltsae_6"),
        (NINE + days(14), "ltsae_9"),
        (TWELVE - days(1), "ltsae_9"),
        (date(2031, 1, 30), "ltsae_60"),
        (date(2031, 1, 31), None),  # six years: no form is asked any more
    ],
)
def test_one_that_names_no_form_is_of_the_form_of_its_day(on: date, form: str | None) -> None:
    expected = [form] if form else []
    assert done(birth(), evaluated(on), today=on) == expected
    # By the questionnaire's id in the catalogue as by the service's.
    assert done(birth(), evaluated(on, questionnaire="cdc_milestones"), today=on) == expected


def test_shortly_after_a_form_began_it_is_of_that_form_where_the_one_before_is_done() -> None:
    before = evaluated(NINE - days(40), questionnaire="ltsae_6")
    facts = [birth(), before, evaluated(NINE + days(3))]
    assert done(*facts, today=NINE + days(3)) == ["ltsae_6", "ltsae_9"]


def test_one_evaluation_told_twice_resolves_one_form() -> None:
    first = evaluated(NINE + days(3))
    again = evaluated(NINE + days(3), source="ehs")
    later = evaluated(NINE + days(9), source="ehs")  # the same, dated by whoever sent it on
    for other in ([again], [later], [again, later]):
        assert done(birth(), first, *other, today=NINE + days(30)) == ["ltsae_6"]
    # One agency that tells of two means two.
    two = evaluated(NINE + days(9))
    assert done(birth(), first, two, today=NINE + days(30)) == ["ltsae_6", "ltsae_9"]


def test_another_questionnaire_resolves_nothing_and_refers_nowhere() -> None:
    other = evaluated(NINE + days(20), "refer", "school_readiness")
    assert states(birth(), other, today=NINE + days(20)) == states(birth(), today=NINE + days(20))


def test_late_word_of_a_form_that_was_over_makes_it_done() -> None:
    day = TWELVE + days(60)
    late = evaluated(NINE + days(30), questionnaire="ltsae_9", asserted_on=day)
    assert states(birth(), today=day)["ltsae_9"] == "expired"
    assert states(birth(), late, today=day)["ltsae_9"] == "done"


def test_an_answer_before_the_forms_day_makes_it_done_and_asks_no_more() -> None:
    day = NINE - days(12)
    facts = [birth(), evaluated(day, questionnaire="ltsae_9")]
    assert done(*facts, today=day) == ["ltsae_9"]
    assert states(*facts, today=NINE)["ltsae_9"] == "done"
    window = forms(*facts, today=day)["ltsae_9"].window
    assert window is not None
    assert window.due_from == day  # nothing is done before it was asked


def test_what_is_dated_before_birth_or_ahead_answers_nothing_yet() -> None:
    before = evaluated(BORN - days(1), "refer", "ltsae_9")
    ahead = evaluated(NINE + days(20), questionnaire="ltsae_9")
    assert done(birth(), before, ahead, today=NINE + days(19)) == []
    assert look(birth(), ahead, today=NINE + days(19)).next_change_on == NINE + days(20)
    assert done(birth(), before, ahead, today=NINE + days(20)) == ["ltsae_9"]


def test_an_evaluation_entered_in_error_opens_the_form_again_and_withdraws_the_referral() -> None:
    day = NINE + days(20)
    wrong = evaluated(day, "refer", "ltsae_9")
    assert states(birth(), wrong, today=day)["ltsae_9_follow_up"] == "due"
    corrected = states(birth(), wrong, in_error(wrong, day), today=day)
    assert corrected == states(birth(), today=day)
    assert corrected["ltsae_9"] == "due"


def test_of_a_twin_only_the_evaluated_one_is_done() -> None:
    day = NINE + days(20)
    facts = [birth(), birth(TWIN), evaluated(day, child=TWIN)]
    assert done(*facts, today=day) == []
    assert done(*facts, today=day, child=TWIN) == ["ltsae_9"]
    # The wrong twin, corrected: the other's form is done, and the first is asked again.
    wrong = evaluated(day, "refer")
    facts = [birth(), birth(TWIN), wrong, in_error(wrong, day), evaluated(day, "refer", child=TWIN)]
    assert done(*facts, today=day) == []
    assert "ltsae_9_follow_up" in states(*facts, today=day, child=TWIN)


# Corrected age


def early_birth(weeks: int) -> Fact:
    said = BirthNotified(CHILD, WIFE, HUSBAND, gestation_days=weeks * 7)
    return fact(said, BORN, source_id=f"birth {CHILD}")


def test_the_day_is_read_by_corrected_age() -> None:
    # Born at 30 weeks, 70 days before term: the term is 11 April 2025, nine months of it are 11
    # January 2026, and on 20 December 2025 the form of six months stands.
    day = date(2025, 12, 20)
    assert done(birth(), evaluated(day), today=day) == ["ltsae_9"]
    assert done(early_birth(30), evaluated(day), today=day) == ["ltsae_6"]
    assert forms(early_birth(30), today=day)["ltsae_9"].window.due_from == date(2026, 1, 11)  # type: ignore[union-attr]  # it has one


def test_the_hospitals_word_of_the_birth_counts_before_the_due_date() -> None:
    # Due on 3 April 2025: born 62 days early by that, at 31 weeks and 1 day.
    expected = pregnant(WIFE, date(2024, 9, 1), due_on=date(2025, 4, 3), father=HUSBAND)
    by_due_date = forms(expected, birth(), today=NINE)["ltsae_9"].window
    by_birth = forms(expected, early_birth(30), today=NINE)["ltsae_9"].window
    assert by_due_date is not None
    assert by_birth is not None
    assert (by_due_date.due_from, by_birth.due_from) == (date(2026, 1, 3), date(2026, 1, 11))
    # A length that cannot be (a typing error) leaves the due date's word.
    typo = forms(expected, early_birth(300), today=NINE)["ltsae_9"].window
    assert typo == by_due_date


def test_born_on_the_29th_of_february_each_form_is_asked_once() -> None:
    leap = date(2024, 2, 29)
    for months, form in ((9, "ltsae_9"), (12, "ltsae_12"), (48, "ltsae_48")):
        on = add_months(leap, months) + days(20)
        assert done(birth(on=leap), evaluated(on), today=on) == [form]


# What follows a referral


def test_a_referral_leads_the_mother_to_an_early_intervention_centre_and_nobody_else() -> None:
    day = NINE + days(20)
    facts = [birth(), evaluated(day, "refer", "ltsae_9")]
    card = forms(*facts, today=day)["ltsae_9_follow_up"]
    assert card_state(card, day) == "due"
    assert "early-intervention centre" in body(card)
    assert "no diagnosis" in body(card)
    assert "مركز للتدخل المبكر" in body(card, "ar")
    service = shipped().services[card.entry]
    assert service.draft
    # The form itself says no more than that there is a next step.
    assert "centre" not in body(forms(*facts, today=day)["ltsae_9"])
    # What may light up on a locked phone names no result.
    for language in ("ar", "en"):
        title = render_record(service, card, "ar" if language == "ar" else "en").title
        assert "intervention" not in title
        assert "تدخل" not in title
    assert forms(*facts, today=day, reader=HUSBAND) == {}


@pytest.mark.parametrize("result", ["on_track", "monitor"])
def test_no_other_result_leads_there(result: QuestionnaireResult) -> None:
    day = NINE + days(20)
    found = forms(birth(), evaluated(day, result), today=day)
    assert not any("follow_up" in name for name in found)
    assert "centre" not in body(found["ltsae_9"])


def test_a_widower_is_told_in_the_mothers_place_and_a_holder_too() -> None:
    day = NINE + days(20)
    facts = [birth(), evaluated(day, "refer")]
    assert "ltsae_9_follow_up" in forms(*facts, died(WIFE, NINE), today=day, reader=HUSBAND)
    holder = PersonId(UUID(int=700))
    custody = fact(CustodyDecided(CHILD, holder), NINE, source="moj")
    assert "ltsae_9_follow_up" in forms(*facts, custody, today=day, reader=holder)
    assert forms(*facts, custody, today=day, reader=HUSBAND) == {}


def test_nothing_is_said_of_a_child_who_died() -> None:
    day = NINE + days(20)
    facts = [birth(), evaluated(day, "refer"), died(CHILD, day)]
    assert forms(*facts, today=day) == {}


def booked(on: date, number: str = "A-1", purpose: VisitPurpose = "early_intervention") -> Fact:
    starts_at = datetime(on.year, on.month, on.day, 6, tzinfo=UTC) + days(10)
    said = AppointmentBooked(CHILD, number, starts_at, purpose)
    return fact(said, on, source="mof")


def test_turning_to_the_centre_is_what_was_asked() -> None:
    day = NINE + days(20)
    facts = [birth(), evaluated(day, "refer")]
    name, later = "ltsae_9_follow_up", day + days(5)
    visit = fact(VisitKept(CHILD, "early_intervention"), later)
    other = fact(VisitKept(CHILD, "vaccination"), later)
    assert states(*facts, other, today=later)[name] == "due"
    assert states(*facts, visit, today=later)[name] == "done"
    assert states(*facts, booked(later), today=later)[name] == "done"
    cancelled = fact(AppointmentCancelled(CHILD, "A-1"), later + days(1), source="mof")
    assert states(*facts, booked(later), cancelled, today=later + days(1))[name] == "due"
    # A number of another agency's is another appointment.
    foreign = fact(AppointmentCancelled(CHILD, "A-1"), later + days(1), source="ehs")
    assert states(*facts, booked(later), foreign, today=later + days(1))[name] == "done"
    # A booking for something else is none, and keeping it neither.
    elsewhere = [booked(later, "B-2", "vaccination")]
    elsewhere.append(fact(AppointmentKept(CHILD, "B-2"), later, source="mof"))
    assert states(*facts, *elsewhere, today=later)[name] == "due"
    # Booked before anybody referred: that is no answer to it.
    early = booked(day - days(1))
    assert states(*facts, early, today=later)[name] == "due"


def test_the_referral_told_again_by_another_exchange_opens_nothing_anew() -> None:
    day = NINE + days(20)
    visit = fact(VisitKept(CHILD, "early_intervention"), day + days(2))
    again = evaluated(day + days(4), "refer", source="ehs")
    facts = [birth(), evaluated(day, "refer"), visit, again]
    assert states(*facts, today=day + days(4))["ltsae_9_follow_up"] == "done"


def test_a_later_evaluation_takes_the_referrals_place() -> None:
    day = NINE + days(20)
    referred = [birth(), evaluated(day, "refer", "ltsae_9")]
    better = evaluated(day + days(30), "on_track", "ltsae_9")
    assert states(*referred, better, today=day + days(30))["ltsae_9_follow_up"] == "done"
    assert "grows as expected" in body(forms(*referred, better, today=day + days(30))["ltsae_9"])
    # Of one day the most careful word counts, whoever said it and in whatever order.
    both = [*referred, evaluated(day, "on_track", "ltsae_9", source="ehs")]
    assert states(*both, today=day)["ltsae_9_follow_up"] == "due"
    # Referred anew at a later age: one card to follow, and the one before is done.
    anew = [*referred, evaluated(TWELVE + days(20), "refer", "ltsae_12")]
    found = states(*anew, today=TWELVE + days(20))
    assert (found["ltsae_9_follow_up"], found["ltsae_12_follow_up"]) == ("done", "due")


def test_a_referral_is_asked_for_over_180_days_and_never_as_overdue() -> None:
    day = NINE + days(20)
    facts = [birth(), evaluated(day, "refer")]
    name = "ltsae_9_follow_up"
    assert states(*facts, today=day + days(179))[name] == "due"
    assert states(*facts, today=day + days(180))[name] == "expired"
    # Known late it is asked for from that day on; after its time not at all.
    late = evaluated(day, "refer", asserted_on=day + days(179))
    assert states(birth(), late, today=day + days(179))[name] == "due"
    too_late = evaluated(day, "refer", asserted_on=day + days(180))
    assert name not in states(birth(), too_late, today=day + days(180))


def test_a_grown_child_is_shown_no_form_of_its_childhood() -> None:
    own = Circle(CircleId(UUID(int=102)), "single", (CHILD,))
    facts = [birth(), evaluated(NINE + days(20), "refer", "ltsae_9")]
    found = evaluate(own, facts, shipped(), date(2043, 6, 1), SECRET).records
    assert [record for record in found if record.entry == "growth_questionnaire"] == []


def test_the_order_of_telling_means_nothing_and_no_day_changes_unannounced() -> None:
    facts = [
        birth(),
        evaluated(NINE + days(3)),
        evaluated(NINE + days(8), "refer", source="ehs"),
        evaluated(NINE + days(40), "refer", "ltsae_9"),
        evaluated(NINE + days(40), "monitor", source="ehs"),
        booked(NINE + days(50)),
        evaluated(TWELVE + days(2), "on_track"),
    ]
    shuffler = random.Random(6)
    for today in (NINE, NINE + days(41), TWELVE + days(30)):
        expected = look(*facts, today=today)
        for _ in range(6):
            shuffled = shuffler.sample(facts, len(facts))
            assert look(*shuffled, today=today) == expected
        until = expected.next_change_on
        assert until is not None
        for day in (today + days(1), until - days(1)):
            if today < day < until:
                assert look(*facts, today=day).records == expected.records
