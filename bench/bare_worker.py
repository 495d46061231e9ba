"""A worker process with nothing in it: arq and one job. `REDIS_URL=… python -m bench.bare_worker`.

The baseline of the worker's memory.
"""

import asyncio
import os
from contextlib import suppress
from typing import Any  # arq's context is a plain dict

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func

from bench.wait import wait_until

QUEUE = "bench:bare"
POLL_SECONDS = 0.05
DONE_SECONDS_MAX = 60.0


async def nothing(_: dict[str, Any], number: int) -> int:
    return number


async def work(redis_url: str) -> None:
    """Works until it is told to end."""
    worker = Worker(
        functions=[func(nothing, name="nothing", keep_result=0)],  # type: ignore[arg-type]  # as api/worker.py
        redis_settings=RedisSettings.from_dsn(redis_url),
        queue_name=QUEUE,
        keep_result=0,
        poll_delay=POLL_SECONDS,
    )
    try:
        with suppress(asyncio.CancelledError):  # how arq ends when it is told to
            await worker.async_run()
    finally:
        await worker.close()


async def have_done(redis_url: str, job_count: int) -> None:
    """Gives the bare worker that many jobs; returns when all are done."""
    pool = await create_pool(RedisSettings.from_dsn(redis_url), default_queue_name=QUEUE)

    async def empty() -> bool:
        return int(await pool.zcard(QUEUE)) == 0

    try:
        for number in range(job_count):
            await pool.enqueue_job("nothing", number)
        await wait_until(empty, poll_seconds=POLL_SECONDS, seconds_max=DONE_SECONDS_MAX)
    finally:
        await pool.aclose()


if __name__ == "__main__":
    asyncio.run(work(os.environ["REDIS_URL"]))
