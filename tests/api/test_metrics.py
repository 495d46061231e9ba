"""`/metrics`: to whoever shows the token, counts and ages of the queues, and nothing of anybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from api.app import build_app
from api.metrics import render_metrics
from api.settings import SettingsError, read_settings
from api.wire import House
from push.answer import Answer
from push.queue import read_queues
from store.notice_tables import CHANNEL_SMS
from tests.support.house import TestHouse
from tests.support.notices import Outbox
from tests.support.recipients import load_recipients
from timeline.hint import NoHints

TOKEN = "0123456789abcdef"


@asynccontextmanager
async def asking(
    house: TestHouse, directory: Path, token: str | None
) -> AsyncIterator[httpx2.AsyncClient]:
    settings = replace(read_settings({}, data_dir=directory), metrics_token=token)
    app = build_app(House(settings, house.ground, house.registry, house.schemas), NoHints())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://osrati.test") as client:
        yield client


def figures(body: bytes) -> dict[str, float]:
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_only_the_token_opens_it_and_all_else_looks_like_no_page(
    house: TestHouse, tmp_path: Path
) -> None:
    async with asking(house, tmp_path, TOKEN) as client:
        missing = await client.get("/metric")
        for shown in ("", "Bearer ", f"Bearer {TOKEN}0", f"Basic {TOKEN}", "Bearer é"):
            refused = await client.get("/metrics", headers=[(b"authorization", shown.encode())])
            assert refused.status_code == 404, shown
            assert refused.json()["code"] == missing.json()["code"]
        opened = await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert opened.status_code == 200
        assert opened.headers["content-type"].startswith("text/plain")
    async with asking(house, tmp_path, None) as client:
        answer = await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 404


@pytest.mark.parametrize("value", ["short", "é" * 20])
def test_a_token_that_is_easily_guessed_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match="OSRATI_METRICS_TOKEN"):
        read_settings({"OSRATI_METRICS_TOKEN": value}, data_dir=tmp_path)
    found = read_settings({"OSRATI_METRICS_TOKEN": TOKEN}, data_dir=tmp_path)
    assert found.metrics_token == TOKEN


async def test_it_says_how_many_wait_how_long_and_which_channel_is_left_alone(
    house: TestHouse,
) -> None:
    people = await load_recipients(house, 4, channel=CHANNEL_SMS)
    empty = figures(render_metrics(await read_queues(house.ground), {}))
    assert empty['osrati_deliveries{channel="sms",state="queued"}'] == 4
    assert empty['osrati_deliveries{channel="push",state="queued"}'] == 0
    assert empty['osrati_delivery_age_seconds{channel="sms"}'] == 0
    outbox = Outbox(house)
    outbox.texts.answers = [
        Answer("refused", "rejected"),
        Answer("unknown", "timed_out"),
        Answer("retry", "quota", retry_after_seconds=90),
    ]
    await outbox.deliver()
    house.clock.instant += timedelta(seconds=30)
    body = render_metrics(await read_queues(house.ground), {})
    said = figures(body)
    for state, count in (("queued", 1), ("failed", 1), ("unknown", 1), ("sending", 0)):
        assert said[f'osrati_deliveries{{channel="sms",state="{state}"}}'] == count
    assert said['osrati_channel_paused_seconds{channel="sms"}'] == 60
    assert said['osrati_delivery_age_seconds{channel="sms"}'] == 0  # it is not due yet
    house.clock.instant += timedelta(seconds=60)
    later = figures(render_metrics(await read_queues(house.ground), {}))
    assert later['osrati_delivery_age_seconds{channel="sms"}'] == 90
    assert later['osrati_channel_paused_seconds{channel="sms"}'] == 0
    for each in people:
        for name in (str(each.person_id), each.mobile, each.key.hex()):
            assert name not in body.decode()
