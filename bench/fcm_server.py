"""FCM's simulator in a process of its own, for a measurement."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from push.connect import FcmAccess
from store.embedded import free_port

READY_SECONDS_MAX = 60.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class FcmServer:
    """Where it is."""

    access: FcmAccess
    http: str

    def count(self) -> int:
        """How many messages were accepted."""
        found: int = httpx2.get(f"{self.http}/received/count").json()
        return found


@contextmanager
def running_fcm(directory: Path) -> Iterator[FcmServer]:
    """A simulator that answers, ended with the block. It ends, too, when its input closes."""
    ports = free_port(), free_port()
    command = [sys.executable, "-m", "simulators.fcm", str(directory), *map(str, ports)]
    access = FcmAccess(
        directory / "fcm-service-account.json",
        f"https://127.0.0.1:{ports[1]}",
        directory / "fcm-certificate.pem",
    )
    server = FcmServer(access, f"http://127.0.0.1:{ports[0]}")
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            _wait_until_ready(server)
            yield server
        finally:
            process.terminate()


def _wait_until_ready(server: FcmServer) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while True:
        try:
            server.count()
        except httpx2.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return
