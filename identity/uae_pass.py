"""UAE PASS as its documentation has it: OAuth 2.0 code flow with PKCE, then `/userinfo`.

No id_token, JWKS or discovery is promised, so none is used: what `/userinfo` says over TLS with the
token of this very exchange is the proof. Source: docs.uaepass.ae; RFC 6749, RFC 7636.
"""

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx2
import msgspec

from domain.error import Refusal, TryLater
from domain.text.message import Language
from identity.profile import Profile, ProviderUnclear, read_profile

SCOPE = "urn:uae:digitalid:profile:general"
ACR_VALUES = "urn:safelayer:tws:policies:authentication:level:low"
ANSWER_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 64 * 1024
TOO_MANY, SERVER_FAULT = 429, 500


class ProviderAway(TryLater):
    code = "sign_in.provider_away"
    retry_after_seconds = 30
    ar = "الهوية الرقمية لا تستجيب الآن. أعد تسجيل الدخول بعد نصف دقيقة."
    en = "UAE PASS does not answer at the moment. Sign in again in half a minute."


class CodeRefused(Refusal):
    """The provider's code was used before, too old, or not ours."""

    code = "sign_in.code_refused"
    ar = "انتهت صلاحية محاولة تسجيل الدخول. ابدأ من جديد."
    en = "This attempt to sign in is no longer valid. Begin again."


@dataclass(frozen=True, slots=True)
class UaePassSettings:
    """Where UAE PASS is, and who we are to it. `base_url` ends in `/idshub`."""

    base_url: str
    client_id: str
    client_secret: str
    redirect_uri: str


class _Token(msgspec.Struct, frozen=True):
    access_token: str


_tokens = msgspec.json.Decoder(_Token)


class UaePass:
    """The client. Holds connections: `aclose` it."""

    def __init__(
        self, settings: UaePassSettings, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._http = httpx2.AsyncClient(
            transport=transport, timeout=ANSWER_SECONDS_MAX, follow_redirects=False
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    def authorize_url(self, *, state: str, verifier: str, language: Language) -> str:
        """Where the person's browser is sent."""
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "scope": SCOPE,
            "acr_values": ACR_VALUES,
            "ui_locales": language,
            "state": state,
            "code_challenge": s256(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self._settings.base_url}/authorize?{urlencode(query)}"

    async def read_profile(self, *, code: str, verifier: str) -> Profile:
        """Who signed in.

        Raises: CodeRefused; ProviderAway and ProviderUnclear, after which the person begins again.
        """
        answer = await self._ask(
            self._http.build_request(
                "POST",
                f"{self._settings.base_url}/token",
                data={
                    "grant_type": "authorization_code",
                    "redirect_uri": self._settings.redirect_uri,
                    "code": code,
                    "code_verifier": verifier,
                },
                headers={"authorization": self._basic()},
            )
        )
        try:
            token = _tokens.decode(answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ProviderUnclear("token") from None
        userinfo = self._http.build_request(
            "GET",
            f"{self._settings.base_url}/userinfo",
            headers={"authorization": f"Bearer {token.access_token}"},
        )
        return read_profile(await self._ask(userinfo))

    async def _ask(self, request: httpx2.Request) -> bytes:
        """The body of a good answer. The provider's own words are not passed on: they may name
        somebody."""
        try:
            answer = await self._http.send(request, stream=True)
            try:
                body = await _bounded(answer)
            finally:
                await answer.aclose()
        except httpx2.HTTPError as error:
            raise ProviderAway(type(error).__name__) from None
        if answer.status_code >= SERVER_FAULT or answer.status_code == TOO_MANY:
            raise ProviderAway(str(answer.status_code))
        if answer.status_code != httpx2.codes.OK:
            raise CodeRefused
        return body

    def _basic(self) -> str:
        named = f"{self._settings.client_id}:{self._settings.client_secret}"
        return f"Basic {base64.b64encode(named.encode()).decode()}"


def s256(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier. Source: RFC 7636, 4.2."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


async def _bounded(answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise ProviderUnclear("size")
    return bytes(body)
