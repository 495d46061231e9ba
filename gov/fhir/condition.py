"""What a Condition or an EpisodeOfCare tells: how a pregnancy ended.

A pregnancy is confirmed by its due day, which neither resource has: it is listed until an
Observation brings one. Other diagnoses are not kept as facts: nothing here needs them.
"""

from domain.facts.pregnancy import PregnancyEnded
from gov.fhir.code import PREGNANCIES, PREGNANCY_ENDS, SNOMED_SYSTEMS
from gov.fhir.day import find_day
from gov.fhir.read import VERIFICATION_SYSTEM
from gov.fhir.reason import CodeUnused, DayUnknown, DueDayNeeded, NotFinal
from gov.fhir.resource import Condition, EpisodeOfCare
from gov.fhir.telling import Telling, Told

_VERIFICATION = frozenset({VERIFICATION_SYSTEM})


def tell_condition(resource: Condition) -> Told:
    """The fact of one Condition that is neither entered in error nor refuted."""
    codes = [
        coding.code
        for coding in (resource.code.coding if resource.code is not None else ())
        if coding.system in SNOMED_SYSTEMS and coding.code is not None
    ]
    ends = [PREGNANCY_ENDS[code] for code in codes if code in PREGNANCY_ENDS]
    if not ends and not PREGNANCIES.intersection(codes):
        return CodeUnused
    if (verification_of(resource) or "confirmed") != "confirmed":
        return NotFinal
    if not ends:
        return DueDayNeeded
    period = resource.onset_period
    day = find_day(resource.onset_date_time) or (find_day(period.start) if period else None)
    if day is None:
        return DayUnknown
    outcome = ends[0]
    return (Telling(day, lambda who: PregnancyEnded(who, outcome)),)


def verification_of(resource: Condition) -> str | None:
    """`verificationStatus` as a code; None where it was not said."""
    status = resource.verification_status
    return status.find_code(_VERIFICATION) if status is not None else None


def tell_episode(resource: EpisodeOfCare) -> Told:
    """Care has begun or ended, which no rule asks for: a maternity episode awaits its due day."""
    codes = {
        coding.code
        for kind in resource.type
        for coding in kind.coding
        if coding.system in SNOMED_SYSTEMS
    }
    return DueDayNeeded if codes & PREGNANCIES else CodeUnused
