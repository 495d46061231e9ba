"""A child's vaccinations on the timeline: the programme of the Emirates, walked day by day with
histories that are late, foreign, twice told or wrong.

The programme (content/packs/uae, a draft): at birth BCG and hepatitis B; at 2 and 4 months the
hexavalent, PCV and rotavirus; at 6 months pentavalent, oral polio and PCV; at 12 months MMR and
varicella; at 18 months tetravalent, oral polio and MMR; boosters at 5 years; HPV at 13 years and
6 months later; the last at 16 years. A visit is due for 30 days at least.
"""

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import msgspec
import pytest

from domain.card.record import Evaluation, Record, VaccinationRecord
from domain.card.record_body import DEFLATED, decode_body, encode_body
from domain.card.state import OPEN_STATES, card_state
from domain.card.text import render_record
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.facts.birth import CustodyDecided
from domain.facts.health import VaccinationGiven
from domain.ids import CircleId, PersonId
from domain.immunization.history import DOSES_MAX
from domain.immunization.reason_text import FORECAST_REASON_WORDS
from domain.people.circle import Circle, couple_members
from tests.domain.test_law_purity import CHILDREN, HUSBAND, SECRET, WIFE, shipped
from tests.support.builders import born, described, died, fact, in_error, vaccinated

pytestmark = pytest.mark.slow  # plans of visits take tens of milliseconds each

CHILD, TWIN = CHILDREN[:2]
COUPLE = Circle(CircleId(UUID(int=101)), "couple", couple_members(HUSBAND, WIFE))
BORN = date(2026, 11, 21)
FIRST_DAY = ("19", "08")  # BCG, hepatitis B
HEXA, PENTA, PCV, ROTA, BOPV, MMR, VARICELLA = "146", "198", "133", "119", "178", "03", "21"


def days(number: int) -> timedelta:
    return timedelta(days=number)


def birth(on: date = BORN, *, known_on: date | None = None, child: object = CHILD) -> Fact:
    return born(child, WIFE, on, father=HUSBAND, asserted_on=known_on, source_id=f"birth {child}")  # type: ignore[arg-type]  # a person id


def doses(on: date, *codes: str, source: str = "mohap") -> list[Fact]:
    return [vaccinated(CHILD, code, on, source=source) for code in codes]


def look(*facts: Fact, today: date) -> Evaluation:
    return evaluate(COUPLE, facts, shipped(), today, SECRET)


def visits(*facts: Fact, today: date, child: object = CHILD) -> dict[str, Record]:
    """The mother's cards of a child's vaccinations by their occurrence."""
    return {
        record.occurrence.removeprefix("visit/"): record
        for record in look(*facts, today=today).records
        if record.entry == "vaccination"
        and record.recipient == WIFE
        and record.subject == child
        and record.is_card
    }


def states(*facts: Fact, today: date, child: object = CHILD) -> dict[str, str]:
    found = visits(*facts, today=today, child=child)
    return {name: card_state(record, today) for name, record in found.items()}


def open_visits(*facts: Fact, today: date) -> list[str]:
    found = states(*facts, today=today)
    return sorted(name for name, state in found.items() if state in OPEN_STATES)


def due(record: Record) -> tuple[date, date]:
    assert record.window is not None
    return record.window.due_from, record.window.due_until


def told(record: Record, name: str) -> object:
    return {parameter.name: parameter.value for parameter in record.parameters}[name]


def kept_record(*facts: Fact, today: date) -> VaccinationRecord:
    (found,) = [
        record.vaccinations
        for record in look(*facts, today=today).records
        if record.vaccinations is not None and (record.recipient, record.subject) == (WIFE, CHILD)
    ]
    return found


# One visit after another


def test_a_visit_keeps_its_card_from_the_plan_until_it_is_done() -> None:
    at_birth = [birth(), *doses(BORN, *FIRST_DAY)]
    # 21 November + 2 months = 21 January; there 104 days before, so from the first day.
    planned = visits(*at_birth, today=BORN)["dtp_1"]
    # The hexavalent dose becomes late 30 days after its age: due until 20 February.
    assert due(planned) == (date(2027, 1, 21), date(2027, 2, 20))
    assert planned.why.reasons[0].code == "due_by_age"
    assert {reason.about for reason in planned.why.reasons} == set(told(planned, "vaccines"))  # type: ignore[call-overload]  # a list of terms
    day = date(2027, 1, 25)
    kept = visits(*at_birth, *doses(day, HEXA, PCV, ROTA), today=day)
    assert kept["dtp_1"].key == planned.key
    assert kept["dtp_1"].resolved_on == day


