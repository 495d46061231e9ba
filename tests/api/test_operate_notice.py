"""`osrati notice dead` through the real command: by codes and ids, recorded with who and why."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from gov.operation import list_operations
from push.answer import Answer
from store.clock import SystemClock
from store.notice_tables import CHANNEL_SMS
from store.scope import ReferenceScope
from tests.api.test_operate_agency import Shell
from tests.support.house import TestHouse
from tests.support.notices import Outbox
from tests.support.recipients import load_recipients

LATE = date(2099, 1, 1)
WHY = "the message centre knows our sender again"


@pytest.fixture
def shell(databases: tuple[str, str], tmp_path: Path) -> Shell:
    main, keys = databases
    return Shell({"DATABASE_URL": main, "KEYSTORE_URL": keys, "OSRATI_DATA_DIR": str(tmp_path)})


async def test_dead_letters_are_listed_by_codes_and_sent_again_with_a_purpose(
    house: TestHouse, shell: Shell
) -> None:
    people = await load_recipients(house, 5, channel=CHANNEL_SMS, until_on=LATE)
    outbox = Outbox(house)
    outbox.texts.answers = [Answer("refused", "rejected")] * 3 + [Answer("unknown", "timed_out")]
    assert await outbox.deliver() == 5
    assert len(outbox.texts.messages) == 5

    counted = shell.done("notice", "dead", "count")
    assert "sms      rejected   failed    3" in counted
    assert "sms      timed_out  in doubt  1" in counted
    listed = shell.done("notice", "dead", "list")
    for each in people:
        assert str(each.person_id) not in listed
        assert each.mobile not in listed
    (doubtful,) = [line.split()[0] for line in listed.splitlines() if "in doubt" in line]
    assert len(shell.done("notice", "dead", "list", "--reason", "rejected").splitlines()) == 4

    refused = shell.osrati("notice", "dead", "retry", "--reason", "rejected")
    assert refused.code == 1
    assert "recorded with your name" in refused.err
    assert not await outbox.deliver()
    again = ("notice", "dead", "retry", "--purpose", WHY)
    assert shell.done(*again, "--reason", "rejected") == "3 to be sent again\n"
    assert shell.done(*again, "--reason", "timed_out") == "0 to be sent again\n"  # in doubt
    house.clock.instant = SystemClock().now_utc() + timedelta(minutes=1)  # the command's clock
    assert await outbox.deliver() == 3
    assert shell.done(*again, doubtful) == "1 to be sent again\n"
    house.clock.instant += timedelta(days=1)
    assert await outbox.deliver() == 1
    assert len(shell.done("notice", "dead", "list").splitlines()) == 1

    async with house.ground.database.read(ReferenceScope("operate")) as session:
        deeds = [one.operation for one in await list_operations(session, house.ground)]
    assert [(one.action, one.subject, one.detail, one.purpose) for one in deeds] == [
        ("notice.retry", doubtful, "", WHY),
        ("notice.retry", "all", "timed_out", WHY),
        ("notice.retry", "all", "rejected", WHY),
    ]
    assert all(one.operator for one in deeds)


async def test_what_makes_no_sense_is_said(house: TestHouse, shell: Shell) -> None:
    again = ("notice", "dead", "retry", "--purpose", WHY)
    assert "--reason" in shell.osrati(*again).err
    assert shell.osrati(*again, "ab" * 16, "--reason", "rejected").code == 2
    assert "no notice's id" in shell.osrati(*again, "xyz").err
    missing = shell.osrati(*again, "ab" * 16)
    assert missing.code == 1
    assert "could not find" in missing.err
    assert shell.osrati("notice", "dead", "list", "--limit", "501").code == 2
