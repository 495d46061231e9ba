"""What a reference inside a message means: an entry of its Bundle, a contained resource, a number.

One step is taken and never a second, so a Bundle that refers to itself, or to a ring, ends.

Source: HL7 FHIR R4, references.html and bundle.html#references (resolution in Bundles).
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import msgspec

from gov.fhir.element import Identifier, Reference
from gov.fhir.read import Head

_RESTFUL = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")
_CONDITIONAL = re.compile(r"^([A-Z][A-Za-z]+)\?identifier=([^&]*)$")


class Target(msgspec.Struct, frozen=True):
    """One resource that can be referred to inside a message."""

    head: Head
    full_url: str | None
    raw: bytes


class Meant(msgspec.Struct, frozen=True):
    """What a reference leads to: a resource, a business identifier, or an address elsewhere.

    `resource_key` is "Type/id" of what was not in the message; all None: nothing that can be
    followed.
    """

    target: Target | None = None
    identifier: Identifier | None = None
    resource_key: str | None = None


class References:
    """The resources of one message by the ways in which they may be named."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._by_url: Mapping[str, Target] = {
            target.full_url: target for target in targets if target.full_url is not None
        }
        self._by_key: Mapping[str, Target] = {
            f"{target.head.resource_type}/{target.head.id}": target
            for target in reversed(targets)
            if target.head.id is not None
        }

    def resolve(
        self, reference: Reference | None, *, base_url: str | None, contained: Mapping[str, Target]
    ) -> Meant:
        """What `reference` means in the resource whose fullUrl is `base_url`."""
        if reference is None:
            return Meant()
        if reference.reference is None:
            return Meant(identifier=reference.identifier)
        return self._resolve(reference.reference, base_url, contained) or Meant(
            identifier=reference.identifier
        )

    def _resolve(
        self, written: str, base_url: str | None, contained: Mapping[str, Target]
    ) -> Meant | None:
        if written.startswith("#"):
            return _found(contained.get(written[1:]))
        if written in self._by_url:
            return Meant(target=self._by_url[written])
        conditional = _CONDITIONAL.match(written)
        if conditional is not None:
            system, bar, value = unquote(conditional[2]).rpartition("|")
            return Meant(identifier=Identifier(system=system or None, value=value)) if bar else None
        restful = _RESTFUL.search(written)
        if restful is None:
            return None
        key = f"{restful[1]}/{restful[2]}"
        is_relative = ":" not in written
        if is_relative and base_url is not None and (own := _RESTFUL.search(base_url)):
            full_url = base_url[: own.start(1)] + key
            if full_url in self._by_url:
                return Meant(target=self._by_url[full_url])
        return _found(self._by_key.get(key)) or Meant(resource_key=key)


def _found(target: Target | None) -> Meant | None:
    return None if target is None else Meant(target=target)
