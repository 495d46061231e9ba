"""Hints: "look now", said to the worker after a commit. The tables are the truth; a lost hint
costs seconds.
"""

from typing import Literal, Protocol
from uuid import UUID

Job = Literal["interpret", "refresh"]


class Hints(Protocol):
    """Somewhere to say that there is work. Never raises: losing the queue loses nothing."""

    async def look(self, job: Job, subject: UUID) -> None:
        """Says that `subject` (an inbox row or a circle) wants `job`. Ids only."""
        ...


class NoHints:
    """Says nothing: the sweeper finds the work. For tools and tests without a queue."""

    async def look(self, job: Job, subject: UUID) -> None:
        return None
