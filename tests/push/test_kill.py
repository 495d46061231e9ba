"""`kill -9` of the worker at every step of delivering, and every fault of what it stands on: of
2,000 recipients nobody is missed, and only what was in flight may come twice, under one notice.
"""

import base64
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from push.deliver import AHEAD_MAX, WINDOW_MAX
from store.embedded_postgres import EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey
from store.notice_tables import (
    DELIVERY_ACCEPTED,
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
    DELIVERY_WITHDRAWN,
)
from tests.support.data_dir import fresh_data_dir
from tests.support.fcm import FcmProcess, running_fcm
from tests.support.notices import open_push
from tests.support.worker import Site, open_site, until

RECIPIENTS = int(os.environ.get("RECIPIENTS", "2000"))  # `make simulate` asks for 20,000
OPEN = (DELIVERY_QUEUED, DELIVERY_SENDING)
RESETS = 20


@pytest.fixture
def servers() -> Iterator[tuple[EmbeddedPostgres, EmbeddedValkey]]:
    """Servers of this test's own: it stops them."""
    with (
        fresh_data_dir() as data_dir,
        EmbeddedPostgres(data_dir, durable=False) as postgres,
        EmbeddedValkey(data_dir) as valkey,
    ):
        yield postgres, valkey


@pytest.fixture
def fcm(tmp_path: Path) -> Iterator[FcmProcess]:
    with running_fcm(tmp_path) as process:
        yield process


async def received(site: Site) -> Counter[str]:
    """How often each phone was sent its notice: read by the phone's own key, and no other's."""
    keys = {each.token: each for each in site.recipients}
    counts: Counter[str] = Counter()
    for message in await site.fcm.received():
        recipient = keys[message["token"]]
        opened = open_push(recipient.push_key, base64.b64decode(message["data"]["osrati"]))
        assert opened["id"] == recipient.notice_id
        counts[recipient.token] += 1
    return counts


async def is_sent(site: Site, count: int) -> bool:
    return await site.fcm.received_count() >= count


async def nothing_open(site: Site) -> bool:
    return await site.count(*OPEN) == 0


async def test_a_worker_killed_at_every_step_misses_nobody(
    servers: tuple[EmbeddedPostgres, EmbeddedValkey], fcm: FcmProcess, tmp_path: Path
) -> None:
    async with open_site(*servers, fcm, directory=tmp_path, count=RECIPIENTS) as site:
        # While it claims: nothing is taken.
        async with site.locking("LOCK TABLE delivery IN EXCLUSIVE MODE"):
            site.begin_worker()
            await site.until_waits("WITH left_behind AS")
            await site.kill_workers()
        await site.until_gone()
        assert await site.count(DELIVERY_QUEUED) == RECIPIENTS

        # Claimed, and not sent: all of it goes once.
        async with site.locking("LOCK TABLE registration IN EXCLUSIVE MODE"):
            site.begin_worker()
            await site.until_waits("UPDATE registration")
            await site.kill_workers()
            assert 0 < await site.count(DELIVERY_SENDING) <= WINDOW_MAX + AHEAD_MAX
        await site.until_gone()
        assert not await received(site)

        # Sent, and not answered: what FCM has, it gets again.
        await site.end_leases()
        await fcm.weather(*["slow"] * 2 * WINDOW_MAX)
        site.begin_worker()
        await until(lambda: is_sent(site, 1))
        await site.kill_workers()
        await site.until_gone()
        unsettled = sum((await received(site)).values()) - await site.count(DELIVERY_ACCEPTED)
        assert 0 < unsettled <= WINDOW_MAX

        # Answered, and its settling not committed.
        await site.end_leases()
        await fcm.weather(*["slow"] * 2 * WINDOW_MAX, clear=True)
        before = sum((await received(site)).values())
        site.begin_worker()
        await until(lambda: is_sent(site, before + 1))
        settled_before = await site.count(DELIVERY_ACCEPTED)
        async with site.locking("SELECT 1 FROM delivery WHERE state = 1 FOR UPDATE"):
            await site.until_waits("SET state = done.state")
            await site.kill_workers()
            await site.end_waiting("SET state = done.state")
        await site.until_gone()
        sent = sum((await received(site)).values()) - before
        in_doubt = sent - (await site.count(DELIVERY_ACCEPTED) - settled_before)
        assert 0 < in_doubt <= WINDOW_MAX

        # Two workers finish it together: neither sends what the other has.
        await site.end_leases()
        await fcm.weather(clear=True)
        site.begin_worker()
        site.begin_worker()
        await until(lambda: nothing_open(site))
        counts = await received(site)
        assert counts.keys() == {each.token for each in site.recipients}
        assert sum(counts.values()) - RECIPIENTS == unsettled + in_doubt
        assert await site.count(DELIVERY_ACCEPTED) == RECIPIENTS


async def test_a_stormy_day_misses_nobody(
    servers: tuple[EmbeddedPostgres, EmbeddedValkey], fcm: FcmProcess, tmp_path: Path
) -> None:
    async with open_site(*servers, fcm, directory=tmp_path, count=RECIPIENTS) as site:
        _, valkey = servers
        await fcm.weather(
            *["slow"] * 150,
            "QUOTA_EXCEEDED",
            "quota_until_date",
            *["INTERNAL"] * RESETS,
            *["UNAVAILABLE"] * RESETS,
            *["reset"] * RESETS,
            "go_away",
            *["slow"] * 1_500,
        )
        site.begin_worker()
        await until(lambda: is_sent(site, 200))
        await fcm.weather(revoke=True)
        await until(lambda: is_sent(site, 500))
        valkey.stop()  # with all it held
        await until(lambda: is_sent(site, 800))
        await site.restart_postgres()
        await until(lambda: is_sent(site, 1_100))
        await fcm.weather(down=True)
        await until(lambda: is_waiting_for_fcm(site))
        await fcm.weather(down=False)
        await site.end_waits()
        await until(lambda: nothing_open(site))
        counts = await received(site)
        assert counts.keys() == {each.token for each in site.recipients}
        # Twice at most what was reset, and what was in flight when the connection was cut.
        assert sum(counts.values()) - RECIPIENTS <= RESETS + WINDOW_MAX
        assert await site.count(DELIVERY_ACCEPTED) == RECIPIENTS
        assert await site.count(DELIVERY_FAILED, DELIVERY_UNKNOWN, DELIVERY_WITHDRAWN) == 0


async def is_waiting_for_fcm(site: Site) -> bool:
    """Something could not be sent at all, and waits."""
    found: int = await site.connection.fetchval(
        "SELECT count(*) FROM delivery WHERE state = 0 AND reason = 'connection_lost'"
    )
    return found > 0
