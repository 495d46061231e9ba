"""Bytes to one JSON object, strictly: what two readers could read differently is refused.

Called by `gov/event/read.py` and `gov/fhir/message.py`, before any schema. A repeated key, NaN, a
byte order mark or a lone surrogate each mean one thing to one parser and another to the next; the
raw bytes are kept as evidence, so they must have one reading.
"""

import json
import math
import re
from typing import Any, NoReturn

from domain.error import Refusal
from gov.event.error import EventTooLarge, NotJson

# A full event (two parents, a child, names in both scripts) is under 2 KB; the rest is room for
# kinds that nobody has written down yet.
EVENT_BYTES_MAX = 64 * 1024
# The deepest place of a published kind is 5 (document, data, mother, identifier, value).
NESTING_DEPTH_MAX = 16

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# One that never ends runs to the end of the body: tried again from each of its quotes, 64 KiB of
# escaped quotes took 17 seconds.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


# Any: JSON as parsed; its shape is proven by the schema that reads it next.
def read_json_object(
    body: bytes,
    *,
    bytes_max: int = EVENT_BYTES_MAX,
    nesting_max: int = NESTING_DEPTH_MAX,
    too_large: type[Refusal] = EventTooLarge,
) -> dict[str, Any]:
    """The one JSON object that `body` is.

    Raises: `too_large` past `bytes_max`; NotJson for everything else that is no such object.
    """
    if len(body) > bytes_max:
        raise too_large()
    if body.startswith(_BYTE_ORDER_MARK):
        raise NotJson("byte order mark")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None
    if _nesting_depth(body) > nesting_max:
        raise NotJson("nested too deeply")
    document = _parse(text)
    if not isinstance(document, dict):
        raise NotJson("not an object")
    _refuse_lone_surrogates(document)
    return document


def _nesting_depth(body: bytes) -> int:
    """The deepest nesting, measured before a recursive parser sees it."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _parse(text: str) -> object:
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"at character {error.pos}") from None
    except ValueError:  # an integer of more digits than the interpreter converts
        raise NotJson("number") from None


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson("repeated key")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson("number")
    return number


def _refuse_constant(_: str) -> NoReturn:
    raise NotJson("number")


def _refuse_lone_surrogates(document: dict[str, Any]) -> None:
    """`"\\ud800"` is JSON but no text: it can be neither stored nor shown."""
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise NotJson("lone surrogate") from None


_decoder = json.JSONDecoder(
    object_pairs_hook=_unrepeated, parse_float=_finite, parse_constant=_refuse_constant
)
