"""`inbox-replay`: the real command `osrati inbox replay --state applied` over many rows.

Families are told of by real events (a marriage, a birth, two doses each), kept and interpreted as
the worker does. Their rows, sealed for the circles they concern, are copied under new ids, each
sealed anew under its own, until the inbox holds as many as asked for; PostgreSQL takes them by
COPY. Then the command goes over every row: rows a second, from its first line of progress to its
last, and the most memory it had resident. Baselines: the same rows read in the same batches, and
the command over no row.

Nothing in these rows is new, so they are passed over by the batch. `inbox-replay-whole` is of rows
that are held, which take every step of an application, one by one.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any  # asyncpg is untyped
from uuid import UUID, uuid4

import asyncpg

from api.child import ChildEnded
from api.operate.inbox import REPLAY_BATCH_MAX
from api.settings import Settings
from api.wire import House, open_house
from api.worker import interpret_message
from bench.couple import Couple
from bench.processes import environ_of, peak_mb
from bench.result import Result, compare
from bench.servers import bench_servers, driver_url
from domain.ids import AgencyId
from gov.agency import add_agency
from gov.agency_right import ANYTHING
from gov.inbox.row import keep_message
from gov.inbox.seal import open_for_circles, seal_for_circles
from gov.reason import KindUnknown
from simulators.agency import encode_event
from store.clock import SystemClock
from store.reference_tables import INBOX_APPLIED, INBOX_HELD

ROW_COUNT = 100_000
ROW_COUNT_SMALL = 1_000  # where everything is measured
FAMILIES_MAX = 250
HELD_COUNT = 300
ROWS_OF_FAMILY = 40  # at least: so few rows need few families
AGENCY = AgencyId("mohap")
COLUMNS = (
    "inbox_id",
    "message_hash",
    "body_hash",
    "agency_id",
    "state",
    "reason",
    "attempt_count",
    "received_at",
    "settled_at",
    "sealed",
)


@dataclass(frozen=True, slots=True)
class _Ran:
    """One run of the command: how often it said how far it was, and what it took."""

    progress_count: int
    progress_seconds: float  # from the first such line to the last
    memory_mb: float
    last_line: str


def measure_replay(*, row_count: int = ROW_COUNT) -> list[Result]:
    """Three figures."""
    assert row_count >= 2 * REPLAY_BATCH_MAX, "the first batch is not timed"
    assert row_count % REPLAY_BATCH_MAX == 0, "batches are counted"
    with bench_servers() as settings:
        asyncio.run(_fill(settings, row_count))
        bare_per_second = asyncio.run(_read(settings))
        ran = _replay(settings, "applied")
        held = _replay(settings, "held")
        empty = _replay(settings, "waiting")
    baseline = f"SELECT of the same {row_count:,} rows"
    return [
        compare(
            "inbox-replay",
            _rate(ran, row_count),
            "rows/s",
            baseline=baseline,
            baseline_value=bare_per_second,
        ),
        compare(
            "inbox-replay-whole",
            _rate(held, HELD_COUNT),
            "rows/s",
            baseline=baseline,
            baseline_value=bare_per_second,
        ),
        compare(
            "inbox-replay-memory",
            ran.memory_mb,
            "MB",
            baseline="replay of no row",
            baseline_value=empty.memory_mb,
        ),
    ]


def _rate(ran: _Ran, row_count: int) -> float:
    """Rows a second, but for the first batch, which ends when the clock begins."""
    assert ran.last_line == f"done: {row_count} applied", ran.last_line
    assert ran.progress_count == row_count // REPLAY_BATCH_MAX
    return (row_count - REPLAY_BATCH_MAX) / ran.progress_seconds


def measure_replay_small() -> list[Result]:
    """The same figures with few rows: that it works, not how it fares at length."""
    return measure_replay(row_count=ROW_COUNT_SMALL)


def _replay(settings: Settings, state: str) -> _Ran:
    """The command as an operator gives it. Raises: ChildEnded."""
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "inbox", "replay", "--state", state],
        env={**os.environ, **environ_of(settings), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    said_at: list[float] = []
    last, memory_mb = "", 0.0
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            last = line.strip()
            with suppress(ChildEnded, FileNotFoundError):  # it ends after its last line
                memory_mb = peak_mb(process.pid)
            if " replayed: " in last:
                said_at.append(time.perf_counter())
    if process.wait() != 0:
        raise ChildEnded(f"osrati inbox replay ended with {process.returncode}")
    assert memory_mb > 0, "it said something before it ended"
    seconds = said_at[-1] - said_at[0] if said_at else 0.0
    return _Ran(len(said_at), seconds, memory_mb, last)


async def _fill(settings: Settings, row_count: int) -> None:
    """Real events, applied; then copies of their rows up to `row_count`."""
    async with open_house(settings) as house:
        await add_agency(
            house.ground.database, AGENCY, name_ar="وزارة الصحة", name_en="MOHAP", rights=ANYTHING
        )
        for number in range(min(FAMILIES_MAX, row_count // ROWS_OF_FAMILY)):
            for told in _events(Couple(number), SystemClock().today()):
                body = encode_event(told)
                kept = await keep_message(house.ground, AGENCY, str(told["id"]), body)
                await interpret_message(house, kept.inbox_id)
        connection = await asyncpg.connect(driver_url(settings))
        try:
            await _copy(connection, house, row_count)
        finally:
            await connection.close()


def _events(couple: Couple, today: date) -> list[dict[str, object]]:
    birth = couple.birth(today)
    data = birth["data"]
    assert isinstance(data, dict)
    person = {"identifier": data["child"]["identifier"]}
    doses = [
        {
            **birth,
            "id": f"bench:dose:{couple.number}:{code}",
            "kind": "vaccination.given",
            "data": {"person": person, "vaccine_code": code},
        }
        for code in ("19", "08")
    ]
    return [couple.marriage(today), birth, *doses]


async def _copy(connection: Any, house: House, row_count: int) -> None:
    rows = await connection.fetch("SELECT * FROM inbox ORDER BY received_at, inbox_id")
    assert {row["state"] for row in rows} == {INBOX_APPLIED}, "every event was understood"
    assert row_count >= len(rows)
    batch: list[tuple[object, ...]] = []
    applied_count = row_count - len(rows)
    for place in range(applied_count + HELD_COUNT):
        state = INBOX_APPLIED if place < applied_count else INBOX_HELD
        batch.append(await _copied(house, rows[place % len(rows)], place, state))
        if len(batch) == REPLAY_BATCH_MAX:
            await connection.copy_records_to_table("inbox", records=batch, columns=COLUMNS)
            batch = []
    if batch:
        await connection.copy_records_to_table("inbox", records=batch, columns=COLUMNS)
    await connection.execute("VACUUM ANALYZE inbox")
    assert row_count + HELD_COUNT == await connection.fetchval("SELECT count(*) FROM inbox")


async def _copied(
    house: House, row: Mapping[str, Any], place: int, state: int
) -> tuple[object, ...]:
    """A row's copy under an id of its own, received a little later than the one before."""
    ground, inbox_id = house.ground, uuid4()
    circle_ids, body = await open_for_circles(ground, row["inbox_id"], row["sealed"])
    received_at: datetime = row["received_at"] + timedelta(milliseconds=place)
    return (
        inbox_id,
        ground.keys.hash("bench", inbox_id.bytes),
        row["body_hash"],
        AGENCY,
        state,
        KindUnknown.code if state == INBOX_HELD else None,
        0,
        received_at,
        received_at,
        await seal_for_circles(ground, inbox_id, circle_ids, body),
    )


async def _read(settings: Settings) -> float:
    """Rows a second, read whole in batches of the same size, one batch after another."""
    asked = (
        "SELECT * FROM inbox WHERE state = $1 AND (received_at, inbox_id) > ($2, $3)"
        " ORDER BY received_at, inbox_id LIMIT $4"
    )
    connection = await asyncpg.connect(driver_url(settings))
    try:
        first = await connection.fetchval("SELECT min(received_at) FROM inbox")
        after: Sequence[object] = (first - timedelta(seconds=1), UUID(int=0))
        count, begun = 0, time.perf_counter()
        while rows := await connection.fetch(asked, INBOX_APPLIED, *after, REPLAY_BATCH_MAX):
            count += len(rows)
            after = rows[-1]["received_at"], rows[-1]["inbox_id"]
        return count / (time.perf_counter() - begun)
    finally:
        await connection.close()
