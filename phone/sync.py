"""Coming back: round trips until the phone holds everything and nothing is left to send.

Enrols where the device is not known, halves what is too large, numbers anew what the server
counts otherwise, waits what it is asked to. `pause` is how it waits; giving up is up to the
caller, who loses nothing by it.
"""

from collections.abc import Awaitable, Callable

import msgspec

from phone import outbox
from phone.backoff import Backoff
from phone.catalogue import fetch_catalogue
from phone.day import PhoneClock
from phone.enrol import plan_enrolment, take_enrolment
from phone.exchange import (
    NotEnrolled,
    Taken,
    find_tag,
    plan_exchange,
    take_answer,
    take_cut,
    take_outdated,
    take_too_large,
)
from phone.photo import send_photos
from phone.photo_act import end_refused
from phone.store import Store
from phone.transport import DeviceTaken, DeviceUnknown, Fault, TooLarge, Transport, TryLater
from phone.wire import SCHEMA, OutdatedAnswer

ROUNDS_MAX = 1_000  # 10,000 acts are 100 round trips, 2,000 records a stream are about ten
FAULTS_MAX = 5  # in one coming back; then the owner is told, and the next wake tries again

Pause = Callable[[float], Awaitable[None]]


class Phone(msgspec.Struct, frozen=True):
    """What a phone works with."""

    store: Store
    transport: Transport
    clock: PhoneClock
    app: str = "phone/1"
    schema: int = SCHEMA


class StillBusy(Exception):
    """The server could not be reached, or asked to wait, too often: everything is kept."""


async def come_back(phone: Phone, pause: Pause, *, backoff: Backoff | None = None) -> int:
    """Syncs until there is nothing left to do; the number of round trips.

    Raises: StillBusy; Fault (sign in again, or a defect of this app); nothing is lost by either.
    """
    waits = backoff or Backoff()
    faults = rounds = 0
    while rounds < ROUNDS_MAX:
        rounds += 1
        try:
            taken = await round_trip(phone)
            asked = taken.retry_after_seconds
            wait = None if asked is None else waits.next_seconds(asked)
            if wait is None and not taken.again:
                await send_photos(phone.store, phone.transport)
                end_refused(phone.store)
                if not outbox.has_pending(phone.store):  # acts that waited for a photo go now
                    await _fetch_words(phone)
                    return rounds
        except TryLater as later:
            wait = waits.next_seconds(later.retry_after_seconds)
        if wait is None:
            waits.succeeded()
        else:
            faults += 1
            if faults > FAULTS_MAX:
                raise StillBusy(f"gave up after {faults} faults: try again later")
            await pause(wait)
    raise StillBusy("more round trips than a phone should need")


async def round_trip(phone: Phone) -> Taken:
    """One exchange, whatever its answer. Raises: Fault; TryLater among them."""
    try:
        asked = plan_exchange(phone.store, app=phone.app, schema=phone.schema)
    except NotEnrolled:
        await enrol(phone)
        return Taken(True, False)
    try:
        answer = await phone.transport.sync(asked.request)
    except TooLarge:
        if not asked.request.commands:
            raise  # not by our acts: a defect of this app
        take_too_large(phone.store, asked)
        return Taken(True, False)
    except DeviceUnknown:
        await enrol(phone)
        return Taken(True, False)
    except TryLater:
        take_cut(phone.store)
        raise
    if isinstance(answer, OutdatedAnswer):
        return take_outdated(phone.store, asked, answer)
    return take_answer(phone.store, asked, answer, phone_utc=phone.clock.now_utc())


async def _fetch_words(phone: Phone) -> None:
    """The texts, if they can be had: without them a card says its service's id, and the next
    coming back asks again. Raises: NotSigned, TryLater.
    """
    try:
        await fetch_catalogue(phone.store, phone.transport)
    except TryLater:
        raise
    except Fault:
        return


async def enrol(phone: Phone) -> None:
    """Makes this installation a device of the person signed in. Raises: Fault, OtherServer."""
    try:
        answer = await phone.transport.enrol(plan_enrolment(phone.store, app=phone.app))
    except DeviceTaken:
        request = plan_enrolment(phone.store, new_device=True, app=phone.app)
        answer = await phone.transport.enrol(request)
    take_enrolment(phone.store, answer)


async def has_news(phone: Phone) -> bool:
    """The idle poll: whether to come back now. Raises: Fault."""
    return await phone.transport.head(find_tag(phone.store)) is not None
