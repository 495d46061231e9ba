"""Security headers on every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    # What a route wants kept it says; the rest is about somebody, or soon wrong.
    "Cache-Control": "no-store",
    # The explorer's editor sets styles in the page; scripts and requests stay our own.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}


# What a browser would save an answer of the API as, where it is led to one: by a fixed name, and
# never shown as a page. What is a page, or belongs to one, has a media type of another kind.
SAVED_AS = {
    b"application/cbor": "api.cbor",
    b"application/octet-stream": "api.bin",
}
SAVED_AS_ELSE = "api.json"
_API, _DISPOSITION = b"application/", b"content-disposition"


# Two years, as browsers ask of a site that is to be known as HTTPS before the first visit.
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}


def headers_of(*, https: bool) -> dict[str, str]:
    """The headers of every answer; of a service that the world reaches by HTTPS one more."""
    return HEADERS | STRICT_TRANSPORT if https else HEADERS


class SecurityHeaders:
    """Adds the headers to every HTTP answer that does not set its own.

    As bytes made once: set one by one they took a twentieth of an idle poll.
    """

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self._app = app
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers_of(https=https).items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", ())
                said = {name.lower(): value for name, value in own}
                more = [header for header in self._headers if header[0] not in said]
                if said.get(b"content-type", b"").startswith(_API):
                    more.append((_DISPOSITION, saved_as(said[b"content-type"]).encode()))
                message = {**message, "headers": [*own, *more]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def saved_as(media_type: bytes) -> str:
    """The disposition of an answer of the API."""
    name = SAVED_AS.get(media_type.partition(b";")[0], SAVED_AS_ELSE)
    return f'attachment; filename="{name}"'
