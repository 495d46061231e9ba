"""Opened streams, kept in memory within a bound: what a timeline query would open again and
again.
"""

from collections import OrderedDict
from uuid import UUID

from timeline.stream import HeldRecord

RECORDS_MAX = 32_768  # an opened record is about 2 KiB: 64 MiB a process


class OpenedStreams:
    """Records by stream, valid at one head only; counted in records: they take the memory."""

    def __init__(self) -> None:
        self._held: OrderedDict[UUID, tuple[UUID, int, tuple[HeldRecord, ...]]] = OrderedDict()
        self._count = 0

    def get(self, stream_id: UUID, incarnation: UUID, head: int) -> tuple[HeldRecord, ...] | None:
        """The stream's records at this very head, or None."""
        found = self._held.get(stream_id)
        if found is None or found[:2] != (incarnation, head):
            return None
        self._held.move_to_end(stream_id)
        return found[2]

    def put(
        self, stream_id: UUID, incarnation: UUID, head: int, held: tuple[HeldRecord, ...]
    ) -> None:
        """Keeps a stream's records, letting go of the least recently read past the bound."""
        self._drop(stream_id)
        self._held[stream_id] = (incarnation, head, held)
        self._count += len(held)
        while self._count > RECORDS_MAX and self._held:
            self._drop(next(iter(self._held)))

    def _drop(self, stream_id: UUID) -> None:
        dropped = self._held.pop(stream_id, None)
        if dropped is not None:
            self._count -= len(dropped[2])
