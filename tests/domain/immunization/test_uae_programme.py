"""Typical children of the United Arab Emirates, walked through the days.

Born on 10 January 2024 unless said: 6 weeks 21 February, 2 months 10 March, 4 months 10 May,
6 months 10 July, 12 months 10 January 2025, 18 months 10 July 2025, 5 years 10 January 2029.
"""

from datetime import date

import pytest

from content.schedule.read_programme import read_programme
from domain.immunization.forecast import Forecast, forecast
from domain.immunization.group_forecast import GroupForecast
from domain.immunization.history import GivenDose, History, PatientObservation
from domain.immunization.programme import find_edition

UAE = read_programme()
BORN = date(2024, 1, 10)

Card = list[tuple[str, date]]

ON_TIME: Card = [
    ("19", BORN), ("08", BORN),
    ("146", date(2024, 3, 10)), ("133", date(2024, 3, 10)), ("119", date(2024, 3, 10)),
    ("146", date(2024, 5, 10)), ("133", date(2024, 5, 10)), ("119", date(2024, 5, 10)),
    ("198", date(2024, 7, 10)), ("178", date(2024, 7, 10)), ("133", date(2024, 7, 10)),
    ("03", date(2025, 1, 10)), ("21", date(2025, 1, 10)),
    ("50", date(2025, 7, 10)), ("178", date(2025, 7, 10)), ("03", date(2025, 7, 10)),
]  # fmt: skip


def told(card: Card, *, born: date = BORN, sex: str = "female", **rows: object) -> History:
    doses = tuple(
        GivenDose(id=str(n), cvx=cvx, administered_on=day) for n, (cvx, day) in enumerate(card)
    )
    return History(born_on=born, sex=sex, doses=doses, **rows)  # type: ignore[arg-type]  # by name


def ask(history: History, on: date, emirate: str | None = None) -> Forecast:
    edition = find_edition(UAE, born_on=history.born_on, emirate=emirate)
    return forecast(history, edition.schedule, on=on, repeats=UAE.repeats)


def group(answer: Forecast, name: str) -> GroupForecast:
    (found,) = (item for item in answer.groups if item.group == name)
    return found


def verdict(answer: Forecast, place: int, antigen: str) -> tuple[str, tuple[str, ...]]:
    (found,) = (item for item in answer.doses[place].verdicts if item.antigen == antigen)
    return found.status, found.reasons


def test_a_child_on_time_has_every_dose_counted_and_waits_for_grade_1() -> None:
    answer = ask(told(ON_TIME), date(2025, 7, 11))
    assert {v.status for item in answer.doses for v in item.verdicts} == {"valid"}
    done = {item.group for item in answer.groups if item.status == "complete"}
    assert done == {"BCG", "HepB", "Hib", "PCV", "Rotavirus", "MMR"}
    for name, number in (("DTP", 5), ("Polio", 5), ("OPV", 3), ("Varicella", 2)):
        item = group(answer, name)
        assert (item.dose_number, item.recommended_on) == (number, date(2029, 1, 10))


@pytest.mark.parametrize(
    ("on", "due"),
    [
        (date(2024, 3, 9), set()),
        (date(2024, 3, 10), {"DTP", "Hib", "HepB", "Polio", "PCV", "Rotavirus"}),
        (date(2024, 7, 9), {"DTP", "Hib", "HepB", "Polio", "PCV", "Rotavirus"}),
        (date(2024, 7, 10), {"DTP", "Hib", "HepB", "Polio", "PCV", "Rotavirus", "OPV"}),
        (date(2025, 1, 10), {"DTP", "Hib", "HepB", "Polio", "PCV", "Rotavirus", "OPV", "MMR",
                             "Varicella"}),
        # Rotavirus ends at 24 months, 10 January 2026; BCG was given.
        (date(2026, 1, 9), {"DTP", "Hib", "HepB", "Polio", "PCV", "Rotavirus", "MMR", "Varicella",
                            "OPV"}),
        (date(2026, 1, 10), {"DTP", "Hib", "HepB", "Polio", "PCV", "MMR", "Varicella", "OPV"}),
    ],
)  # fmt: skip
def test_what_is_due_to_a_child_with_the_doses_of_birth_alone(on: date, due: set[str]) -> None:
    answer = ask(told(ON_TIME[:2]), on)
    found = {
        item.group
        for item in answer.groups
        if item.status == "not_complete" and item.recommended_on and item.recommended_on <= on
    }
    assert found == due


def test_polio_by_mouth_is_due_at_its_visit_though_injected_vaccine_was_given() -> None:
    card = [*ON_TIME[:8], ("146", date(2024, 7, 10)), ("133", date(2024, 7, 10))]
    answer = ask(told(card), date(2024, 7, 11))
    assert group(answer, "Polio").dose_number == 4
    opv = group(answer, "OPV")
    assert (opv.dose_number, opv.recommended_on) == (1, date(2024, 7, 10))
    assert opv.vaccines == ("178",)


