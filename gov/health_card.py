"""SMART Health Cards: a person's vaccinations as a document that anybody can check without us.

Each card is a FHIR bundle in a signed JWS (ES256, raw DEFLATE) that fits one QR code; the issuer's
public keys lie at `/.well-known/jwks.json`. A record that does not fit one card becomes several,
each whole by itself: the numbered parts of one card that the framework once had are deprecated, and
readers no longer join them.

Source: SMART Health Cards Framework 1.4.0; HL7, SMART Health Cards: Vaccination & Testing 1.0.0
(data minimisation profiles); RFC 7515, 7517, 7638, 1951.
"""

import base64
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

JWS_CHARACTERS_MAX = 1_195  # what a QR code of version 22 holds at error correction L (framework)
PAYLOAD_CHARACTERS_MAX = 1_001  # what the header's 106, the signature's 86 and two dots leave
DOSES_TRIED_MAX = 64  # some 30 without lot numbers fit a code
COORDINATE_BYTES = 32
# The order n of P-256 (SEC 2, 2.4.2): a private key lies between 1 and n - 1.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_TYPES = ("https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization")
CVX = "http://hl7.org/fhir/sid/cvx"


class CardPatient(msgspec.Struct, frozen=True):
    """Whose record it is. `name` as agencies wrote it, in the script that is to be read abroad."""

    name: str | None
    born_on: date


class CardDose(msgspec.Struct, frozen=True, kw_only=True):
    """One dose as it was reported. `performer` is who gave it, in words."""

    cvx: str
    given_on: date
    lot_number: str | None = None
    performer: str | None = None


class HealthCard(msgspec.Struct, frozen=True):
    """One signed card, and how many doses it holds."""

    jws: str
    dose_count: int


class PublicJwk(msgspec.Struct, frozen=True):
    """A public key as it is published: the members that the framework asks for, in its order."""

    kty: str
    kid: str
    use: str
    alg: str
    crv: str
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A key that signs cards, with the thumbprint by which readers find its public half."""

    private_key: EllipticCurvePrivateKey
    public: PublicJwk


def issuer_key(secret: bytes) -> IssuerKey:
    """The P-256 key that a secret of 64 random bytes stands for: always the same one.

    Source: FIPS 186-5, A.2.1 (extra random bits): 256 more than needed, so no key is likelier.
    """
    private_key = derive_private_key(int.from_bytes(secret, "big") % (_ORDER - 1) + 1, SECP256R1())
    numbers = private_key.public_key().public_numbers()
    x, y = (_base64(n.to_bytes(COORDINATE_BYTES, "big")) for n in (numbers.x, numbers.y))
    # RFC 7638: the required members alone, in alphabetical order, without white space.
    thumbprint = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()
    kid = _base64(hashlib.sha256(thumbprint).digest())
    public = PublicJwk(kty="EC", kid=kid, use="sig", alg="ES256", crv="P-256", x=x, y=y)
    return IssuerKey(private_key, public)


def issue_cards(
    patient: CardPatient,
    doses: tuple[CardDose, ...],
    *,
    issuer: str,
    issued_at: datetime,
    key: IssuerKey,
) -> Iterator[HealthCard]:
    """Cards that together hold every dose, the earliest first; each as full as its code allows.

    `issuer` is the https address under which the keys are published, without a slash at its end.
    A dose too long for a code of its own (no lot number is) still has its card, which is then only
    in the file.
    """
    begin = 0
    while begin < len(doses):
        count = _count_fitting(patient, doses[begin : begin + DOSES_TRIED_MAX], issuer, issued_at)
        yield _sign(patient, doses[begin : begin + count], issuer, issued_at, key)
        begin += count


def _count_fitting(
    patient: CardPatient, doses: tuple[CardDose, ...], issuer: str, issued_at: datetime
) -> int:
    """How many of the first doses fit one code, found by halving; one at the least."""
    fitting, too_many = 1, len(doses) + 1
    while too_many - fitting > 1:
        count = (fitting + too_many) // 2
        packed = _pack(patient, doses[:count], issuer, issued_at)
        if len(_base64(packed)) <= PAYLOAD_CHARACTERS_MAX:
            fitting = count
        else:
            too_many = count
    return fitting


def make_bundle(patient: CardPatient, doses: tuple[CardDose, ...]) -> Mapping[str, object]:
    """The FHIR bundle, minified: no ids, no display texts, resources named by their place."""
    words = (patient.name or "").split()
    named = [_human_name(words)] if words else []
    resources: list[Mapping[str, object]] = [
        {
            "resourceType": "Patient",
            **({"name": named} if named else {}),
            "birthDate": patient.born_on.isoformat(),
        },
        *(_immunization(dose) for dose in doses),
    ]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"resource:{place}", "resource": resource}
            for place, resource in enumerate(resources)
        ],
    }


def _immunization(dose: CardDose) -> Mapping[str, object]:
    made: dict[str, object] = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": dose.cvx}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": dose.given_on.isoformat(),
    }
    if dose.performer is not None:
        made["performer"] = [{"actor": {"display": dose.performer}}]
    if dose.lot_number is not None:
        made["lotNumber"] = dose.lot_number
    return made


def _human_name(words: list[str]) -> Mapping[str, object]:
    """Readers show given names and the family name alone, so the name's last word is the latter:
    read together they are the name as it was written.
    """
    *given, last = words
    return {"family": last, "given": given} if given else {"given": [last]}


def _sign(
    patient: CardPatient,
    doses: tuple[CardDose, ...],
    issuer: str,
    issued_at: datetime,
    key: IssuerKey,
) -> HealthCard:
    header = {"zip": "DEF", "alg": "ES256", "kid": key.public.kid}
    packed = _pack(patient, doses, issuer, issued_at)
    signed = f"{_base64(orjson.dumps(header))}.{_base64(packed)}"
    r, s = decode_dss_signature(key.private_key.sign(signed.encode(), ECDSA(SHA256())))
    signature = r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
    return HealthCard(f"{signed}.{_base64(signature)}", len(doses))


def _pack(
    patient: CardPatient, doses: tuple[CardDose, ...], issuer: str, issued_at: datetime
) -> bytes:
    """The payload, minified and deflated."""
    subject = {"fhirVersion": "4.0.1", "fhirBundle": make_bundle(patient, doses)}
    payload = {
        "iss": issuer,
        "nbf": int(issued_at.timestamp()),
        "vc": {"type": _TYPES, "credentialSubject": subject},
    }
    packer = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)  # raw: no header, no checksum
    return packer.compress(orjson.dumps(payload)) + packer.flush()


def _base64(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()
