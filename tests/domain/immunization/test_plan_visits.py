"""One plan of visits: the fewest, each dose counted by the calculator, made again on any change."""

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.schedule.read_programme import read_programme
from domain.immunization.duration import add_duration
from domain.immunization.forecast import forecast
from domain.immunization.history import GivenDose, History, NotYetBorn, PatientObservation
from domain.immunization.plan_visits import PlannedVisit, VisitPlan, plan_visits, planning_period
from domain.immunization.programme import find_edition
from domain.immunization.vaccine_choice import choose_vaccines, make_shelf

pytestmark = pytest.mark.slow  # left to `make test`

UAE = read_programme()
ON = date(2026, 11, 21)
Entry = tuple[str, date]


def child(born: date, card: Sequence[Entry] = (), sex: str = "female", **rows: object) -> History:
    doses = tuple(
        GivenDose(id=str(n), cvx=cvx, administered_on=day) for n, (cvx, day) in enumerate(card)
    )
    return History(born_on=born, sex=sex, doses=doses, **rows)  # type: ignore[arg-type]  # by name


def plan(history: History, on: date = ON, refused: frozenset[str] = frozenset()) -> VisitPlan:
    edition = find_edition(UAE, born_on=history.born_on)
    return plan_visits(history, UAE, edition, on=on, refused=refused)


def given_doses(visits: tuple[PlannedVisit, ...]) -> tuple[GivenDose, ...]:
    return tuple(
        GivenDose(id=f"{visit.on} {cvx}", cvx=cvx, administered_on=visit.on)
        for visit in visits
        for cvx in visit.vaccines
    )


def keep(history: History, *visits: PlannedVisit) -> History:
    return msgspec.structs.replace(history, doses=(*history.doses, *given_doses(visits)))


def lines(found: VisitPlan) -> list[str]:
    return [
        f"{visit.on} {' '.join(visit.vaccines)}: {' '.join(dose.group for dose in visit.doses)}"
        for visit in found.visits
    ]


def test_the_plan_of_a_newborn_is_the_programme() -> None:
    # Born 10 January 2026, a boy: the grid of visits, each at its age.
    found = plan(child(date(2026, 1, 10), sex="male"), date(2026, 1, 10))
    assert lines(found) == [
        "2026-01-10 19 08: BCG HepB",
        "2026-03-10 146 133 119: DTP HepB Hib PCV Polio Rotavirus",
        "2026-05-10 146 133 119: DTP HepB Hib PCV Polio Rotavirus",
        "2026-07-10 198 178 133: DTP HepB Hib OPV PCV Polio",
        "2027-01-10 03 21: MMR Varicella",
        "2027-07-10 50 178 03: DTP Hib MMR OPV Polio",
        "2031-01-10 130 178 21: DTP OPV Polio Varicella",
        "2039-01-10 165: HPV",
        "2039-07-10 165: HPV",
        "2042-01-10 115 203: DTP MenACWY",
    ]
    assert found.is_fewest
    assert [dose.voluntary for dose in found.visits[7].doses] == [True]
    two_months = found.visits[1]
    # From 6 weeks, 21 February, to the day before three months, 10 April.
    assert (two_months.first_on, two_months.last_on) == (date(2026, 2, 21), date(2026, 4, 9))


def test_a_child_of_three_without_doses_has_three_visits_in_eight_weeks() -> None:
    # Born 1 May 2023, on 21 November 2026. Five injections are due at once and four are allowed:
    # varicella waits for the second visit, 28 days on, with the second MMR (also live). The third
    # polio and hepatitis B doses come 28 days after that; the third of DTP six months after its
    # second of 19 December, 19 June 2027; at 5 years, 1 May 2028, polio, OPV and varicella.
    found = plan(child(date(2023, 5, 1)))
    assert [(visit.on, visit.injections) for visit in found.visits[:5]] == [
        (date(2026, 11, 21), 4),
        (date(2026, 12, 19), 4),
        (date(2027, 1, 16), 2),
        (date(2027, 6, 19), 1),
        (date(2028, 5, 1), 1),
    ]
    first = {dose.group for dose in found.visits[0].doses}
    assert first == {"BCG", "DTP", "HepB", "Hib", "MMR", "OPV", "PCV", "Polio"}
    assert all(dose.late for dose in found.visits[0].doses)
    assert "Varicella" in {dose.group for dose in found.visits[1].doses}


