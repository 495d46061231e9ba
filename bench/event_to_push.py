"""`event-to-push`: from just before a signed event is sent over HTTP until FCM's simulator has
accepted the push that it makes, by real `osrati api` and `osrati worker`.

A birth is reported; of the pushes to the father's phone the first counts, by the simulator's own
clock, which is this machine's. *Idle*: one event at a time, each push awaited and a pause after it.
*Rate*: eight report at once; births a second until the last push. *Steady*: births evenly spaced at
a share of that rate, the highest at which the queue does not grow: at the end of the sending no
more wait for their push than at half time, but for a tenth. Where every share is too much the last
is given, and said.

Baseline, of the same run: the same bytes inserted, committed and read back, and one body made
before posted by the bare HTTP/2 client, just before each event; for the rate eight of these at
once. API, worker, PostgreSQL, Valkey, simulator and load share the machine's cores. Quiet hours are
put off by each father's own wish, so that it says the same at any hour.
"""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time as time_of_day
from pathlib import Path
from uuid import UUID

import msgspec

from api.settings import HOST, Settings
from bench.couple import COUPLES_MAX, Couple
from bench.event import (
    EventBench,
    all_at_once,
    insert_bare,
    open_bench,
    percentile,
    report,
    reported_person,
    until_settled,
)
from bench.fcm_server import FcmServer, running_fcm
from bench.notices import BareClient
from bench.processes import child, environ_of, wait_until_answers
from bench.result import Result, compare
from bench.servers import bench_servers
from bench.wait import wait_until
from domain.ids import PersonId
from push.connect import open_fcm
from push.hours import QuietHours
from push.preference import Preferences
from push.registration import Registration
from store.clock import SystemClock
from store.seal import Place, seal

IDLE_COUNT, FAST_COUNT, STEADY_COUNT = 45, 60, 120
IDLE_PAUSE_SECONDS = 0.3
SHARES = (0.9, 0.75, 0.6)  # of the rate, tried from the highest
GROWTH_MAX = 0.1  # of the second half's events: what more may wait at the end than at half time
POLL_SECONDS = 0.01
PUSHED_SECONDS_MAX = 180.0


@dataclass(frozen=True, slots=True)
class _Site:
    bench: EventBench
    fcm: FcmServer
    bare: BareClient
    clock: SystemClock

    def now(self) -> float:
        """As the simulator says when it accepted something."""
        return self.clock.now_utc().timestamp()


@dataclass(frozen=True, slots=True)
class BirthTimed:
    """One birth: when it was sent and its push accepted; seconds of the baseline before it."""

    sent_at: float
    bare_seconds: float
    accepted_at: float = 0.0

    @property
    def ms(self) -> float:
        return (self.accepted_at - self.sent_at) * 1_000


@dataclass(frozen=True, slots=True)
class _Found:
    idle: list[BirthTimed]
    rate: float
    bare_rate: float
    steady: list[BirthTimed]
    steady_rate: float
    grows: bool


def measure_event_to_push(
    *,
    idle_count: int = IDLE_COUNT,
    fast_count: int = FAST_COUNT,
    steady_count: int = STEADY_COUNT,
    shares: Sequence[float] = SHARES,
) -> list[Result]:
    """Five figures."""
    count = idle_count + fast_count + steady_count * len(shares)
    assert count <= COUPLES_MAX, "as many couples as the sample range has"
    with (
        bench_servers() as settings,
        tempfile.TemporaryDirectory() as directory,
        running_fcm(Path(directory)) as fcm,
    ):
        environ = environ_of(settings) | {
            "OSRATI_FCM_ACCOUNT": str(fcm.access.account_file),
            "OSRATI_FCM_URL": fcm.access.origin,
            "OSRATI_FCM_CERTIFICATE": str(fcm.access.certificate_file),
        }
        with (
            child("api.cli", "api", environ=environ),
            child("api.cli", "worker", environ=environ),
        ):
            wait_until_answers(f"http://{HOST}:{settings.port}/health/ready")
            couples = [Couple(number) for number in range(count)]
            return _results(
                asyncio.run(
                    _put_load(settings, fcm, couples, idle_count, fast_count, steady_count, shares)
                )
            )


