"""Who sent this request: HTTP Message Signatures (RFC 9421) by an agency's key.

Called by `gov/receive.py` in two steps, so that the key comes from the database in between:
`read_key_id` says which key is claimed, `verify` proves it. Nothing is trusted before it returns.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.serialization import load_der_public_key
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver

from gov.signature.claim import SIGNATURE_SUITE, Claim, Headers, read_claim
from gov.signature.error import (
    DigestMismatch,
    SignatureIncomplete,
    SignatureInvalid,
    SignatureMalformed,
    SignatureStale,
)

# Long enough for a queue and a retry, short enough that a stolen request is soon worthless. A
# repeat inside the window changes nothing: the event's id is known by then.
SIGNATURE_AGE_MAX_SECONDS = 300
SIGNATURE_SKEW_MAX_SECONDS = 30  # how far the agency's clock may run ahead of ours

_ALWAYS_COVERED = ("@method", "content-type", "content-digest")
_DIGEST_MEMBER = r"[a-z*][a-z0-9_.*-]*=:[A-Za-z0-9+/=]*:"
_DIGEST_FIELD = re.compile(rf"{_DIGEST_MEMBER}(?:[ \t]*,[ \t]*{_DIGEST_MEMBER})*")
_SHA_256 = re.compile(r"(?:^|[, \t])sha-256=:([A-Za-z0-9+/]{43}=):")


@dataclass(frozen=True, slots=True)
class RequestView:
    """The request as the agency addressed it. `url` is absolute; header lines keep their order."""

    method: str
    url: str
    headers: Headers


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """What a signature proved: whose key, when, over which components."""

    key_id: str
    created_at: datetime
    components: tuple[str, ...]


def request_view(
    *,
    method: str,
    raw_path: bytes,
    query: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    origin: str | None,
    scheme: str = "http",
) -> RequestView:
    """The request as it was addressed, from what ASGI hands over.

    `origin` is the public one ("https://osrati.example") where a proxy stands before us and may
    have changed Host. None takes `scheme` and the Host header: for development alone, since a
    request that was signed for another host could then be replayed here under that host's name.

    Raises: SignatureMalformed when the headers or the target are not plain text.
    """
    try:
        lines = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)
        target = raw_path.decode("ascii") + ("?" + query.decode("ascii") if query else "")
    except UnicodeDecodeError:
        raise SignatureMalformed("target") from None
    if origin is None:
        hosts = [value for name, value in lines if name.lower() == "host"]
        if len(hosts) != 1:
            raise SignatureMalformed("host")
        origin = f"{scheme}://{hosts[0]}"
    return RequestView(method=method, url=origin.rstrip("/") + target, headers=lines)


def load_public_key(der: bytes) -> EllipticCurvePublicKey:
    """The P-256 key of a SubjectPublicKeyInfo in DER, as `agency_key` keeps it.

    Raises: ValueError when it is not one: refuse it when an agency registers it.
    """
    key = load_der_public_key(der)
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("an agency's key is on the curve P-256")
    return key


def read_key_id(headers: Headers) -> str:
    """The key that the request claims to be signed with. Nothing is proven yet.

    Raises: SignatureMissing, SignatureMalformed, SignatureIncomplete.
    """
    return read_claim(headers).key_id


def verify(
    request: RequestView,
    body: bytes,
    public_key: EllipticCurvePublicKey | None,
    *,
    now_utc: datetime,
) -> VerifiedSignature:
    """What the one signature of the request proves under `public_key`.

    Hand over None for a key id that is unknown or revoked: the same work is done against a key of
    nobody, and the answer is that of a wrong signature.

    Raises: a Refusal of `gov/signature/error.py` and nothing else.
    """
    claim = read_claim(request.headers)
    _refuse_uncovered(claim, request)
    _refuse_stale(claim, now_utc)
    _refuse_other_body(request.headers, body)
    _refuse_false(claim, request, public_key)
    return VerifiedSignature(
        key_id=claim.key_id,
        created_at=datetime.fromtimestamp(claim.created, UTC),
        components=claim.components,
    )


def _refuse_uncovered(claim: Claim, request: RequestView) -> None:
    """Method, whole address, kind and bytes of the body must all be under the signature."""
    covered = set(claim.components)
    required = list(_ALWAYS_COVERED)
    if "@target-uri" not in covered:
        required += ["@authority", "@path"]
        if "?" in request.url:
            required.append("@query")
    for name in required:
        if name not in covered:
            raise SignatureIncomplete(name)


def _refuse_stale(claim: Claim, now_utc: datetime) -> None:
    now = now_utc.timestamp()
    if claim.created < now - SIGNATURE_AGE_MAX_SECONDS:
        raise SignatureStale("created")
    if claim.created > now + SIGNATURE_SKEW_MAX_SECONDS:
        raise SignatureStale("created")
    if claim.expires is not None and claim.expires < now:
        raise SignatureStale("expires")


def _refuse_other_body(headers: Headers, body: bytes) -> None:
    """Content-Digest (RFC 9530) must hold the body's sha-256; other algorithms are skipped."""
    field = ", ".join(value.strip() for name, value in headers if name.lower() == "content-digest")
    found = _SHA_256.findall(field) if _DIGEST_FIELD.fullmatch(field) else []
    if len(found) != 1:
        raise DigestMismatch("content-digest")
    if not hmac.compare_digest(base64.b64decode(found[0]), hashlib.sha256(body).digest()):
        raise DigestMismatch()


class _Verifier(HTTPMessageVerifier):
    """The library's verifier; the times are judged by `_refuse_stale`, with the clock handed in."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Message:
    """A request in the shape that the library reads."""

    method: str
    url: str
    headers: "_HeaderLines"


class _HeaderLines:
    """Header lines as pairs, repeated ones kept: the library joins them as RFC 9421 says."""

    def __init__(self, lines: Headers) -> None:
        self._lines = lines

    def items(self) -> Headers:
        return self._lines


def _refuse_false(
    claim: Claim, request: RequestView, public_key: EllipticCurvePublicKey | None
) -> None:
    resolver = MappingKeyResolver(
        public_keys={claim.key_id: public_key or _key_of_nobody()}, private_keys={}
    )
    verifier = _Verifier(signature_algorithm=SIGNATURE_SUITE, key_resolver=resolver)
    message = _Message(request.method, request.url, _HeaderLines(request.headers))
    try:
        verifier.verify(message, max_age=None)
    except Exception:  # whatever a verifier fails on, the request is not proven
        raise SignatureInvalid() from None
    if public_key is None:
        raise SignatureInvalid()


def _key_of_nobody() -> EllipticCurvePublicKey:
    """The generator of P-256. It proves nothing: `_refuse_false` refuses after it in any case.

    Source: SEC 2 version 2.0 (2010), section 2.4.2.
    """
    return EllipticCurvePublicNumbers(
        x=0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        y=0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        curve=SECP256R1(),
    ).public_key()
