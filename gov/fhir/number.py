"""The numbers of a Patient: an Emirates ID, a hospital's own within that hospital, a temporary one.

Only numbers by which a person can be known again are taken: no passport, insurance or driving
licence. A hospital's number means nobody outside the system that assigned it.

Source: HL7 v2 table 0203 (identifier types); `mobile-contract/intake/fhir.md`.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

from gov.event.data import Identifier as Number
from gov.event.data import IdentifierSystem
from gov.fhir.element import Identifier

EMIRATES_ID_SYSTEM = "https://osrati.example/fhir/sid/emirates-id"
# Followed by the assigner as events write it: the same number then means the same person.
HOSPITAL_SYSTEM = "https://osrati.example/fhir/sid/hospital-number/"
TEMPORARY_SYSTEM = "https://osrati.example/fhir/sid/temporary-number/"
IDENTIFIER_TYPES = frozenset({"http://terminology.hl7.org/CodeSystem/v2-0203"})
NUMBER_CHARACTERS_MAX = 64

_EMIRATES_ID = re.compile(r"784-?\d{4}-?\d{7}-?\d", re.ASCII)
_NATIONAL = "NI"
# MR medical record, PI patient internal, MRT temporary record, AN account is none of a person.
_HOSPITAL_TYPES = frozenset({"MR", "PI", "PT"})
_TEMPORARY_TYPES = frozenset({"MRT", "TEMP"})
_ORDER: tuple[IdentifierSystem, ...] = ("emirates_id", "hospital_number", "temporary_number")


def choose_numbers(identifiers: Iterable[Identifier], *, agency_id: str) -> tuple[Number, ...]:
    """The numbers that count, the surest first: Emirates ID, hospital's, temporary.

    A hospital's number without a system is one of the agency itself.
    """
    found = [number for one in identifiers if (number := _read(one, agency_id)) is not None]
    return tuple(sorted(dict.fromkeys(found), key=lambda number: _ORDER.index(number.system)))


def _read(identifier: Identifier, agency_id: str) -> Number | None:
    value = (identifier.value or "").strip()
    if not value or len(value) > NUMBER_CHARACTERS_MAX or identifier.use == "old":
        return None
    kind = identifier.type.find_code(IDENTIFIER_TYPES) if identifier.type is not None else None
    if identifier.system == EMIRATES_ID_SYSTEM or kind == _NATIONAL:
        return _emirates_id(value)
    system = identifier.system or ""
    if system.startswith(TEMPORARY_SYSTEM) or kind in _TEMPORARY_TYPES or identifier.use == "temp":
        return _assigned("temporary_number", value, system, agency_id)
    if system.startswith(HOSPITAL_SYSTEM) or kind in _HOSPITAL_TYPES:
        return _assigned("hospital_number", value, system, agency_id)
    # Most senders give a system and no type; a type that is none of these says it is another thing.
    if kind is None and identifier.type is None and system:
        return _assigned("hospital_number", value, system, agency_id)
    return None


def _emirates_id(value: str) -> Number | None:
    """A national number of another country, or one that is mistyped, is nobody's here."""
    if not _EMIRATES_ID.fullmatch(value):
        return None
    return Number(system="emirates_id", value=value.replace("-", ""))


def _assigned(system: IdentifierSystem, value: str, url: str, agency_id: str) -> Number:
    """The assigner is the one that events name, or the address of the system, without a slash."""
    for prefix in (HOSPITAL_SYSTEM, TEMPORARY_SYSTEM):
        if url.startswith(prefix):
            url = url[len(prefix) :]
    return Number(system=system, value=value, assigner=quote(url, safe=":") or agency_id)
