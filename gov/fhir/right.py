"""Whether an agency may say what a resource tells: by the kinds of its facts, and by its numbers.

The same rights as for events (`gov/agency_right.py`), judged at the intake and again when a kept
resource is understood. Taking back what one said oneself is always allowed.
"""

from collections.abc import Sequence
from urllib.parse import unquote
from uuid import UUID

from domain.error import Refusal
from domain.ids import PersonId
from gov.agency_right import ANY, KindNotAllowed, Rights, SubjectNotAllowed
from gov.event.data import Identifier as Number
from gov.event.kind import EVENT_KINDS
from gov.fhir.telling import Told

_SOMEBODY = PersonId(UUID(int=0))


def find_beyond(rights: Rights, told: Told, numbers: Sequence[Number]) -> type[Refusal] | None:
    """Why the agency may not say this; None when it may.

    A resource that tells nothing may be kept by whoever may report anything at all.
    """
    if not rights.kinds:
        return KindNotAllowed
    if isinstance(told, type):
        return None
    kinds = {str(telling.about(_SOMEBODY).__struct_config__.tag) for telling in told}
    if not all(rights.allows_kind(kind) for kind in kinds & EVENT_KINDS.keys()):
        return KindNotAllowed
    assigners = {unquote(number.assigner) for number in numbers if number.assigner is not None}
    if ANY not in rights.assigners and not assigners <= set(rights.assigners):
        return SubjectNotAllowed
    return None
