"""How a raw message lies sealed: under its month's key until it is known whom it concerns, then
under a key that follows from all those circles' keys, so that erasing any of them erases it.

Called by the inbox's files alone. Which circles those are lies beside the body, sealed under the
house's key: ids and nothing else, so it may outlive them.
"""

import struct
from collections.abc import Collection, Sequence
from contextlib import suppress
from uuid import UUID

from domain.ids import CircleId
from store.keys import KeyErased
from store.seal import SEALED_OVERHEAD_BYTES, Place, open_, seal
from timeline.ground import Ground

ID_BYTES = 16
_COUNT = struct.Struct(">H")


async def seal_for_month(ground: Ground, inbox_id: UUID, month: str, body: bytes) -> bytes:
    """The body sealed under a month's key."""
    keys = await ground.keys.month(month)
    return seal(keys.for_("inbox"), Place(inbox_id), body)


async def seal_for_circles(
    ground: Ground, inbox_id: UUID, circle_ids: Collection[CircleId], body: bytes
) -> bytes:
    """The body sealed so that it opens while all these circles' keys are there.

    Raises: KeyErased.
    """
    ordered = sorted(set(circle_ids))
    label = seal(
        ground.keys.house("inbox_circles"),
        Place(inbox_id),
        b"".join(circle_id.bytes for circle_id in ordered),
    )
    joint = await ground.keys.joint(ordered)
    return _COUNT.pack(len(ordered)) + label + seal(joint.for_("inbox"), Place(inbox_id), body)


async def open_body(ground: Ground, inbox_id: UUID, month: str | None, sealed: bytes) -> bytes:
    """The body of a row; `month` is None where it is sealed for circles.

    Raises: KeyErased when one of them was erased.
    """
    if month is not None:
        keys = await ground.keys.month(month)
        return open_(keys.for_("inbox"), Place(inbox_id), sealed)
    _, body = await open_for_circles(ground, inbox_id, sealed)
    return body


async def open_bodies(
    ground: Ground, rows: Sequence[tuple[UUID, str | None, bytes]]
) -> list[bytes | None]:
    """The bodies of rows (id, month, what is sealed), in their order; None where one was erased.

    One look into the key store serves them all.
    """
    wanted = {
        circle_id
        for inbox_id, month, sealed in rows
        if month is None
        for circle_id in _circles_of(ground, inbox_id, sealed)[0]
    }
    with suppress(KeyErased):  # then each row says for itself
        await ground.keys.circles(wanted)
    bodies: list[bytes | None] = []
    for inbox_id, month, sealed in rows:
        try:
            bodies.append(await open_body(ground, inbox_id, month, sealed))
        except KeyErased:
            bodies.append(None)
    return bodies


async def open_for_circles(
    ground: Ground, inbox_id: UUID, sealed: bytes
) -> tuple[list[CircleId], bytes]:
    """For which circles a row is sealed, and its body. Raises: KeyErased."""
    circle_ids, body = _circles_of(ground, inbox_id, sealed)
    joint = await ground.keys.joint(circle_ids)
    return circle_ids, open_(joint.for_("inbox"), Place(inbox_id), body)


def _circles_of(ground: Ground, inbox_id: UUID, sealed: bytes) -> tuple[list[CircleId], bytes]:
    (count,) = _COUNT.unpack_from(sealed)
    end = _COUNT.size + SEALED_OVERHEAD_BYTES + ID_BYTES * count
    key = ground.keys.house("inbox_circles")
    label = open_(key, Place(inbox_id), sealed[_COUNT.size : end])
    ids = [label[place : place + ID_BYTES] for place in range(0, len(label), ID_BYTES)]
    return [CircleId(UUID(bytes=one)) for one in ids], sealed[end:]
