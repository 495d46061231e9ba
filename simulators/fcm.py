"""Firebase Cloud Messaging as far as a sender sees it: HTTP v1 over TLS and HTTP/2, and the OAuth
token endpoint, in a process of its own.

It keeps what each token received, counts against a quota a minute, and answers as the weather
says: every documented error (`fcm_service.py`), a slow day, a reset, a connection that ends or is
retired (`fcm_http2.py`).

    python -m simulators.fcm DATA_DIR HTTP_PORT HTTP2_PORT

DATA_DIR gets `fcm-certificate.pem`, which a sender trusts, and `fcm-service-account.json`, by which
it proves who it is. HTTP_PORT serves `/token`, `/received`, `/received/count` and
`/weather`.
"""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from urllib.parse import parse_qs
from uuid import uuid4

import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.agency import own_clock
from simulators.certificate import HOST, make_certificate
from simulators.fcm_http2 import Door
from simulators.fcm_service import PROJECT, WEATHER, Fcm
from simulators.parent import end_with_parent
from simulators.secret_file import write_secret

ACCOUNT = f"osrati@{PROJECT}.example"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_SECONDS = 3_600


def http_app(fcm: Fcm, door: Door, account_key: RSAKey) -> Starlette:
    """The token endpoint, and what tests and the demonstration look at and set."""

    async def token(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        try:
            claims = jwt.decode(form["assertion"][0], account_key, algorithms=["RS256"]).claims
            honest = claims["iss"] == ACCOUNT and SCOPE in claims["scope"].split()
            honest = honest and claims["exp"] > own_clock().timestamp()
        except (JoseError, KeyError, ValueError):
            honest = False
        if not honest or fcm.is_closed:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = uuid4().hex
        fcm.access_tokens[access] = own_clock().timestamp() + TOKEN_SECONDS
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        return JSONResponse(answer)

    async def received(_: Request) -> Response:
        return JSONResponse(
            [{"name": name, "message": kept, "at": at} for name, kept, at in fcm.received]
        )

    async def count(_: Request) -> Response:
        return JSONResponse(len(fcm.received))

    async def weather(request: Request) -> Response:
        asked = json.loads(await request.body())
        if not set(asked.get("weather", [])) <= WEATHER:
            return JSONResponse({"known": sorted(WEATHER)}, 400)
        if asked.get("clear"):
            fcm.weather.clear()
        fcm.weather.extend(asked.get("weather", []))
        fcm.dead |= set(asked.get("dead", []))
        fcm.quota_per_minute = asked.get("quota_per_minute", fcm.quota_per_minute)
        fcm.device_quota_per_minute = asked.get(
            "device_quota_per_minute", fcm.device_quota_per_minute
        )
        fcm.is_closed = asked.get("closed", fcm.is_closed)
        if asked.get("revoke"):
            fcm.access_tokens.clear()
        if "down" in asked:
            await (door.close() if asked["down"] else door.open())
        return JSONResponse({"sent_count": fcm.sent_count})

    return Starlette(
        routes=[
            Route("/token", token, methods=["POST"]),
            Route("/received", received),
            Route("/received/count", count),
            Route("/weather", weather, methods=["POST"]),
        ]
    )


def make_account(directory: Path, token_url: str) -> RSAKey:
    """A service account's file, as Google gives one; the key that proves it."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "demonstration",
        "private_key": pem.decode(),
        "client_email": ACCOUNT,
        "token_uri": token_url,
    }
    write_secret(directory / "fcm-service-account.json", json.dumps(account).encode())
    return RSAKey.import_key(pem)


async def serve(directory: Path, http_port: int, http2_port: int) -> None:
    """Serves until the process is told to end."""
    certificate, key = make_certificate(directory, "fcm")
    fcm, account_key = Fcm(), make_account(directory, f"http://{HOST}:{http_port}/token")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    door = Door(fcm, http2_port, context)
    await door.open()
    app = http_app(fcm, door, account_key)
    config = uvicorn.Config(app, host=HOST, port=http_port, log_level="warning")
    try:
        await uvicorn.Server(config).serve()
    finally:
        await door.close()


def main() -> None:
    """Serves until it is told to end, or whoever started it is gone: then its input closes."""
    end_with_parent()
    directory, http_port, http2_port = sys.argv[1:4]
    asyncio.run(serve(Path(directory), int(http_port), int(http2_port)))


if __name__ == "__main__":
    main()
