"""The FCM simulator as a process of its own, and what a test asks of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from push.connect import FcmAccess, open_fcm
from push.fcm import FcmSender
from store.clock import SystemClock
from store.embedded import free_port
from tests.support.simulator import running

LIST_SECONDS_MAX = 60  # 20,000 messages are megabytes, on a machine that does other things


class FcmProcess:
    """A running simulator."""

    def __init__(self, directory: Path, http_port: int, http2_port: int) -> None:
        self.directory = directory
        self.http = f"http://127.0.0.1:{http_port}"
        self.origin = f"https://127.0.0.1:{http2_port}"

    @property
    def access(self) -> FcmAccess:
        return FcmAccess(
            self.directory / "fcm-service-account.json",
            self.origin,
            self.directory / "fcm-certificate.pem",
        )

    def sender(self) -> FcmSender:
        return open_fcm(self.access, SystemClock())

    async def received(self) -> list[dict[str, Any]]:
        """Every message that was accepted, in order."""
        async with httpx2.AsyncClient(timeout=LIST_SECONDS_MAX) as client:
            answer = await client.get(f"{self.http}/received")
        return [each["message"] for each in answer.json()]

    async def received_count(self) -> int:
        """How many were accepted."""
        async with httpx2.AsyncClient() as client:
            count: int = (await client.get(f"{self.http}/received/count")).json()
        return count

    async def weather(self, *kinds: str, **more: Any) -> int:
        """Lays out what comes; how many messages were sent here so far."""
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"{self.http}/weather", json={"weather": kinds, **more})
        assert answer.status_code == 200, answer.text
        count: int = answer.json()["sent_count"]
        return count


@contextmanager
def running_fcm(directory: Path) -> Iterator[FcmProcess]:
    """A simulator that answers, ended with the block."""
    ports = free_port(), free_port()
    found = FcmProcess(directory, *ports)
    with running("simulators.fcm", directory, *ports, ready_url=f"{found.http}/received"):
        yield found
