"""What an Immunization tells: a dose given, refused or not given.

A dose dated by month, by year or in words is no fact: a rule counts days, and none is made up.
"""

from datetime import date

from domain.facts.health import VaccinationGiven, VaccinationNotDone, VaccinationRefused
from gov.fhir.code import (
    ACT_REASON_SYSTEMS,
    CVX_SYSTEMS,
    NO_VACCINE_GIVEN,
    NOT_DONE,
    REFUSALS,
)
from gov.fhir.day import find_day
from gov.fhir.element import Concept
from gov.fhir.reason import CodeUnknown, CodeUnused, DayUnknown
from gov.fhir.resource import Immunization
from gov.fhir.telling import Telling, Told

CVX_DIGITS_MAX = 3
LOT_CHARACTERS_MAX = 64


def tell_dose(resource: Immunization) -> Told:
    """The fact of one Immunization that is not entered in error."""
    code = read_cvx(resource.vaccine_code)
    if code is None:
        return CodeUnknown
    if code == NO_VACCINE_GIVEN:
        return CodeUnused
    day = find_day(resource.occurrence_date_time)
    if day is None:
        return DayUnknown
    if resource.status == "not-done":
        return (_not_done(resource, code, day),)
    lot = (resource.lot_number or "").strip()
    given = Telling(
        day,
        lambda who: VaccinationGiven(
            who,
            code,
            lot_number=lot if 0 < len(lot) <= LOT_CHARACTERS_MAX else None,
            is_partial=bool(resource.is_subpotent),
            given_elsewhere=resource.primary_source is False,
        ),
    )
    return (given,)


def read_cvx(vaccine: Concept) -> str | None:
    """The CVX code with two digits at least; None where the vaccine has none that is one."""
    code = vaccine.find_code(CVX_SYSTEMS)
    if code is None or not (code.isascii() and code.isdigit() and len(code) <= CVX_DIGITS_MAX):
        return None
    return f"{int(code):02}"


def _not_done(resource: Immunization, code: str, day: date) -> Telling:
    """Refused by the family, or not possible: without a reason, only that it was not done."""
    reason = resource.status_reason
    said = reason.find_code(ACT_REASON_SYSTEMS) if reason is not None else None
    refused = REFUSALS.get(said or "")
    if refused is not None:
        return Telling(day, lambda who: VaccinationRefused(who, code, refused))
    not_done = NOT_DONE.get(said or "", "other")
    return Telling(day, lambda who: VaccinationNotDone(who, code, not_done))
