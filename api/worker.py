"""The worker: interprets what agencies sent and refreshes circles. The only import of arq.

A job carries an id and a kind, nothing else. The queue is a hint and the tables are the truth: a
sweep every few seconds does whatever a hint did not lead to, so losing Redis loses nothing but
those seconds.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any  # arq's context is a plain dict
from uuid import UUID

import orjson
import structlog
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker, func
from redis.exceptions import RedisError

from api.log import configure_logs
from api.notices import tell_until
from api.registry_key import open_registry
from api.settings import Settings
from api.wire import House, open_house, settle
from domain.error import TryLater
from domain.ids import CircleId, InboxId
from gov.inbox.row import list_open
from gov.inbox.upkeep import keep_up
from gov.interpret import give_up_if_hopeless, interpret
from gov.registry.call import carry_out_calls
from timeline.blob import sweep_orphans
from timeline.hint import Job
from timeline.tombstone import sweep_tombstones
from timeline.wake import WAKE_BATCH_MAX, find_waking

SWEEP_SECONDS = 5
UPKEEP_SECONDS = 3_600
JOBS_MAX = 8  # at once; each holds at most one database connection of twelve at a time
JOB_SECONDS_MAX = 60
HINT_SECONDS_MAX = 2
HINT_POLL_SECONDS = 0.05
END_SECONDS = 5  # for jobs under way; `osrati run` waits three times as long before it kills

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


async def interpret_message(house: House, inbox_id: InboxId, *, again: bool = False) -> None:
    """Interprets one kept message, and what it freed, and refreshes the circles it changed.

    With `again` also one that was applied before (`osrati inbox replay`).

    A fault is counted against the message, never lost: the sweep tries again, a hopeless one is
    held. A fault that may pass is not the message's, nor is a circle's that cannot be refreshed.
    """
    try:
        found = await interpret(house.ground, house.schemas, inbox_id, again=again)
        for circle_id in sorted(found.circles):
            await _refresh_or_log(house, circle_id)
        for freed in found.freed:
            await interpret_message(house, freed)
    except TryLater as fault:
        _log.warning("try_later", inbox_id=str(inbox_id), code=fault.code)
    except Exception as fault:
        hopeless = await give_up_if_hopeless(house.ground, inbox_id)
        _log.error(
            "interpretation_held" if hopeless else "interpretation_failed",
            inbox_id=str(inbox_id),
            error=type(fault).__name__,
        )


@dataclass(frozen=True, slots=True)
class Swept:
    """How much a sweep did, and whether to go on at once: its batch was full and none failed."""

    count: int
    is_more: bool = False


async def sweep(
    house: House, stop: asyncio.Event | None = None, *, batch_max: int = WAKE_BATCH_MAX
) -> Swept:
    """Does what no hint led to: open messages, dirty and waking circles.

    Ends early, between two of them, when `stop` is set.
    """
    count = 0
    for inbox_id in await list_open(house.ground):
        if stop is not None and stop.is_set():
            return Swept(count)
        await interpret_message(house, inbox_id)
        count += 1
    passing_over = house.failing.passed_over(house.ground.clock.now_utc())
    waking = await find_waking(house.ground, limit=batch_max, passing_over=passing_over)
    is_more = waking.is_full
    for circle_id in waking.circles:
        if stop is not None and stop.is_set():
            return Swept(count)
        is_more &= await _refresh_or_log(house, circle_id)
        count += 1
    count += await sweep_tombstones(house.ground) + await sweep_orphans(house.ground)
    return Swept(count, is_more)


async def _refresh_or_log(house: House, circle_id: CircleId) -> bool:
    """Refreshes a circle, once for all who ask at one time; whether it was. One that fails is tried
    ever later; a fault that may pass is none.
    """
    try:
        await house.refreshing.refresh(house.ground, circle_id)
    except TryLater as fault:
        _log.warning("try_later", circle_id=str(circle_id), code=fault.code)
    except Exception as fault:
        _log.error("refresh_failed", circle_id=str(circle_id), error=type(fault).__name__)
        house.failing.note_failed(circle_id, house.ground.clock.now_utc())
    else:
        house.failing.note_done(circle_id)
        house.telling.ring()  # a hint within the process: the look a second later is the truth
        return True
    return False


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
        await settle(house)
        await work(house, settings.redis_url, stop)


async def work(house: House, redis_url: str, stop: asyncio.Event) -> None:
    """Sweeps, and takes hints from the queue, until `stop`. Either goes on without the other."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_sweep_until(house, stop))
        tasks.create_task(_keep_up_until(house, stop))
        tasks.create_task(_ask_registries_until(house, stop))
        tasks.create_task(tell_until(house, stop))
        tasks.create_task(_take_hints_until(house, redis_url, stop))


