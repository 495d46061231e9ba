"""`notice-fan-out`: messages a second of one process from its tables to FCM's simulator, all
bookkeeping included: claimed, asked once more, numbered, sealed, sent over HTTP/2, settled.

Beside it, in turns, so that whatever else the machine does falls on all alike: the bare HTTP/2
client with bodies made before, and pyfcm's own sender with 32 threads. The simulator, PostgreSQL
and whoever sends share the machine's cores in each. `notice-fan-out-pyfcm` is the same value
beside the latter.
"""

import asyncio
import json
import os
import ssl
import tempfile
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any  # pyfcm carries no types

import uvloop
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from pyfcm import FCMNotification

from api.settings import Settings
from api.wire import House, open_house, settle
from bench.fcm_server import FcmServer, running_fcm
from bench.recipients import list_recipients, load_recipients
from bench.result import Result, compare, ratio_at_least
from bench.servers import bench_servers
from push.compose import Composer
from push.connect import FCM_SCOPE, open_fcm
from push.deliver import AHEAD_MAX, CLAIM_MAX, WINDOW_MAX, Deliverer
from push.fcm import DATA_KEY, DEADLINE_SECONDS, OK, FcmSender
from push.http2 import Http2Client
from push.outgoing import PushMessage
from store.notice_tables import CHANNEL_PUSH

ROUNDS = 3
BARE_SHARE, PYFCM_TIMES = 0.5, 4
RECIPIENTS_EACH = 5_000  # a round
PYFCM_EACH = 1_000
THREADS = 32
SEALED_BYTES = 297  # a push of the smaller size


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages a second by the clock, and of the sending process's processor time."""

    by_clock: float
    by_core: float


def measure_fan_out(
    *, rounds: int = ROUNDS, each: int = RECIPIENTS_EACH, pyfcm_each: int = PYFCM_EACH
) -> list[Result]:
    """Four figures."""
    with (
        bench_servers() as settings,
        tempfile.TemporaryDirectory() as directory,
        running_fcm(Path(directory)) as fcm,
    ):
        return uvloop.run(_measure(settings, fcm, rounds, each, pyfcm_each))


def measure_fan_out_small() -> list[Result]:
    """The same over fewer: for a run of everything."""
    return measure_fan_out(rounds=1, each=2_000, pyfcm_each=500)


async def _measure(
    settings: Settings, fcm: FcmServer, rounds: int, each: int, pyfcm_each: int
) -> list[Result]:
    assert settings.database_url is not None
    ours, bare, threads = list[Rate](), list[Rate](), list[Rate]()
    async with open_house(settings) as house:
        await settle(house)  # as a worker does before it serves
        sender = open_fcm(fcm.access, house.ground.clock)
        plain, notifier = BareClient(fcm, sender, each), _Pyfcm(fcm)
        try:
            await notifier.notify(THREADS)  # each thread has its connection
            for number in range(rounds):
                recipients = list_recipients(each, first=number * each)
                await load_recipients(house.ground, settings.database_url, recipients)
                ours.append(await _rate(each, fcm, lambda: _deliver(house, sender)))
                bare.append(await _rate(each, fcm, plain.post_all))
                threads.append(await _rate(pyfcm_each, fcm, lambda: notifier.notify(pyfcm_each)))
        finally:
            notifier.close()
            await plain.aclose()
            await sender.aclose()
    figures = []
    for suffix, unit, of in (
        ("", "messages/s per process", lambda rate: rate.by_clock),
        ("-core", "messages/s of its core", lambda rate: rate.by_core),
    ):
        value = median(map(of, ours))
        figures.append(
            compare(
                f"notice-fan-out{suffix}",
                value,
                unit,
                baseline="the bare HTTP/2 client, same simulator",
                baseline_value=median(map(of, bare)),
                goal=ratio_at_least(BARE_SHARE),
            )
        )
        figures.append(
            compare(
                f"notice-fan-out-pyfcm{suffix}",
                value,
                unit,
                baseline="pyfcm's own sender, 32 threads",
                baseline_value=median(map(of, threads)),
                goal=ratio_at_least(PYFCM_TIMES),
            )
        )
    return figures


