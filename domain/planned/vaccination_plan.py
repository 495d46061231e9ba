"""Which plan of visits is in force for a child today, and until when.

A plan is made from the day on which the child's record last changed, or shortly before the next
dose is wanted, and holds until its first visit has gone by unkept. Then it is made again, by
periods of the programme's `replan_days`, so that it does not move with each day; the visit missed
keeps its window, and alone is overdue.
"""

from datetime import date, timedelta
from functools import lru_cache

import msgspec

from domain.card.window import EMIT_AHEAD_DAYS
from domain.horizon import Horizon
from domain.immunization.forecast import Forecast, forecast
from domain.immunization.headline import choose_headline
from domain.immunization.history import History
from domain.immunization.plan_visits import (
    PlannedVisit,
    VisitPlan,
    plan_visits,
    planning_period,
)
from domain.immunization.programme import Edition, Programme
from domain.planned.dose_count import CountedDoses, count_doses
from domain.planned.routine_order import routine_order
from domain.planned.vaccination_file import VaccinationFile

# A visit may be planned two months before its dose is wanted, shows two weeks before that, and
# exists as a record ninety days before it shows.
LEAD_DAYS = EMIT_AHEAD_DAYS + 14 + 62
PLAN_AHEAD_DAYS = 400  # a plan looks no further: what comes later is nobody's card yet
PLANS_KEPT_MAX = 512  # some 10 kB each; a command evaluates the same family again


class DatedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit with its id, which a later plan keeps, and the days on which it is due."""

    id: str
    due_from: date
    due_until: date
    visit: PlannedVisit


class PlanInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The visits to come, and the calculator's answer on the day they were planned."""

    answer: Forecast
    counted: CountedDoses
    visits: tuple[DatedVisit, ...] = ()
    unplanned: tuple[str, ...] = ()


def plan_in_force(
    file: VaccinationFile,
    programme: Programme,
    *,
    grace: timedelta,
    horizon: Horizon,
) -> PlanInForce:
    """The plan of today; the horizon learns until when. `grace` is how long a visit is due at
    least. Raises: HistoryTooLong, NotYetBorn.
    """
    planner = _Planner(file, programme, grace)
    wanted_on = _wanted_on(_answer(file.history, programme, file.edition, file.changed_on), file)
    if wanted_on is None:
        return planner.without_visits(file.changed_on)
    start_on = planner.start_on
    lead_on = wanted_on - timedelta(days=LEAD_DAYS)
    if lead_on > start_on:
        if not horizon.reached(lead_on):
            return planner.without_visits(file.changed_on)
        start_on = lead_on
    held = planner.plan(start_on)
    turn_on = start_on + timedelta(days=PLAN_AHEAD_DAYS - LEAD_DAYS)
    if held.visits:
        turn_on = min(turn_on, held.visits[0].due_until + timedelta(days=1))
    if not horizon.reached(turn_on):
        return held
    period = planning_period(turn_on, today=horizon.today, programme=programme)
    horizon.wake_on(period.changes_on)
    again = planner.plan(period.on)
    windows = {visit.id: visit for visit in held.visits[:1]}
    return msgspec.structs.replace(
        again, visits=tuple(_keep_window(visit, windows.get(visit.id)) for visit in again.visits)
    )


def _keep_window(visit: DatedVisit, held: DatedVisit | None) -> DatedVisit:
    if held is None:
        return visit
    return msgspec.structs.replace(visit, due_from=held.due_from, due_until=held.due_until)


class _Planner:
    def __init__(self, file: VaccinationFile, programme: Programme, grace: timedelta) -> None:
        self.file = file
        self.programme = programme
        self.edition = file.edition
        self.grace = grace
        apart = timedelta(days=programme.limits.visits_apart_days)
        last = max((day for day in self._days_given() if day <= file.changed_on), default=None)
        self.start_on = max(file.changed_on, last + apart) if last else file.changed_on

    def plan(self, on: date) -> PlanInForce:
        made = _plan(
            self.file.history,
            self.programme,
            self.edition,
            on,
            self.file.refused,
            self.file.spared,
        )
        # Days are left between visits: until then the answer is that of the last change.
        found = self.without_visits(self.file.changed_on if on == self.start_on else on)
        numbers = {group: len(days) for group, days in found.counted.days.items()}
        visits: list[DatedVisit] = []
        for visit in made.visits:
            doses = [(dose.group, numbers.get(dose.group, 0) + 1) for dose in visit.doses]
            numbers.update(doses)
            visits.append(
                DatedVisit(
                    id=visit_id(self.edition, doses),
                    due_from=visit.on,
                    due_until=max(visit.last_on, visit.on + self.grace),
                    visit=visit,
                )
            )
        return msgspec.structs.replace(found, visits=tuple(visits), unplanned=made.unplanned)

    def without_visits(self, on: date) -> PlanInForce:
        answer = _answer(self.file.history, self.programme, self.edition, on)
        return PlanInForce(answer=answer, counted=count_doses(answer, self.file.history))

    def _days_given(self) -> list[date]:
        codes = self.programme.vaccine_names
        return [dose.administered_on for dose in self.file.history.doses if dose.cvx in codes]


def visit_id(edition: Edition, doses: list[tuple[str, int]]) -> str:
    """A visit is called by the dose of it that comes first in the routine: so it keeps its name
    when doses join or leave it, and when it becomes a day on which doses were given."""
    order = routine_order(edition)
    group, number = min(doses, key=lambda dose: (order.get(dose, date.max.toordinal()), dose))
    return f"{group.lower().replace(' ', '_')}_{number}"


def _wanted_on(answer: Forecast, file: VaccinationFile) -> date | None:
    """The first day on which any dose is wanted, from the day the record last changed."""
    days: list[date] = []
    for name in sorted({item.group for item in answer.groups} - file.left_out.keys()):
        of_group = [item for item in answer.groups if item.group == name]
        item = choose_headline(of_group, on=answer.assessed_on)
        if item is not None and item.earliest_on is not None:
            days.append(max(item.recommended_on or item.earliest_on, file.changed_on))
    return min(days, default=None)


def forget_plans() -> None:
    """So that the next plan is made anew: for whoever measures that."""
    _plan.cache_clear()
    _answer.cache_clear()


@lru_cache(maxsize=PLANS_KEPT_MAX)
def _plan(
    history: History,
    programme: Programme,
    edition: Edition,
    on: date,
    refused: frozenset[str],
    spared: frozenset[str],
) -> VisitPlan:
    until = on + timedelta(days=PLAN_AHEAD_DAYS)
    return plan_visits(
        history, programme, edition, on=on, refused=refused, spared=spared, until=until
    )


@lru_cache(maxsize=PLANS_KEPT_MAX)
def _answer(history: History, programme: Programme, edition: Edition, on: date) -> Forecast:
    return forecast(history, edition.schedule, on=on, repeats=programme.repeats)
