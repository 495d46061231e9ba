"""`osrati agency` through the real command: who may report what, by which keys, and its log."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from api.operate.command import read_instant
from api.settings import read_settings
from gov.agency import find_key
from simulators.agency import AgencyClient
from tests.api.test_run import CHECKOUT
from tests.gov.test_intake_http import MARRIAGE
from tests.support.house import TestHouse
from tests.support.intake import BASE_URL, open_intake

SECONDS_MAX = 60


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """The command as an operator gives it."""

    environ: dict[str, str]

    def osrati(self, *arguments: str, typed: str = "") -> Said:
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            cwd=CHECKOUT,
            env=kept | self.environ,
            capture_output=True,
            text=True,
            input=typed,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def done(self, *arguments: str) -> str:
        said = self.osrati(*arguments)
        assert said.code == 0, said.err
        return said.out


@pytest.fixture
def shell(house: TestHouse, databases: tuple[str, str], tmp_path: Path) -> Shell:
    return Shell(
        {
            "DATABASE_URL": databases[0],
            "KEYSTORE_URL": databases[1],
            "OSRATI_DATA_DIR": str(tmp_path),
        }
    )


def key_file(directory: Path, name: str) -> tuple[ec.EllipticCurvePrivateKey, Path]:
    private = ec.generate_private_key(ec.SECP256R1())
    path = directory / f"{name}.pem"
    public = private.public_key()
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, path


NAMES = ("--name-ar", "وزارة العدل", "--name-en", "Ministry of Justice")


async def test_an_agency_is_added_reports_rotates_and_is_revoked(
    house: TestHouse, shell: Shell, tmp_path: Path
) -> None:
    """One life of an agency, as its operator and its own system see it, with no restart between."""
    house.clock.instant = datetime.now(UTC)
    first, first_file = key_file(tmp_path, "first")
    second, second_file = key_file(tmp_path, "second")
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as intake:
        transport = intake.http._transport
        old = AgencyClient(BASE_URL, "court-1", first, transport=transport)
        new = AgencyClient(BASE_URL, "court-2", second, transport=transport)

        async def answers(*clients: AgencyClient) -> list[int]:
            house.clock.instant = datetime.now(UTC)  # a command takes seconds, a signature lives 30
            return [(await one.report(MARRIAGE)).status_code for one in clients]

        assert await answers(old) == [401]
        kind = ("--kind", "marriage.registered")
        added = shell.done(
            "agency", "add", "court", *NAMES, *kind, "--key", str(first_file), "--key-id", "court-1"
        )
        assert "court added, with the key court-1" in added
        assert await answers(old) == [202]
        birth = MARRIAGE | {"kind": "pregnancy.ended", "id": "m-2"}
        assert (await old.report(birth)).status_code in (403, 422)
        shell.done("agency", "rotate", "court", "--key", str(second_file), "--key-id", "court-2")
        assert await answers(old, new) == [202, 202]
        said = shell.done("agency", "revoke", "court", "--key-id", "court-1")
        assert "court-1 revoked" in said
        assert await answers(old, new) == [401, 202]
        shell.done("agency", "change", "court", "--kind", "family_book.issued")
        assert await answers(new) == [403]
        shell.done("agency", "revoke", "court", "--all")
        assert await answers(new) == [401]
    shown = shell.done("agency", "show", "court")
    assert "وزارة العدل" in shown
    assert "kinds: family_book.issued" in shown
    assert shown.count("revoked at") == 2
    assert "court" in shell.done("agency", "list")
    log = shell.done("agency", "log").splitlines()
    actions = [line.split()[2] for line in log[1:]]
    assert actions == [
        "agency.revoke",
        "agency.change",
        "agency.revoke",
        "agency.rotate",
        "agency.add",
    ]


async def test_a_rotation_lets_the_old_key_end_when_the_overlap_does(
    house: TestHouse, shell: Shell, tmp_path: Path
) -> None:
    _, first = key_file(tmp_path, "first")
    _, second = key_file(tmp_path, "second")
    shell.done("agency", "add", "court", *NAMES, "--key", str(first), "--key-id", "k1")
    shell.done(
        *("agency", "rotate", "court", "--key", str(second), "--key-id", "k2"),
        *("--from", "2030-01-01", "--overlap-days", "10"),
    )
    start = read_instant("2030-01-01")
    for key_id, instant, may_sign in (
        ("k1", start + timedelta(days=10, seconds=-1), True),
        ("k1", start + timedelta(days=10), False),
        ("k2", start - timedelta(seconds=1), False),
        ("k2", start, True),
    ):
        found = await find_key(house.ground.database, key_id, now_utc=instant)
        assert (found is not None) == may_sign, (key_id, instant)


def test_what_makes_no_sense_is_said_in_words_and_changes_nothing(
    shell: Shell, tmp_path: Path
) -> None:
    private, good = key_file(tmp_path, "good")
    leaked = tmp_path / "leaked.pem"
    leaked.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    shell.done("agency", "add", "court", *NAMES, "--key", str(good), "--key-id", "k1")
    before = shell.done("agency", "show", "court")
    for arguments, code, word in (
        (("add", "court", *NAMES), 2, "known already"),
        (("add", "member", *NAMES), 2, "source of our own"),
        (("add", "Court", *NAMES), 2, "no agency id"),
        (("add", "other", "--name-ar", " ", "--name-en", "x"), 2, "A name has"),
        (("add", "other", *NAMES, "--kind", "two words"), 2, "no space"),
        (("add", "other", *NAMES, "--key", str(leaked)), 2, "private key"),
        (("add", "other", *NAMES, "--key", str(tmp_path / "none")), 2, "cannot be read"),
        (("add", "other", *NAMES, "--key", str(good), "--key-id", "k 1"), 2, "no key id"),
        (("add", "other", *NAMES, "--key", str(good), "--key-id", "k1"), 1, "another key"),
        (("add", "other", *NAMES, "--key", str(good), "--from", "soon"), 2, "no instant"),
        (("rotate", "court", "--key", str(good), "--key-id", "k1"), 2, "registered already"),
        (("rotate", "court", "--key", str(good), "--overlap-days", "91"), 2, "from 0 to 90"),
        (("rotate", "none", "--key", str(good)), 1, "could not find"),
        (("revoke", "court", "--key-id", "k9"), 2, "has no key k9"),
        (("change", "court"), 2, "Nothing would change"),
        (("show", "none"), 1, "could not find"),
    ):
        said = shell.osrati("agency", *arguments)
        assert (said.code, said.out) == (code, ""), arguments
        assert word in said.err, arguments
    assert shell.done("agency", "show", "court") == before
    assert "none" not in shell.done("agency", "list")


def test_a_jwk_is_taken_as_well(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "key.jwk"
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    path.write_text(json.dumps(jwk))
    said = shell.done("agency", "add", "court", *NAMES, "--key", str(path))
    assert "with the key court-" in said


def test_without_servers_the_next_step_is_said(tmp_path: Path) -> None:
    said = Shell({"OSRATI_DATA_DIR": str(tmp_path)}).osrati("agency", "list")
    assert (said.code, said.out) == (2, "")
    assert "DATABASE_URL" in said.err
    assert "osrati run" in said.err
