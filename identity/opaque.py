"""Opaque values: what we give out and get back, readable and makeable by nobody else.

An authorization code, a refresh token, a sign-in's state: each is a small struct sealed under a key
of its own purpose, so that none passes for another and nothing is stored for a stranger's request.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from store.keys import KeyRing
from store.seal import Place, SealBroken, open_, seal

OPAQUE_CHARACTERS_MAX = 2_048  # the longest, a state with a redirect address, has about 700
NOWHERE = Place(UUID(int=0))

T = TypeVar("T", bound=msgspec.Struct)


class Opaque(Generic[T]):
    """Seals and opens values of one type for one purpose."""

    def __init__(self, keys: KeyRing, purpose: str, kind: type[T]) -> None:
        self._key = keys.house(purpose)
        self._decoder = msgspec.msgpack.Decoder(kind)

    def seal(self, value: T) -> str:
        """Text of the URL-safe alphabet, without padding."""
        sealed = seal(self._key, NOWHERE, msgspec.msgpack.encode(value))
        return urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def find(self, text: str) -> T | None:
        """The value, or None for anything that was not sealed here for this purpose."""
        if len(text) > OPAQUE_CHARACTERS_MAX:
            return None
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            return self._decoder.decode(open_(self._key, NOWHERE, sealed))
        except (binascii.Error, ValueError, SealBroken):
            return None
