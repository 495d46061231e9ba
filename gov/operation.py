"""What operators did by the command line: who, when, what, why. Append-only.

Written in the same commit as what was done; by ids, never by anybody's data. The one writer of its
table.
"""

from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import insert, select
from sqlmodel import col

from domain.error import Refusal
from store.reference_tables import OperationRow
from store.scope import ReferenceScope
from store.seal import Place, open_, seal
from store.session import Reading, Unit
from timeline.ground import Ground

PURPOSE_CHARACTERS_MIN = 8  # shorter says nothing: "debug"
PURPOSE_CHARACTERS_MAX = 500
OPERATIONS_MAX = 1_000  # shown at once


class PurposeMissing(Refusal):
    code = "operation.purpose_missing"
    ar = "اذكر الغرض من الاطلاع في جملة من 8 إلى 500 حرف: سيُسجَّل مع اسمك."
    en = "State why you look, in a sentence of 8 to 500 characters: it is recorded with your name."


class Operation(msgspec.Struct, frozen=True):
    """One deed. `subject` is what it was done to, by id; `detail` counts or names, by ids."""

    operator: str
    action: str
    subject: str
    detail: str = ""
    purpose: str = ""


class RecordedOperation(msgspec.Struct, frozen=True):
    operation_id: UUID
    done_at: datetime
    operation: Operation


_decoder = msgspec.json.Decoder(Operation)


def check_purpose(purpose: str) -> str:
    """The purpose without outer spaces. Raises: PurposeMissing."""
    purpose = purpose.strip()
    if not PURPOSE_CHARACTERS_MIN <= len(purpose) <= PURPOSE_CHARACTERS_MAX:
        raise PurposeMissing
    return purpose


async def record_operation(
    unit: Unit[ReferenceScope], ground: Ground, operation: Operation
) -> None:
    """Adds one row to the log, committed with what it tells of."""
    operation_id = uuid4()
    key = ground.keys.house("operation")
    await unit.execute(
        insert(OperationRow).values(
            operation_id=operation_id,
            done_at=ground.clock.now_utc(),
            sealed=seal(key, Place(operation_id), msgspec.json.encode(operation)),
        )
    )


async def list_operations(
    session: Reading[ReferenceScope], ground: Ground, *, limit: int = OPERATIONS_MAX
) -> tuple[RecordedOperation, ...]:
    """The latest deeds, the latest first."""
    found = await session.execute(
        select(col(OperationRow.operation_id), col(OperationRow.done_at), col(OperationRow.sealed))
        .order_by(col(OperationRow.done_at).desc(), col(OperationRow.operation_id))
        .limit(min(limit, OPERATIONS_MAX))
    )
    key = ground.keys.house("operation")
    return tuple(
        RecordedOperation(
            row.operation_id,
            row.done_at,
            _decoder.decode(open_(key, Place(row.operation_id), row.sealed)),
        )
        for row in found
    )
