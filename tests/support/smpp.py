"""The message centre as a process of its own, and what a test asks of it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx2

from push.smpp import SmppAccess

PASSWORD = "demo-1"
READY_SECONDS_MAX = 30.0


class Centre:
    """A running message centre."""

    def __init__(self, smpp_port: int, http_port: int) -> None:
        self.access = SmppAccess("127.0.0.1", smpp_port, "osrati", PASSWORD)
        self.http = f"http://127.0.0.1:{http_port}"

    def received(self) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = httpx2.get(f"{self.http}/received").json()
        return kept

    def weather(self, *kinds: str) -> None:
        answer = httpx2.post(f"{self.http}/weather", json={"weather": kinds})
        assert answer.status_code == 200


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_centre() -> Iterator[Centre]:
    """A message centre that answers, ended with the block."""
    ports = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators.smpp", *map(str, ports)],
        env={**os.environ, "OSRATI_SMPP_PASSWORD": PASSWORD},
        stdin=subprocess.PIPE,
    )
    with process:
        try:
            found = Centre(*ports)
            until = time.monotonic() + READY_SECONDS_MAX
            while True:
                try:
                    found.received()
                    break
                except httpx2.HTTPError:
                    assert time.monotonic() < until
                    time.sleep(0.05)
            yield found
        finally:
            process.terminate()
