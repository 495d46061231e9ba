"""What interpreting one message led to: what the worker does next."""

import msgspec

from domain.ids import CircleId, InboxId


class Interpreted(msgspec.Struct, frozen=True):
    """Circles that hold something new, and messages that need wait no more."""

    circles: frozenset[CircleId] = frozenset()
    freed: tuple[InboxId, ...] = ()
