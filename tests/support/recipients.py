"""People with one message each that is due, for a test of deliveries."""

from datetime import date

from bench.recipients import Recipient, list_recipients
from bench.recipients import load_recipients as load
from push.notice import NoticeClass
from store.notice_tables import CHANNEL_PUSH
from tests.support.house import TestHouse


async def load_recipients(
    house: TestHouse,
    count: int,
    *,
    first: int = 0,
    channel: int = CHANNEL_PUSH,
    notice_class: NoticeClass = "service",
    until_on: date | None = None,
) -> list[Recipient]:
    """So many people, who lie in the house as if they had been planned for."""
    recipients = list_recipients(count, first=first)
    url = house.ground.database.engine.url.render_as_string(hide_password=False)
    await load(
        house.ground,
        url,
        recipients,
        channel=channel,
        notice_class=notice_class,
        until_on=until_on,
    )
    return recipients
