"""`loop-wait`: how long the smallest answer of an event loop takes while a family's plans are made
anew in a thread beside it, as `timeline/refresh.py` does it: of one byte, there and back.

Baseline: the same loop with nothing beside it. Who asks is a process of its own.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Callable
from datetime import date
from multiprocessing import get_context
from multiprocessing.queues import Queue

from api.wire import THREAD_SWITCH_SECONDS
from bench.evaluate import RECORD_SECRET, shipped_catalogue
from bench.family import family_of_five
from bench.result import Result, compare, value_below
from domain.evaluate import evaluate
from domain.facts.health import VaccinationGiven
from domain.ids import CircleId
from domain.people.circle import Circle, couple_members
from domain.planned.vaccination_plan import forget_plans

SECONDS = 5.0
PAUSE_SECONDS = 0.002
TODAY = date(2026, 11, 21)
LOOP_MS_MAX = 5  # what may hold the loop up, by the plan of the house
_MS = 1_000.0


def measure_loop_wait(*, seconds: float = SECONDS) -> list[Result]:
    """Two figures, in milliseconds."""
    family = family_of_five(TODAY)
    members = couple_members(family.husband, family.wife)
    circle = Circle(CircleId(family.husband), "couple", members)
    unvaccinated = [one for one in family.facts if not isinstance(one.payload, VaccinationGiven)]
    catalogue = shipped_catalogue()

    def plan() -> None:
        forget_plans()
        evaluate(circle, unvaccinated, catalogue, TODAY, RECORD_SECRET)

    before = sys.getswitchinterval()
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    try:
        bare = asyncio.run(_wait_ms(None, seconds))
        beside = asyncio.run(_wait_ms(plan, seconds))
    finally:
        sys.setswitchinterval(before)
    return [
        compare(
            f"loop-wait-p{part}",
            _at(beside, part),
            "ms",
            baseline="nothing beside it",
            baseline_value=_at(bare, part),
            goal=value_below(LOOP_MS_MAX) if part == 50 else None,
        )
        for part in (50, 99)
    ]


async def _wait_ms(beside: Callable[[], None] | None, seconds: float) -> list[float]:
    """Every wait of somebody who asks for so long, sorted."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Echo, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    context = get_context("spawn")
    waits: Queue[list[float]] = context.Queue()
    asker = context.Process(target=_ask, args=(port, seconds, waits))
    asker.start()
    asked = loop.run_in_executor(None, waits.get)
    while not asked.done():
        await (asyncio.sleep(PAUSE_SECONDS) if beside is None else asyncio.to_thread(beside))
    found = await asked
    asker.join()
    server.close()
    return sorted(found)


class _Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


def _ask(port: int, seconds: float, waits: "Queue[list[float]]") -> None:
    """In a process of its own."""
    found: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = time.perf_counter() + seconds
        while not found or time.perf_counter() < until:
            began = time.perf_counter()
            connection.sendall(b"?")
            connection.recv(1)
            found.append((time.perf_counter() - began) * _MS)
            time.sleep(PAUSE_SECONDS)
    waits.put(found)


def _at(waits: list[float], part: int) -> float:
    return waits[min(len(waits) - 1, len(waits) * part // 100)]
