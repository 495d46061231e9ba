"""One refresh of a circle at a time in this process: who asks meanwhile makes it look once more.

A hospital sends thirty doses of a child at once, which are thirty messages, eight of them in hand
together: each refreshed the child's circle, and most lost what they had evaluated to the next.
"""

from domain.ids import CircleId
from timeline.ground import Ground
from timeline.refresh import refresh


class Refreshing:
    """The circles that this process is refreshing, and whether to look at each once more."""

    def __init__(self) -> None:
        self._again: dict[CircleId, bool] = {}

    async def refresh(self, ground: Ground, circle_id: CircleId) -> None:
        """Refreshes a circle; or leaves it to whoever is at it, who looks again after this call.

        What is left to another that then fails is found dirty by the sweep.
        """
        if circle_id in self._again:
            self._again[circle_id] = True
            return
        self._again[circle_id] = True
        try:
            while self._again[circle_id]:
                self._again[circle_id] = False
                await refresh(ground, circle_id)
        finally:
            del self._again[circle_id]
