"""The versions of one resource: which of them counts, and which it takes back.

A version is a whole: the later one replaces the earlier, in whatever order they came. Only an
Appointment's versions each tell what came next. Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from gov.event.read import ASSERTED_AHEAD_SECONDS_MAX
from gov.fhir.day import find_instant
from gov.fhir.reference import Meant
from gov.fhir.resource import Appointment, Condition, Immunization, Observation, Understood
from gov.fhir.understand import is_withdrawn
from gov.inbox.row import Message


class Version(msgspec.Struct, frozen=True):
    """One version as it lies in the inbox, read. `id` is the source id of its facts."""

    id: str
    message: Message
    resource: Understood
    patient: Meant

    @property
    def updated_at(self) -> datetime | None:
        """When its sender last changed it, if it says so."""
        meta = self.resource.meta
        return find_instant(meta.last_updated) if meta is not None else None

    @property
    def asserted_at(self) -> datetime:
        """When it was said: by its own word, never after it came."""
        received_at = self.message.received_at
        said = self.updated_at or find_instant(_recorded(self.resource)) or received_at
        return min(said, received_at + timedelta(seconds=ASSERTED_AHEAD_SECONDS_MAX))

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """Later versions sort higher; the last parts make ties fall the same way everywhere."""
        return (self.updated_at or self.message.received_at, self.message.received_at, self.id)

    @property
    def is_chapter(self) -> bool:
        """Whether it goes on from the versions before it instead of replacing them."""
        return isinstance(self.resource, Appointment) and not is_withdrawn(self.resource)


def earlier_than(version: Version, all_: Iterable[Version]) -> tuple[Version, ...]:
    """The other versions that were said before it, the earliest first."""
    return tuple(
        sorted(
            (other for other in all_ if other.id != version.id and other.order < version.order),
            key=lambda other: other.order,
        )
    )


def is_superseded(version: Version, all_: Sequence[Version]) -> bool:
    """Whether another version counts in its place.

    A withdrawal holds against every version that cannot prove to be later: a copy without a date,
    sent again by another system, brings nothing back.
    """
    if is_withdrawn(version.resource):
        return any(
            _is_provably_later(other, version) and not is_withdrawn(other.resource)
            for other in all_
        )
    if any(
        is_withdrawn(other.resource) and not _is_provably_later(version, other) for other in all_
    ):
        return True
    return not version.is_chapter and any(other.order > version.order for other in all_)


def _is_provably_later(one: Version, other: Version) -> bool:
    return (
        one.updated_at is not None
        and other.updated_at is not None
        and one.updated_at > other.updated_at
    )


def _recorded(resource: Understood) -> str | None:
    match resource:
        case Immunization():
            return resource.recorded
        case Observation():
            return resource.issued
        case Condition():
            return resource.recorded_date
        case _:
            return None
