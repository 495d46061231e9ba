"""`osrati funnel` through the real command: in tens, and a recount that is recorded first."""

from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from api.operate.funnel import HIDDEN
from push.answer import Answer
from push.funnel import STAGES, count_stages
from store.notice_tables import CHANNEL_SMS
from store.reference_tables import FunnelCountRow
from store.scope import SweepScope
from tests.api.test_operate_agency import Shell
from tests.support.house import TestHouse
from tests.support.notices import Outbox
from tests.support.recipients import load_recipients
from timeline.population import list_reads

WHY = "the yearly check of the counts"
TOLD = 17  # of these eleven by a channel that took them


@pytest.fixture
def shell(databases: tuple[str, str], tmp_path: Path) -> Shell:
    main, keys = databases
    return Shell({"DATABASE_URL": main, "KEYSTORE_URL": keys, "OSRATI_DATA_DIR": str(tmp_path)})


async def test_the_funnel_is_shown_in_tens_and_recounted_for_a_purpose(
    house: TestHouse, shell: Shell
) -> None:
    people = await load_recipients(house, TOLD, channel=CHANNEL_SMS)
    outbox = Outbox(house)
    outbox.texts.answers = [Answer("refused", "rejected")] * 6
    assert await outbox.deliver() == TOLD
    while await count_stages(house.ground):
        pass

    heading, line = shell.done("funnel", "show").splitlines()
    assert heading.split() == ["service", "emirate", *STAGES]
    assert [cell for cell in line.split("  ") if cell.strip()] == [
        "family_book",
        *(cell.strip() for cell in ("-", "20", "10", HIDDEN, HIDDEN, HIDDEN)),
    ]
    for each in people:
        assert str(each.person_id) not in line

    refused = shell.osrati("funnel", "recount")
    assert refused.code == 1
    assert "recorded with your name" in refused.err
    assert not await list_reads(house.ground)
    again = ("funnel", "recount", "--purpose", WHY)
    assert shell.done(*again) == "the counts are what every notice says\n"
    async with house.ground.database.unit(SweepScope()) as unit:
        await unit.execute(update(FunnelCountRow).values(count=col(FunnelCountRow.count) + 30))
    differs = shell.osrati(*again)
    assert differs.code == 1
    assert [line.split()[:5] for line in differs.out.splitlines()[1:]] == [
        ["family_book", "-", "eligible", "50", "20"],
        ["family_book", "-", "told", "40", "10"],
    ]
    reads = [one.read for one in await list_reads(house.ground)]
    assert {(one.asked, one.purpose) for one in reads} == {("funnel.recount", WHY)}
    assert len(reads) == 2
    assert all(one.reader for one in reads)