def test_what_was_not_given_at_a_visit_is_left_in_a_card_of_its_own() -> None:
    day = date(2027, 1, 21)
    facts = [birth(), *doses(BORN, *FIRST_DAY), *doses(day, HEXA, ROTA)]  # no PCV to be had
    found = visits(*facts, today=day)
    assert found["dtp_1"].resolved_on == day
    # Days lie between two visits: the programme says seven.
    assert due(found["pcv_1"])[0] >= day + days(7)
    assert told(found["pcv_1"], "vaccines") == ("pcv",)


def test_only_the_next_visit_is_ever_overdue_and_it_keeps_its_days() -> None:
    facts = [birth(), *doses(BORN, *FIRST_DAY)]
    last = date(2027, 2, 20)
    assert states(*facts, today=last)["dtp_1"] == "due"
    for today in (last + days(1), last + days(29), last + days(200), last + days(800)):
        found = visits(*facts, today=today)
        overdue = [name for name, card in found.items() if card_state(card, today) == "overdue"]
        assert overdue == ["dtp_1"]
        assert due(found["dtp_1"]) == (date(2027, 1, 21), last)
        assert told(found["dtp_1"], "course") == ("catch_up",)


def test_a_phone_offline_for_200_days_holds_what_comes_in_the_first_ninety() -> None:
    # Kept through two months; then nobody hears of the phone for 200 days. What it holds was made
    # on the last day, and says of each visit when it is due and when it is overdue.
    kept = date(2027, 1, 21)
    facts = [birth(), *doses(BORN, *FIRST_DAY), *doses(kept, HEXA, PCV, ROTA)]
    held = visits(*facts, today=kept)
    # 4 months: 21 March, late 30 days after: due through 20 April.
    assert due(held["dtp_2"]) == (date(2027, 3, 21), date(2027, 4, 20))
    walked = [(kept + days(n), card_state(held["dtp_2"], kept + days(n))) for n in range(201)]
    changes = [now for before, now in pairwise(walked) if before[1] != now[1]]
    assert changes == [
        (date(2027, 3, 7), "upcoming"),
        (date(2027, 3, 21), "due"),
        (date(2027, 4, 21), "overdue"),
    ]
    # The server, which knows as little, says the same of that card on the last day.
    now = visits(*facts, today=kept + days(200))["dtp_2"]
    assert due(now) == due(held["dtp_2"])


# Late, foreign, corrected


def test_a_child_known_late_has_one_plan_and_nothing_overdue() -> None:
    today = date(2026, 11, 21)
    facts = [birth(date(2023, 11, 1), known_on=today)]
    found = visits(*facts, today=today)
    # Three years without a dose: BCG, hexavalent, oral polio, PCV and MMR at once, then what must
    # wait four weeks (19 December), eight weeks, six months (16 July, too far to be there yet).
    assert open_visits(*facts, today=today) == ["bcg_1"]
    assert due(found["bcg_1"]) == (today, today + days(30))
    assert told(found["bcg_1"], "course") == ("catch_up",)
    starts = sorted(due(card)[0] for card in found.values())
    assert starts == [today, date(2026, 12, 19), date(2027, 1, 16)]
    for later in range(31):
        assert "overdue" not in states(*facts, today=today + days(later)).values()


def test_a_foreign_card_counts_what_is_sound_and_plans_the_rest() -> None:
    # Pentavalent at 2, 3 and 4 months with oral polio abroad, MMR at 9 months (too young here).
    born_on, today = date(2025, 1, 10), date(2026, 11, 21)
    abroad = [
        *doses(date(2025, 3, 10), PENTA, BOPV, source="abroad"),
        *doses(date(2025, 4, 10), PENTA, BOPV, source="abroad"),
        *doses(date(2025, 5, 10), PENTA, BOPV, source="abroad"),
        *doses(date(2025, 10, 10), MMR, source="abroad"),
    ]
    facts = [birth(born_on, known_on=today), *abroad]
    record = kept_record(*facts, today=today)
    assert len(record.doses) == 7
    mmr = next(dose for dose in record.doses if dose.code == MMR)
    assert [(part.group, part.status) for part in mmr.parts] == [("MMR", "not_valid")]
    assert mmr.parts[0].reasons == ("too_young",)
    assert all(
        part.status == "valid" for dose in record.doses if dose.code == PENTA for part in dose.parts
    )
    assert len(open_visits(*facts, today=today)) == 1
    asked = {
        term
        for card in visits(*facts, today=today).values()
        if card.resolved_on is None
        for term in told(card, "vaccines")  # type: ignore[attr-defined]  # a list of terms
    }
    # Three doses of hepatitis B are enough; Hib has its booster at 18 months, MMR began too early.
    assert {"mmr", "varicella", "pcv", "hepb", "hib"} & asked == {"mmr", "varicella", "pcv", "hib"}


