"""The keyed hash under which records and acts have their ids."""

import hashlib
import hmac

KEY_BYTES = 16


def keyed_hash(secret: bytes, *parts: str | bytes) -> bytes:
    """16 bytes of HMAC-SHA256 over length-prefixed parts: not to be guessed without the secret."""
    mac = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        mac.update(len(raw).to_bytes(4, "big") + raw)
    return mac.digest()[:KEY_BYTES]
