"""Phones that are killed in the middle of a local transaction.

`python tests/simulate/dying_phone.py DIRECTORY URL PERSON`: for each place of `DEATHS` a process of
its own keeps an act, syncs, and dies by SIGKILL just before the n-th SQL statement that begins so.
Prints one line a death: its directory, the act's id, and how the process ended.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2

from phone import act
from phone.day import HardwareClock
from phone.store import Store
from phone.sync import Phone, round_trip
from phone.transport import Transport
from phone.vault import open_vault

# At most ten: a person has no more devices.
DEATHS = (
    ("BEGIN", 6),
    ("INSERT OR REPLACE INTO stream_key", 1),
    ("INSERT INTO stream ", 1),
    ("INSERT INTO record", 2),
    ("UPDATE stream SET complete", 1),
    ("INSERT OR REPLACE INTO setting", 8),
    ("COMMIT", 5),
    ("UPDATE outbox SET sequence", 1),
    ("UPDATE outbox SET state", 1),
)
ROUNDS = 5


async def live(store: Store, url: str, person: UUID, count: int, statement: str) -> None:
    """Syncs until it dies, or has nothing left to do."""
    left = count

    def die(said: str) -> None:
        nonlocal left
        left -= said.startswith(statement)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    store.connection.set_trace_callback(die)
    async with httpx2.AsyncClient(base_url=url) as http:
        phone = Phone(store, Transport(http, person), HardwareClock())
        for _ in range(ROUNDS):
            await round_trip(phone)


def main(directory: Path, url: str, person: UUID) -> None:
    for place, (statement, count) in enumerate(DEATHS):
        own = directory / str(place)
        own.mkdir()
        child = os.fork()
        if child == 0:
            store = Store(own / "phone.sqlite", open_vault(own / "keys"))
            now = datetime.now(UTC)
            print(own, act.dismiss(store, bytes(16), now=now), end=" ", flush=True)
            asyncio.run(live(store, url, person, count, statement))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], UUID(sys.argv[3]))