def test_a_dose_entered_in_error_brings_its_visit_back_as_due_not_overdue() -> None:
    day, found_on = date(2027, 1, 21), date(2027, 9, 1)
    wrong = doses(day, HEXA, PCV, ROTA)
    facts = [birth(), *doses(BORN, *FIRST_DAY), *wrong]
    assert states(*facts, today=day)["dtp_1"] == "done"
    corrected = [*facts, *(in_error(fact, found_on) for fact in wrong)]
    found = visits(*corrected, today=found_on)
    assert card_state(found["dtp_1"], found_on) == "due"
    assert due(found["dtp_1"])[0] == found_on


def test_a_dose_given_elsewhere_makes_the_plan_again() -> None:
    today = date(2026, 11, 21)
    facts = [birth(date(2023, 11, 1), known_on=today)]
    before = visits(*facts, today=today)["bcg_1"]
    given = [*facts, *doses(today + days(2), "19", source="nabidh")]
    after = visits(*given, today=today + days(2))
    assert after["bcg_1"].key == before.key
    assert after["bcg_1"].resolved_on == today + days(2)
    left = [card for card in after.values() if card.resolved_on is None]
    assert all("bcg" not in told(card, "vaccines") for card in left)  # type: ignore[operator]  # a list of terms


# Cohorts, school, girls and boys


def test_hpv_is_asked_of_girls_and_recommended_to_boys() -> None:
    # Every dose of childhood is given on its day; HPV is due at 13 years, 1 March 2027.
    born_on, today = date(2014, 3, 1), date(2027, 3, 1)
    given = [
        (date(2014, 3, 1), FIRST_DAY),
        (date(2014, 5, 1), (HEXA, PCV, ROTA)),
        (date(2014, 7, 1), (HEXA, PCV, ROTA)),
        (date(2014, 9, 1), (HEXA, BOPV, PCV)),
        (date(2015, 3, 1), (MMR, VARICELLA)),
        (date(2015, 9, 1), ("120", BOPV, MMR, PCV)),
        (date(2019, 3, 1), ("130", BOPV, VARICELLA)),
    ]
    for sex, duty in (("female", "mandatory"), ("male", "voluntary")):
        known = [
            birth(born_on, known_on=born_on),
            described(CHILD, born_on, sex=sex, source_id=f"birth {CHILD}"),  # type: ignore[arg-type]  # a sex
            *(fact for on, codes in given for fact in doses(on, *codes)),
        ]
        card = visits(*known, today=today)["hpv_1"]
        assert told(card, "vaccines") == ("hpv",)
        assert told(card, "duty") == (duty,)
        assert due(card)[0] == today


@pytest.mark.parametrize(
    ("born_on", "asked"),
    [
        # HPV for boys began with those born from September 2009 (content/packs/uae/hpv.yaml).
        (date(2009, 8, 31), False),
        (date(2009, 9, 1), True),
    ],
)
def test_the_change_of_2023_holds_from_its_birthday_on(born_on: date, asked: bool) -> None:
    known = [
        birth(born_on, known_on=born_on),
        described(CHILD, born_on, sex="male", source_id=f"birth {CHILD}"),
    ]
    groups = {group.group: group for group in kept_record(*known, today=date(2023, 1, 1)).groups}
    assert (("HPV" in groups) and groups["HPV"].status == "not_complete") == asked


def test_the_school_doses_come_with_grade_11_and_the_last_closes_the_plan() -> None:
    born_on = date(2010, 6, 1)
    known = [birth(born_on, known_on=born_on)]
    groups = {group.group: group for group in kept_record(*known, today=date(2026, 6, 1)).groups}
    # MenACWY in Grade 11: at 16 years, 1 June 2026.
    assert groups["MenACWY"].recommended_on == date(2026, 6, 1)


# Brothers and sisters