def test_grade_1_asks_for_mmr_only_without_two_documented_doses() -> None:
    school = date(2029, 1, 10)
    assert group(ask(told(ON_TIME), school), "MMR").status == "complete"
    one = group(ask(told(ON_TIME[:-1]), school), "MMR")
    assert (one.status, one.dose_number) == ("not_complete", 2)


def test_rotavirus_takes_a_third_dose_only_with_another_product() -> None:
    two = [(cvx, day) for cvx, day in ON_TIME if cvx == "119"]
    assert group(ask(told(two), date(2024, 6, 1)), "Rotavirus").status == "complete"
    mixed = [("116", two[0][1]), two[1]]
    third = group(ask(told(mixed), date(2024, 6, 1)), "Rotavirus")
    assert (third.dose_number, third.recommended_on) == (3, date(2024, 7, 10))
    assert third.vaccines == ("116",)


@pytest.mark.parametrize(
    ("days", "status"), [(0, "valid"), (1, "not_valid"), (27, "not_valid"), (28, "valid")]
)
def test_live_vaccines_lie_28_days_apart_or_fall_on_one_day(days: int, status: str) -> None:
    # MMR on 10 January 2025, varicella so many days later; 7 February is the 28th.
    later = date.fromordinal(date(2025, 1, 10).toordinal() + days)
    answer = ask(told([("03", date(2025, 1, 10)), ("21", later)]), date(2025, 6, 1))
    assert verdict(answer, 1, "Varicella")[0] == status


@pytest.mark.parametrize(
    ("given_on", "expected"),
    [
        (date(2025, 1, 5), ("not_valid", ("too_young",))),  # 12 months - 5 days
        (date(2025, 1, 6), ("valid", ("grace_age",))),  # four days of grace
        (date(2025, 1, 10), ("valid", ())),
    ],
)
def test_a_minimum_age_has_four_days_of_grace(
    given_on: date, expected: tuple[str, tuple[str, ...]]
) -> None:
    assert verdict(ask(told([("03", given_on)]), date(2025, 6, 1)), 0, "Measles") == expected


def test_a_late_child_resumes_and_is_never_restarted() -> None:
    # Two doses at 2 and 4 months, back at 20 months (10 September 2025): the third is due at once,
    # the booster six months after it.
    card = ON_TIME[:8]
    answer = ask(told(card), date(2025, 9, 10))
    assert (group(answer, "DTP").dose_number, group(answer, "HepB").dose_number) == (3, 4)
    later = ask(told([*card, ("146", date(2025, 9, 10))]), date(2025, 9, 11))
    booster = group(later, "DTP")
    assert (booster.dose_number, booster.earliest_on) == (4, date(2026, 3, 10))
    assert group(later, "Hib").status == "complete"  # one dose after 12 months ends Hib


def test_begun_after_12_months_needs_three_doses_four_weeks_and_six_months_apart() -> None:
    # At 2 years, 10 January 2026; the second from 7 February, the third from 7 August.
    first = ask(told([("146", date(2026, 1, 10))]), date(2026, 1, 11))
    assert group(first, "DTP").earliest_on == date(2026, 2, 7)
    assert group(first, "Hib").status == "complete"
    second = ask(told([("146", date(2026, 1, 10)), ("130", date(2026, 2, 7))]), date(2026, 2, 8))
    assert group(second, "DTP").earliest_on == date(2026, 8, 7)


def test_after_seven_years_only_products_for_older_children_are_named() -> None:
    answer = ask(told([], born=date(2018, 5, 1)), date(2026, 11, 21))
    assert "115" in group(answer, "DTP").vaccines
    assert group(answer, "Hib").status == "aged_out"


def test_a_card_of_the_united_states_lacks_bcg_and_the_dose_by_mouth_of_its_age() -> None:
    # 2, 4, 6 months DTaP-HepB-IPV, Hib, PCV13, RV5; 12 months MMR, varicella, PCV13, hepatitis A;
    # 15 months DTaP, Hib. On 10 April 2026, at 2 years 3 months.
    card: Card = [("08", BORN)]
    for day in (date(2024, 3, 10), date(2024, 5, 10), date(2024, 7, 10)):
        card += [("110", day), ("48", day), ("133", day), ("116", day)]
    year = date(2025, 1, 10)
    card += [("03", year), ("21", year), ("133", year), ("83", year)]
    card += [("20", date(2025, 4, 10)), ("48", date(2025, 4, 10))]
    answer = ask(told(card), date(2026, 4, 10))
    due = {
        item.group
        for item in answer.groups
        if item.status == "not_complete"
        and item.recommended_on is not None
        and item.recommended_on <= date(2026, 4, 10)
    }
    # Polio and OPV of 18 months and the second MMR are late; BCG was never given.
    assert due == {"BCG", "MMR", "OPV", "Polio"}
    assert verdict(answer, card.index(("133", year)), "Pneumococcal")[0] == "extraneous"
    hepatitis_a = answer.doses[card.index(("83", year))]
    assert (hepatitis_a.flag, hepatitis_a.verdicts) == (None, ())  # known, and not asked for here
    assert group(answer, "DTP").recommended_on == date(2029, 1, 10)  # 4 counted, Grade 1 next


