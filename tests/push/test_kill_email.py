"""`kill -9` of the worker among ten e-mails: those that went are known, those that were not begun
go, and no more than the relay has connections for are in doubt: shown, and not sent again.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from push.notice import NoticeClass
from push.smtp import CONNECTIONS_MAX
from store.clock import SystemClock
from store.notice_tables import (
    CHANNEL_EMAIL,
    DELIVERY_ACCEPTED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
)
from tests.support.house import TestHouse
from tests.support.recipients import load_recipients
from tests.support.smtp import MailProcess, running_mail
from tests.support.worker import CHECKOUT, until

LATE = date(2099, 1, 1)
COUNT = 10
NO_QUEUE = "redis://127.0.0.1:9/0"  # a hint is never needed


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailProcess]:
    with running_mail(tmp_path) as found:
        yield found


def begin_worker(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "api.cli", "worker"]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environ)


@pytest.mark.parametrize("notice_class", ["service", "clinical"])
async def test_a_kill_among_ten_emails_leaves_only_those_in_flight_in_doubt(
    house: TestHouse,
    databases: tuple[str, str],
    mail: MailProcess,
    tmp_path: Path,
    notice_class: NoticeClass,
) -> None:
    house.clock.instant = SystemClock().now_utc()  # the worker's clock
    await load_recipients(
        house, COUNT, channel=CHANNEL_EMAIL, notice_class=notice_class, until_on=LATE
    )
    environ = {
        **os.environ,
        **mail.environ,
        "DATABASE_URL": databases[0],
        "KEYSTORE_URL": databases[1],
        "REDIS_URL": NO_QUEUE,
        "OSRATI_DATA_DIR": str(tmp_path),
    }
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))

    async def states() -> Counter[int]:
        rows = await connection.fetch("SELECT state FROM delivery")
        return Counter(row["state"] for row in rows)

    async def has(count: int) -> bool:
        return len(await mail.received()) >= count

    async def settled(count: int) -> bool:
        return (await states())[DELIVERY_ACCEPTED] >= count

    async def nothing_open() -> bool:
        return not {DELIVERY_QUEUED, DELIVERY_SENDING} & (await states()).keys()

    # Three are answered; then the relay takes what it gets and says nothing, on each connection.
    await mail.weather(*["fair"] * 3, *["silent"] * CONNECTIONS_MAX)
    worker = begin_worker(environ)
    try:
        await until(lambda: has(3 + CONNECTIONS_MAX))
        await until(lambda: settled(3))
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert len(await mail.received()) == 3 + CONNECTIONS_MAX
    await connection.execute(
        "UPDATE delivery SET next_at = now() - interval '1 second' WHERE state < 2"
    )

    worker = begin_worker(environ)
    try:
        expected = COUNT if notice_class == "clinical" else COUNT - CONNECTIONS_MAX
        await until(lambda: settled(expected))
        await until(nothing_open)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    received = Counter(each["to"][0] for each in await mail.received())
    assert len(received) == COUNT, "nobody is missed"
    if notice_class == "clinical":
        assert sum(received.values()) == COUNT + CONNECTIONS_MAX
        assert (await states()) == {DELIVERY_ACCEPTED: COUNT}
    else:
        assert set(received.values()) == {1}
        assert (await states()) == {
            DELIVERY_ACCEPTED: COUNT - CONNECTIONS_MAX,
            DELIVERY_UNKNOWN: CONNECTIONS_MAX,
        }
    await connection.close()