def test_one_visit_is_proposed_for_twins_and_each_card_names_the_other() -> None:
    facts = [
        birth(),
        birth(child=TWIN),
        described(CHILD, BORN, name_en="Maitha", name_ar="ميثاء", source_id="c"),
        described(TWIN, BORN, name_en="Rashid", name_ar="راشد", source_id="t"),
    ]
    for child, other in ((CHILD, "Rashid"), (TWIN, "Maitha")):
        card = visits(*facts, today=BORN, child=child)["dtp_1"]
        assert told(card, "shared") == ("yes",)
        assert told(card, "siblings_en") == other
        assert told(card, "shared_on") == "2027-01-21"
        said = render_record(shipped().services[card.entry], card, "en").body
        assert other in said
        assert "21 January 2027" in said


def test_whoever_holds_one_child_learns_nothing_of_the_other() -> None:
    holder = PersonId(UUID(int=700))
    facts = [
        birth(),
        birth(child=TWIN),
        described(CHILD, BORN, name_en="Maitha", source_id="c"),
        described(TWIN, BORN, name_en="Rashid", source_id="t"),
        fact(CustodyDecided(CHILD, holder, ends_on=BORN + days(9)), BORN, source="moj"),
    ]
    names: dict[PersonId, set[object]] = {}
    for record in look(*facts, today=BORN).records:
        if record.occurrence == "visit/dtp_1" and record.subject == CHILD:
            parameters = {one.name: one.value for one in record.parameters}
            names[record.recipient] = {parameters.get("siblings_en"), parameters["shared"]}
    assert names == {
        HUSBAND: {"Rashid", ("yes",)},
        WIFE: {"Rashid", ("yes",)},
        holder: {None, ("no",)},
    }


def test_no_visit_is_shared_with_a_child_who_died_or_whose_visits_lie_apart() -> None:
    twins = [birth(), birth(child=TWIN)]
    assert told(visits(*twins, today=BORN)["dtp_1"], "shared") == ("yes",)
    bereaved = [*twins, died(TWIN, BORN)]
    assert told(visits(*bereaved, today=BORN)["dtp_1"], "shared") == ("no",)
    # The elder one's visit at 6 months, 21 October to 20 November 2026, is over on the day of birth
    # of the younger, kept; the next is that at 12 months, 21 April 2027, and nothing lies between.
    elder_born = date(2026, 4, 21)
    kept = [
        (date(2026, 4, 21), FIRST_DAY),
        (date(2026, 6, 21), (HEXA, PCV, ROTA)),
        (date(2026, 8, 21), (HEXA, PCV, ROTA)),
        (date(2026, 10, 21), (PENTA, BOPV, PCV, "10")),
    ]
    elder = [
        birth(elder_born, child=TWIN, known_on=elder_born),
        *(vaccinated(TWIN, code, on) for on, codes in kept for code in codes),
    ]
    younger = [birth(), *doses(BORN, *FIRST_DAY)]
    assert told(visits(*younger, *elder, today=BORN)["dtp_1"], "shared") == ("no",)


# What cannot be right


@pytest.mark.parametrize("is_told_whole_first", [True, False])
def test_a_partial_dose_is_shown_and_counts_for_nothing(is_told_whole_first: bool) -> None:
    given = fact(VaccinationGiven(CHILD, "19", is_partial=True), BORN, source_id="b")
    silent = fact(VaccinationGiven(CHILD, "19"), BORN, source="nabidh", source_id="a")
    facts = [birth(), given, *([silent] if is_told_whole_first else [])]
    assert "bcg_1" in "".join(open_visits(*facts, today=BORN))
    (shown,) = kept_record(*facts, today=BORN).doses
    assert [(part.status, part.reasons) for part in shown.parts] == [
        ("sub_standard", ("dose_condition",))
    ]


def test_of_two_dates_of_one_dose_its_giver_s_counts() -> None:
    born_on = BORN - days(90)
    giver = fact(VaccinationGiven(CHILD, HEXA), BORN - days(20), source="nabidh")
    other = fact(VaccinationGiven(CHILD, HEXA, given_elsewhere=True), BORN - days(15))
    record = kept_record(birth(born_on), giver, other, today=BORN)
    assert [dose.given_on for dose in record.doses] == [BORN - days(20)]


def test_a_dose_before_birth_is_shown_with_its_flag_and_counts_for_nothing() -> None:
    facts = [birth(), *doses(BORN - days(3), "08")]
    (dose,) = kept_record(*facts, today=BORN).doses
    assert (dose.code, dose.flag, dose.parts) == ("08", "before_birth", ())
    assert open_visits(*facts, today=BORN) == ["bcg_1"]


