"""One plan of visits for a child with doses still to come: the fewest visits, each with its
window, that keep every minimum age and interval and give together what may be given together.

The plan is made of the history alone and kept nowhere: when a dose is given, found to be an error
or refused, it is made again. Cards and the desk call it; it never decides what is due, which is
the calculator's.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from domain.immunization.forecast import forecast
from domain.immunization.history import GivenDose, History, check_history
from domain.immunization.programme import Edition, Programme
from domain.immunization.reason import ForecastReason
from domain.immunization.supporting_data import Cvx
from domain.immunization.vaccine_choice import Choice, Shelf, choose_vaccines, make_shelf
from domain.immunization.visit_chain import GroupChain
from domain.immunization.visit_search import Found, Given, VisitRules, search_visits

NODES_MAX = 2_000  # states looked at; an unvaccinated child of three needs some hundreds
ROUNDS_MAX = 40  # more than visits and groups put off together
PUT_OFF_MAX = 3
STRETCHES_DAYS = (0, 28, 84, 365, 3_650)  # tried in turn where the windows leave no plan


class PlannedDose(msgspec.Struct, frozen=True, kw_only=True):
    """`late`: recommended before the visit. `voluntary`: recommended, no duty. `reasons`: the
    calculator's, had the doses before it been given as planned."""

    group: str
    dose_number: int | None
    late: bool
    voluntary: bool
    reasons: tuple[ForecastReason, ...] = ()


class PlannedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """All of `doses` may be given from `first_on` through `last_on`, best on `on`, if the visits
    before were kept on their days; one kept on another day makes the plan again."""

    on: date
    first_on: date
    last_on: date
    doses: tuple[PlannedDose, ...]
    vaccines: tuple[Cvx, ...]
    injections: int


class VisitPlan(msgspec.Struct, frozen=True, kw_only=True):
    """`refused` are groups left out by request, `unplanned` those for which no vaccine or no day
    was found: a clinician decides. `is_fewest`: no plan with fewer visits is left."""

    made_on: date
    visits: tuple[PlannedVisit, ...]
    refused: tuple[str, ...]
    unplanned: tuple[str, ...]
    is_fewest: bool


class PlanningPeriod(msgspec.Struct, frozen=True):
    """The day to plan from; the plan holds until the day before `changes_on`."""

    on: date
    changes_on: date


def planning_period(since: date, *, today: date, programme: Programme) -> PlanningPeriod:
    """The period of `replan_days` days in which today lies, counted from `since`, the day on which
    the person's record last changed. So a plan does not move with each day."""
    length = programme.limits.replan_days
    days = max(0, (today - since).days)
    on = since + timedelta(days=days - days % length)
    return PlanningPeriod(on, on + timedelta(days=length))


def plan_visits(
    history: History,
    programme: Programme,
    edition: Edition,
    *,
    on: date,
    refused: frozenset[str] = frozenset(),
    spared: frozenset[str] = frozenset(),
    until: date | None = None,
) -> VisitPlan:
    """The plan from that day on, of what is wanted before `until`. `refused` groups are never
    given; `spared` ones are not asked for, and may come in a combination. Raises: HistoryTooLong,
    NotYetBorn."""
    check_history(history, on=on)
    answer = forecast(history, edition.schedule, on=on, repeats=programme.repeats)
    counted = {item.id for item in answer.doses if item.flag is None}
    history = msgspec.structs.replace(
        history, doses=tuple(dose for dose in history.doses if dose.id in counted)
    )
    forbidden = refused | {g.group for g in answer.groups if g.status == "contraindicated"}
    shelf = make_shelf(
        programme.products, edition.schedule, born_on=history.born_on, forbidden=forbidden
    )
    return _Planner(
        history, programme, edition, shelf=shelf, on=on, refused=refused | spared, until=until
    ).plan()


