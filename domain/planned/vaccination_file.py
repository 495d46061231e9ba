"""A child's facts as the immunization calculator reads them, and the day they last changed."""

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.family import Child, Person
from domain.horizon import Horizon
from domain.immunization.history import GivenDose, History
from domain.immunization.programme import Programme
from domain.vaccination import Vaccination


class VaccinationFile(msgspec.Struct, frozen=True, kw_only=True):
    """`changed_on` is the last day on which anything that counts became known here: a plan is made
    from it, so that nothing is overdue at its creation. `given` finds a dose by its id."""

    history: History
    changed_on: date
    given: Mapping[str, Vaccination]
    refused: frozenset[str] = frozenset()


def vaccination_file_of(
    child: Child, person: Person, programme: Programme, horizon: Horizon
) -> VaccinationFile:
    """The file of a child. A dose dated ahead counts from its day."""
    given = {_id_of(vaccination): vaccination for vaccination in child.vaccinations}
    days = [child.known_on, child.born_on]
    if child.corrected_on is not None:
        days.append(child.corrected_on)
    for vaccination in child.vaccinations:
        if vaccination.vaccine_code in programme.vaccine_names:
            days.append(vaccination.known_on)
            if horizon.reached(vaccination.given_on):
                days.append(vaccination.given_on)
    return VaccinationFile(
        history=History(
            born_on=child.born_on,
            sex=person.sex or "unknown",
            doses=tuple(_dose(dose_id, dose) for dose_id, dose in given.items()),
        ),
        changed_on=max(days),
        given=given,
    )


def _id_of(vaccination: Vaccination) -> str:
    fact = vaccination.fact
    return f"{fact.source}/{fact.source_id}/{fact.part}"


def _dose(dose_id: str, vaccination: Vaccination) -> GivenDose:
    return GivenDose(
        id=dose_id,
        cvx=vaccination.vaccine_code,
        administered_on=vaccination.given_on,
        reported_by=vaccination.fact.source,
    )
