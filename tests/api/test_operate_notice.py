"""`osrati notice dead` through the real command: by codes and ids, recorded with who and why."""

from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from domain.ids import ActKey, CircleId, EntryId, PersonId, RecordKey
from gov.operation import list_operations
from push.answer import Answer
from push.notice import Notice
from store.clock import SystemClock
from store.notice_tables import CHANNEL_SMS, NOTICE_CLOSED
from store.scope import ReferenceScope
from tests.api.test_operate_agency import Shell
from tests.support.house import TestHouse
from tests.support.notices import Outbox, keep_notice
from tests.support.recipients import load_recipients
from timeline.population import list_reads

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


async def test_closed_notices_are_counted_by_reason_and_named_by_ids_and_texts_alone(
    house: TestHouse, shell: Shell
) -> None:
    people = await load_closed(house, "words_missing", 12, entry="marriage_contract")
    people += await load_closed(house, "opted_out", 3, entry="vaccination")
    await load_closed(house, "words_missing", 1, entry="vaccination", days_ago=40)

    since = ("--since", str(house.clock.today() - timedelta(days=30)))
    counted = shell.done("notice", "closed", "count", *since)
    lines = [line.split() for line in counted.splitlines()]
    assert [line[:3] for line in lines[1:]] == [
        ["words_missing", "12", "0"],
        ["opted_out", "3", "0"],
    ]
    long_ago = ("--since", "2026-01-01T00:00:00+04:00")
    assert "words_missing  13" in shell.done("notice", "closed", "count", *long_ago)

    of_words = ("--reason", "words_missing")
    listed = shell.done("notice", "closed", "list", *of_words, *since)
    assert len(listed.splitlines()) == 13
    refused = shell.osrati("notice", "closed", "texts", *of_words)
    assert refused.code == 1
    assert "recorded with your name" in refused.err
    why = ("--purpose", "which text is to be mended")
    texts = shell.done("notice", "closed", "texts", *of_words, *since, *why)
    assert texts.splitlines()[1].split() == ["marriage_contract", "signed", "odd", "10"]
    assert "vaccination" not in texts
    few = shell.done("notice", "closed", "texts", "--reason", "opted_out", *since, *why)
    assert few.splitlines()[1].endswith("under 10")
    for each in people:
        assert str(each) not in counted + listed + texts + few
    reads = await list_reads(house.ground)
    assert {(one.read.asked, one.read.purpose) for one in reads} == {
        ("notice.closed words_missing", why[1]),
        ("notice.closed opted_out", why[1]),
    }


async def test_what_no_message_was_made_of_is_dead_until_an_operator_has_it_looked_at_again(
    house: TestHouse, shell: Shell
) -> None:
    await load_closed(house, "words_missing", 3, entry="marriage_contract")
    await load_closed(house, "opted_out", 2, entry="vaccination")
    assert "-        words_missing  closed  3" in shell.done("notice", "dead", "count")
    listed = shell.done("notice", "dead", "list", "--reason", "words_missing").splitlines()[1:]
    assert len(listed) == 3
    again = ("notice", "dead", "retry", "--purpose", WHY)
    assert shell.done(*again, listed[0].split()[0]) == "1 to be sent again\n"
    assert shell.done(*again, "--reason", "words_missing") == "2 to be sent again\n"
    assert shell.done(*again, "--reason", "opted_out") == "0 to be sent again\n"  # their own wish
    assert len(shell.done("notice", "dead", "list").splitlines()) == 1


async def test_what_makes_no_sense_of_closed_notices_is_said(
    house: TestHouse, shell: Shell
) -> None:
    of_words = ("notice", "closed", "list", "--reason", "words_missing")
    assert "no instant" in shell.osrati(*of_words, "--since", "yesterday").err
    assert shell.osrati(*of_words, "--limit", "501").code == 2


async def load_closed(
    house: TestHouse, reason: str, count: int, *, entry: str, days_ago: int = 1
) -> list[PersonId]:
    """People with a notice each that was closed for a reason."""
    people = [PersonId(uuid4()) for _ in range(count)]
    at = house.clock.now_utc() - timedelta(days=days_ago)
    for who in people:
        notice = Notice(
            ActKey(uuid4().bytes),
            CircleId(uuid4()),
            RecordKey(b"r" * 16),
            EntryId(entry),
            "signed",
            "due",
            "service",
            house.clock.today(),
            LATE,
            message=EntryId("odd"),
        )
        await keep_notice(
            house, who, notice, state=NOTICE_CLOSED, reason=reason, made_at=at, due_at=at
        )
    return people
