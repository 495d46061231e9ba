"""The government's sign-in of staff: OpenID Connect, code flow with PKCE, `client_secret_basic`.

Found by discovery and believed by signature: of the ID token its key, algorithm, issuer, audience,
nonce and times are checked. joserfc and httpx2 do it all: a client library would bring sessions and
frameworks of its own. Source: OpenID Connect Core 1.0, 3.1.3.7; Discovery 1.0, 4.3; RFC 9207.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias  # Any: JOSE's headers and keys
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from domain.error import Refusal, TryLater
from domain.text.message import Language
from identity.uae_pass import s256
from store.clock import Clock

ANSWER_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 65_536
SKEW_SECONDS_MAX = 300  # between the provider's clock and ours
KEYS_AGAIN_SECONDS = 60  # between two looks for a key that is not there
NAME_CHARACTERS_MAX = 200
ALGORITHMS = ("ES256", "RS256", "PS256")  # of signatures alone: no key of theirs is a secret
TOO_MANY, SERVER_FAULT = 429, 500

StaffRole: TypeAlias = Literal["author", "reviewer", "analyst", "operator"]
STAFF_ROLES: tuple[StaffRole, ...] = ("author", "reviewer", "analyst", "operator")


class StaffProviderAway(TryLater):
    code = "staff.provider_away"
    retry_after_seconds = 30
    ar = "خدمة دخول الموظفين لا تستجيب الآن. أعد تسجيل الدخول بعد نصف دقيقة."
    en = "The staff sign-in service does not answer at the moment. Try again in half a minute."


class StaffProviderUnclear(TryLater):
    """It answered something that is no proof: unread, unsigned, for somebody else, too old."""

    code = "staff.provider_unclear"
    status = 502
    retry_after_seconds = 60
    ar = "وصلنا من خدمة دخول الموظفين رد لا يوثق به. أعد المحاولة، وإن تكرر فأبلغ الدعم."
    en = (
        "The staff sign-in service sent an answer that cannot be trusted. "
        "Try again; if it goes on, tell support."
    )


class StaffCodeRefused(Refusal):
    code = "staff.code_refused"
    ar = "انتهت صلاحية محاولة الدخول. ابدأ من جديد."
    en = "This attempt to sign in is no longer valid. Begin again."


class StaffFactorsMissing(Refusal):
    code = "staff.factors_missing"
    status = 403
    ar = "لم تسجّل الدخول بالعوامل المطلوبة للموظفين. سجِّل الدخول من جديد بعاملك الثاني."
    en = "You did not sign in with the factors asked of staff. Sign in again with your second one."


@dataclass(frozen=True, slots=True)
class StaffProviderSettings:
    """Where the provider is, and who we are to it.

    `acr` is what it calls a sign-in with several factors (OpenID Connect Core, 2); empty: what it
    asks for is its own affair.
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    acr: str = ""


class StaffProfile(msgspec.Struct, frozen=True):
    """One member of staff, as the provider vouches for them."""

    issuer: str
    subject: str
    name: str
    roles: tuple[StaffRole, ...]
    agency: str | None


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    iat: int
    nonce: str
    azp: str | None = None
    acr: str | None = None
    name: str = ""
    osrati_roles: list[str] = msgspec.field(default_factory=list)
    osrati_agency: str | None = None


