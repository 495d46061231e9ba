"""Faults of the surroundings end a command with one sentence; a bug keeps its traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from api.fault import explain
from domain.error import Busy
from store.embedded import free_port
from tests.api.test_run import CHECKOUT, STOPPED_SECONDS_MAX
from tests.support.house import TestHouse


def ended(command: str, environ: dict[str, str]) -> str:
    """What a command that cannot do its work says, having ended with 2."""
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", command],
        cwd=CHECKOUT,
        env=kept | {"OSRATI_PORT": str(free_port())} | environ,
        capture_output=True,
        text=True,
        timeout=STOPPED_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("osrati: ")
    return str(done.stderr)


def urls(databases: tuple[str, str]) -> dict[str, str]:
    family, keystore = databases
    return {"DATABASE_URL": family, "KEYSTORE_URL": keystore, "REDIS_URL": "redis://127.0.0.1:9/0"}


@pytest.mark.parametrize("command", ["migrate", "publish", "api", "worker", "run"])
def test_a_database_that_is_away_is_said_in_words(command: str, tmp_path: Path) -> None:
    away = f"postgresql://127.0.0.1:{free_port()}/osrati"
    environ = urls((away, away)) | {"OSRATI_DATA_DIR": str(tmp_path)}
    assert "DATABASE_URL" in ended(command, environ)


def test_a_database_that_is_not_there_is_said_in_words(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    absent = databases[0] + "_absent"
    environ = urls((absent, databases[1])) | {"OSRATI_DATA_DIR": str(tmp_path)}
    assert "InvalidCatalogNameError" in ended("migrate", environ)


def test_a_master_key_of_another_key_store_is_said_with_the_next_step(
    house: TestHouse, databases: tuple[str, str], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    said = ended("api", urls(databases) | {"OSRATI_DATA_DIR": str(other)})
    assert str(other) in said
    assert "belong together" in said
    assert "OSRATI_DATA_DIR" in said


def test_a_master_key_that_others_may_read_is_said_in_words(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "master.key").write_bytes(bytes(32))
    (tmp_path / "master.key").chmod(0o644)
    assert "chmod 600" in ended("api", urls(databases) | {"OSRATI_DATA_DIR": str(tmp_path)})


def test_a_data_directory_that_cannot_be_is_said_in_words(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    environ = urls(databases) | {"OSRATI_DATA_DIR": str(tmp_path / "file" / "data")}
    assert "OSRATI_DATA_DIR" in ended("worker", environ)


def test_a_queue_that_is_away_is_said_in_words(
    house: TestHouse, databases: tuple[str, str], tmp_path: Path
) -> None:
    said = ended("api", urls(databases) | {"OSRATI_DATA_DIR": str(tmp_path)})
    assert "REDIS_URL" in said


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "DATABASE_URL"),
        (OSError("Multiple exceptions: [Errno 111] …, [Errno 111] …"), "DATABASE_URL"),
        (OSError(113, "No route to host"), "DATABASE_URL"),
        (Busy("57P03"), "DATABASE_URL"),
        (PermissionError(13, "Permission denied", "/data"), "OSRATI_DATA_DIR"),
        (OSError(28, "No space left on device"), "No space left"),
        (BrokenPipeError(32, "Broken pipe"), "Broken pipe"),
    ],
)
def test_a_fault_names_what_to_mend(error: Exception, named: str) -> None:
    said = explain(error, None)
    assert said is not None
    assert named in said
    assert ("_URL" in said) == ("_URL" in named)


def test_what_a_statement_held_is_not_said() -> None:
    error = DBAPIError("SELECT :number", {"number": "MARK"}, ValueError("MARK"))
    assert "MARK" not in str(explain(error, None))


def test_a_bug_is_not_explained_away() -> None:
    assert explain(ValueError("a bug"), None) is None


def test_a_renewed_issuer_has_another_key(databases: tuple[str, str], tmp_path: Path) -> None:
    environ = os.environ | urls(databases) | {"OSRATI_DATA_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-m", "api.cli", "renew-issuer"],
            cwd=CHECKOUT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=STOPPED_SECONDS_MAX,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert all("signed by key" in line for line in said)
    assert said[0] != said[1]
