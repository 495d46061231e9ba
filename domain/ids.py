"""Ids, each its own type, so that passing one for another is a type error."""

from typing import NewType
from uuid import UUID

PersonId = NewType("PersonId", UUID)
CircleId = NewType("CircleId", UUID)
CommandId = NewType("CommandId", UUID)
InboxId = NewType("InboxId", UUID)

AgencyId = NewType("AgencyId", str)
EntryId = NewType("EntryId", str)

FactKey = NewType("FactKey", bytes)
"""16 bytes: a keyed hash of (source, source id, part). Two deliveries of one fact share it."""

RecordKey = NewType("RecordKey", bytes)
"""16 bytes: a keyed hash of (recipient, subject, entry, occurrence); the same in every circle."""

ActKey = NewType("ActKey", bytes)
"""16 bytes: a keyed hash of (recipient, subject, entry, occurrence, act): one message for one
act.
"""
