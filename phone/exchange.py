"""One round trip: what is asked, and what is done with whatever comes back, or does not.

No network here: `phone/sync.py` carries requests and answers, tests carry them by hand, late,
twice or never. An answer's streams count only for the state it was asked from: any answer taken
in the meantime, by this process or another, makes them void. Outcomes always count.
"""

import secrets
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from phone import outbox, stream
from phone.day import corrected_utc, day_in_dubai, plan_offset_seconds
from phone.envelope import StreamKeys
from phone.photo_act import settle_photos
from phone.store import Store
from phone.stream_key import forget_keys, held_epochs, keep_keys
from phone.wire import (
    COMMANDS_MAX,
    SCHEMA,
    OutdatedAnswer,
    Stopped,
    SyncAnswer,
    SyncRequest,
    Want,
)

APP = "phone/1"
DEVICE = "device/id"
FIRST_SCREEN_BYTES = 16_384  # of a first load: something to show soon
# Of later pages: twice as much after each that came, down to the first again after a cut, which
# costs one page.
PAGE_BYTES_MIN, PAGE_BYTES_MAX = 65_536, 262_144

RECEIPTS = "notices.seen"  # acts whose end nobody needs to read

_APP = "exchange/app"
_ROUND = "exchange/round"
_BATCH = "exchange/batch"
_PAGE = "exchange/page_bytes"
_OFFSET = "clock/offset_seconds"
_CONTACT = "clock/contact"
_TAG = "exchange/tag"
_OUTDATED = "exchange/outdated"
_CATALOGUE = "catalogue/published"
_RENUMBERED = ("command.gap", "command.sequence_reused")


class Asked(msgspec.Struct, frozen=True):
    """A request, and the round of this phone's that it belongs to."""

    request: SyncRequest
    round: int


class Taken(msgspec.Struct, frozen=True):
    """What an answer leaves to be done. `fresh` is False when its streams came too late."""

    again: bool
    fresh: bool
    retry_after_seconds: int | None = None


class NotEnrolled(Exception):
    """No device id yet: sign in first."""


def plan_exchange(store: Store, *, app: str = APP, schema: int = SCHEMA) -> Asked:
    """The next request; acts in it are numbered and durable before it leaves.

    Raises: NotEnrolled.
    """
    with store.transaction():
        device = store.find_setting(DEVICE)
        if device is None:
            raise NotEnrolled("sign in first")
        if store.find_setting(_APP) != app.encode():
            store.set_setting(_APP, app.encode())
            outbox.send_held_again(store)
        commands = outbox.claim_batch(store, count_max=store.find_number(_BATCH, COMMANDS_MAX))
        request = SyncRequest(
            device=device,
            app=app,
            schema=schema,
            acked=outbox.acknowledged_sequence(store),
            cursors=stream.cursors(store),
            keys=held_epochs(store),
            commands=commands,
            want=Want(_page_bytes(store)),
        )
        return Asked(request, store.find_number(_ROUND))


def take_answer(store: Store, asked: Asked, answer: SyncAnswer, *, phone_utc: datetime) -> Taken:
    """Puts an answer into the database, in one transaction: rows, cursors, keys, outcomes.

    Raises: Malformed, and then nothing of it is kept.
    """
    with store.transaction():
        _take_outcomes(store, asked, answer)
        if not _is_fresh(store, asked):
            return Taken(True, False)
        stopped = _take_stopped(store, answer.stopped)
        _take_clock(store, answer.now, phone_utc)
        store.set_number(_OUTDATED, 0)
        store.set_number(_CATALOGUE, answer.catalogue)
        for stream_id, page in answer.streams.items():
            if page.reset == "incarnation":
                forget_keys(store, stream_id)
        keep_keys(store, answer.keys, asked.request.device)
        keys, today = StreamKeys(store), read_today(store, phone_utc)
        for stream_id in answer.closed:
            stream.close_stream(store, stream_id)
        for stream_id, page in answer.streams.items():
            stream.apply_page(store, keys, stream_id, page, today)
        complete = stream.is_complete(store)
        if complete and not answer.more:
            outbox.settle(store)
            outbox.clear_ended(store, RECEIPTS)
        if answer.tag is not None:
            store.set_setting(_TAG, answer.tag.encode())
        wanted = store.find_number(_PAGE, PAGE_BYTES_MIN)
        store.set_number(_PAGE, min(2 * wanted, PAGE_BYTES_MAX) if answer.more else PAGE_BYTES_MIN)
        again = answer.more or not complete or outbox.has_pending(store)
        return Taken(again, True, stopped)


