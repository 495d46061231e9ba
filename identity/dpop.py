"""Proof of a device's key with a request (DPoP): a stolen token without the key is worth nothing.

A proof counts when it was made within a minute by our clock or carries a nonce that we gave out
within the last five: a phone whose clock is wrong gets a nonce and tries again. Each counts once.
Source: RFC 9449, sections 4.3 (checks), 8 (nonces).
"""

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Annotated, Any  # JOSE headers and claims
from urllib.parse import urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry, extract_compact

from domain.error import Refusal
from identity.limit import PROOF_ONCE, Counters
from identity.opaque import Opaque
from store.clock import Clock
from store.keys import KeyRing

PROOF_CHARACTERS_MAX = 2_048
PROOF_AGE_MAX_SECONDS = 60
PROOF_SKEW_MAX_SECONDS = 30
NONCE_AGE_MAX_SECONDS = 300
JTI_CHARACTERS_MAX = 128
INSTANT_MAX = 253_402_300_799  # the last second of the year 9999
PORTS = {"http": "80", "https": "443"}
TYPE = "dpop+jwt"
ALGORITHM = "ES256"
_HEADERS = JWSRegistry(algorithms=[ALGORITHM])


class ProofRefused(Refusal):
    code = "session.proof_refused"
    status = 401
    error = "invalid_dpop_proof"
    ar = "تعذّر التحقق من هذا الجهاز. حدِّث التطبيق ثم أعد المحاولة."
    en = "This device could not be verified. Update the app and try again."


class NonceWanted(ProofRefused):
    """The proof is good but for its time: the answer carries a nonce to make another with."""

    code = "session.proof_nonce"
    error = "use_dpop_nonce"


class _Nonce(msgspec.Struct, frozen=True):
    given_at: datetime


class _Proof(msgspec.Struct, frozen=True):
    jti: str
    htm: str
    htu: str
    iat: Annotated[int, msgspec.Meta(ge=0, le=INSTANT_MAX)]
    ath: str | None = None
    nonce: str | None = None


class Proofs:
    """Checks proofs, and gives out nonces."""

    def __init__(self, keys: KeyRing, clock: Clock, counters: Counters) -> None:
        self._nonces = Opaque(keys, "dpop_nonce", _Nonce)
        self._clock = clock
        self._counters = counters

    def nonce(self) -> str:
        """A nonce that counts for NONCE_AGE_MAX_SECONDS."""
        return self._nonces.seal(_Nonce(self._clock.now_utc()))

    async def check(
        self, proof: str, *, method: str, url: str, access_token: str | None = None
    ) -> str:
        """The thumbprint of the key that made the proof for this very request.

        Raises: NonceWanted when only its time is wrong; ProofRefused.
        """
        key, claims = _read(proof)
        if claims.htm != method or _without_query(claims.htu) != _without_query(url):
            raise ProofRefused("htu" if claims.htm == method else "htm")
        if access_token is not None and claims.ath != _hash(access_token):
            raise ProofRefused("ath")
        if not self._in_time(claims):
            raise NonceWanted
        thumbprint = key.thumbprint()
        once = hashlib.sha256(f"{thumbprint} {claims.jti}".encode()).hexdigest()
        if not await self._counters.first(PROOF_ONCE, once):
            raise ProofRefused("jti")
        return thumbprint

    def _in_time(self, claims: _Proof) -> bool:
        now = self._clock.now_utc()
        if claims.nonce is not None:
            nonce = self._nonces.find(claims.nonce)
            return nonce is not None and now - nonce.given_at <= timedelta(
                seconds=NONCE_AGE_MAX_SECONDS
            )
        age = now.timestamp() - claims.iat
        return -PROOF_SKEW_MAX_SECONDS <= age <= PROOF_AGE_MAX_SECONDS


def _read(proof: str) -> tuple[ECKey, _Proof]:
    if len(proof) > PROOF_CHARACTERS_MAX or not proof.isascii():
        raise ProofRefused("size")
    try:
        header: dict[str, Any] = dict(extract_compact(proof.encode("ascii")).headers())
        jwk = header.get("jwk")
        if header.get("typ") != TYPE or header.get("alg") != ALGORITHM or not isinstance(jwk, dict):
            raise ProofRefused("header")
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
            raise ProofRefused("jwk")
        key = ECKey.import_key(jwk)
        read = jwt.decode(proof, key, registry=_HEADERS, algorithms=[ALGORITHM])
        claims = msgspec.convert(read.claims, _Proof)
    except (JoseError, ValueError, RecursionError):  # the last: brackets a thousand deep
        raise ProofRefused("proof") from None
    if not 0 < len(claims.jti) <= JTI_CHARACTERS_MAX:
        raise ProofRefused("jti")
    return key, claims


def _hash(access_token: str) -> str:
    digest = hashlib.sha256(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _without_query(url: str) -> str:
    """The address to compare by; the scheme's own port may be named (RFC 3986, 6.2.3).

    Raises: ProofRefused when it is none.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ProofRefused("htu") from None
    scheme = parts.scheme.lower()
    host, _, port = parts.netloc.lower().rpartition(":")
    own = host if port in ("", PORTS.get(scheme)) else parts.netloc.lower()
    return f"{scheme}://{own}{parts.path}"
