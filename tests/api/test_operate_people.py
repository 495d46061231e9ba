"""`osrati people duplicates` through the real command: listed by ids, decided by a person."""

from datetime import date
from pathlib import Path

import pytest

from tests.api.test_operate_agency import Shell
from tests.support.builders import born
from tests.support.house import TestHouse, person

MOTHER, CHILD, NUMBERED = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)


@pytest.fixture
def shell(databases: tuple[str, str], tmp_path: Path) -> Shell:
    main, keys = databases
    return Shell({"DATABASE_URL": main, "KEYSTORE_URL": keys, "OSRATI_DATA_DIR": str(tmp_path)})


async def test_what_is_suspected_is_listed_by_ids_and_joined_by_command(
    house: TestHouse, shell: Shell
) -> None:
    await house.apply(born(CHILD, MOTHER, TODAY))
    await house.apply(born(NUMBERED, MOTHER, TODAY))
    assert f"{CHILD}  {NUMBERED}  open" in shell.done("people", "duplicates", "list")
    shell.done("people", "duplicates", "join", str(CHILD), str(NUMBERED))
    assert {card.record.subject for card in await house.timeline(MOTHER)} == {CHILD}
    assert str(CHILD) not in shell.done("people", "duplicates", "list")
    shown = shell.done("people", "duplicates", "show", str(NUMBERED), str(CHILD))
    assert "joined" in shown


async def test_what_is_not_suspected_is_refused_in_both_languages(
    house: TestHouse, shell: Shell
) -> None:
    refused = shell.osrati("people", "duplicates", "dismiss", str(CHILD), str(NUMBERED))
    assert refused.code == 1
    assert "not open as suspected" in refused.err
    assert "اشتباه" in refused.err
    assert shell.osrati("people", "duplicates", "dismiss", "x", "y").code == 2
