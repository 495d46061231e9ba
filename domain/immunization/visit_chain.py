"""The doses that one vaccine group still asks of a person, as a chain for the search of visits.

Each step is asked of the calculator itself, with the doses of earlier visits given on their days:
so every minimum age, interval, skip and change of series is the schedule's own.
"""

from datetime import date, timedelta

import msgspec

from domain.immunization.duration import Duration, add_duration
from domain.immunization.forecast import forecast
from domain.immunization.group_forecast import GroupForecast
from domain.immunization.headline import choose_headline
from domain.immunization.history import GivenDose, History
from domain.immunization.programme import PlanLimits
from domain.immunization.schedule import Schedule, make_schedule
from domain.immunization.supporting_data import Cvx
from domain.immunization.vaccine_choice import Shelf, is_for_age
from domain.immunization.visit_search import Given, Step

STEPS_MAX = 12  # doses of one group still to come; the longest series asks for six


_Dose = tuple[tuple[str, ...], tuple[int | None, ...]]  # series, and the dose looked for in each


def narrow_schedule(schedule: Schedule, group: str) -> Schedule:
    """The schedule with the antigens of one vaccine group alone."""
    antigens = tuple(antigen for antigen in schedule.data.antigens if antigen.group == group)
    return make_schedule(msgspec.structs.replace(schedule.data, antigens=antigens))


class GroupChain:
    """`history` holds only what counts; `start_on` is the first day of the plan, doses wanted from
    `until` on are none of it."""

    def __init__(
        self,
        history: History,
        schedule: Schedule,
        group: str,
        *,
        shelf: Shelf,
        limits: PlanLimits,
        start_on: date,
        until: date | None = None,
    ) -> None:
        self.group = group
        self._history = history
        self._schedule = narrow_schedule(schedule, group)
        self._shelf = shelf
        self._limits = limits
        self._start_on = start_on
        grown_on = add_duration(history.born_on, limits.until_age)
        self._until_on = grown_on if until is None else min(grown_on, until)
        self._answers: dict[Given, GroupForecast | None] = {}
        self._steps: dict[Given, Step | None] = {}
        self._closes = self._list_closes()

    @property
    def name(self) -> str:
        return self.group

    @property
    def status(self) -> str | None:
        """Of the group on the first day, None where nothing concerns the person."""
        answer = self._ask(())
        return answer.status if answer is not None else None

    def next_step(self, given: Given) -> Step | None:
        if given not in self._steps:
            self._steps[given] = self._make_step(given)
        return self._steps[given]

    def need(self, given: Given) -> GroupForecast:
        """What the calculator says of the dose after `given`; asked only where there is a step."""
        answer = self._ask(given)
        assert answer is not None
        return answer

    def list_codes(self, given: Given) -> frozenset[Cvx]:
        return frozenset(self.need(given).vaccines)

    def earliest_on(self, given: Given) -> date:
        """From when the dose after `given` may be given, whatever the programme recommends."""
        return max(self.need(given).earliest_on or self._start_on, self._start_on)

    def _make_step(self, given: Given) -> Step | None:
        answer = self._ask(given)
        if answer is None or answer.earliest_on is None or len(given) >= STEPS_MAX:
            return None
        wanted_on = max(answer.recommended_on or answer.earliest_on, self._start_on)
        if wanted_on >= self._until_on:
            return None
        early = self._limits.early
        opens_on = max(
            answer.earliest_on,
            self._start_on,
            add_duration(wanted_on, Duration(-early.years, -early.months, -early.days)),
        )
        closes_on = self._closes.get(_dose_of(answer)) or self._close(answer, wanted_on)
        return Step(
            opens_on=opens_on,
            wanted_on=wanted_on,
            closes_on=closes_on,
            latest_on=answer.latest_on,
        )

    def _list_closes(self) -> dict[_Dose, date]:
        """The last day of each dose, had each before it been given on the day it is wanted.

        So no dose puts off those after it. One that is met only by another path, past a skip or in
        another series, is not among them and closes by itself.
        """
        found: dict[_Dose, date] = {}
        given: Given = ()
        while len(given) < STEPS_MAX:
            answer = self._ask(given)
            if answer is None or answer.earliest_on is None:
                break
            wanted_on = max(answer.recommended_on or answer.earliest_on, self._start_on)
            found.setdefault(_dose_of(answer), self._close(answer, wanted_on))
            if wanted_on >= self._until_on:
                break
            given = (*given, wanted_on)
        return found

    def _close(self, answer: GroupForecast, wanted_on: date) -> date:
        wait_on = wanted_on + timedelta(days=self._limits.wait_days)
        return max(wait_on, answer.past_due_on or wait_on)

    def _ask(self, given: Given) -> GroupForecast | None:
        if given not in self._answers:
            history = msgspec.structs.replace(
                self._history, doses=(*self._history.doses, *self._list_doses(given))
            )
            on = given[-1] if given else self._start_on
            answer = forecast(history, self._schedule, on=max(on, self._start_on))
            self._answers[given] = choose_headline(answer.groups, on=on)
        return self._answers[given]

    def _list_doses(self, given: Given) -> list[GivenDose]:
        return [
            GivenDose(
                id=f"planned {self.group} {place}",
                cvx=self._pick(given[:place], day),
                administered_on=day,
            )
            for place, day in enumerate(given)
        ]

    def _pick(self, given: Given, day: date) -> Cvx:
        """A vaccine that stands for whichever will be chosen: those named serve alike."""
        answer = self._ask(given)
        named = answer.vaccines if answer is not None else ()
        fitting = [
            product.cvx
            for product in self._shelf.products
            if product.cvx in named and is_for_age(product, self._shelf, day)
        ]
        return next(iter((*fitting, *named)), "")


def _dose_of(answer: GroupForecast) -> _Dose:
    return answer.series, answer.targets