def test_a_dose_may_be_given_early_to_spare_a_visit() -> None:
    # Up to 18 months but the second MMR, on 10 May 2027 at 16 months, when a missed varicella dose
    # is due: MMR, recommended at 18 months, comes along and no visit of its own is left.
    born = date(2026, 1, 10)
    whole = plan(child(born, sex="male"), born)
    card = [(cvx, v.on) for v in whole.visits[:6] for cvx in v.vaccines if cvx != "21"]
    card.remove(("03", date(2027, 7, 10)))
    found = plan(child(born, [c for c in card if c[1] < date(2027, 5, 10)]), date(2027, 5, 10))
    assert lines(found)[0] == "2027-05-10 50 178 03 21: DTP Hib MMR OPV Polio Varicella"


def test_a_dose_given_elsewhere_or_found_to_be_an_error_makes_the_plan_again() -> None:
    history = child(date(2023, 5, 1))
    before = plan(history)
    given = keep(history, before.visits[0])
    after = plan(given)
    assert [visit.on for visit in after.visits] == [visit.on for visit in before.visits[1:]]
    assert [v.doses[0].group for v in after.visits] == [v.doses[0].group for v in before.visits[1:]]
    wrong = tuple(msgspec.structs.replace(dose, entered_in_error=True) for dose in given.doses)
    assert plan(msgspec.structs.replace(given, doses=wrong)) == before


def test_refused_groups_leave_the_plan_and_are_listed() -> None:
    history = child(date(2023, 5, 1))
    found = plan(history, refused=frozenset({"HepB", "MMR", "Rotavirus"}))
    assert found.refused == ("HepB", "MMR")  # rotavirus is past its age
    named = {dose.group for visit in found.visits for dose in visit.doses}
    assert not named & {"HepB", "MMR"}
    # No vaccine with a refused part is chosen: neither hexavalent nor pentavalent.
    assert not {cvx for visit in found.visits for cvx in visit.vaccines} & {
        "146",
        "198",
        "08",
        "03",
    }


def test_what_must_not_be_given_is_in_no_vaccine_of_the_plan() -> None:
    history = child(date(2023, 5, 1), observations=(PatientObservation("246"),))
    found = plan(history)
    assert not {cvx for v in found.visits for cvx in v.vaccines} & {"178", "03", "21", "19"}
    assert "Polio" in {dose.group for visit in found.visits for dose in visit.doses}


def test_a_dose_that_an_age_would_spoil_is_planned_past_it() -> None:
    # Born 19 January 2026, begun at 10 months: the third Hib dose may come on 16 January 2027; from
    # 12 months, 19 January, the booster stands in its place. Whatever is chosen counts.
    history = child(date(2026, 1, 19), sex="male")
    found = plan(history)
    assert found.unplanned == ()
    edition = find_edition(UAE, born_on=history.born_on)
    answer = forecast(keep(history, *found.visits), edition.schedule, on=date(2045, 1, 1))
    hib = [v.status for d in answer.doses for v in d.verdicts if v.antigen == "Hib"]
    assert hib == ["valid"] * len(hib)


def test_a_plan_for_one_grown_up_is_empty() -> None:
    assert plan(child(date(1896, 1, 1))).visits == ()
    with pytest.raises(NotYetBorn):
        plan(child(date(2026, 11, 22)))


def test_a_plan_holds_for_28_days_from_the_last_change_of_the_record() -> None:
    since, second = date(2026, 1, 1), date(2026, 1, 29)
    for days, on, changes_on in (
        (0, since, second),
        (27, since, second),
        (28, second, date(2026, 2, 26)),
        (55, second, date(2026, 2, 26)),
        (56, date(2026, 2, 26), date(2026, 3, 26)),
    ):
        period = planning_period(since, today=since + timedelta(days=days), programme=UAE)
        assert (period.on, period.changes_on) == (on, changes_on)


