"""What was said of a child beside doses, as the immunization calculator takes it.

Refusals, and doses not done for a reason of health, leave vaccine groups out of the plan;
conditions become observations of the schedule.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from domain.fact import Payload
from domain.facts.health import (
    ConditionRecorded,
    ConditionResolved,
    VaccinationNotDone,
    VaccinationRefused,
)
from domain.family import Child
from domain.horizon import Horizon
from domain.immunization.history import PatientObservation
from domain.immunization.programme import Edition

LeftOut = Literal["contraindicated", "immune", "refused"]
# Nobody's choice: the visit is due again from that day. An absence leaves it as overdue as it was.
_PUT_OFF = frozenset({"ill", "out_of_stock"})
_SYSTEMS = {"SNOMED": "snomed", "SNOMEDCT": "snomed", "ICD10": "icd10", "ICD10CM": "icd10"}


def left_out_of(child: Child, edition: Edition, horizon: Horizon) -> Mapping[str, LeftOut]:
    """The vaccine groups that are not asked for, and why. A dose of a group that was given on that
    day or later speaks louder than what was said before it.
    """
    given_on: dict[str, date] = {}
    for vaccination in child.vaccinations:
        if horizon.reached(vaccination.given_on):
            for group in _groups_of(vaccination.vaccine_code, edition):
                given_on[group] = max(vaccination.given_on, given_on.get(group, date.min))
    found: dict[str, LeftOut] = {}
    for fact in child.remarks:
        why = _left_out(fact.payload)
        if why is not None and horizon.reached(fact.occurred_on):
            for group in _groups_meant(fact.payload, edition):
                if given_on.get(group, date.min) < fact.occurred_on:
                    found[group] = why
    return found


def observations_of(
    child: Child, edition: Edition, horizon: Horizon
) -> tuple[PatientObservation, ...]:
    """The schedule's observations that hold today; what it does not know is not among them."""
    holding: dict[str, date] = {}
    for fact in child.remarks:
        said = fact.payload
        if isinstance(said, ConditionRecorded | ConditionResolved):
            for code in _observations_meant(said, edition):
                if not horizon.reached(fact.occurred_on):
                    continue
                if isinstance(said, ConditionRecorded):
                    holding[code] = fact.occurred_on
                else:
                    holding.pop(code, None)
    return tuple(PatientObservation(code, holding[code]) for code in sorted(holding))


def bears_on_plan(said: Payload, edition: Edition) -> bool:
    """Whether the plan of visits is made again for it."""
    match said:
        case VaccinationRefused() | VaccinationNotDone():
            counts = _left_out(said) is not None or (
                isinstance(said, VaccinationNotDone) and said.reason in _PUT_OFF
            )
            return counts and bool(_groups_meant(said, edition))
        case ConditionRecorded() | ConditionResolved():
            return bool(_observations_meant(said, edition))
        case _:
            return False


def is_shown(said: Payload, edition: Edition) -> bool:
    """Whether the vaccination record cites it: also a refusal of a vaccine, or a contraindication,
    that the schedule does not know."""
    match said:
        case VaccinationRefused() | VaccinationNotDone():
            return True
        case ConditionRecorded(nature="contraindication" | "immunity"):
            return True
        case _:
            return bears_on_plan(said, edition)


def _left_out(said: Payload) -> LeftOut | None:
    match said:
        case VaccinationRefused():
            return "refused"
        case VaccinationNotDone(reason="contraindicated"):
            return "contraindicated"
        case VaccinationNotDone(reason="immune"):
            return "immune"
        case _:
            return None


def _groups_meant(said: Payload, edition: Edition) -> frozenset[str]:
    match said:
        case VaccinationRefused(vaccine_code=None):
            return frozenset(group.name for group in edition.schedule.data.groups)
        case VaccinationRefused(vaccine_code=str() as code) | VaccinationNotDone(vaccine_code=code):
            return _groups_of(code, edition)
        case _:
            return frozenset()


def _groups_of(code: str, edition: Edition) -> frozenset[str]:
    vaccine = edition.schedule.vaccines.get(code)
    antigens = edition.schedule.antigens
    return frozenset(
        antigens[association.antigen].group
        for association in (() if vaccine is None else vaccine.associations)
        if association.antigen in antigens
    )


def _observations_meant(
    said: ConditionRecorded | ConditionResolved, edition: Edition
) -> tuple[str, ...]:
    known = edition.schedule.data.observations
    if said.system == "cdsi":
        return tuple(item.code for item in known if item.code == said.code)
    return tuple(
        item.code
        for item in known
        if any(
            _SYSTEMS.get(system.upper().replace("-", "").replace(" ", "")) == said.system
            and code == said.code
            for system, code in item.codes
        )
    )
