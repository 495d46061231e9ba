"""Refusals as they are told: one line of the log each, and counts by code for `/metrics`.

A code, the request's id and that of the session which asked: an address or a person never. Codes
are constants of the source, so that nobody's input makes a new one.
"""

from collections import Counter

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from timeline.refused import list_refused

_log = structlog.get_logger("osrati.refused")


class TellRefusals:
    """Tells what was noted while a request was answered."""

    def __init__(self, app: ASGIApp, *, counts: Counter[str]) -> None:
        self._app, self._counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            state = scope.get("state", {})
            for code in list_refused(state):
                self._counts[code] += 1
                _log.info("refused", code=code, session_id=state.get("session_id"))