def test_a_dose_dated_ahead_waits_for_its_day() -> None:
    ahead = vaccinated(CHILD, "19", BORN + days(9))
    facts = [birth(), msgspec.structs.replace(ahead, asserted_at=birth().asserted_at)]
    record = kept_record(*facts, today=BORN)
    assert [dose.flag for dose in record.doses] == ["after_assessment"]
    woken_on = look(*facts, today=BORN).next_change_on
    assert woken_on is not None
    assert woken_on <= BORN + days(9)
    assert states(*facts, today=BORN + days(9))["bcg_1"] == "done"


def test_codes_unknown_or_retired_are_kept_and_shown() -> None:
    facts = [birth(), *doses(BORN, "999", "100")]  # 100 is PCV7, no longer made
    shown = {dose.code: dose for dose in kept_record(*facts, today=BORN + days(1)).doses}
    assert shown["999"].flag == "unknown_vaccine"
    assert shown["100"].flag is None


def test_the_same_dose_on_the_same_day_told_twice_is_one_with_both_sources() -> None:
    facts = [birth(), *doses(BORN, "19"), *doses(BORN, "19", source="nabidh")]
    (dose,) = kept_record(*facts, today=BORN).doses
    assert [report.source for report in dose.reports] == ["mohap", "nabidh"]


def test_one_dose_told_with_two_dates_is_one_with_both_sources() -> None:
    first, second = BORN + days(61), BORN + days(65)
    facts = [
        birth(),
        *doses(first, HEXA),
        *doses(second, HEXA, source="nabidh"),
    ]
    (dose,) = kept_record(*facts, today=second).doses
    assert {(report.source, report.given_on) for report in dose.reports} == {
        ("mohap", first),
        ("nabidh", second),
    }
    assert dose.given_on == second  # the later counts, so that no next dose comes too soon


def test_sixty_doses_are_all_in_the_record() -> None:
    facts = [birth()]
    facts += [vaccinated(CHILD, HEXA, BORN + days(40 + number)) for number in range(60)]
    record = kept_record(*facts, today=BORN + days(200))
    assert len(record.doses) == 60
    assert all(dose.flag or dose.parts for dose in record.doses)


@pytest.mark.parametrize("count", [0, 3, 500])
def test_a_record_is_the_same_after_it_lay_in_a_stream(count: int) -> None:
    facts = [birth()]
    facts += [vaccinated(CHILD, HEXA, BORN + days(number)) for number in range(count)]
    for held in look(*facts, today=BORN + days(600)).records:
        body = encode_body(held)
        assert decode_body(body, DEFLATED, key=held.key, recipient=held.recipient) == held


@pytest.mark.parametrize("count", [DOSES_MAX, DOSES_MAX + 1])
def test_more_doses_than_can_be_counted_are_shown_with_a_code(count: int) -> None:
    # One code on one day is one dose, so each needs a day or a code of its own.
    facts = [birth()]
    facts += [
        vaccinated(CHILD, f"{900 + number // 100}", BORN + days(number % 100))
        for number in range(count)
    ]
    record = kept_record(*facts, today=BORN + days(300))
    assert len(record.doses) == count
    refused = "immunization.history_too_long" if count > DOSES_MAX else None
    assert record.refusal == refused


def test_a_child_of_130_years_has_no_cards_and_nothing_breaks() -> None:
    assert look(birth(date(1896, 11, 21), known_on=BORN), today=BORN).records == ()


# Why


def test_every_reason_on_a_card_has_its_words() -> None:
    today = date(2026, 11, 21)
    for facts in (
        [birth(), *doses(BORN, *FIRST_DAY)],
        [birth(date(2023, 11, 1), known_on=today)],
    ):
        for card in visits(*facts, today=today).values():
            assert card.resolved_on or card.why.reasons
            assert all(reason.code in FORECAST_REASON_WORDS for reason in card.why.reasons)


def test_the_reasons_of_an_open_visit_cite_the_doses_they_rest_on() -> None:
    day = date(2027, 1, 21)
    facts = [birth(), *doses(BORN, *FIRST_DAY), *doses(day, HEXA, PCV, ROTA)]
    card = visits(*facts, today=day)["dtp_2"]
    cited = {(fact.kind, fact.occurred_on) for fact in card.why.facts}
    assert ("vaccination.given", day) in cited
