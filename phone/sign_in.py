"""Signing in as `mobile-contract/sign-in/` has it: by the system's browser, with PKCE, bound to the
phone's signing key (DPoP); then a proof with every request, and the next tokens in time.

A phone in a terminal listens on a port of loopback for the browser to come back (RFC 8252, 7.3).
"""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import httpx2
import msgspec

from phone.store import Store
from phone.vault import Vault, public_point

CLIENT_ID = "osrati-app"
CALLBACK_PATH = "/signed-in"
SIGN_IN_SECONDS_MAX = 600
ANSWER_SECONDS_MAX = 30.0
EARLY_SECONDS = 30  # before its end an access token is asked for anew
REFRESH_TOKEN = "signed_in/refresh_token"
COORDINATE_BYTES = 32
PAGE = "<!doctype html><meta charset=utf-8><p dir=rtl lang=ar>عُد إلى هاتفك.<p lang=en>Go back."


_Listener: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class SignInFailed(Exception):
    """Nobody was signed in, or is no more: sign in again. What was not sent is kept."""


class _Tokens(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str
    expires_in: int


class _Claims(msgspec.Struct, frozen=True):
    sub: UUID


class Session:
    """Who is signed in on this phone, and what proves it to the server."""

    def __init__(self, store: Store, http: httpx2.AsyncClient, now: Callable[[], datetime]) -> None:
        self._store = store
        self._http = http
        self._now = now
        self._nonce: str | None = None
        self._access: str | None = None
        self._until: datetime | None = None

    @property
    def is_signed_in(self) -> bool:
        """Whether this phone has ever been: then it names nobody by a header any more."""
        return self._store.find_setting(REFRESH_TOKEN) is not None

    async def sign_in(self, origin: str, show: Callable[[str], None], *, language: str) -> UUID:
        """Shows the address to open, waits for the browser to come back; the person's id.

        Raises: SignInFailed.
        """
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        came = asyncio.get_running_loop().create_future()
        server = await asyncio.start_server(_listening(came), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        address = f"http://127.0.0.1:{port}{CALLBACK_PATH}"
        asked = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": address,
            "state": state,
            "code_challenge": _hash(verifier),
            "code_challenge_method": "S256",
            "dpop_jkt": thumbprint(self._store.vault),
            "ui_locales": language,
        }
        show(f"{origin}/oauth/authorize?{urlencode(asked)}")
        try:
            async with asyncio.timeout(SIGN_IN_SECONDS_MAX):
                said = await came
        except TimeoutError:
            raise SignInFailed("nobody came back from the browser in time") from None
        finally:
            server.close()
        if said.get("state") != state or said.get("iss") != origin or "code" not in said:
            raise SignInFailed(f"not signed in: {said.get('error', 'this was no answer of ours')}")
        form = {
            "grant_type": "authorization_code",
            "code": said["code"],
            "code_verifier": verifier,
            "client_id": CLIENT_ID,
            "redirect_uri": address,
            "device_label": "phone in a terminal",
        }
        return _person(await self._ask_tokens(form))

    async def headers(self, method: str, address: str) -> dict[str, str]:
        """What proves who sends a request to this address. Raises: SignInFailed."""
        if self._until is None or self._now() >= self._until:
            held = self._store.find_setting(REFRESH_TOKEN)
            if not held:
                raise SignInFailed("nobody is signed in any more: sign in again")
            form = {"grant_type": "refresh_token", "refresh_token": held.decode()}
            await self._ask_tokens({**form, "client_id": CLIENT_ID})
        assert self._access is not None
        proof = self._proof(method, address, ath=_hash(self._access))
        return {"authorization": f"DPoP {self._access}", "dpop": proof}

    def take_nonce(self, answer: httpx2.Response) -> bool:
        """Whether the server wants another proof, with the nonce that it gave."""
        self._nonce = answer.headers.get("dpop-nonce", self._nonce)
        return b"session.proof_nonce" in answer.content

    async def _ask_tokens(self, form: dict[str, str]) -> _Tokens:
        """The next pair, kept before it is used. Raises: SignInFailed, httpx2.TransportError."""
        address = f"{str(self._http.base_url).rstrip('/')}/oauth/token"
        answer = await self._post(address, form)
        if self.take_nonce(answer):
            answer = await self._post(address, form)
        if answer.status_code == httpx2.codes.BAD_REQUEST:
            with self._store.transaction():
                self._store.set_setting(REFRESH_TOKEN, b"")
            raise SignInFailed("signed out: sign in again; what was not sent is kept")
        if answer.status_code != httpx2.codes.OK:
            raise httpx2.TransportError(f"tokens: {answer.status_code}")
        tokens = msgspec.json.decode(answer.content, type=_Tokens)
        with self._store.transaction():
            self._store.set_setting(REFRESH_TOKEN, tokens.refresh_token.encode())
        self._access = tokens.access_token
        self._until = self._now() + timedelta(seconds=tokens.expires_in - EARLY_SECONDS)
        return tokens

    async def _post(self, address: str, form: dict[str, str]) -> httpx2.Response:
        headers = {"dpop": self._proof("POST", address)}
        return await self._http.post(
            address, data=form, headers=headers, timeout=ANSWER_SECONDS_MAX
        )

    def _proof(self, method: str, address: str, **more: str) -> str:
        """A proof of the signing key for one request. Source: RFC 9449, 4.2."""
        claims: dict[str, object] = {"jti": str(uuid4()), "htm": method, "htu": address, **more}
        claims["iat"] = int(self._now().timestamp())
        if self._nonce is not None:
            claims["nonce"] = self._nonce
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": _jwk(self._store.vault)}
        signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
        return f"{signed}.{_part(self._store.vault.sign(signed.encode()))}"


def thumbprint(vault: Vault) -> str:
    """The signing key's, as RFC 7638 has it."""
    named = json.dumps(_jwk(vault), sort_keys=True, separators=(",", ":"))
    return _hash(named)


def _listening(came: "asyncio.Future[dict[str, str]]") -> _Listener:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode("ascii", "replace").split(" ")
        parts = urlsplit(line[1]) if len(line) > 1 else urlsplit("")
        is_it = parts.path == CALLBACK_PATH
        if is_it and not came.done():
            query = parse_qs(parts.query)
            came.set_result({name: values[0] for name, values in query.items()})
        status = "200 OK" if is_it else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n{PAGE if is_it else ''}".encode())
        await writer.drain()
        writer.close()

    return answer


def _person(tokens: _Tokens) -> UUID:
    """Whose tokens these are: what the server will say of itself at enrolment, too."""
    body = tokens.access_token.split(".")[1]
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    return msgspec.json.decode(raw, type=_Claims).sub


def _jwk(vault: Vault) -> dict[str, str]:
    point = public_point(vault.signing)[1:]
    x, y = point[:COORDINATE_BYTES], point[COORDINATE_BYTES:]
    return {"crv": "P-256", "kty": "EC", "x": _part(x), "y": _part(y)}


def _hash(text: str) -> str:
    return _part(hashlib.sha256(text.encode()).digest())


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
