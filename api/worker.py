"""The worker: interprets what agencies sent and refreshes circles. The only import of arq.

A job carries an id and a kind, nothing else. The queue is a hint and the tables are the truth: a
sweep every few seconds does whatever a hint did not lead to, so losing Redis loses nothing but
those seconds.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any  # arq's context is a plain dict
from uuid import UUID

import orjson
import structlog
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker, func
from redis.exceptions import RedisError

from api.log import configure_logs
from api.settings import Settings
from api.wire import House, open_house
from domain.ids import CircleId, InboxId
from gov.inbox import list_open
from gov.interpret import give_up_if_hopeless, interpret
from timeline.hint import Job
from timeline.refresh import refresh
from timeline.wake import list_waking_circles

SWEEP_SECONDS = 5
JOBS_MAX = 8  # at once; each holds at most one database connection of twelve at a time
JOB_SECONDS_MAX = 60
HINT_SECONDS_MAX = 2
HINT_POLL_SECONDS = 0.05

_log = structlog.get_logger("osrati.worker")


def _serialize(job: dict[str, Any]) -> bytes:
    return orjson.dumps(job, default=str)


def _deserialize(body: bytes) -> dict[str, Any]:
    job: dict[str, Any] = orjson.loads(body)
    return job


class QueueHints:
    """Says "look now" through arq. Where the queue is gone it says nothing: the sweep will look."""

    def __init__(self, pool: ArqRedis) -> None:
        self._pool = pool

    async def look(self, job: Job, subject: UUID) -> None:
        """Queues one job for one subject; a job already queued for it is enough."""
        try:
            async with asyncio.timeout(HINT_SECONDS_MAX):
                await self._pool.enqueue_job(job, str(subject), _job_id=f"{job}:{subject}")
        except (RedisError, OSError, TimeoutError) as lost:
            _log.warning("hint_lost", job=job, error=type(lost).__name__)


async def connect_hints(redis_url: str) -> QueueHints:
    """The queue at `redis_url`, as somewhere to say hints."""
    pool = await create_pool(
        RedisSettings.from_dsn(redis_url), job_serializer=_serialize, job_deserializer=_deserialize
    )
    return QueueHints(pool)


async def close_hints(hints: QueueHints) -> None:
    """Closes the queue's connections."""
    await hints._pool.aclose(close_connection_pool=True)


async def interpret_message(house: House, inbox_id: InboxId) -> None:
    """Interprets one kept message, and what it freed, and refreshes the circles it changed.

    A fault is counted against the message, never lost: the sweep tries again, a hopeless one is
    held.
    """
    try:
        found = await interpret(house.ground, house.schemas, inbox_id)
        for circle_id in sorted(found.circles):
            await refresh(house.ground, circle_id)
        for freed in found.freed:
            await interpret_message(house, freed)
    except Exception as fault:
        hopeless = await give_up_if_hopeless(house.ground, inbox_id)
        _log.error(
            "interpretation_held" if hopeless else "interpretation_failed",
            inbox_id=str(inbox_id),
            error=type(fault).__name__,
        )


async def sweep(house: House) -> int:
    """Does what no hint led to: open messages, dirty and waking circles; how many it did."""
    messages = await list_open(house.ground)
    for inbox_id in messages:
        await interpret_message(house, inbox_id)
    circles = await list_waking_circles(house.ground)
    for circle_id in circles:
        await _refresh_or_log(house, circle_id)
    return len(messages) + len(circles)


async def _refresh_or_log(house: House, circle_id: CircleId) -> None:
    try:
        await refresh(house.ground, circle_id)
    except Exception as fault:
        _log.error("refresh_failed", circle_id=str(circle_id), error=type(fault).__name__)


async def _interpret_job(context: dict[str, Any], inbox_id: str) -> None:
    await interpret_message(context["house"], InboxId(UUID(inbox_id)))


async def _refresh_job(context: dict[str, Any], circle_id: str) -> None:
    await _refresh_or_log(context["house"], CircleId(UUID(circle_id)))


JOBS: dict[Job, Callable[[dict[str, Any], str], Awaitable[None]]] = {
    "interpret": _interpret_job,
    "refresh": _refresh_job,
}
"""Every job there is; a test holds them equal to the kinds of hint."""


async def run_worker(settings: Settings) -> None:
    """Runs until it is told to end (SIGINT, SIGTERM)."""
    configure_logs()
    assert settings.redis_url is not None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, stop.set)
    async with open_house(settings) as house:
        await work(house, settings.redis_url, stop)


async def work(house: House, redis_url: str, stop: asyncio.Event) -> None:
    """Sweeps, and takes hints from the queue, until `stop`. Either goes on without the other."""
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_sweep_for_ever(house)),
            tasks.create_task(_take_hints_for_ever(house, redis_url)),
        ]
        await stop.wait()
        for task in running:
            task.cancel()


async def _sweep_for_ever(house: House) -> None:
    while True:
        try:
            await sweep(house)
        except Exception as fault:
            _log.error("sweep_failed", error=type(fault).__name__)
        await asyncio.sleep(SWEEP_SECONDS)


async def _take_hints_for_ever(house: House, redis_url: str) -> None:
    """Lets arq run jobs; where the queue is gone, tries again for as long as it takes."""
    while True:
        worker: Worker | None = None
        pool: ArqRedis | None = None
        try:
            pool = await create_pool(
                RedisSettings.from_dsn(redis_url),
                job_serializer=_serialize,
                job_deserializer=_deserialize,
            )
            worker = Worker(
                functions=[_named(name, job) for name, job in JOBS.items()],
                redis_pool=pool,
                ctx={"house": house},
                max_jobs=JOBS_MAX,
                job_timeout=JOB_SECONDS_MAX,
                keep_result=0,  # arq refuses a job id while its result is kept
                poll_delay=HINT_POLL_SECONDS,
                job_serializer=_serialize,
                job_deserializer=_deserialize,
                handle_signals=False,
            )
            await worker.async_run()
        except (RedisError, OSError, TimeoutError) as lost:
            _log.warning("queue_lost", error=type(lost).__name__)
        finally:
            if worker is not None:
                await _end_jobs(worker)
            if pool is not None:
                await pool.aclose(close_connection_pool=True)
        await asyncio.sleep(SWEEP_SECONDS)


async def _end_jobs(worker: Worker) -> None:
    """Ends the jobs under way: each step is a whole transaction or none, and is done again."""
    jobs = list(worker.tasks.values())
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)


def _named(name: str, job: Callable[..., Awaitable[None]]) -> Any:
    return func(job, name=name, keep_result=0, timeout=JOB_SECONDS_MAX, max_tries=1)  # type: ignore[arg-type]
