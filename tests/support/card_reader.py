"""A verifier of SMART Health Cards as others write one: it shares no code with ours.

Codes are read by zxing, signatures by joserfc, payloads by zlib; keys are what the issuer
publishes.
"""

import json
import re
import zlib
from typing import Any  # JSON

import zxingcpp
from joserfc import jws
from joserfc.jwk import ECKey, KeySet

Json = dict[str, Any]

PIXELS = 4  # a module of the code on the scanner's picture
_REGISTRY = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)


def scan(svg: str) -> str:
    """What a scanner reads of the picture."""
    (size,) = (int(n) for n in re.findall(r'viewBox="0 0 (\d+) \1"', svg))
    rows = [bytearray(b"\xff" * size) for _ in range(size)]
    (path,) = re.findall(r'stroke="#000" d="([^"]+)"', svg)
    x = y = 0.0
    for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", path):
        if step == "h":
            length = int(first)
            rows[int(y)][int(x) : int(x) + length] = b"\0" * length
            x += length
        elif step == "M":
            x, y = float(first), float(second)
        else:
            x, y = x + float(first), y + float(second)
    picture = b"".join(
        b"".join(bytes([value]) * PIXELS for value in row) for row in rows for _ in range(PIXELS)
    )
    shape = [size * PIXELS, size * PIXELS]
    found = zxingcpp.read_barcode(memoryview(picture).cast("B", shape=shape))
    assert found is not None, "no code is to be seen"
    return str(found.text)


def jws_of(code: str) -> str:
    """The JWS in `shc:/` and digits."""
    assert code.startswith("shc:/")
    digits = code[len("shc:/") :]
    assert digits.isdecimal()
    assert len(digits) % 2 == 0
    return "".join(chr(int(digits[n : n + 2]) + 45) for n in range(0, len(digits), 2))


def verify(card: str, published: Json) -> Json:
    """The payload, once the signature holds under a published key. Raises: whatever does not."""
    keys = KeySet([ECKey.import_key(key) for key in published["keys"]])
    found = jws.deserialize_compact(card, keys, registry=_REGISTRY)
    assert found.headers()["alg"] == "ES256"
    assert found.headers()["zip"] == "DEF"
    unpacked: Json = json.loads(zlib.decompress(found.payload, wbits=-15))
    return unpacked
