"""A child's facts as the immunization calculator reads them, and the day they last changed."""

from collections.abc import Iterator, Mapping
from datetime import date

import msgspec

from domain.fact import Fact
from domain.facts.health import VaccinationGiven
from domain.facts.person import ResidenceChanged
from domain.family import Child, Family
from domain.history.vaccination import Vaccination
from domain.horizon import Horizon
from domain.immunization.history import GivenDose, History
from domain.immunization.programme import Edition, Programme
from domain.planned.health_remark import (
    LeftOut,
    bears_on_plan,
    is_shown,
    left_out_of,
    observations_of,
)
from domain.planned.residence import depends_on_emirate, edition_of, moves_of


class VaccinationFile(msgspec.Struct, frozen=True, kw_only=True):
    """`changed_on` is the last day on which anything that counts became known here: a plan is made
    from it, so that nothing is overdue at its creation. `given` finds a dose by its id; `left_out`
    says why a vaccine group is in no plan, and `facts` what beside doses was said to the point.
    """

    history: History
    edition: Edition
    changed_on: date
    given: Mapping[str, Vaccination]
    left_out: Mapping[str, LeftOut]
    facts: tuple[Fact, ...] = ()

    @property
    def refused(self) -> frozenset[str]:
        """The groups of which nothing may be given."""
        return frozenset(group for group, why in self.left_out.items() if why != "immune")

    @property
    def spared(self) -> frozenset[str]:
        """The groups that are not needed, and do no harm in a combination."""
        return frozenset(group for group, why in self.left_out.items() if why == "immune")


def vaccination_file_of(
    child: Child, family: Family, programme: Programme, horizon: Horizon
) -> VaccinationFile:
    """The file of a child. A dose, a refusal or a move dated ahead counts from its day."""
    given = {_id_of(vaccination): vaccination for vaccination in child.vaccinations}
    edition = edition_of(child, family, programme, horizon)
    return VaccinationFile(
        history=History(
            born_on=child.born_on,
            sex=family.person(child.id).sex or "unknown",
            doses=tuple(_dose(dose_id, dose) for dose_id, dose in given.items()),
            observations=observations_of(child, edition, horizon),
        ),
        edition=edition,
        changed_on=max(_days(child, family, programme, edition, horizon)),
        given=given,
        left_out=left_out_of(child, edition, horizon),
        facts=tuple(
            fact
            for fact in child.remarks
            if is_shown(fact.payload, edition) and horizon.reached(fact.occurred_on)
        ),
    )


def _days(
    child: Child, family: Family, programme: Programme, edition: Edition, horizon: Horizon
) -> Iterator[date]:
    """Every day on which something changed of all that a plan rests on."""
    yield from (child.known_on, child.born_on)
    for correction in child.corrections:
        if _bears_on_plan(correction.target, programme, edition, child):
            yield correction.known_on
    for vaccination in child.vaccinations:
        if vaccination.vaccine_code in programme.vaccine_names:
            yield vaccination.known_on
            if horizon.reached(vaccination.given_on):
                yield vaccination.given_on
    moves = moves_of(child, family, horizon) if depends_on_emirate(programme, child.born_on) else ()
    for fact in (*child.remarks, *moves):
        if _bears_on_plan(fact, programme, edition, child) and horizon.reached(fact.occurred_on):
            yield from (fact.known_on, fact.occurred_on)


def _bears_on_plan(fact: Fact, programme: Programme, edition: Edition, child: Child) -> bool:
    said = fact.payload
    if isinstance(said, ResidenceChanged):
        names_place = (said.emirate or said.country) is not None
        return names_place and depends_on_emirate(programme, child.born_on)
    if child.id not in said.subjects():
        return False
    if isinstance(said, VaccinationGiven):
        return said.vaccine_code in programme.vaccine_names
    return bears_on_plan(said, edition)


def _id_of(vaccination: Vaccination) -> str:
    fact = vaccination.fact
    return f"{fact.source}/{fact.source_id}/{fact.part}"


def _dose(dose_id: str, vaccination: Vaccination) -> GivenDose:
    return GivenDose(
        id=dose_id,
        cvx=vaccination.vaccine_code,
        administered_on=vaccination.given_on,
        mvx=vaccination.manufacturer_code,
        substandard=vaccination.is_partial,
        reported_by=vaccination.fact.source,
        primary_source=vaccination.is_by_giver,
    )