async def _rate(count: int, fcm: FcmServer, work: Callable[[], Awaitable[None]]) -> Rate:
    """How fast; each of them was accepted, or the figure says nothing."""
    before = await asyncio.to_thread(fcm.count)
    begun, spent = time.perf_counter(), time.process_time()
    await work()
    seconds, spent = time.perf_counter() - begun, time.process_time() - spent
    sent = await asyncio.to_thread(fcm.count) - before
    assert sent == count, f"{sent} of {count} were accepted"
    return Rate(count / seconds, count / spent)


async def _deliver(house: House, sender: FcmSender) -> None:
    """As the worker does it, until nothing is due: the next claim while the last is on its way."""
    deliverer: Deliverer[PushMessage] = Deliverer(
        house.ground,
        channel=CHANNEL_PUSH,
        compose=Composer(house.ground, public_origin=house.settings.origin).pushes,
        sender=sender,
        resends_unknown=True,
        together=1,
        ahead=AHEAD_MAX,
    )

    async def go_on() -> None:
        while await deliverer.deliver(limit=CLAIM_MAX):
            pass

    async with asyncio.TaskGroup() as tasks:
        for _ in range((WINDOW_MAX + AHEAD_MAX) // CLAIM_MAX):
            tasks.create_task(go_on())


class BareClient:
    """The HTTP/2 client with everything made before: bodies, and the header that says who asks."""

    def __init__(self, fcm: FcmServer, sender: FcmSender, count: int) -> None:
        account = Credentials.from_service_account_file(  # type: ignore[no-untyped-call]  # google-auth's older half
            fcm.access.account_file, scopes=[FCM_SCOPE]
        )
        account.refresh(Request())
        self._headers = [
            ("authorization", f"Bearer {account.token}"),
            ("content-type", "application/json"),
        ]
        self._path = f"/v1/projects/{account.project_id}/messages:send"
        context = ssl.create_default_context(cafile=fcm.access.certificate_file)
        self._client = Http2Client(fcm.access.origin, context=context)
        self._bodies = [_body(sender, number) for number in range(count)]

    async def post_all(self) -> None:
        waiting = iter(self._bodies)

        async def go_on() -> None:
            for body in waiting:
                await self.post(body)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(WINDOW_MAX):
                tasks.create_task(go_on())

    async def post_one(self, number: int) -> None:
        """One of the bodies, until it is accepted."""
        await self.post(self._bodies[number])

    async def post(self, body: bytes) -> None:
        answered = await self._client.post(
            self._path, self._headers, body, deadline_seconds=DEADLINE_SECONDS
        )
        assert answered.status == OK

    async def aclose(self) -> None:
        await self._client.aclose()


def _body(sender: FcmSender, number: int) -> bytes:
    payload = number.to_bytes(SEALED_BYTES, "big")
    message = PushMessage(f"token-{number:032x}", "android", payload, "notice", False, 3_600, "ar")
    body = sender.build(message)
    assert body is not None
    return body


class _Pyfcm:
    """pyfcm's sender, told only where the simulator is and what certificate to trust."""

    def __init__(self, fcm: FcmServer) -> None:
        class Here(FCMNotification):  # type: ignore[misc]  # pyfcm carries no types
            FCM_END_POINT_BASE = f"{fcm.access.origin}/v1/projects"

        os.environ["REQUESTS_CA_BUNDLE"] = str(fcm.access.certificate_file)
        account = json.loads(fcm.access.account_file.read_bytes())
        self._sender: Any = Here(
            service_account_file=str(fcm.access.account_file), project_id=account["project_id"]
        )
        self._pool = ThreadPoolExecutor(THREADS)
        self._notify(0)  # its threads lose each other's credentials where they begin at once

    async def notify(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self._pool, self._notify, number) for number in range(count))
        )

    def _notify(self, number: int) -> None:
        payload = b64encode(number.to_bytes(SEALED_BYTES, "big")).decode()
        self._sender.notify(
            fcm_token=f"token-{number:032x}",
            data_payload={DATA_KEY: payload},
            android_config={"priority": "NORMAL", "ttl": "3600s", "collapse_key": "notice"},
        )

    def close(self) -> None:
        self._pool.shutdown()
        os.environ.pop("REQUESTS_CA_BUNDLE", None)
