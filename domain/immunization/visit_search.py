"""Finds the fewest visits that serve several chains of doses, each dose within its window.

Pure search over days; it knows neither vaccines nor ages. `plan_visits.py` asks it with chains that
the calculator drives, the tests with chains made up, against every possible plan.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import Protocol

import msgspec

Given = tuple[date, ...]  # the days of the visits that served one chain so far


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """The next dose of a chain: it may be given from `opens_on` through `closes_on`, best on
    `wanted_on`. `latest_on` is the last day at all, where `closes_on` may be stretched to."""

    opens_on: date
    wanted_on: date
    closes_on: date
    latest_on: date | None = None


class Chain(Protocol):
    """Doses that follow one another. A later day in `given` never opens the next step sooner, and
    `closes_on` of a step does not depend on the days before."""

    @property
    def name(self) -> str: ...

    def next_step(self, given: Given) -> Step | None: ...


class VisitRules(msgspec.Struct, frozen=True, kw_only=True):
    """`fits` says whether all the named chains can be served at one visit on a day. Chains in
    `live` are served on one day or `live_days` apart."""

    apart_days: int
    live: frozenset[str]
    live_days: int
    fits: Callable[[date, dict[str, Given]], bool]


class Found(msgspec.Struct, frozen=True):
    """Visits by day. `is_fewest`: the search was finished, none with fewer is left."""

    visits: tuple[tuple[date, frozenset[str]], ...]
    is_fewest: bool


_Score = tuple[int, int]  # visits, then days away from the wanted days
_Visits = tuple[tuple[date, frozenset[str]], ...]
_State = tuple[tuple[Given, ...], date | None, date | None]

CHOICES_MAX = 64  # ways to lighten one visit; past it the first suffice


def search_visits(
    chains: Sequence[Chain], rules: VisitRules, *, stretch_days: int = 0, nodes_max: int
) -> Found | None:
    """The fewest visits and, among these, the nearest to the wanted days; None where no plan is.

    Windows are stretched by `stretch_days` at their end. Past `nodes_max` states looked at, the
    best plan so far is the answer. The order of `chains` means nothing.
    """
    search = _Search(sorted(chains, key=lambda chain: chain.name), rules, stretch_days, nodes_max)
    search.descend(tuple(() for _ in chains), None, None, (), 0)
    if search.best is None:
        return None
    return Found(search.best, search.nodes <= nodes_max)


class _Search:
    def __init__(
        self, chains: list[Chain], rules: VisitRules, stretch_days: int, nodes_max: int
    ) -> None:
        self.chains = chains
        self.rules = rules
        self.stretch = timedelta(days=stretch_days)
        self.apart = timedelta(days=rules.apart_days)
        self.live_apart = timedelta(days=rules.live_days)
        self.nodes_max = nodes_max
        self.nodes = 0
        self.best: _Visits | None = None
        self.best_score: _Score | None = None
        self.seen: dict[_State, _Score] = {}
        self.windows = [self._list_windows(chain) for chain in chains]

    def descend(
        self,
        given: tuple[Given, ...],
        last_on: date | None,
        live_on: date | None,
        visits: _Visits,
        distance: int,
    ) -> None:
        self.nodes += 1
        if self.nodes > self.nodes_max and self.best is not None:
            return
        if self.nodes > 4 * self.nodes_max:
            return
        steps = {
            place: step
            for place, chain in enumerate(self.chains)
            if (step := chain.next_step(given[place])) is not None
        }
        score = (len(visits), distance)
        if not steps:
            if self.best_score is None or score < self.best_score:
                self.best, self.best_score = visits, score
            return
        if self._is_hopeless(given, score, last_on):
            return
        state = given, last_on, live_on
        if state in self.seen and self.seen[state] <= score:
            return
        self.seen[state] = score
        opens = {place: self._opens(place, steps[place], last_on, live_on) for place in steps}
        last_day = min(self._closes(step) for step in steps.values())
        if any(opens[place] > self._closes(steps[place]) for place in steps):
            return
        for day in self._list_days(steps, opens, last_day):
            for served in self._list_served(day, steps, opens, given):
                self.descend(
                    tuple(
                        (*days, day) if place in served else days
                        for place, days in enumerate(given)
                    ),
                    day,
                    day if any(self._is_live(place) for place in served) else live_on,
                    (*visits, (day, frozenset(self.chains[place].name for place in served))),
                    distance + sum(abs((day - steps[place].wanted_on).days) for place in served),
                )

    def _list_windows(self, chain: Chain) -> list[tuple[date, date]]:
        """When each dose could be given at most: what bounds the visits still needed."""
        found: list[tuple[date, date]] = []
        given: Given = ()
        while (step := chain.next_step(given)) is not None:
            found.append((step.opens_on, self._closes(step)))
            given = (*given, step.opens_on)
        return found

    def _is_hopeless(self, given: tuple[Given, ...], score: _Score, last_on: date | None) -> bool:
        """Whether even the fewest visits that pierce all windows left cannot beat the best."""
        if self.best_score is None:
            return False
        rest = [
            window
            for place, windows in enumerate(self.windows)
            for window in windows[len(given[place]) :]
        ]
        longest = max(
            (len(windows) - len(given[place]) for place, windows in enumerate(self.windows)),
            default=0,
        )
        needed = max(longest, _count_piercing(rest, last_on))
        return (score[0] + needed, score[1]) >= self.best_score

    def _closes(self, step: Step) -> date:
        closes = max(step.closes_on, step.opens_on) if self.stretch else step.closes_on
        closes += self.stretch
        return closes if step.latest_on is None else min(closes, step.latest_on)

    def _is_live(self, place: int) -> bool:
        return self.chains[place].name in self.rules.live

    def _opens(self, place: int, step: Step, last_on: date | None, live_on: date | None) -> date:
        opens = step.opens_on
        if last_on is not None:
            opens = max(opens, last_on + self.apart)
        if live_on is not None and self._is_live(place):
            opens = max(opens, live_on + self.live_apart)
        return opens

    def _list_days(
        self, steps: dict[int, Step], opens: dict[int, date], last_day: date
    ) -> list[date]:
        """Days on which something opens or is wanted, the most wanted first.

        No other day is needed: a visit moved back to where its last dose opens serves as well.
        """
        wanted = {place: max(steps[place].wanted_on, opens[place]) for place in steps}
        first = min(wanted.values())
        days = {day for day in (*opens.values(), *wanted.values()) if day <= last_day}
        return sorted(days, key=lambda day: (abs((day - first).days), day))

    def _list_served(
        self,
        day: date,
        steps: dict[int, Step],
        opens: dict[int, date],
        given: tuple[Given, ...],
    ) -> Iterator[frozenset[int]]:
        """What a visit on `day` may serve: all that is open; all but what is wanted later; without
        live doses that would shut out others; each lightened until it fits."""
        able = frozenset(place for place in steps if opens[place] <= day)
        ripe = frozenset(
            place
            for place in able
            if steps[place].wanted_on <= day or self._closes(steps[place]) < day + self.apart
        )
        choices = dict.fromkeys(self._vary_live(ripe, steps, opens, day))
        choices |= dict.fromkeys(self._vary_live(able, steps, opens, day))
        done: set[frozenset[int]] = set()
        for choice in choices:
            for served in self._lighten(day, choice, steps, given):
                if served and served not in done:
                    done.add(served)
                    yield served

    def _vary_live(
        self, able: frozenset[int], steps: dict[int, Step], opens: dict[int, date], day: date
    ) -> Iterator[frozenset[int]]:
        yield able
        live = sorted(place for place in able if self._is_live(place))
        shut_out = any(
            self._is_live(place) and place not in able and opens[place] < day + self.live_apart
            for place in steps
        )
        if shut_out:
            for count in range(1, len(live) + 1):
                for left in combinations(live, count):
                    yield able - set(left)

    def _lighten(
        self, day: date, able: frozenset[int], steps: dict[int, Step], given: tuple[Given, ...]
    ) -> Iterator[frozenset[int]]:
        """The largest parts of `able` that fit one visit, those that could wait left out first."""
        if self._fits(day, able, given):
            yield able
            return
        patient = sorted(able, key=lambda place: (self._closes(steps[place]), place), reverse=True)
        kept: list[frozenset[int]] = []
        for count in range(1, len(patient)):
            for left in combinations(patient, count):
                part = able - set(left)
                if any(part <= other for other in kept) or not self._fits(day, part, given):
                    continue
                kept.append(part)
                yield part
                if len(kept) >= CHOICES_MAX:
                    return

    def _fits(self, day: date, places: frozenset[int], given: tuple[Given, ...]) -> bool:
        named = {self.chains[place].name: given[place] for place in sorted(places)}
        return self.rules.fits(day, named)


def _count_piercing(windows: list[tuple[date, date]], last_on: date | None) -> int:
    """The fewest days that meet every window."""
    count, day = 0, last_on
    for opens, closes in sorted(windows, key=lambda window: window[1]):
        if day is None or opens > day or day == last_on:
            count, day = count + 1, closes
    return count
