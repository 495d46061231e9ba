"""The calculators of one evaluation, each asked once: the registry of the names services use."""

from datetime import date, timedelta
from typing import TypeAlias

from domain.calendar_date import add_offset
from domain.catalogue import Catalogue, Service
from domain.error import Refusal
from domain.family import Child, Family
from domain.growth.development import DevelopmentTable
from domain.horizon import Horizon
from domain.ids import PersonId
from domain.immunization.programme import Programme
from domain.planned.antenatal_contacts import plan_contacts_of
from domain.planned.development_forms import plan_forms_of
from domain.planned.occurrence import NOTHING, Planned
from domain.planned.vaccination_file import VaccinationFile, vaccination_file_of
from domain.planned.vaccination_plan import PlanInForce, plan_in_force
from domain.planned.vaccination_record import refused_record, vaccination_record_of
from domain.planned.vaccination_visits import visits_of
from domain.pregnancy.follow import PregnancyTables
from domain.situation import Situation

_Asked: TypeAlias = tuple[str, PersonId, str]
_ANY_DAY = date(2026, 1, 1)  # from which a grace of days, or a month of them, is counted


class Calculations:
    """What a family's services ask of the calculators on one day; the horizon learns how long the
    answers hold."""

    def __init__(self, catalogue: Catalogue, family: Family, horizon: Horizon) -> None:
        self._catalogue = catalogue
        self._family = family
        self._horizon = horizon
        self._plans: dict[PersonId, PlanInForce] = {}
        self._planned: dict[_Asked, Planned] = {}

    def plan(self, service: Service, situation: Situation) -> Planned:
        """What the service's calculator plans for a situation; nothing where it has none."""
        asked = (service.id, situation.subject, situation.occurrence)
        if asked not in self._planned:
            self._planned[asked] = self._calculate(service, situation)
        return self._planned[asked]

    def _calculate(self, service: Service, situation: Situation) -> Planned:
        if service.calculator is None:
            return NOTHING
        tables = self._catalogue.schedules.get(service.calculator.schedule)
        match tables:
            case Programme() if situation.child is not None:
                schedule = service.calculator.schedule
                return self._vaccinations(situation.child, tables, schedule, _grace(service))
            case PregnancyTables() if situation.pregnancy is not None:
                return plan_contacts_of(situation.pregnancy, tables, self._horizon)
            case DevelopmentTable() if situation.child is not None:
                unnamed = {service.id, service.questionnaire or service.id}
                return plan_forms_of(
                    situation.child, self._family, tables, self._horizon, unnamed=unnamed
                )
            case _:
                return NOTHING

    def _vaccinations(
        self,
        child: Child,
        programme: Programme,
        schedule: str,
        grace: timedelta,
    ) -> Planned:
        file = self._file(child, programme)
        if not self._horizon.reached(file.changed_on):
            return NOTHING
        try:
            plan = self._plan(child, programme, grace)
        except Refusal as refusal:
            record = refused_record(file, programme, schedule, refusal)
            return Planned(vaccinations=record, facts=file.facts)
        return Planned(
            occurrences=visits_of(file, plan),
            vaccinations=vaccination_record_of(file, plan, programme, schedule),
            facts=file.facts,
        )

    def _file(self, child: Child, programme: Programme) -> VaccinationFile:
        return vaccination_file_of(child, self._family, programme, self._horizon)

    def _plan(self, child: Child, programme: Programme, grace: timedelta) -> PlanInForce:
        if child.id not in self._plans:
            file = self._file(child, programme)
            self._plans[child.id] = plan_in_force(
                file, programme, grace=grace, horizon=self._horizon
            )
        return self._plans[child.id]


def _grace(service: Service) -> timedelta:
    """How long a visit is due at least, by the card that the calculator plans."""
    rule = next(rule for rule in service.cards if rule.planned)
    return add_offset(_ANY_DAY, rule.window.due_until) - _ANY_DAY