async def _sweep_until(house: House, stop: asyncio.Event) -> None:
    while not stop.is_set():
        is_more = False
        try:
            is_more = (await sweep(house, stop)).is_more
        except Exception as fault:
            _log.error("sweep_failed", error=type(fault).__name__)
        if not is_more:  # a pause between two batches of a publication would take most of its time
            await _pause(stop)


async def _ask_registries_until(house: House, stop: asyncio.Event) -> None:
    """Makes the calls to registries that are due; without a gateway they wait in their table."""
    registry = open_registry(house.settings)
    if registry is None:
        return
    try:
        while not stop.is_set():
            try:
                await carry_out_calls(house.ground, house.schemas, registry)
            except Exception as fault:
                _log.error("registry_calls_failed", error=type(fault).__name__)
            await _pause(stop)
    finally:
        await registry.aclose()


async def _keep_up_until(house: House, stop: asyncio.Event) -> None:
    """Keeps the inbox's seals short-lived, once an hour, and says what waits too long."""
    while not stop.is_set():
        try:
            done = await keep_up(house.ground)
        except Exception as fault:
            _log.error("upkeep_failed", error=type(fault).__name__)
        else:
            if done.resealed_count or done.destroyed:
                _log.info("inbox_resealed", count=done.resealed_count)
            if done.old_count:
                _log.warning("inbox_waits_too_long", count=done.old_count)
        with suppress(TimeoutError):
            async with asyncio.timeout(UPKEEP_SECONDS):
                await stop.wait()


async def _take_hints_until(house: House, redis_url: str, stop: asyncio.Event) -> None:
    """Lets arq run jobs; where the queue is gone, tries again for as long as it takes."""
    while not stop.is_set():
        try:
            async with _open_pool(redis_url) as pool:
                await _serve_hints(house, pool, stop)
        except (RedisError, OSError, TimeoutError) as lost:
            _log.warning("queue_lost", error=type(lost).__name__)
            await _pause(stop)


async def _serve_hints(house: House, pool: ArqRedis, stop: asyncio.Event) -> None:
    """Runs jobs until `stop`, then takes no more and lets those under way end.

    Raises: RedisError, OSError when the queue is lost.
    """
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
    serving = asyncio.create_task(worker.async_run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        worker.allow_pick_jobs = False
        await asyncio.sleep(
            HINT_POLL_SECONDS * 2
        )  # a poll under way ends, and frees its connection
        if worker.tasks:
            await asyncio.wait(worker.tasks.values(), timeout=END_SECONDS)
        serving.cancel()
    for job in worker.tasks.values():
        job.cancel()  # each step of a job is a whole transaction or none, and is done again
    ended = await asyncio.gather(serving, *worker.tasks.values(), return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]


@asynccontextmanager
async def _open_pool(redis_url: str) -> AsyncIterator[ArqRedis]:
    pool = await create_pool(
        RedisSettings.from_dsn(redis_url), job_serializer=_serialize, job_deserializer=_deserialize
    )
    try:
        yield pool
    finally:
        await pool.aclose(close_connection_pool=True)


async def _pause(stop: asyncio.Event) -> None:
    """Waits for the next round, or for the end if that is sooner."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SWEEP_SECONDS):
            await stop.wait()


def _named(name: str, job: Callable[..., Awaitable[None]]) -> Any:
    return func(job, name=name, keep_result=0, timeout=JOB_SECONDS_MAX, max_tries=1)  # type: ignore[arg-type]