def test_a_card_of_india_counts_from_six_weeks_and_not_at_birth_or_at_nine_months() -> None:
    # Birth BCG, OPV, HepB; 6, 10, 14 weeks pentavalent, OPV, RV1 and with the first and last
    # fractional IPV and PCV; 9 months MR and PCV; 16 months DTP, OPV and MR.
    weeks = [date(2024, 2, 21), date(2024, 3, 20), date(2024, 4, 17)]
    card: Card = [("19", BORN), ("178", BORN), ("08", BORN)]
    for day in weeks:
        card += [("198", day), ("178", day), ("119", day)]
    card += [("324", weeks[0]), ("133", weeks[0]), ("324", weeks[2]), ("133", weeks[2])]
    nine = date(2024, 10, 10)
    card += [("04", nine), ("133", nine)]
    later = date(2025, 5, 10)
    card += [("01", later), ("178", later), ("04", later)]
    answer = ask(told(card), date(2025, 6, 1))
    assert verdict(answer, 1, "Polio") == ("not_valid", ("too_young",))
    assert verdict(answer, card.index(("04", nine)), "Measles") == ("not_valid", ("too_young",))
    assert verdict(answer, card.index(("04", later)), "Measles")[0] == "valid"
    done = {item.group for item in answer.groups if item.status == "complete"}
    assert done == {"BCG", "HepB", "PCV", "Rotavirus"}
    # Rotavirus: the third dose of RV1 is extra. Polio: three and the booster; by mouth two.
    assert (group(answer, "Polio").dose_number, group(answer, "OPV").dose_number) == (5, 3)
    assert group(answer, "DTP").dose_number == 5
    # Mumps was in none of it, so the first MMR is due; the group waits for its slowest part.
    mmr = group(answer, "MMR")
    assert (mmr.status, mmr.dose_number, mmr.vaccines) == ("not_complete", 1, ("03",))
    assert mmr.earliest_on == date(2025, 6, 7)  # 28 days after MR, also live


def test_twins_are_two_children() -> None:
    first, second = told(ON_TIME, sex="male"), told(ON_TIME[:2], sex="female")
    alone = ask(second, date(2025, 8, 1))
    ask(first, date(2025, 8, 1))
    assert ask(second, date(2025, 8, 1)) == alone
    assert group(ask(first, date(2025, 8, 1)), "MMR").status == "complete"
    assert group(alone, "MMR").dose_number == 1


def test_unknown_codes_are_kept_and_change_nothing() -> None:
    plain = ask(told(ON_TIME), date(2025, 8, 1))
    strange = ask(told([*ON_TIME, ("", BORN), ("999", date(2025, 1, 1))]), date(2025, 8, 1))
    assert [item.flag for item in strange.doses[-2:]] == ["unknown_vaccine"] * 2
    assert strange.groups == plain.groups


def test_hpv_is_for_girls_and_later_for_boys() -> None:
    # A girl and a boy born on 10 January 2012, 13 years old on 10 January 2025; the second dose
    # six months after the first of 1 February: 1 August.
    born = date(2012, 1, 10)
    for sex in ("female", "male"):
        first = group(ask(told([], born=born, sex=sex), date(2025, 1, 10)), "HPV")
        assert (first.dose_number, first.recommended_on) == (1, date(2025, 1, 10))
        card = [("165", date(2025, 2, 1))]
        second = group(ask(told(card, born=born, sex=sex), date(2025, 3, 1)), "HPV")
        assert second.earliest_on == date(2025, 8, 1)
    older = ask(told([], born=date(2009, 1, 1), sex="male"), date(2025, 1, 1))
    assert "HPV" not in {item.group for item in older.groups}


def test_a_booster_of_before_the_change_counts_and_is_no_longer_asked_for() -> None:
    # Dubai, born 10 January 2017: 2, 4, 6 months and the booster at 15 months, 10 April 2018.
    born = date(2017, 1, 10)
    three = [("133", date(2017, 3, 10)), ("133", date(2017, 5, 10)), ("133", date(2017, 7, 10))]
    on = date(2019, 10, 31)
    before = group(ask(told(three, born=born), on, "dubai"), "PCV")
    assert (before.dose_number, before.recommended_on) == (4, date(2018, 4, 10))
    assert (
        group(ask(told(three, born=born), date(2019, 11, 1), "dubai"), "PCV").status == "complete"
    )
    four = ask(told([*three, ("133", date(2018, 4, 10))], born=born), on, "dubai")
    assert verdict(four, 3, "Pneumococcal")[0] == "valid"


def test_immunity_and_contraindication_leave_a_group() -> None:
    observed = (PatientObservation("024"), PatientObservation("246"))
    answer = ask(told(ON_TIME[:8], observations=observed), date(2025, 2, 1))
    assert group(answer, "Varicella").status == "immune"
    assert group(answer, "MMR").status == "contraindicated"
    assert group(answer, "OPV").status == "contraindicated"
    assert group(answer, "Polio").status == "not_complete"