class _Planner:
    def __init__(
        self,
        history: History,
        programme: Programme,
        edition: Edition,
        *,
        shelf: Shelf,
        on: date,
        refused: frozenset[str],
        until: date | None = None,
    ) -> None:
        self.until = until
        self.history = history
        self.programme = programme
        self.edition = edition
        self.shelf = shelf
        self.on = on
        self.refused = refused
        self.unplanned: set[str] = set()
        self.not_before: dict[str, list[date]] = {}
        self.is_fewest = True
        conflicts = edition.schedule.data.conflicts
        live = {conflict.current for conflict in conflicts}
        self.live = frozenset(
            group for cvx, groups in shelf.groups.items() if cvx in live for group in groups
        )
        self.live_days = max((conflict.end.days for conflict in conflicts), default=0)

    def plan(self) -> VisitPlan:
        names = [group.name for group in self.edition.schedule.data.groups]
        left_out = tuple(name for name in sorted(self.refused & set(names)) if self._asks(name))
        visits: list[PlannedVisit] = []
        start_on = self.on
        for _ in range(ROUNDS_MAX):  # each keeps a visit or puts a group off
            groups = [n for n in names if n not in self.refused and n not in self.unplanned]
            found = self._search([self._chain(name, start_on) for name in groups])
            kept = self._keep_sound(found)
            visits += found[: len(kept)]
            if len(kept) == len(found):
                break
            self.history = _give(self.history, found[: len(kept)])
            if kept:
                apart = timedelta(days=self.programme.limits.visits_apart_days)
                start_on = found[len(kept) - 1].on + apart
            else:
                self._put_off(self._list_unsound(found[0], found), found[0].on)
        else:
            self.unplanned |= {n for n in names if n not in self.refused and self._asks(n)}
        return VisitPlan(
            made_on=self.on,
            visits=tuple(visits),
            refused=left_out,
            unplanned=tuple(sorted(self.unplanned)),
            is_fewest=self.is_fewest,
        )

    def _asks(self, group: str) -> bool:
        return self._chain(group).next_step(()) is not None

    def _put_off(self, groups: set[str], on: date) -> None:
        """A dose that would not count on that day is looked for after it: an age of the schedule
        may lie between the day it opens and the visit. Groups put off too often are left out."""
        for group in groups:
            days = self.not_before.setdefault(group, [])
            days.append(on + timedelta(days=1))
            if len(days) > PUT_OFF_MAX:
                self.unplanned.add(group)

    def _chain(self, group: str, start_on: date | None = None) -> GroupChain:
        return GroupChain(
            self.history,
            self.edition.schedule,
            group,
            shelf=self.shelf,
            limits=self.programme.limits,
            start_on=max([start_on or self.on, *self.not_before.get(group, [])]),
            until=self.until,
        )

    def _search(self, chains: list[GroupChain]) -> list[PlannedVisit]:
        """Groups for which no vaccine serves are left out; windows give way before doses do."""
        named = {chain.name: chain for chain in chains if chain.next_step(()) is not None}
        for name in list(named):
            step = named[name].next_step(())
            if step is not None and not self._choose({name: ()}, named, day=step.wanted_on):
                self.unplanned.add(name)
                del named[name]
        while named:
            for stretch_days in STRETCHES_DAYS:
                rules = VisitRules(
                    apart_days=self.programme.limits.visits_apart_days,
                    live=self.live,
                    live_days=self.live_days,
                    fits=lambda day, given: self._fits(given, named, day=day),
                )
                found = search_visits(
                    list(named.values()), rules, stretch_days=stretch_days, nodes_max=NODES_MAX
                )
                if found is not None:
                    self.is_fewest = self.is_fewest and found.is_fewest
                    return self._describe(found, named)
            tightest = min(named, key=lambda name: _latest_on(named[name]))
            self.unplanned.add(tightest)
            del named[tightest]
        return []

    def _choose(
        self, given: dict[str, Given], chains: dict[str, GroupChain], *, day: date
    ) -> Choice | None:
        due = {name: chains[name].list_codes(days) for name, days in given.items()}
        return choose_vaccines(due, self.shelf, day=day)

    def _fits(self, given: dict[str, Given], chains: dict[str, GroupChain], *, day: date) -> bool:
        if len(given) == 1:
            return True
        choice = self._choose(given, chains, day=day)
        return choice is not None and choice.injections <= self.programme.limits.injections_max

    def _describe(self, found: Found, chains: dict[str, GroupChain]) -> list[PlannedVisit]:
        given: dict[str, Given] = dict.fromkeys(chains, ())
        visits: list[PlannedVisit] = []
        for day, names in found.visits:
            served = {name: given[name] for name in sorted(names)}
            visits.append(self._describe_visit(day, served, chains))
            for name in names:
                given[name] = (*given[name], day)
        return visits

    def _describe_visit(
        self, day: date, served: dict[str, Given], chains: dict[str, GroupChain]
    ) -> PlannedVisit:
        steps = [step for name in served if (step := chains[name].next_step(served[name]))]
        ends = [step.closes_on for step in steps]
        ends += [step.latest_on for step in steps if step.latest_on is not None]
        choice = self._choose(served, chains, day=day) or Choice((), 0)
        starts = [chains[name].earliest_on(days) for name, days in served.items()]
        return PlannedVisit(
            on=day,
            first_on=min(day, max(starts)),
            last_on=max(day, min(ends)),
            doses=tuple(self._describe_dose(chains[name], served[name], day) for name in served),
            vaccines=choice.vaccines,
            injections=choice.injections,
        )

    def _describe_dose(self, chain: GroupChain, given: Given, day: date) -> PlannedDose:
        need = chain.need(given)
        return PlannedDose(
            group=chain.name,
            dose_number=need.dose_number,
            late=need.past_due_on is not None and need.past_due_on < day,
            voluntary=bool(need.series) and set(need.series) <= self.edition.voluntary,
            reasons=need.reasons,
        )

    def _keep_sound(self, visits: list[PlannedVisit]) -> list[PlannedVisit]:
        """The visits up to the first with a dose that the calculator would not count.

        Groups are searched apart; where a vaccine of one touches another, this finds it out.
        """
        for place, visit in enumerate(visits):
            if self._list_unsound(visit, visits):
                return visits[:place]
        return visits

    def _list_unsound(self, visit: PlannedVisit, visits: list[PlannedVisit]) -> set[str]:
        until = [item for item in visits if item.on <= visit.on]
        history = _give(self.history, until)
        answer = forecast(history, self.edition.schedule, on=visit.on)
        ids = {dose.id for dose in _list_doses(visit)}
        counted = {
            verdict.group
            for item in answer.doses
            if item.id in ids
            for verdict in item.verdicts
            if verdict.status == "valid"
        }
        return {dose.group for dose in visit.doses} - counted


def _latest_on(chain: GroupChain) -> tuple[date, str]:
    step = chain.next_step(())
    latest_on = step.latest_on if step is not None else None
    return latest_on or date.max, chain.name


def _list_doses(visit: PlannedVisit) -> list[GivenDose]:
    return [
        GivenDose(id=f"planned {visit.on} {cvx}", cvx=cvx, administered_on=visit.on)
        for cvx in visit.vaccines
    ]


def _give(history: History, visits: Iterable[PlannedVisit]) -> History:
    planned = tuple(dose for visit in visits for dose in _list_doses(visit))
    return msgspec.structs.replace(history, doses=(*history.doses, *planned))
