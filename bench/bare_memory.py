"""The memory of processes with nothing in them: the baseline of the product's two processes."""

import asyncio

import httpx2

from api.settings import HOST
from bench.bare_worker import have_done
from bench.processes import child, resident_mb, wait_until_answers
from store.embedded import free_port

BARE_REQUESTS = 800  # as many as the load of `bench/event.py` has events


def bare_api_mb() -> float:
    """Megabytes of Starlette and uvicorn alone, after answering."""
    port = free_port()
    with child("bench.bare_api", str(port), environ={}) as pid:
        url = f"http://{HOST}:{port}/health/live"
        wait_until_answers(url)
        with httpx2.Client() as client:
            for _ in range(BARE_REQUESTS):
                client.get(url)
        return resident_mb(pid)


def bare_worker_mb(redis_url: str) -> float:
    """Megabytes of arq alone, after working off a queue of the Valkey at `redis_url`."""
    with child("bench.bare_worker", environ={"REDIS_URL": redis_url}) as pid:
        asyncio.run(have_done(redis_url, BARE_REQUESTS))
        return resident_mb(pid)
