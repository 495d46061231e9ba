"""The last catch under the security headers: a bug is answered and logged by its type alone.

Starlette's own catch-all answers outside every middleware and raises on, and the server would then
log the exception with its text, which may hold what families told us.
"""

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import render_bug


class MaskBugs:
    """Answers an exception that nobody else answered, and raises none on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except ClientDisconnect:
            return  # whoever asked has gone: no fault of ours, and nobody to answer
        except Exception as error:
            answer = await render_bug(Request(scope), error)
            if not begun:
                await answer(scope, receive, send)