class StaffProvider:
    """The client. Holds connections: `aclose` it."""

    def __init__(
        self,
        settings: StaffProviderSettings,
        clock: Clock,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._http = httpx2.AsyncClient(
            transport=transport, timeout=ANSWER_SECONDS_MAX, follow_redirects=False
        )
        self._metadata: _Metadata | None = None
        self._keys: KeySet | None = None
        self._keys_read_at: datetime | None = None

    @property
    def issuer(self) -> str:
        return self._settings.issuer

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def authorize_url(
        self, *, state: str, nonce: str, verifier: str, language: Language
    ) -> str:
        """Where the browser is sent. Raises: StaffProviderAway, StaffProviderUnclear."""
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.redirect_uri,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": s256(verifier),
            "code_challenge_method": "S256",
            "ui_locales": f"{language} {'en' if language == 'ar' else 'ar'}",
        }
        if self._settings.acr:
            query["acr_values"] = self._settings.acr
        address = (await self._discover()).authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    async def is_from_it(self, said_issuer: str | None) -> bool:
        """Whether an answer that came by the browser is this provider's (RFC 9207)."""
        if said_issuer is None:
            return not (await self._discover()).authorization_response_iss_parameter_supported
        return said_issuer == self._settings.issuer

    async def read_profile(self, *, code: str, verifier: str, nonce: str) -> StaffProfile:
        """Who signed in.

        Raises: StaffCodeRefused, StaffFactorsMissing; StaffProviderAway and StaffProviderUnclear,
        after which the person begins again.
        """
        metadata = await self._discover()
        body = await self._ask(
            self._http.build_request(
                "POST",
                metadata.token_endpoint,
                data={
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": self._settings.redirect_uri,
                    "code_verifier": verifier,
                },
                headers={"authorization": self._basic()},
            )
        )
        claims = await self._read_id_token(_decoded(body, _Tokens).id_token)
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        client_id, now = self._settings.client_id, self._clock.now_utc().timestamp()
        if (
            claims.iss != self._settings.issuer
            or client_id not in audience
            or (claims.azp or client_id) != client_id
            or (len(audience) > 1 and claims.azp is None)
            or claims.nonce != nonce
            or not claims.iat - SKEW_SECONDS_MAX <= now <= claims.exp + SKEW_SECONDS_MAX
            or not claims.sub
        ):
            raise StaffProviderUnclear("claims")
        if self._settings.acr and claims.acr != self._settings.acr:  # asking alone is no promise
            raise StaffFactorsMissing
        return StaffProfile(
            issuer=claims.iss,
            subject=claims.sub,
            name=claims.name[:NAME_CHARACTERS_MAX],
            roles=tuple(role for role in STAFF_ROLES if role in claims.osrati_roles),
            agency=claims.osrati_agency,
        )

    async def _read_id_token(self, token: str) -> _Claims:
        """The claims of a token that a published key of the provider signed."""
        try:
            header: dict[str, Any] = dict(extract_compact(token.encode("ascii")).headers())
            if header.get("alg") not in ALGORITHMS:
                raise StaffProviderUnclear("alg")
            keys = await self._key_set(header.get("kid"))
            read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            return msgspec.convert(read.claims, _Claims)
        except (JoseError, ValueError):
            raise StaffProviderUnclear("id_token") from None

    async def _key_set(self, kid: object) -> KeySet:
        """The provider's keys; read again where this one is new, at most once a minute."""
        known = self._keys is not None and any(key.kid == kid for key in self._keys.keys)
        now, read_at = self._clock.now_utc(), self._keys_read_at
        is_late = read_at is None or now - read_at >= timedelta(seconds=KEYS_AGAIN_SECONDS)
        if self._keys is None or (not known and is_late):
            body = await self._ask(
                self._http.build_request("GET", (await self._discover()).jwks_uri)
            )
            self._keys_read_at = now
            said = _decoded(body, dict[str, Any])
            try:
                self._keys = KeySet.import_key_set({"keys": _public(said.get("keys", []))})
            except (JoseError, ValueError, TypeError, KeyError):
                raise StaffProviderUnclear("keys") from None
        return self._keys

    async def _discover(self) -> _Metadata:
        if self._metadata is None:
            address = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = _decoded(await self._ask(self._http.build_request("GET", address)), _Metadata)
            here = urlsplit(self._settings.issuer).scheme
            addresses = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
            if found.issuer != self._settings.issuer or any(
                urlsplit(one).scheme not in ("https", here) for one in addresses
            ):
                raise StaffProviderUnclear("metadata")
            self._metadata = found
        return self._metadata

    async def _ask(self, request: httpx2.Request) -> bytes:
        """The body of a good answer. The provider's own words are not passed on."""
        body = bytearray()
        try:
            answer = await self._http.send(request, stream=True)
            try:
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > ANSWER_BYTES_MAX:
                        raise StaffProviderUnclear("size")
            finally:
                await answer.aclose()
        except httpx2.HTTPError as error:
            raise StaffProviderAway(type(error).__name__) from None
        if answer.status_code >= SERVER_FAULT or answer.status_code == TOO_MANY:
            raise StaffProviderAway(str(answer.status_code))
        if answer.status_code != httpx2.codes.OK:
            raise StaffCodeRefused
        return bytes(body)

    def _basic(self) -> str:
        """Each part is form-encoded before: RFC 6749, 2.3.1."""
        named = f"{quote(self._settings.client_id)}:{quote(self._settings.client_secret)}"
        return f"Basic {base64.b64encode(named.encode()).decode()}"


def _public(keys: Sequence[Any]) -> list[Any]:
    """Those that may sign an ID token: a shared secret in the list is not looked at."""
    return [key for key in keys if isinstance(key, dict) and key.get("kty") in ("EC", "RSA")]


def _decoded(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StaffProviderUnclear("json") from None
