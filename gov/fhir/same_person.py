"""Two patients of one message under one number: nobody can tell whose a dose is.

Hospitals give a newborn, or both of twins, the number of the mother until their own is made.
"""

from collections.abc import Iterable

from gov.fhir.error import FhirSamePerson
from gov.fhir.message import ReadEntry
from gov.fhir.number import choose_numbers
from gov.fhir.resource import Patient


def refuse_same_person(entries: Iterable[ReadEntry]) -> None:
    """Raises: FhirSamePerson at the second patient. One patient sent twice is no second one."""
    seen: dict[tuple[str, str], str | None] = {}
    for entry in entries:
        if not isinstance(entry.resource, Patient):
            continue
        own = entry.target.head.id or entry.target.full_url
        for number in choose_numbers(entry.resource.identifier, agency_id=""):
            if seen.setdefault((number.system, number.value), own) != own:
                raise FhirSamePerson(f"{entry.path}.identifier")
