"""A licence reported without its emirate is of the emirate of who reports it, where it is one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.settings import read_settings
from domain.ids import AgencyId
from domain.people.circle import Business
from gov.agency import add_agency
from gov.agency_right import ANY, Rights
from store.scope import CircleScope
from tests.gov.test_intake_http import emirates_id, event
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake
from timeline.record import business_circle, read_facts

HUSBAND, WIFE = emirates_id(501), emirates_id(502)
LICENCE = {"number": "L-7", "expires_on": "2027-12-01"}


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        for agency_id, emirates in {"moj": ("AE-AJ",), "mohap": (ANY,)}.items():
            rights = Rights(kinds=(ANY,), assigners=(ANY,), emirates=emirates)
            await add_agency(
                house.ground.database,
                AgencyId(agency_id),
                name_ar="جهة",
                name_en="A",
                rights=rights,
            )
        yield opened


async def sources_in(house: TestHouse, business: Business) -> set[str]:
    circle = business_circle(house.ground.keys, business)
    keys = await house.ground.keys.circle(circle.id)
    async with house.ground.database.read(CircleScope(circle.id)) as session:
        return {one.source for one in await read_facts(session, keys)}


async def test_who_speaks_of_one_emirate_alone_need_not_name_it(
    house: TestHouse, intake: Intake
) -> None:
    await intake.tell("moj", event("licence.issued", "l-1", {"owner": HUSBAND, **LICENCE}))
    await intake.tell("mohap", event("licence.issued", "l-2", {"owner": WIFE, **LICENCE}))
    assert await sources_in(house, Business("L-7", "AE-AJ")) == {"moj"}
    assert await sources_in(house, Business("L-7", reported_by="mohap")) == {"mohap"}


async def test_who_speaks_of_several_says_which(house: TestHouse, intake: Intake) -> None:
    told = {"owner": WIFE, **LICENCE, "emirate": "AE-DU"}
    await intake.tell("moj", event("licence.issued", "l-1", {"owner": HUSBAND, **LICENCE}))
    await intake.tell("mohap", event("licence.issued", "l-2", told))
    added = {"partner": WIFE, "owner": HUSBAND, "number": "L-7", "emirate": "AE-AJ"}
    await intake.tell("mohap", event("partner.added", "p-1", added))
    assert await sources_in(house, Business("L-7", "AE-AJ")) == {"moj", "mohap"}
    assert await sources_in(house, Business("L-7", "AE-DU")) == {"mohap"}
