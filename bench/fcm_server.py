"""FCM's simulator in a process of its own, for a measurement."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from api.child import ended
from bench.processes import wait_until_answers
from push.connect import FcmAccess
from store.embedded import free_port


@dataclass(frozen=True, slots=True)
class FcmServer:
    """Where it is."""

    access: FcmAccess
    http: str

    def list_accepted(self) -> list[tuple[str, float]]:
        """The token of each message that was accepted, and when (Unix seconds), in order."""
        found = httpx2.get(f"{self.http}/received").json()
        return [(each["message"]["token"], each["at"]) for each in found]

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
    with ended(subprocess.Popen(command, stdin=subprocess.PIPE)):
        wait_until_answers(f"{server.http}/received/count")
        yield server
