"""Pulling: for each stream of a person, a page after the phone's cursor, and what is no longer
theirs.

Head, rows and digest of one stream come from one snapshot. A stream at whose head the phone is
costs nothing beyond the one statement that every pull begins with.
"""

import base64
import hashlib
from uuid import UUID

import msgspec

from domain.ids import PersonId
from store.scope import MemberScope
from sync.cursor import (
    Cursor,
    Reset,
    complete_at,
    loading_at,
    open_cursor,
    seal_cursor,
    why_over,
)
from sync.device import Device
from sync.wire import STREAMS_MAX, SyncRequest
from sync.wrap import Wrap, Wraps
from timeline.ground import Ground
from timeline.member_stream import MemberStream, MemberStreams
from timeline.stream import DIGEST_BYTES
from timeline.stream_key import list_secrets_in_use
from timeline.stream_page import RowPage, find_page_by_number, find_page_by_rank

TAG_BYTES = 12


class Page(msgspec.Struct, frozen=True):
    """What one stream brings: frames of rows, and where the phone is then."""

    rows: bytes
    next: bytes
    more: bool
    reset: Reset | None = None
    digest: bytes | None = None
    count: int | None = None


class Pulled(msgspec.Struct, frozen=True):
    """What a pull brings, over all streams."""

    streams: dict[UUID, Page]
    closed: list[UUID]
    keys: list[Wrap]
    more: bool
    tag: str | None


async def pull(
    ground: Ground,
    wraps: Wraps,
    person_id: PersonId,
    device: Device,
    asked: SyncRequest,
    mine: MemberStreams,
) -> Pulled:
    """A page of each stream, within the bytes that the phone wants in all.

    Each stream gets an even part of what is left, so that the first screen has what matters first
    of every stream. A stream that the phone names and that is not the person's (any more) is
    closed, whoever's it is.
    """
    streams = mine.streams[:STREAMS_MAX]
    pages: dict[UUID, Page] = {}
    keys: list[Wrap] = []
    left = asked.want.bytes
    for place, stream in enumerate(streams):
        sent = asked.cursors.get(stream.stream_id)
        cursor = open_cursor(ground.keys, person_id, stream.stream_id, sent or b"")
        reset: Reset | None = "new" if sent is None else "cursor"
        if cursor is None or cursor != complete_at(stream.incarnation, stream.head):
            share = left // (len(streams) - place)
            page = await _find_page(ground, person_id, stream, cursor, reset, share)
        else:
            page = _at_head(stream, sent or b"")
        if page is None:  # its stream went between the two looks
            continue
        left -= len(page.rows)
        pages[stream.stream_id] = page
        # A stream restored to what it was may have epochs that the phone knows with other secrets.
        above = 0 if page.reset == "incarnation" else asked.keys.get(stream.stream_id, 0)
        keys += await _wrapped_keys(ground, wraps, person_id, device, stream, above)
    more = any(page.more for page in pages.values())
    closed = sorted(asked.cursors.keys() - {stream.stream_id for stream in streams})
    return Pulled(pages, closed, keys, more, None if more else heads_tag(mine))


def heads_tag(mine: MemberStreams) -> str:
    """A tag that changes with any head of a person's, or with the catalogue."""
    said = hashlib.sha256(mine.catalogue.to_bytes(8, "big"))
    for stream in mine.streams:
        said.update(stream.stream_id.bytes + stream.incarnation.bytes)
        said.update(stream.head.to_bytes(8, "big"))
    return base64.urlsafe_b64encode(said.digest()[:TAG_BYTES]).decode()


async def _wrapped_keys(
    ground: Ground,
    wraps: Wraps,
    person_id: PersonId,
    device: Device,
    stream: MemberStream,
    above: int,
) -> list[Wrap]:
    """The keys of a stream above an epoch that the phone needs. Of one alone, the newest, which
    rows to come will lie under, the wrap that was made before is it.
    """
    if above >= stream.key_epoch:
        return []
    if above == stream.key_epoch - 1:
        held = wraps.find(device, stream.stream_id, stream.key_epoch)
        if held is not None:
            return [held]
    owner = await ground.keys.circle(stream.circle_id)
    async with ground.database.glance(MemberScope(stream.circle_id, person_id)) as session:
        secrets = await list_secrets_in_use(session, owner, above_epoch=above)
    return [wraps.wrap(device, stream.stream_id, one) for one in secrets]


async def _find_page(
    ground: Ground,
    person_id: PersonId,
    stream: MemberStream,
    cursor: Cursor | None,
    reset: Reset | None,
    bytes_max: int,
) -> Page | None:
    """A page after the cursor. None: there is no stream any more.

    What to read follows from the stream as it was seen before; if it changed so that the phone must
    start over, the page is read again by what it has become. A load may begin at an older head:
    what changed since follows it.
    """
    while True:
        if cursor is not None:
            reset = why_over(cursor, stream)
        asked = loading_at(stream) if cursor is None or reset is not None else cursor
        find = find_page_by_rank if asked.loading else find_page_by_number
        async with ground.database.glance(MemberScope(stream.circle_id, person_id)) as session:
            found = await find(session, asked.after, bytes_max=bytes_max)
        if found is None:
            return None
        if why_over(asked, found.stream) is None:
            return _page(ground, person_id, asked, found, reset)
        stream = found.stream


def _page(
    ground: Ground, person_id: PersonId, asked: Cursor, found: RowPage, reset: Reset | None
) -> Page:
    stream = found.stream
    at_head = not found.more and (not asked.loading or asked.since == stream.head)
    if at_head:
        reached = complete_at(stream.incarnation, stream.head)
    elif found.more:
        reached = msgspec.structs.replace(asked, after=found.last)
    else:  # the load has ended; what changed meanwhile follows
        reached = complete_at(stream.incarnation, asked.since)
    return Page(
        rows=found.frames,
        next=seal_cursor(ground.keys, person_id, stream.stream_id, reached),
        more=not at_head,
        reset=reset,
        digest=_digest(stream) if at_head else None,
        count=stream.live_count if at_head else None,
    )


def _at_head(stream: MemberStream, cursor: bytes) -> Page:
    return Page(b"", cursor, more=False, digest=_digest(stream), count=stream.live_count)


def _digest(stream: MemberStream) -> bytes:
    return stream.digest.to_bytes(DIGEST_BYTES, "big", signed=True)