def measure_event_to_push_small() -> list[Result]:
    """The same with fewer births and one share: for a run of everything."""
    return measure_event_to_push(idle_count=15, fast_count=20, steady_count=30, shares=SHARES[-1:])


def _results(found: _Found) -> list[Result]:
    baseline = "INSERT, commit, read back, and one bare push"
    if found.grows:
        print(f"the queue still grew at {found.steady_rate:.1f} events a second", flush=True)
    figures = [
        compare(
            f"event-to-push-{name}p{percent}",
            percentile([each.ms for each in timed], percent),
            unit,
            baseline=baseline,
            baseline_value=percentile([each.bare_seconds * 1_000 for each in timed], percent),
        )
        for name, unit, timed in (
            ("idle-", "ms", found.idle),
            ("", f"ms at {found.steady_rate:.1f} events/s", found.steady),
        )
        for percent in (50, 99)
    ]
    rate = compare(
        "event-to-push-rate",
        found.rate,
        "events/s",
        baseline=f"{baseline}, eight at once",
        baseline_value=found.bare_rate,
    )
    return [*figures, rate]


async def _put_load(
    settings: Settings,
    fcm: FcmServer,
    couples: Sequence[Couple],
    idle_count: int,
    fast_count: int,
    steady_count: int,
    shares: Sequence[float],
) -> _Found:
    clock = SystemClock()
    sender = open_fcm(fcm.access, clock)
    bare = BareClient(fcm, sender, len(couples))
    try:
        async with open_bench(settings) as bench:
            site = _Site(bench, fcm, bare, clock)
            await all_at_once(lambda couple: report(bench, couple.marriage(bench.today)), couples)
            await until_settled(bench, len(couples))
            await all_at_once(lambda couple: _enrol(bench, couple), couples)
            await wait_until(
                lambda: _is_quiet(site), poll_seconds=0.5, seconds_max=PUSHED_SECONDS_MAX
            )
            waiting = iter(couples)
            idle = [await _one_alone(site, next(waiting)) for _ in range(idle_count)]
            fast = [next(waiting) for _ in range(fast_count)]
            begun = time.perf_counter()
            await all_at_once(lambda couple: _bare(site, couple), fast)
            bare_rate = len(fast) / (time.perf_counter() - begun)
            rate = await _burst(site, fast)
            steady, steady_rate, grows = list[BirthTimed](), rate, True
            for share in shares:
                steady_rate = share * rate
                part = [next(waiting) for _ in range(steady_count)]
                steady = await _paced(site, part, per_second=steady_rate)
                if not (grows := is_growing(steady)):
                    break
            return _Found(idle, rate, bare_rate, steady, steady_rate, grows)
    finally:
        await bare.aclose()
        await sender.aclose()


async def _enrol(bench: EventBench, couple: Couple) -> None:
    """The father's phone, and his wish for no quiet hours, as the commands leave them."""
    keys = bench.ground.keys
    father = await reported_person(bench, couple.father_digits)
    own = await keys.person(father)
    device, token = UUID(int=couple.number + 1), _token(couple)
    said = msgspec.msgpack.encode(Registration(token, "android", device.bytes * 2))
    await bench.pool.execute(
        "INSERT INTO registration (person_id, device_id, token_hash, counter, confirmed_at, sealed)"
        " VALUES ($1, $2, $3, 0, now(), $4)",
        father,
        device,
        keys.hash("push_token", token.encode()),
        seal(own.for_("registration"), Place(father, device.bytes), said),
    )
    never = Preferences(quiet_hours=QuietHours(time_of_day(0), time_of_day(0)))
    await bench.pool.execute(
        "INSERT INTO notice_preference (person_id, version, sealed) VALUES ($1, 1, $2)",
        father,
        seal(
            own.for_("notice_preference"),
            Place(PersonId(father), number=1),
            msgspec.json.encode(never),
        ),
    )