def test_vaccines_hold_nothing_that_is_not_due_where_that_can_be() -> None:
    born = date(2026, 1, 10)
    edition = find_edition(UAE, born_on=born)

    def choose(day: date, forbidden: str = "", **due: str) -> tuple[str, ...] | None:
        shelf = make_shelf(
            UAE.products,
            edition.schedule,
            born_on=born,
            forbidden=frozenset(forbidden.split()),
        )
        codes = {group: frozenset(text.split()) for group, text in due.items()}
        choice = choose_vaccines(codes, shelf, day=day)
        return choice.vaccines if choice else None

    day = date(2026, 7, 10)
    # What is due and nothing besides, polio and hepatitis B in the hexavalent vaccine.
    assert choose(day, DTP="146 50", Hib="146 50 48") == ("50",)
    assert choose(day, DTP="146 198 130", Hib="146 198", HepB="146 198 08") == ("198",)
    assert choose(day, Polio="146 178", OPV="178") == ("178",)
    assert choose(day, "OPV", Polio="146 178 10") == ("10",)
    assert choose(day, "Polio", OPV="178") is None
    assert choose(day, DTP="115") is None  # from 7 years on
    assert choose(date(2033, 1, 10), DTP="115 130") == ("115",)


@st.composite
def children(draw: st.DrawFn) -> History:
    """Cards of all kinds: late, foreign, with doses too early and of unknown codes."""
    age_days = draw(st.integers(0, 16 * 365))
    born_on = ON - timedelta(days=age_days)
    day = st.integers(0, age_days).map(lambda days: born_on + timedelta(days=days))
    cvx = st.sampled_from([*sorted(UAE.vaccine_names), "999"])
    cards = st.lists(st.tuples(cvx, day), max_size=8)
    return child(born_on, draw(cards), draw(st.sampled_from(["male", "female", "unknown"])))


PLANS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PLANS
@given(children())
def test_every_planned_dose_counts_when_it_is_given_as_planned(history: History) -> None:
    # The calculator itself is the judge: no interval broken, nothing before its minimum age, live
    # vaccines together or 28 days apart.
    found = plan(history)
    edition = find_edition(UAE, born_on=history.born_on)
    kept = keep(history, *found.visits)
    until_on = add_duration(history.born_on, UAE.limits.until_age)
    answer = forecast(kept, edition.schedule, on=max(until_on, ON), repeats=UAE.repeats)
    valid = {
        (dose.id[:10], verdict.group)
        for dose in answer.doses
        for verdict in dose.verdicts
        if verdict.status == "valid"
    }
    for visit in found.visits:
        for dose in visit.doses:
            assert (str(visit.on), dose.group) in valid
        assert history.born_on <= visit.first_on <= visit.on <= visit.last_on
        assert visit.injections <= UAE.limits.injections_max
        assert visit.on >= ON
    days = [visit.on for visit in found.visits]
    assert days == sorted(set(days))


@PLANS
@given(children())
def test_when_the_plan_is_kept_nothing_is_left_to_plan(history: History) -> None:
    found = plan(history)
    kept = keep(history, *found.visits)
    last = max([ON, *(visit.on for visit in found.visits)])
    rest = plan(kept, last)
    left = {dose.group for visit in rest.visits for dose in visit.doses}
    assert left <= set(found.unplanned)


@PLANS
@given(children(), st.randoms(use_true_random=False))
def test_the_order_of_telling_means_nothing_and_the_plan_is_the_same_again(
    history: History, chance: object
) -> None:
    mixed = list(history.doses)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    found = plan(history)
    assert plan(history) == found
    assert plan(msgspec.structs.replace(history, doses=tuple(mixed))) == found


@PLANS
@given(children())
def test_with_the_first_visit_kept_no_visit_is_added(history: History) -> None:
    found = plan(history)
    if found.visits:
        first = found.visits[0]
        later = first.on + timedelta(days=UAE.limits.visits_apart_days)
        after = plan(keep(history, first), later)
        assert len(after.visits) <= len(found.visits) - 1
