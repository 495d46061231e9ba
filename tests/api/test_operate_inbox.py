"""`osrati inbox` through the real command: counts, lists, shows with a purpose, replays."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from api.settings import read_settings
from api.wire import INTAKE_SCHEMAS, House
from domain.ids import AgencyId, CircleId, InboxId
from gov.event.schema import EventSchemas
from gov.inbox.row import keep_message
from gov.interpret import interpret
from simulators.agency import encode_event
from store.scope import ReferenceScope
from tests.api.test_operate_agency import Shell
from tests.gov.test_inbox_seal import person_of
from tests.gov.test_intake_http import HUSBAND, MARRIAGE, WIFE, books, event
from tests.support.house import TestHouse
from tests.support.intake import open_intake
from timeline.record import couple_circle

MOJ = AgencyId("moj")


@pytest.fixture
def shell(house: TestHouse, databases: tuple[str, str], tmp_path: Path) -> Shell:
    house.clock.instant = datetime.now(UTC)
    return Shell(
        {
            "DATABASE_URL": databases[0],
            "KEYSTORE_URL": databases[1],
            "OSRATI_DATA_DIR": str(tmp_path),
        }
    )


def lines(out: str) -> list[list[str]]:
    """The rows of a table, without its heading."""
    return [line.split() for line in out.splitlines()[1:]]


async def test_what_is_held_is_counted_listed_shown_and_replayed_once_it_is_understood(
    house: TestHouse, shell: Shell, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    shutil.copytree(INTAKE_SCHEMAS, few)
    (few / "marriage.registered.schema.json").unlink()
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as intake:
        older = House(intake.house.settings, house.ground, house.registry, EventSchemas.load(few))
        ids: list[InboxId] = []
        for told in (MARRIAGE, event("moon.landed", "x-1", {})):
            house.clock.instant += timedelta(seconds=1)
            kept = await keep_message(house.ground, MOJ, str(told["id"]), encode_event(told))
            await interpret(older.ground, older.schemas, kept.inbox_id)
            ids.append(kept.inbox_id)
    month = f"{datetime.now(UTC):%Y-%m}"
    counted = shell.done("inbox", "count")
    assert lines(counted) == [["held", "intake.kind_unknown", "moj", month, "2"]]
    by_kind = shell.done("inbox", "count", "--by-kind")
    assert lines(by_kind) == [
        ["held", "intake.kind_unknown", "marriage.registered", "1"],
        ["held", "intake.kind_unknown", "moon.landed", "1"],
    ]
    listed = shell.done("inbox", "list", "--reason", "intake.kind_unknown", "--agency", "moj")
    assert [row[0] for row in lines(listed)] == [str(inbox_id) for inbox_id in ids]
    assert lines(shell.done("inbox", "list", "--older-than-days", "1")) == []
    assert lines(shell.done("inbox", "list", "--state", "applied")) == []
    shown = shell.done("inbox", "show", str(ids[0]))
    assert "intake.kind_unknown" in shown
    assert "marriage.registered" not in shown
    replayed = shell.done("inbox", "replay", "--reason", "intake.kind_unknown")
    assert "done: 1 applied, 1 held intake.kind_unknown" in replayed
    assert await books(house, 501) == ["family_book:due"]
    again = shell.done("inbox", "replay", "--state", "applied")
    assert "done: 1 applied" in again
    assert await books(house, 501) == ["family_book:due"]
    by_kind = shell.done("inbox", "replay", "--kind", "moon.landed")
    assert "done: 1 held intake.kind_unknown" in by_kind
    log = shell.done("agency", "log")
    assert log.count("inbox.replay") == 3


async def test_where_facts_belong_is_gone_through_again_only_when_it_is_asked_for(
    house: TestHouse, shell: Shell, tmp_path: Path
) -> None:
    """Here a couple's circle has lost what it held, as if it were not the place for it before."""
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as intake:
        await intake.tell("moj", MARRIAGE)
    husband, wife = await person_of(house, HUSBAND), await person_of(house, WIFE)
    couple = couple_circle(house.ground.keys, husband, wife).id
    whole = await held_count(house, couple)
    assert whole > 0
    async with house.ground.database.unit(ReferenceScope("intake")) as unit:
        await unit.execute(text("DELETE FROM fact WHERE circle_id = :id"), {"id": couple})
    assert "done: 1 applied" in shell.done("inbox", "replay", "--state", "applied")
    assert await held_count(house, couple) == 0
    assert "done: 1 applied" in shell.done("inbox", "replay", "--state", "applied", "--whole")
    assert await held_count(house, couple) == whole


async def held_count(house: TestHouse, circle_id: CircleId) -> int:
    async with house.ground.database.read(ReferenceScope("intake")) as session:
        asked = text("SELECT count(*) FROM fact WHERE circle_id = :id")
        return int((await session.execute(asked, {"id": circle_id})).scalar_one())


async def test_a_body_is_shown_only_for_a_purpose_that_is_recorded(
    house: TestHouse, shell: Shell
) -> None:
    kept = await keep_message(house.ground, MOJ, "m-1", encode_event(MARRIAGE))
    refused = shell.osrati("inbox", "show", str(kept.inbox_id), "--body")
    assert (refused.code, refused.out) == (1, "")
    assert "State why you look" in refused.err
    assert "inbox.show_body" not in shell.done("agency", "log")
    purpose = "The ministry asked why it is held"
    shown = shell.done("inbox", "show", str(kept.inbox_id), "--body", "--purpose", purpose)
    assert "marriage.registered" in shown
    log = shell.done("agency", "log")
    assert purpose in log
    assert str(kept.inbox_id) in log


def test_what_makes_no_sense_is_said_in_words(shell: Shell) -> None:
    nobody = "00000000-0000-0000-0000-000000000001"
    for arguments, code, word in (
        (("show", nobody), 1, "could not find"),
        (("replay", nobody), 1, "could not find"),
        (("replay",), 2, "Say which"),
        (("list", "--limit", "0"), 2, "from 1 to 500"),
        (("list", "--limit", "501"), 2, "from 1 to 500"),
        (("list", "--older-than-days", "-1"), 2, "from 0"),
        (("list", "--reason", "because"), 2, "invalid choice"),
    ):
        said = shell.osrati("inbox", *arguments)
        assert (said.code, said.out) == (code, ""), (arguments, said.out)
        assert word in said.err, arguments
