"""Blobs: files that a command names, in chunks as a phone sends them before. Sealed by the circle's
key; found by circle first, and only for the member who sent them.

Chunks may come in any order and again. When the last has come the whole is compared with the
SHA-256 that it must have; if it differs, all is dropped. What no command names within a week of
its last chunk is an orphan, and swept. What becomes of one that a command names as a photo is in
`timeline/picture.py`.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.error import NotFound, Refusal
from domain.ids import CircleId, PersonId
from store.circle_tables import BlobChunkRow, BlobRow
from store.keys import OwnerKeys
from store.scope import CircleScope, SweepScope
from store.seal import Place, open_, seal
from store.session import Reading, Unit
from timeline.ground import Ground

CHUNK_BYTES = 256 * 1024
BLOB_BYTES_MAX = 20 * 1024 * 1024
UNUSED_BLOBS_MAX = 20  # of a member in a circle, before a command names them
ORPHAN_DAYS = 7
ORPHAN_BATCH_MAX = 100
HASH_BYTES = 32


class BlobConflict(Refusal):
    code = "blob.conflict"
    status = 409
    ar = "وصل ملف آخر بهذا المعرِّف. أرسل الملف بمعرِّف جديد."
    en = "Another file came under this id. Send the file under a new id."


class TooManyBlobs(Refusal):
    code = "blob.too_many"
    status = 409
    ar = "تنتظر ملفات كثيرة دون استخدام. أرسل الإجراءات التي تستخدمها أولًا."
    en = "Too many files wait unused. Send the actions that use them first."


class BlobTooLarge(Refusal):
    code = "blob.too_large"
    status = 413
    ar = "الملف أكبر من 20 ميغابايت. اختر ملفًا أصغر أو صورة أقل دقة."
    en = "The file is larger than 20 MB. Choose a smaller file or a picture of less detail."


class ChunkSizeWrong(Refusal):
    code = "blob.chunk_size"
    status = 422
    ar = "طول هذا الجزء لا يوافق حجم الملف. قسِّم الملف من جديد ثم أرسله."
    en = "This part has not the length that the file's size asks for. Cut the file again."


class HashMismatch(Refusal):
    code = "blob.hash_mismatch"
    status = 422
    ar = "ما وصل ليس الملف الذي أعلنه الهاتف، فحُذف. أرسل الملف كله من جديد."
    en = "What came is not the file that the phone announced; it was dropped. Send it all again."


class BlobPlan(msgspec.Struct, frozen=True):
    """Which blob, whose, of what size, and what it must be."""

    circle_id: CircleId
    person_id: PersonId
    blob_id: UUID
    size_bytes: int
    sha256: bytes

    @property
    def held_as(self) -> UUID:
        """The blob's id in the database."""
        return held_as(self.person_id, self.blob_id)

    @property
    def chunk_count(self) -> int:
        return -(-self.size_bytes // CHUNK_BYTES)

    def chunk_bytes(self, number: int) -> int:
        """The length that a chunk must have."""
        return min(CHUNK_BYTES, self.size_bytes - number * CHUNK_BYTES)


class BlobState(msgspec.Struct, frozen=True):
    """What of a blob has come."""

    received: list[int]
    complete: bool


def held_as(person_id: PersonId, blob_id: UUID) -> UUID:
    """A member's own id of a blob, so that nobody in the circle can tell from a conflict which ids
    another member's phone has made up.
    """
    return UUID(bytes=hashlib.sha256(person_id.bytes + blob_id.bytes).digest()[:16])


async def record_chunk(ground: Ground, plan: BlobPlan, number: int, chunk: bytes) -> BlobState:
    """Keeps one chunk; the same again changes nothing.

    Raises: BlobTooLarge, ChunkSizeWrong, BlobConflict, TooManyBlobs, HashMismatch (then every chunk
    is dropped, in a commit of its own).
    """
    if plan.size_bytes > BLOB_BYTES_MAX:
        raise BlobTooLarge
    if not 0 <= number < plan.chunk_count or len(chunk) != plan.chunk_bytes(number):
        raise ChunkSizeWrong
    keys = await ground.keys.circle(plan.circle_id)
    async with ground.database.unit(CircleScope(plan.circle_id)) as unit:
        await _open_blob(unit, ground, keys, plan)
        await _insert_chunk(unit, keys, plan, number, chunk)
        received = await _list_received(unit, plan.held_as)
        complete = len(received) == plan.chunk_count
        is_right = not complete or await _has_hash(unit, keys, plan)
        if is_right:
            await unit.execute(
                update(BlobRow)
                .where(
                    col(BlobRow.circle_id) == plan.circle_id, col(BlobRow.blob_id) == plan.held_as
                )
                .values(complete=complete, touched_at=ground.clock.now_utc())
            )
        else:
            await _drop(unit, plan.held_as)
    if not is_right:
        raise HashMismatch
    return BlobState(received, complete)


async def read_blob_state(
    ground: Ground, circle_id: CircleId, person_id: PersonId, blob_id: UUID
) -> BlobState:
    """What of the member's blob has come. Raises: NotFound."""
    held = held_as(person_id, blob_id)
    async with ground.database.read(CircleScope(circle_id)) as session:
        found = await session.execute(
            select(col(BlobRow.complete)).where(
                col(BlobRow.circle_id) == circle_id,
                col(BlobRow.blob_id) == held,
                col(BlobRow.person_id) == person_id,
            )
        )
        complete = found.scalar_one_or_none()
        if complete is None:
            raise NotFound
        return BlobState(await _list_received(session, held), complete)


async def get_chunk(
    ground: Ground, circle_id: CircleId, person_id: PersonId, blob_id: UUID, number: int
) -> bytes:
    """One chunk of the member's blob, opened. Raises: NotFound."""
    keys = await ground.keys.circle(circle_id)
    await read_blob_state(ground, circle_id, person_id, blob_id)
    async with ground.database.read(CircleScope(circle_id)) as session:
        return await open_chunk(session, keys, held_as(person_id, blob_id), number)


async def is_held(session: Reading[CircleScope], person_id: PersonId, blob_id: UUID) -> bool:
    """Whether a blob of the member's has begun to come in the scope's circle."""
    found = await session.execute(
        select(col(BlobRow.blob_id)).where(*of_member(session.scope, person_id, blob_id))
    )
    return found.scalar_one_or_none() is not None


async def find_blob_circle(
    ground: Ground, circles: Sequence[CircleId], person_id: PersonId, blob_id: UUID
) -> CircleId:
    """Where the member's blob is: in the first of their circles, or whole in one of the others,
    since a card is carried to circles that its photo did not come to. The first, if it is nowhere.
    """
    for circle_id in circles:
        async with ground.database.read(CircleScope(circle_id)) as session:
            found = await session.execute(
                select(col(BlobRow.complete)).where(*of_member(session.scope, person_id, blob_id))
            )
            complete = found.scalar_one_or_none()
        if complete or (complete is not None and circle_id == circles[0]):
            return circle_id
    return circles[0]


async def sweep_orphans(ground: Ground) -> int:
    """Drops a batch of blobs that no command named in time; how many."""
    before = ground.clock.now_utc() - timedelta(days=ORPHAN_DAYS)
    async with ground.database.read(SweepScope()) as session:
        rows = await session.execute(
            select(col(BlobRow.circle_id), col(BlobRow.blob_id))
            .where(col(BlobRow.claimed_at).is_(None), col(BlobRow.touched_at) < before)
            .limit(ORPHAN_BATCH_MAX)
        )
        found = rows.all()
    for row in found:
        async with ground.database.unit(CircleScope(CircleId(row.circle_id))) as unit:
            await _drop(unit, row.blob_id)
    return len(found)


async def _open_blob(
    unit: Unit[CircleScope], ground: Ground, keys: OwnerKeys, plan: BlobPlan
) -> None:
    """Makes the blob's row with its first chunk, and locks it.

    Raises: BlobConflict, TooManyBlobs.
    """
    mine = (col(BlobRow.circle_id) == plan.circle_id, col(BlobRow.blob_id) == plan.held_as)
    sealed = seal(keys.for_("blob"), Place(plan.circle_id, plan.held_as.bytes), plan.sha256)
    made = await unit.execute(
        insert(BlobRow)
        .values(
            circle_id=plan.circle_id,
            blob_id=plan.held_as,
            person_id=plan.person_id,
            size_bytes=plan.size_bytes,
            complete=False,
            touched_at=ground.clock.now_utc(),
            sealed=sealed,
        )
        .on_conflict_do_nothing()
    )
    if made.rowcount == 1:
        held = await unit.execute(
            select(func.count()).where(
                col(BlobRow.circle_id) == plan.circle_id,
                col(BlobRow.person_id) == plan.person_id,
                col(BlobRow.claimed_at).is_(None),
            )
        )
        if held.scalar_one() > UNUSED_BLOBS_MAX:
            raise TooManyBlobs
    found = await unit.execute(
        select(col(BlobRow.size_bytes), col(BlobRow.sealed)).where(*mine).with_for_update()
    )
    row = found.one()
    said = open_(keys.for_("blob"), Place(plan.circle_id, plan.held_as.bytes), row.sealed)
    if (row.size_bytes, said) != (plan.size_bytes, plan.sha256):
        raise BlobConflict


async def _insert_chunk(
    unit: Unit[CircleScope], keys: OwnerKeys, plan: BlobPlan, number: int, chunk: bytes
) -> None:
    place = _chunk_place(plan.circle_id, plan.held_as, number)
    made = await unit.execute(
        insert(BlobChunkRow)
        .values(
            circle_id=plan.circle_id,
            blob_id=plan.held_as,
            chunk_number=number,
            sealed=seal(keys.for_("blob_chunk"), place, chunk),
        )
        .on_conflict_do_nothing()
    )
    if made.rowcount != 1 and not hmac.compare_digest(
        await open_chunk(unit, keys, plan.held_as, number), chunk
    ):
        raise BlobConflict


async def _list_received(session: Reading[CircleScope], blob_id: UUID) -> list[int]:
    rows = await session.execute(
        select(col(BlobChunkRow.chunk_number))
        .where(
            col(BlobChunkRow.circle_id) == session.scope.circle_id,
            col(BlobChunkRow.blob_id) == blob_id,
        )
        .order_by(col(BlobChunkRow.chunk_number))
    )
    return list(rows.scalars())


async def _has_hash(unit: Unit[CircleScope], keys: OwnerKeys, plan: BlobPlan) -> bool:
    """Opened one chunk at a time: at most 256 KB lie in memory."""
    whole = hashlib.sha256()
    for number in range(plan.chunk_count):
        whole.update(await open_chunk(unit, keys, plan.held_as, number))
    return hmac.compare_digest(whole.digest(), plan.sha256)


async def open_chunk(
    session: Reading[CircleScope], keys: OwnerKeys, blob_id: UUID, number: int
) -> bytes:
    """One chunk of the scope's circle, by the blob's id in the database. Raises: NotFound."""
    circle_id = session.scope.circle_id
    found = await session.execute(
        select(col(BlobChunkRow.sealed)).where(
            col(BlobChunkRow.circle_id) == circle_id,
            col(BlobChunkRow.blob_id) == blob_id,
            col(BlobChunkRow.chunk_number) == number,
        )
    )
    sealed = found.scalar_one_or_none()
    if sealed is None:
        raise NotFound
    return open_(keys.for_("blob_chunk"), _chunk_place(circle_id, blob_id, number), sealed)


def of_member(
    scope: CircleScope, person_id: PersonId, blob_id: UUID
) -> tuple[ColumnElement[bool], ...]:
    """That a row is the member's blob in the scope's circle."""
    return (
        col(BlobRow.circle_id) == scope.circle_id,
        col(BlobRow.blob_id) == held_as(person_id, blob_id),
        col(BlobRow.person_id) == person_id,
    )


async def _drop(unit: Unit[CircleScope], blob_id: UUID) -> None:
    circle_id = unit.scope.circle_id
    await unit.execute(
        delete(BlobChunkRow).where(
            col(BlobChunkRow.circle_id) == circle_id, col(BlobChunkRow.blob_id) == blob_id
        )
    )
    await unit.execute(
        delete(BlobRow).where(col(BlobRow.circle_id) == circle_id, col(BlobRow.blob_id) == blob_id)
    )


def _chunk_place(circle_id: CircleId, blob_id: UUID, number: int) -> Place:
    return Place(circle_id, blob_id.bytes, number)
