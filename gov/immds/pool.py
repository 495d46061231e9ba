"""Where a forecast is worked out: on the event loop while it is short, else in a process of its
own, so that 500 doses of one patient keep nobody else waiting.

The process starts with the first long request, holds the programme, and ends with its parent.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

import orjson

from domain.error import Busy
from domain.immunization.programme import Programme
from gov.immds.forecast import forecast_operation

INLINE_BYTES_MAX = 16 * 1024  # some 60 doses: 4 ms of one core
POOL_SECONDS_MAX = 20  # 500 doses take 0.1 s; on a loaded machine the process took 9 s to start
WAITING_MAX = 16  # long requests at once, then "try later"

LoadProgramme = Callable[[], Programme]
Answered = tuple[int, bytes]
"""An HTTP status, and the resource as JSON."""


class ForecastPool:
    """Answers `$immds-forecast`. `load` is a function of a module: the process calls it, too."""

    def __init__(self, load: LoadProgramme, *, inline_bytes_max: int = INLINE_BYTES_MAX) -> None:
        self._load = load
        self._inline_bytes_max = inline_bytes_max
        self._loading = asyncio.Lock()
        self._programme: Programme | None = None
        self._executor: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def answer(self, body: bytes, *, today: date) -> Answered:
        """Raises: Busy when the process is overwhelmed, late or lost: send the same again."""
        if len(body) > self._inline_bytes_max:
            return await self._answer_apart(body, today)
        async with self._loading:
            if self._programme is None:
                self._programme = await asyncio.to_thread(self._load)
        return answer_with(self._programme, body, today)

    def close(self) -> None:
        """Ends the process; the next long request starts another."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    async def _answer_apart(self, body: bytes, today: date) -> Answered:
        if self._waiting >= WAITING_MAX:
            raise Busy
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                1, mp_context=get_context("spawn"), initializer=_begin, initargs=(self._load,)
            )
        self._waiting += 1
        try:
            async with asyncio.timeout(POOL_SECONDS_MAX):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._executor, _answer, body, today)
        except BrokenExecutor:  # killed, perhaps for memory: another is started for who asks next
            self.close()
            raise Busy from None
        except TimeoutError:
            raise Busy from None
        finally:
            self._waiting -= 1


def answer_with(programme: Programme, body: bytes, today: date) -> Answered:
    """The status and the bytes of the answer."""
    status, resource = forecast_operation(body, programme, today=today)
    return status, orjson.dumps(resource)


# What follows runs in the process apart.

_loaded: list[Programme] = []


def _begin(load: LoadProgramme) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _loaded.append(load())


def _end_with_parent() -> None:
    """However the parent ended, nothing of it stays."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(0)


def _answer(body: bytes, today: date) -> Answered:
    return answer_with(_loaded[0], body, today)
