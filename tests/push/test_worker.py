"""The worker tells people by itself, through a real channel: from a fact to what a phone reads."""

import asyncio
import base64
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from api.notices import tell_until
from api.settings import read_settings
from api.wire import House
from domain.calendar_date import DUBAI
from tests.support.builders import CITIZEN, born, described, married
from tests.support.fcm import running_fcm
from tests.support.house import TestHouse, person
from tests.support.notices import enrol, open_push

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
SECONDS_MAX = 60.0


async def test_a_birth_reaches_the_fathers_phone(house: TestHouse, tmp_path: Path) -> None:
    house.clock.instant = datetime(2026, 11, 21, 12, tzinfo=DUBAI).astimezone(UTC)
    with running_fcm(tmp_path) as fcm:
        environ = {
            "OSRATI_FCM_ACCOUNT": str(fcm.access.account_file),
            "OSRATI_FCM_URL": fcm.origin,
            "OSRATI_FCM_CERTIFICATE": str(fcm.access.certificate_file),
        }
        settings = read_settings(environ, data_dir=tmp_path)
        opened = House(settings, house.ground, house.registry, house.schemas)
        key = await enrol(house, HUSBAND, UUID(int=11), token="token-1")
        day = date(2026, 11, 21)
        await house.apply(
            married(HUSBAND, WIFE, date(2025, 1, 1)), described(HUSBAND, day, nationality=CITIZEN)
        )
        await house.apply(born(CHILD, WIFE, day, father=HUSBAND))
        stop = asyncio.Event()
        working = asyncio.create_task(tell_until(opened, stop))
        async with asyncio.timeout(SECONDS_MAX):
            while not (received := await fcm.received()):  # noqa: ASYNC110  # another process's
                await asyncio.sleep(0.1)
            stop.set()
            await working
    titles = [
        open_push(key, base64.b64decode(each["data"]["osrati"])).get("title", "")
        for each in received
    ]
    assert any(title.startswith("مبروك ما ياك") for title in titles)
