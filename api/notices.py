"""The worker's part in telling people: notices made and planned, and each channel's deliveries.

A channel that no setting names has no loop: what is to go through it waits in its table.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any  # a deliverer of each kind of message

import structlog

from api.wire import House
from domain.error import TryLater
from push.bell import Bell
from push.compose import Composer
from push.connect import open_fcm, open_smtp
from push.deliver import AHEAD_MAX, Deliverer
from push.due import list_people_due
from push.funnel import count_stages
from push.lease import Claimed
from push.make import make_notices
from push.registration import drop_dead_phone
from push.retract import retract_notices
from push.set_aside import put_off
from push.smpp import SmppSender
from push.smtp import CONNECTIONS_MAX
from push.tell import tell_person
from store.notice_tables import CHANNEL_EMAIL, CHANNEL_PUSH, CHANNEL_REMOVE, CHANNEL_SMS

LOOK_SECONDS = 1.0  # between two looks at tables that had nothing due, unless a bell is rung
GATHER_SECONDS = 0.05  # of many refreshes one look tells

_log = structlog.get_logger("osrati.push")


async def tell_everyone(house: House, stop: asyncio.Event | None = None) -> int:
    """Makes the notices that are due, takes back those that are wanted no more, and plans for
    everyone they are for; how many people. Who cannot be told for now is looked at ever later.
    """
    await make_notices(house.ground)
    await retract_notices(house.ground)
    count = 0
    for person_id in await list_people_due(house.ground):
        if stop is not None and stop.is_set():
            break
        try:
            await tell_person(house.ground, person_id)
        except TryLater as fault:
            _log.warning("try_later", code=fault.code)
        except Exception as fault:  # one person's fault keeps nobody else waiting
            _log.error("telling_failed", person_id=str(person_id), error=type(fault).__name__)
            await put_off(house.ground, person_id)
        else:
            count += 1
    return count


@asynccontextmanager
async def open_channels(house: House) -> AsyncIterator[tuple[Deliverer[Any], ...]]:
    """A deliverer for each channel that the settings name."""
    ground, settings = house.ground, house.settings
    composer = Composer(ground, public_origin=settings.origin)

    async def dead(each: Claimed) -> None:
        await drop_dead_phone(ground, each.person_id, each.device_id)

    async with AsyncExitStack() as stack:
        deliverers: list[Deliverer[Any]] = []
        if settings.fcm is not None:
            sender = open_fcm(settings.fcm, ground.clock)
            stack.push_async_callback(sender.aclose)
            deliverers += (
                Deliverer(
                    ground,
                    channel=channel,
                    compose=compose,
                    sender=sender,
                    on_dead=dead,
                    resends_unknown=True,
                    together=1,
                    ahead=AHEAD_MAX,
                )
                for channel, compose in (
                    (CHANNEL_PUSH, composer.pushes),
                    (CHANNEL_REMOVE, composer.removals),
                )
            )
        if settings.smpp is not None:
            centre = SmppSender(settings.smpp)
            stack.push_async_callback(centre.aclose)
            deliverers.append(
                Deliverer(
                    ground,
                    channel=CHANNEL_SMS,
                    compose=composer.texts,
                    sender=centre,
                    together=1,
                )
            )
        if settings.smtp is not None:
            relay = open_smtp(settings.smtp, ground.clock)
            stack.push_async_callback(relay.aclose)
            deliverers.append(
                Deliverer(
                    ground,
                    channel=CHANNEL_EMAIL,
                    compose=composer.emails,
                    sender=relay,
                    together=1,
                    window=CONNECTIONS_MAX,  # more would only be in doubt after a crash
                )
            )
        yield tuple(deliverers)


async def tell_until(house: House, stop: asyncio.Event) -> None:
    """Plans and delivers until `stop`: the channels side by side, each at its own pace."""
    async with open_channels(house) as deliverers, asyncio.TaskGroup() as tasks:

        async def tell() -> int:
            count = await tell_everyone(house, stop)
            if count:  # what was written is sent at once; else it would wait for the next look
                for deliverer in deliverers:
                    deliverer.bell.ring()
            return count

        tasks.create_task(_repeat(tell, house.telling, stop))
        tasks.create_task(
            _repeat(lambda: count_stages(house.ground), Bell(), stop, failed="counting_failed")
        )
        for deliverer in deliverers:
            tasks.create_task(deliverer.deliver_until(stop))


async def _repeat(
    step: Callable[[], Awaitable[int]],
    bell: Bell,
    stop: asyncio.Event,
    *,
    failed: str = "telling_failed",
) -> None:
    """Does a step again and again; at once where it found something, else when the bell is rung, or
    after a while.
    """
    while not stop.is_set():
        count = 0
        try:
            count = await step()
        except TryLater as fault:
            _log.warning("try_later", code=fault.code)
        except Exception as fault:
            _log.error(failed, error=type(fault).__name__)
        if not count and not stop.is_set():
            await bell.wait(LOOK_SECONDS)
            await asyncio.sleep(GATHER_SECONDS)