def take_outdated(store: Store, asked: Asked, answer: OutdatedAnswer) -> Taken:
    """426: what was sent was taken; nothing comes down until the app is updated."""
    with store.transaction():
        _take_outcomes(store, asked, answer)
        if not _is_fresh(store, asked):
            return Taken(True, False)
        stopped = _take_stopped(store, answer.stopped)
        store.set_number(_OUTDATED, answer.minimum)
        return Taken(outbox.has_pending(store), False, stopped)


def take_cut(store: Store) -> None:
    """No answer, or half of one: smaller pages the next time."""
    with store.transaction():
        store.set_number(_PAGE, PAGE_BYTES_MIN)


def take_too_large(store: Store, asked: Asked) -> None:
    """413: fewer acts the next time; one that is too large alone is held, and the others go on."""
    with store.transaction():
        sent = asked.request.commands
        if len(sent) > 1:
            store.set_number(_BATCH, len(sent) // 2)
            return
        if sent:
            outbox.hold(store, UUID(bytes=sent[0].id))
        store.set_number(_BATCH, COMMANDS_MAX)


def read_today(store: Store, phone_utc: datetime) -> date:
    """The day in Dubai by the phone's clock, set right by what the server last said."""
    return day_in_dubai(corrected_utc(phone_utc, store.find_number(_OFFSET)))


def find_tag(store: Store) -> str | None:
    """What the last answer called the state that the phone now has; for the idle poll."""
    tag = store.find_setting(_TAG)
    return None if tag is None else tag.decode()


def outdated_minimum(store: Store) -> int:
    """The lowest schema the server still serves, when this app is below it; else 0."""
    return store.find_number(_OUTDATED)


def published_catalogue(store: Store) -> int:
    """The catalogue's version in force when the server was last heard."""
    return store.find_number(_CATALOGUE)


def _page_bytes(store: Store) -> int:
    if not stream.held_streams(store):
        return FIRST_SCREEN_BYTES
    return store.find_number(_PAGE, PAGE_BYTES_MIN)


def _is_fresh(store: Store, asked: Asked) -> bool:
    """Whether no other answer was taken since this was asked; then this one is the next."""
    if store.find_number(_ROUND) != asked.round:
        return False
    # By chance, not by counting: a phone restored from a backup must not count the same again.
    store.set_number(_ROUND, secrets.randbits(62))
    return True


def _take_outcomes(store: Store, asked: Asked, answer: SyncAnswer | OutdatedAnswer) -> None:
    outbox.take_outcomes(store, answer.outcomes)
    settle_photos(store)
    outbox.mark_acknowledged(store, asked.request.acked)
    store.set_number(_BATCH, COMMANDS_MAX)


def _take_stopped(store: Store, stopped: Stopped | None) -> int | None:
    """Numbers anew where the server's count is another; how long to wait otherwise."""
    if stopped is None:
        return None
    if stopped.code in _RENUMBERED and stopped.expect is not None:
        outbox.renumber(store, stopped.expect)
        return None
    return stopped.retry_after_seconds


def _take_clock(store: Store, server_seconds: int, phone_utc: datetime) -> None:
    server_utc = datetime.fromtimestamp(server_seconds, UTC)
    store.set_number(_OFFSET, plan_offset_seconds(phone_utc, server_utc))
    store.set_number(_CONTACT, server_seconds)
