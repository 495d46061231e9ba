"""The fewest visits, against every possible plan of small instances."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.immunization.visit_search import (
    Chain,
    Found,
    Given,
    Step,
    VisitRules,
    search_visits,
)

pytestmark = pytest.mark.slow  # left to `make test`

START = date(2026, 1, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


class Row(msgspec.Struct, frozen=True):
    """A dose: from day `opens`, `gap` days after the one before, within `wait` days; `late` is how
    long after it opens it is wanted."""

    opens: int
    gap: int
    wait: int
    late: int


class Doses(msgspec.Struct, frozen=True):
    name: str
    rows: tuple[Row, ...]

    def next_step(self, given: Given) -> Step | None:
        place = len(given)
        if place >= len(self.rows):
            return None
        row = self.rows[place]
        opens = day(row.opens)
        if given:
            opens = max(opens, given[-1] + timedelta(days=row.gap))
        wanted = max(opens, day(row.opens + row.late))
        return Step(opens_on=opens, wanted_on=wanted, closes_on=self._closes(place))

    def _closes(self, place: int) -> date:
        """As if each dose before had been given on the day it is wanted."""
        at = -100
        for row in self.rows[: place + 1]:
            at = max(row.opens + row.late, at + row.gap)
        return day(at + self.rows[place].wait)


class World(msgspec.Struct, frozen=True):
    chains: tuple[Doses, ...]
    most: int
    apart: int
    live: frozenset[str]
    live_days: int

    def rules(self) -> VisitRules:
        return VisitRules(
            apart_days=self.apart,
            live=self.live,
            live_days=self.live_days,
            fits=lambda _, named: len(named) <= self.most,
        )


rows = st.builds(
    Row,
    opens=st.integers(0, 5),
    gap=st.integers(1, 4),
    wait=st.integers(0, 4),
    late=st.integers(0, 2),
)
worlds = st.builds(
    World,
    chains=st.lists(st.lists(rows, min_size=1, max_size=2), min_size=1, max_size=3).map(
        lambda lists: tuple(Doses(name, tuple(r)) for name, r in zip("ABC", lists, strict=False))
    ),
    most=st.integers(1, 3),
    apart=st.integers(1, 3),
    live=st.frozensets(st.sampled_from("AB")),
    live_days=st.integers(1, 5),
)


def find_fewest_by_trying(world: World) -> int | None:
    """The fewest visits over every choice of days and of chains served, or None."""
    known: dict[tuple[tuple[Given, ...], int], int | None] = {}

    def fewest(given: tuple[Given, ...], first: int) -> int | None:
        if (given, first) not in known:
            known[given, first] = try_all(given, first)
        return known[given, first]

    def try_all(given: tuple[Given, ...], first: int) -> int | None:
        steps = [chain.next_step(dates) for chain, dates in zip(world.chains, given, strict=True)]
        left = [step for step in steps if step is not None]
        if not left:
            return 0
        found: list[int] = []
        for number in range(first, (min(step.closes_on for step in left) - START).days + 1):
            for after in list_visits(world, steps, given, day(number)):
                rest = fewest(after, number + world.apart)
                found += [] if rest is None else [1 + rest]
        return min(found, default=None)

    return fewest(((),) * len(world.chains), 0)


def list_visits(
    world: World, steps: list[Step | None], given: tuple[Given, ...], on: date
) -> Iterator[tuple[Given, ...]]:
    able = [place for place, step in enumerate(steps) if step and step.opens_on <= on]
    for count in range(1, min(len(able), world.most) + 1):
        for served in combinations(able, count):
            if not breaks_live_gap(world, served, given, on):
                yield tuple(
                    (*dates, on) if place in served else dates for place, dates in enumerate(given)
                )


def breaks_live_gap(
    world: World, served: tuple[int, ...], given: tuple[Given, ...], on: date
) -> bool:
    live = [place for place, chain in enumerate(world.chains) if chain.name in world.live]
    before = [d for place in live for d in given[place]]
    return any(place in live for place in served) and any(
        (on - d).days < world.live_days for d in before
    )


def check(world: World, found: Found) -> None:
    """No rule is broken by the plan."""
    given: dict[str, Given] = {chain.name: () for chain in world.chains}
    chains: dict[str, Chain] = {chain.name: chain for chain in world.chains}
    last: date | None = None
    live: date | None = None
    for on, names in found.visits:
        assert names
        assert len(names) <= world.most
        assert last is None or (on - last).days >= world.apart
        if names & world.live:
            assert live is None or (on - live).days >= world.live_days
            live = on
        for name in names:
            step = chains[name].next_step(given[name])
            assert step is not None
            assert step.opens_on <= on <= step.closes_on
            given[name] = (*given[name], on)
        last = on
    assert all(chains[name].next_step(days) is None for name, days in given.items())


@settings(max_examples=400, deadline=None)
@given(worlds)
def test_no_plan_has_fewer_visits(world: World) -> None:
    found = search_visits(world.chains, world.rules(), nodes_max=100_000)
    fewest = find_fewest_by_trying(world)
    if found is None:
        assert fewest is None
        return
    assert found.is_fewest
    check(world, found)
    assert len(found.visits) == fewest


@settings(max_examples=100, deadline=None)
@given(worlds, st.permutations(range(3)))
def test_the_order_of_chains_means_nothing(world: World, order: list[int]) -> None:
    mixed = [world.chains[place] for place in order if place < len(world.chains)]
    first = search_visits(world.chains, world.rules(), nodes_max=100_000)
    assert search_visits(mixed, world.rules(), nodes_max=100_000) == first


def plan(*chains: Doses, most: int = 4, live: str = "") -> list[tuple[int, str]]:
    world = World(chains, most, 1, frozenset(live), 5)
    found = search_visits(chains, world.rules(), nodes_max=1_000)
    assert found is not None
    return [((on - START).days, "".join(sorted(names))) for on, names in found.visits]


def one(name: str, opens: int, wait: int, late: int = 0) -> Doses:
    return Doses(name, (Row(opens, 1, wait, late),))


def test_what_can_wait_waits_for_the_next_visit() -> None:
    # A may be given on days 0 to 4, B on days 3 to 4: one visit, on the first day for both.
    assert plan(one("A", 0, 4), one("B", 3, 1)) == [(3, "AB")]
    # A may wait until day 2 only.
    assert plan(one("A", 0, 2), one("B", 3, 1)) == [(0, "A"), (3, "B")]


def test_giving_sooner_may_spare_a_visit_later() -> None:
    # A on day 0 to 10 and again 28 days later, B until day 10, C on days 30 to 35: with A and B on
    # the last day possible (10), A's second would come on day 38 and C alone before it.
    a = Doses("A", (Row(0, 0, 10, 0), Row(0, 28, 30, 0)))
    found = plan(a, one("B", 0, 10), one("C", 30, 5))
    assert [names for _, names in found] == ["AB", "AC"]


def test_live_vaccines_come_together_or_apart() -> None:
    assert plan(one("A", 0, 2), one("B", 2, 0), live="AB") == [(2, "AB")]
    # B opens after A has to be given, so it waits the five days that live vaccines lie apart.
    assert plan(one("A", 0, 1), one("B", 2, 6), live="AB") == [(0, "A"), (5, "B")]


def test_a_visit_holds_only_so_much() -> None:
    # Three on one day where two fit: the one that may wait comes later, with what opens then.
    chains = one("A", 0, 3), one("B", 0, 0), one("C", 0, 0), one("D", 2, 1)
    assert plan(*chains, most=2) == [(0, "BC"), (2, "AD")]
    assert plan(*chains, most=3) == [(0, "ABC"), (2, "D")]


def test_a_visit_is_on_the_wanted_day_where_that_costs_none() -> None:
    assert plan(one("A", 0, 9, late=3)) == [(3, "A")]


def test_no_plan_is_said_and_stretching_the_windows_finds_one() -> None:
    chains = (one("A", 0, 0), one("B", 0, 0))
    rules = World(chains, 1, 1, frozenset(), 1).rules()
    assert search_visits(chains, rules, nodes_max=1_000) is None
    found = search_visits(chains, rules, stretch_days=1, nodes_max=1_000)
    assert found is not None
    assert len(found.visits) == 2


def test_past_the_limit_the_best_so_far_is_given_as_such() -> None:
    chains = tuple(Doses(name, tuple(Row(n, 2, 4, 1) for n in range(4))) for name in "ABCDEF")
    rules = World(chains, 3, 1, frozenset("AB"), 3).rules()
    found = search_visits(chains, rules, nodes_max=30)
    assert found is not None
    assert not found.is_fewest
