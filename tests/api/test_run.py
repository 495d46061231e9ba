"""`osrati run` as a newcomer runs it: ready, played, ended by Ctrl-C, started again on its data."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from api.demo import PLAYED_FILE
from store.embedded import free_port
from store.embedded_postgres import EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey
from tests.support.data_dir import fresh_data_dir

CHECKOUT = Path(__file__).parents[2]
READY_SECONDS_MAX = 60.0
PLAYED_SECONDS_MAX = 180.0
STOPPED_SECONDS_MAX = 60.0


@contextmanager
def running(data_dir: Path, port: int, **more: str) -> Iterator[subprocess.Popen[str]]:
    environ = {k: v for k, v in os.environ.items() if not k.endswith("_URL")} | {
        "OSRATI_DATA_DIR": str(data_dir),
        "OSRATI_PORT": str(port),
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "run"],
        cwd=CHECKOUT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def read_until(process: subprocess.Popen[str], wanted: str, seconds: float) -> list[str]:
    """Lines up to the one that begins with `wanted`."""
    assert process.stdout is not None
    lines: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        line = process.stdout.readline()
        if not line and process.poll() is not None:
            break
        lines.append(line.rstrip())
        if line.startswith(wanted):
            return lines
    raise AssertionError(f"no {wanted!r} in {lines}")


def interrupt(process: subprocess.Popen[str]) -> list[str]:
    """Ctrl-C; the lines said until the end."""
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=STOPPED_SECONDS_MAX)
    return rest.splitlines()


def children_of(data_dir: Path) -> list[str]:
    """Command lines of processes that name the data directory in arguments or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(data_dir).encode() in said:
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def act_as_first_parent(port: int) -> str:
    page = httpx2.get(f"http://127.0.0.1:{port}/")
    assert page.status_code == 200
    return page.text


def test_it_runs_plays_stops_and_keeps_its_data() -> None:
    port = free_port()
    with fresh_data_dir() as data_dir:
        with running(data_dir, port) as process:
            assert read_until(process, "ready", READY_SECONDS_MAX)[-1] == (
                f"ready http://127.0.0.1:{port}"
            )
            read_until(process, "played", PLAYED_SECONDS_MAX)
            first = act_as_first_parent(port)
            assert "stopped" in interrupt(process)
            assert process.returncode == 0
        assert children_of(data_dir) == []
        with running(data_dir, port) as process:
            read_until(process, "ready", READY_SECONDS_MAX)
            again = act_as_first_parent(port)
            assert again.count("<article") == first.count("<article") > 0
            read_until(process, "played", PLAYED_SECONDS_MAX)
            interrupt(process)


def test_it_uses_the_servers_that_are_named_and_starts_none_of_its_own(
    postgres: EmbeddedPostgres, valkey: EmbeddedValkey
) -> None:
    postgres.ensure_database("named_servers")
    database_url = postgres.url("named_servers").replace("+asyncpg", "")
    with (
        fresh_data_dir() as data_dir,
        running(data_dir, free_port(), DATABASE_URL=database_url, REDIS_URL=valkey.url) as process,
    ):
        read_until(process, "played", PLAYED_SECONDS_MAX)
        assert not (data_dir / "postgres").exists()
        assert not (data_dir / "valkey").exists()
        interrupt(process)
        assert process.returncode == 0


def test_killed_outright_it_leaves_no_process_behind() -> None:
    with fresh_data_dir() as data_dir, running(data_dir, free_port()) as process:
        read_until(process, "ready", READY_SECONDS_MAX)
        process.kill()
        process.wait()
        end = time.monotonic() + STOPPED_SECONDS_MAX
        while children_of(data_dir) and time.monotonic() < end:
            time.sleep(0.1)
        assert children_of(data_dir) == []


def test_a_taken_port_is_said_in_words() -> None:
    with socket.socket() as taken, fresh_data_dir() as data_dir:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with running(data_dir, taken.getsockname()[1]) as process:
            said, _ = process.communicate(timeout=STOPPED_SECONDS_MAX)
    assert process.returncode == 2
    assert "OSRATI_PORT" in said


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"OSRATI_TODAY": "2026-11-31"}, "OSRATI_TODAY"),
        ({"OSRATI_TODAY": "2026-12-01", "OSRATI_ENVIRONMENT": "production"}, "OSRATI_TODAY"),
        ({"OSRATI_ENVIRONMENT": "production"}, "DATABASE_URL"),
        ({"OSRATI_PORT": "80 80"}, "OSRATI_PORT"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
    ],
)
def test_an_environment_that_makes_no_sense_is_refused_by_name(
    environ: dict[str, str], named: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "api.cli", "run"],
        cwd=CHECKOUT,
        env={k: v for k, v in os.environ.items() if not k.endswith("_URL")} | environ,
        capture_output=True,
        text=True,
        timeout=STOPPED_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_demonstration_that_is_refused_does_not_end_the_service() -> None:
    port = free_port()
    with fresh_data_dir() as data_dir:
        data_dir.mkdir(exist_ok=True)
        (data_dir / PLAYED_FILE).write_text("2099-01-01")  # its events lie ahead: refused
        with running(data_dir, port) as process:
            said = read_until(process, "not played: ", PLAYED_SECONDS_MAX)
            assert "422" in said[-1]
            assert httpx2.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
            assert "stopped" in interrupt(process)
            assert process.returncode == 0
