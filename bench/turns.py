"""Two servers asked by turns, so that whatever else the machine does falls on both alike."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import TypeAlias

from bench.raw_http import Connection

ROUNDS = 8  # short turns: a neighbour's burst of some seconds falls on both sides

Work: TypeAlias = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a second, and within how many milliseconds each time."""

    per_second: float
    p50_ms: float
    p99_ms: float


async def ask_by_turns(
    first: tuple[int, Work],
    second: tuple[int, Work],
    *,
    connections: int,
    seconds: float,
    rounds: int = ROUNDS,
) -> tuple[Pace, Pace]:
    """Each side's pace: (port, work) is done over so many connections at once, `seconds` in all."""
    sides = (first, second)
    rates: tuple[list[float], list[float]] = ([], [])
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for place, (port, work) in enumerate(sides):
            begun, end = time.perf_counter(), time.perf_counter() + seconds / rounds
            found = await _repeat(port, work, connections=connections, until=end)
            rates[place].append(len(found) / (time.perf_counter() - begun))
            times[place].extend(found)
    one, two = (_pace(rates[place], times[place]) for place in range(2))
    return one, two


async def _repeat(port: int, work: Work, *, connections: int, until: float) -> list[float]:
    """Milliseconds of each."""
    found: list[float] = []

    async def repeat() -> None:
        async with Connection(port) as connection:
            while (begun := time.perf_counter()) < until:
                await work(connection)
                found.append((time.perf_counter() - begun) * 1_000)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(connections):
            tasks.create_task(repeat())
    return found


def _pace(rates: list[float], times: list[float]) -> Pace:
    cuts = quantiles(times, n=100, method="inclusive")
    return Pace(fmean(rates), cuts[49], cuts[98])
