"""One id a request: in the answer's `X-Request-Id` and on every line that is logged for it.

Always our own: what a caller could choose might name somebody, and would stand in the log.
"""

import os

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

REQUEST_ID = "X-Request-Id"
ID_BYTES = 16
_HEADER = REQUEST_ID.lower().encode("ascii")


class RequestIds:
    """Gives each request its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = os.urandom(ID_BYTES).hex()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = (_HEADER, request_id.encode("ascii"))
                message = {**message, "headers": [*message.get("headers", ()), named]}
            await send(message)

        before = bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            reset_contextvars(**before)
