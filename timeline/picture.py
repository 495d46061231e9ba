"""Photos that acts name: a blob that came whole and is a picture, kept while an act that stands
names it, in the commit of the command that does.

A photo whose act was undone is an orphan from then on (`timeline/blob.py` sweeps it in a week). One
that another took the place of stays: an undo brings it back.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import col

from domain.error import Refusal
from domain.ids import PersonId
from store.circle_tables import BlobRow
from store.keys import OwnerKeys
from store.scope import CircleScope
from store.session import Unit
from timeline.blob import held_as, of_member, open_chunk
from timeline.ground import Ground

PHOTOS_KEPT_MAX = 100  # of a member in a circle, those that others took the place of among them

_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_HEIC_BRANDS = (b"heic", b"heix", b"mif1", b"msf1")


class TooManyPhotos(Refusal):
    code = "blob.too_many_photos"
    status = 409
    ar = "أرفقت مئة صورة، وهو الحد. تراجع عن إرفاق صورة لم تعد تحتاج إليها ثم أرفق هذه من جديد."
    en = "You attached a hundred photos, the most there may be. Take one back, then attach this."


class BlobMissing(Refusal):
    code = "blob.missing"
    status = 404
    ar = "الصورة التي أرفقتها ليست عندنا. أرسل الصورة ثم أرفقها من جديد."
    en = "The photo that you attach is not with us. Send the photo, then attach it again."


class BlobIncomplete(Refusal):
    code = "blob.incomplete"
    status = 409
    ar = "لم تصل الصورة كاملة. أكمل إرسالها ثم أرفقها من جديد."
    en = "The photo has not come whole. Send the rest of it, then attach it again."


class NotAPicture(Refusal):
    code = "blob.not_a_picture"
    status = 422
    ar = "هذا الملف ليس صورة نستطيع قراءتها. اختر صورة بصيغة JPEG أو PNG أو HEIC."
    en = "This file is no picture that we can read. Choose one in JPEG, PNG or HEIC."


async def claim_picture(
    unit: Unit[CircleScope], ground: Ground, keys: OwnerKeys, person_id: PersonId, blob_id: UUID
) -> None:
    """Keeps the member's picture while an act that stands names it, in the commit of the command
    that does; again it changes nothing. The caller holds the circle's lock.

    Raises: BlobMissing (alike for another's), BlobIncomplete, NotAPicture, TooManyPhotos.
    """
    mine = of_member(unit.scope, person_id, blob_id)
    found = await unit.execute(
        select(col(BlobRow.complete), col(BlobRow.claimed_at)).where(*mine).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise BlobMissing
    if not row.complete:
        raise BlobIncomplete
    if row.claimed_at is None and await _count_kept(unit, person_id) >= PHOTOS_KEPT_MAX:
        raise TooManyPhotos
    if not _is_picture(await open_chunk(unit, keys, held_as(person_id, blob_id), 0)):
        raise NotAPicture
    await unit.execute(
        update(BlobRow)
        .where(*mine, col(BlobRow.claimed_at).is_(None))
        .values(claimed_at=ground.clock.now_utc())
    )


async def release_pictures(
    unit: Unit[CircleScope], ground: Ground, person_id: PersonId, named: Collection[UUID]
) -> None:
    """Lets go of the member's pictures but for those that acts still name: each is an orphan from
    now on. The caller holds the circle's lock.
    """
    await unit.execute(
        update(BlobRow)
        .where(
            col(BlobRow.circle_id) == unit.scope.circle_id,
            col(BlobRow.person_id) == person_id,
            col(BlobRow.claimed_at).is_not(None),
            col(BlobRow.blob_id).not_in([held_as(person_id, blob_id) for blob_id in named]),
        )
        .values(claimed_at=None, touched_at=ground.clock.now_utc())
    )


async def _count_kept(unit: Unit[CircleScope], person_id: PersonId) -> int:
    found = await unit.execute(
        select(func.count()).where(
            col(BlobRow.circle_id) == unit.scope.circle_id,
            col(BlobRow.person_id) == person_id,
            col(BlobRow.claimed_at).is_not(None),
        )
    )
    count: int = found.scalar_one()
    return count


def _is_picture(first: bytes) -> bool:
    """By its first bytes: JPEG, PNG, or a brand of HEIC (ISO/IEC 23008-12, annex B)."""
    is_heic = first[4:8] == b"ftyp" and first[8:12] in _HEIC_BRANDS
    return is_heic or first.startswith(_PICTURE_STARTS)
