"""What one request brings: a Bundle or a single resource, read strictly and split into resources.

Nothing is stored here. A transaction is whole or refused; in every other Bundle each entry stands
for itself. Called by `gov/fhir/receive.py`.

Source: HL7 FHIR R4, bundle.html and http.html#transaction.
"""

from typing import Literal

import msgspec

from gov.event.json_object import read_json_object
from gov.fhir.element import Text
from gov.fhir.error import (
    BundleTypeRefused,
    ElementMissing,
    EntryMethodRefused,
    EntryRepeated,
    FhirRefusal,
    FhirTooLarge,
    NotFhir,
    TooManyElements,
    TooManyEntries,
)
from gov.fhir.read import explain, read_head, read_resource
from gov.fhir.reference import References, Target
from gov.fhir.resource import Understood

# A whole childhood as one Bundle takes 0.4 MB trimmed and some 4 MB with claims and narrative.
FHIR_BYTES_MAX = 8 * 1024 * 1024
# The longest record of a mother among the test data has 398 entries without its claims.
FHIR_ENTRIES_MAX = 2_000
# A bracket opens each object and list: 8 MiB of empty objects would take nine seconds to read. The
# test data has one in 20 bytes.
FHIR_BRACKETS_MAX = 500_000
# The deepest place of the test data is 11; questionnaires with groups in groups go deeper.
FHIR_NESTING_MAX = 32

BundleType = Literal["transaction", "batch", "collection", "document", "searchset"]
_TAKEN_TYPES = frozenset({"transaction", "batch", "collection", "document", "searchset"})
_TAKEN_METHODS = frozenset({"POST", "PUT"})


class EntryRequest(msgspec.Struct, frozen=True):
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    full_url: Text | None = None
    resource: msgspec.Raw = msgspec.Raw()  # empty: it has none
    request: EntryRequest | None = None


class Bundle(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    entry: tuple[Entry, ...] = ()


class ReadEntry(msgspec.Struct, frozen=True):
    """One resource of a message. `resource` is None where its type is not understood."""

    path: str
    target: Target
    resource: Understood | None


class Message(msgspec.Struct, frozen=True):
    """`entries` stand in the order of the request: each is read, or is why it is refused.

    `bundle_type` is None for a single resource.
    """

    bundle_type: BundleType | None
    entries: tuple[ReadEntry | FhirRefusal, ...]
    references: References


_bundles = msgspec.json.Decoder(Bundle)


def read_message(body: bytes) -> Message:
    """The message that `body` is.

    Raises: a refusal when the whole cannot be read: gov.event.error.NotJson, and those of
    `gov/fhir/error.py`. An entry that alone is wrong is refused in its place, except in a
    transaction, whose refusals the caller takes together.
    """
    if body.count(b"{") + body.count(b"[") > FHIR_BRACKETS_MAX:
        raise TooManyElements
    # Strict first: a repeated key or a lone surrogate has more than one reading.
    document = read_json_object(
        body, bytes_max=FHIR_BYTES_MAX, nesting_max=FHIR_NESTING_MAX, too_large=FhirTooLarge
    )
    kind = document.get("resourceType")
    if not isinstance(kind, str):
        raise ElementMissing("resourceType") if kind is None else NotFhir("resourceType")
    if kind != "Bundle":
        target = Target(head=read_head(body, kind_path(kind)), full_url=None, raw=body)
        resource = read_resource(target.head, body, kind_path(kind))
        entry = ReadEntry(path=kind_path(kind), target=target, resource=resource)
        return Message(bundle_type=None, entries=(entry,), references=References([target]))
    return _read_bundle(body)


def kind_path(kind: str) -> str:
    """Where a single resource begins. The sender's word is repeated only if it can be a type."""
    return kind if kind.isascii() and kind.isalpha() and len(kind) <= 64 else "Resource"


def _read_bundle(body: bytes) -> Message:
    try:
        bundle = _bundles.decode(body)
    except msgspec.ValidationError as error:
        raise explain(error, "Bundle") from None
    if bundle.type not in _TAKEN_TYPES:
        raise BundleTypeRefused("Bundle.type")
    if len(bundle.entry) > FHIR_ENTRIES_MAX:
        raise TooManyEntries("Bundle.entry")
    _refuse_repeated(bundle)
    asks = bundle.type in ("transaction", "batch")
    entries = tuple(
        _read_entry(entry, f"Bundle.entry[{place}]", asks=asks)
        for place, entry in enumerate(bundle.entry)
    )
    targets = [entry.target for entry in entries if isinstance(entry, ReadEntry)]
    bundle_type = msgspec.convert(bundle.type, BundleType)
    return Message(bundle_type=bundle_type, entries=entries, references=References(targets))


def _refuse_repeated(bundle: Bundle) -> None:
    seen: set[str] = set()
    for place, entry in enumerate(bundle.entry):
        if entry.full_url is not None and entry.full_url in seen:
            raise EntryRepeated(f"Bundle.entry[{place}].fullUrl")
        seen.add(entry.full_url or "")


def _read_entry(entry: Entry, path: str, *, asks: bool) -> ReadEntry | FhirRefusal:
    try:
        if asks and entry.request is None:
            raise ElementMissing(f"{path}.request")
        if asks and entry.request is not None and entry.request.method not in _TAKEN_METHODS:
            raise EntryMethodRefused(f"{path}.request.method")
        if not bytes(entry.resource):
            raise ElementMissing(f"{path}.resource")
        raw = bytes(entry.resource)
        where = f"{path}.resource"
        head = read_head(raw, where)
        target = Target(head=head, full_url=entry.full_url, raw=raw)
        return ReadEntry(path=where, target=target, resource=read_resource(head, raw, where))
    except FhirRefusal as refusal:
        return refusal
