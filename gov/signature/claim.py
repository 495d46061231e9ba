"""What a signed request claims of its signature (RFC 9421), read and not yet believed.

`gov/signature/verify.py` alone uses it. The parser of Structured Fields (`http_sf`) is the one that
http_message_signatures uses itself, so that both read the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import http_sf
from http_message_signatures.algorithms import ECDSA_P256_SHA256

from gov.signature.error import SignatureIncomplete, SignatureMalformed, SignatureMissing

SIGNATURE_SUITE = ECDSA_P256_SHA256  # the house's one suite: what secure hardware holds
SIGNATURE_TAG = "osrati-intake"  # optional; a signature for another purpose has another tag
SIGNATURE_FIELD_BYTES_MAX = 4096  # of Signature-Input and of Signature: a full one is under 400
COMPONENT_COUNT_MAX = 16  # what is needed is 5; each further one costs a look into the headers
KEY_ID_LENGTH_MAX = 128

_PARAMETERS = frozenset({"alg", "created", "expires", "keyid", "nonce", "tag"})
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What Signature-Input says. `created` and `expires` are seconds since 1970."""

    key_id: str
    created: int
    expires: int | None
    components: tuple[str, ...]


def read_claim(headers: Headers) -> Claim:
    """The one claim of a request.

    Raises: SignatureMissing, SignatureMalformed, SignatureIncomplete.
    """
    inputs = _read_dictionary(headers, "signature-input")
    signatures = _read_dictionary(headers, "signature")
    if len(inputs) != 1 or len(signatures) != 1:
        raise SignatureMalformed("one signature is expected")
    if inputs.keys() != signatures.keys():
        raise SignatureMalformed("labels differ")
    components, parameters = next(iter(inputs.values()))
    if not isinstance(components, list) or len(components) > COMPONENT_COUNT_MAX:
        raise SignatureMalformed("components")
    _refuse_other_parameters(parameters)
    return Claim(
        key_id=_read_key_id(parameters),
        created=_read_seconds(parameters, "created"),
        expires=_read_seconds(parameters, "expires") if "expires" in parameters else None,
        components=tuple(_plain_name(component) for component in components),
    )


# Any: what a Structured Field may hold is decided by the sender; each use below checks its type.
def _read_dictionary(headers: Headers, name: str) -> dict[str, Any]:
    lines = [value for field, value in headers if field.lower() == name]
    if not lines:
        raise SignatureMissing(name)
    text = ", ".join(lines)
    if len(text) > SIGNATURE_FIELD_BYTES_MAX:
        raise SignatureMalformed(name)
    try:
        members = http_sf.parse(
            text.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_duplicate
        )
    except (ValueError, TypeError, OverflowError):
        raise SignatureMalformed(name) from None
    if not isinstance(members, dict) or not members:
        raise SignatureMalformed(name)
    return members


def _refuse_duplicate(_key: str, _context: str) -> None:
    """A second label, component parameter or metadata parameter of one name: two readings."""
    raise SignatureMalformed("duplicate")


def _refuse_other_parameters(parameters: dict[str, Any]) -> None:
    if not parameters.keys() <= _PARAMETERS:
        raise SignatureMalformed("parameter")
    if parameters.get("alg", SIGNATURE_SUITE.algorithm_id) != SIGNATURE_SUITE.algorithm_id:
        raise SignatureMalformed("alg")
    if parameters.get("tag", SIGNATURE_TAG) != SIGNATURE_TAG:
        raise SignatureMalformed("tag")


def _read_key_id(parameters: dict[str, Any]) -> str:
    key_id = parameters.get("keyid")
    if key_id is None:
        raise SignatureIncomplete("keyid")
    if not isinstance(key_id, str) or len(key_id) > KEY_ID_LENGTH_MAX:
        raise SignatureMalformed("keyid")
    if not _KEY_ID.fullmatch(key_id):
        raise SignatureMalformed("keyid")
    return key_id


def _read_seconds(parameters: dict[str, Any], name: str) -> int:
    seconds = parameters.get(name)
    if seconds is None:
        raise SignatureIncomplete(name)
    if type(seconds) is not int:  # not a boolean, which Python counts as one
        raise SignatureMalformed(name)
    return seconds


def _plain_name(component: Any) -> str:
    """A covered component's name. Parameters are refused: nothing that we require needs one."""
    name, parameters = component
    if not isinstance(name, str) or parameters:
        raise SignatureMalformed("components")
    return name
