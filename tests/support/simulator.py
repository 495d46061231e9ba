"""A simulator as a process of its own: started, waited for, ended with the block."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

READY_SECONDS_MAX = 30.0


@contextmanager
def running(module: str, *arguments: object, ready_url: str, **environ: str) -> Iterator[None]:
    """It answers at `ready_url`; it ends, too, when its input closes."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,
    ) as process:
        try:
            _wait_until_answers(ready_url)
            yield
        finally:
            process.terminate()


def _wait_until_answers(url: str) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while True:
        try:
            httpx2.get(url)
        except httpx2.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
