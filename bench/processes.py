"""Child processes of a measurement: started, waited for, asked to end, and how much memory each has
resident.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from api.child import ChildEnded, ended
from api.settings import Settings

READY_SECONDS_MAX = 60
READY_POLL_SECONDS = 0.05
KIB_PER_MB = 1_000_000 / 1_024
OK = 200


@contextmanager
def child(module: str, *arguments: str, environ: Mapping[str, str]) -> Iterator[int]:
    """The process id of `python -m module arguments` while it runs; ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], env={**os.environ, **environ}
    )
    with ended(process):
        yield process.pid
        if process.poll() is not None:
            raise ChildEnded(f"{module} ended with {process.returncode} during the measurement")


def environ_of(settings: Settings) -> dict[str, str]:
    """The environment by which `osrati api` and `osrati worker` find the bench's servers."""
    return {
        "OSRATI_ENVIRONMENT": settings.environment,
        "OSRATI_PORT": str(settings.port),
        "OSRATI_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": str(settings.database_url),
        "KEYSTORE_URL": str(settings.keystore_url),
        "REDIS_URL": str(settings.redis_url),
    }


def wait_until_answers(url: str) -> None:
    """Returns when `url` answers 200. Raises: TimeoutError."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    with httpx2.Client() as client:
        while time.monotonic() < deadline:
            try:
                if client.get(url).status_code == OK:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(READY_POLL_SECONDS)
    raise TimeoutError(f"{url} did not answer within {READY_SECONDS_MAX} s")


def resident_mb(pid: int) -> float:
    """The resident memory of a process in megabytes (10^6 bytes), as /proc tells it."""
    return _memory_mb(pid, "VmRSS:")


def peak_mb(pid: int) -> float:
    """The most it ever had resident. `wait4` would tell the most of whoever started it, too."""
    return _memory_mb(pid, "VmHWM:")


def _memory_mb(pid: int, row: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(row):
            return int(line.split()[1]) / KIB_PER_MB
    raise ChildEnded(f"process {pid} has no resident memory: it has ended")
