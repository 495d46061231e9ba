"""The message centre as a process of its own, and what a test asks of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from push.smpp import SmppAccess
from store.embedded import free_port
from tests.support.simulator import running

PASSWORD = "demo-1"


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


@contextmanager
def running_centre() -> Iterator[Centre]:
    """A message centre that answers, ended with the block."""
    ports = free_port(), free_port()
    found = Centre(*ports)
    with running(
        "simulators.smpp",
        *ports,
        ready_url=f"{found.http}/received",
        OSRATI_SMPP_PASSWORD=PASSWORD,
    ):
        yield found