def _token(couple: Couple) -> str:
    return f"token-of-{couple.number}"


async def _is_quiet(site: _Site) -> bool:
    """Nothing that the marriages left is still to be told."""
    is_open: bool = await site.bench.pool.fetchval(
        "SELECT EXISTS (SELECT FROM notice WHERE state IN (0, 1) AND due_at <= now())"
        " OR EXISTS (SELECT FROM delivery WHERE state IN (0, 1))"
        " OR EXISTS (SELECT FROM circle WHERE refreshed_version < facts_version)"
    )
    return not is_open


async def _bare(site: _Site, couple: Couple) -> None:
    await insert_bare(site.bench, couple.birth(site.bench.today))
    await site.bare.post_one(couple.number)


async def _send(site: _Site, couple: Couple) -> BirthTimed:
    begun = time.perf_counter()
    await _bare(site, couple)
    bare_seconds = time.perf_counter() - begun
    sent_at = site.now()
    await report(site.bench, couple.birth(site.bench.today))
    return BirthTimed(sent_at, bare_seconds)


async def _one_alone(site: _Site, couple: Couple) -> BirthTimed:
    (timed,) = await _pushed(site, {couple: await _send(site, couple)})
    await asyncio.sleep(IDLE_PAUSE_SECONDS)
    return timed


async def _burst(site: _Site, couples: Sequence[Couple]) -> float:
    """Events a second of so many, from the first event sent to the last push accepted."""
    sent: dict[Couple, BirthTimed] = {}

    async def send(couple: Couple) -> None:
        sent_at = site.now()
        await report(site.bench, couple.birth(site.bench.today))
        sent[couple] = BirthTimed(sent_at, 0.0)

    await all_at_once(send, couples)
    timed = await _pushed(site, sent)
    first, last = min(each.sent_at for each in timed), max(each.accepted_at for each in timed)
    return len(couples) / (last - first)


async def _paced(site: _Site, couples: Sequence[Couple], *, per_second: float) -> list[BirthTimed]:
    sent: dict[Couple, BirthTimed] = {}

    async def send(couple: Couple, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        sent[couple] = await _send(site, couple)

    async with asyncio.TaskGroup() as group:
        for place, couple in enumerate(couples):
            group.create_task(send(couple, place / per_second))
    return await _pushed(site, sent)


async def _pushed(site: _Site, sent: dict[Couple, BirthTimed]) -> list[BirthTimed]:
    """The births with the instant at which the first push of each was accepted after it."""
    found: dict[str, float] = {}
    seen_count = 0

    async def all_are_pushed() -> bool:
        nonlocal seen_count
        before, seen_count = seen_count, await asyncio.to_thread(site.fcm.count)
        if seen_count == before:  # to list them all keeps the simulator busy
            return False
        found.clear()
        for token, at in await asyncio.to_thread(site.fcm.list_accepted):
            if at >= since.get(token, at + 1):
                found.setdefault(token, at)
        return len(found) == len(since)

    since = {_token(couple): timed.sent_at for couple, timed in sent.items()}
    await wait_until(all_are_pushed, poll_seconds=POLL_SECONDS, seconds_max=PUSHED_SECONDS_MAX)
    return [
        BirthTimed(timed.sent_at, timed.bare_seconds, found[_token(couple)])
        for couple, timed in sent.items()
    ]


def is_growing(timed: Sequence[BirthTimed]) -> bool:
    """Whether more wait at the end of the sending than at half time, but for a tenth."""
    sent = sorted(each.sent_at for each in timed)

    def waiting(at: float) -> int:
        return sum(each.sent_at <= at < each.accepted_at for each in timed)

    half, end = waiting(sent[len(sent) // 2]), waiting(sent[-1])
    return end > half + GROWTH_MAX * len(sent) / 2
