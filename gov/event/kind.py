"""Every kind of event that is understood: the fact it states, who must live, how fields are read.

To add a kind: a payload in `domain/facts/` (and in `domain/fact.py`'s union), a schema of the same
field names in `mobile-contract/intake/`, a line here, and words in `timeline/source.py`. Fields of
type `PersonId` are the persons of `data`; dates and instants are read by their types.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from domain.fact import Payload
from domain.facts import (
    appointment,
    birth,
    business,
    document,
    health,
    marriage,
    person,
    pregnancy,
    support,
)
from domain.facts.act import EnteredInError
from domain.facts.dispute import DisputeAnswered
from domain.facts.statement import list_roles
from gov.event.value import (
    Reader,
    read_due_on,
    read_earlier_day,
    read_email,
    read_later_day,
    read_mobile,
    read_vaccine,
)


class EventKind(msgspec.Struct, frozen=True):
    """`living`: roles that must not have died before the event's day. `readers`: fields that are
    more than their JSON type. `newborn`: the role born on the event's day."""

    payload: type[Payload]
    living: tuple[str, ...] = ()
    readers: Mapping[str, Reader] = MappingProxyType({})
    newborn: str | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The members of `data` that are persons."""
        return list_roles(self.payload)


_COUPLE = ("husband", "wife")
_ENDS = {"ends_on": read_later_day}
_EXPIRES = {"expires_on": read_later_day}
_DATING = {"due_on": read_due_on, "last_period_on": read_earlier_day}
_VACCINE = {"vaccine_code": read_vaccine}
_CONTACT = {"mobile": read_mobile, "email": read_email}

_LIST = (
    EventKind(marriage.ContractSigned, living=_COUPLE),
    EventKind(marriage.MarriageRegistered, living=_COUPLE),
    EventKind(marriage.MarriageAnnulled),
    EventKind(marriage.DivorceRegistered, living=_COUPLE),
    EventKind(marriage.DivorceRevoked, living=_COUPLE),
    EventKind(marriage.FamilyBookIssued),  # a family book names the dead
    EventKind(marriage.FamilyBookChanged),
    # The child is there, whoever died before: cards go to the living alone.
    EventKind(birth.BirthNotified, newborn="child"),
    EventKind(birth.CustodyDecided, living=("child", "holder"), readers=_ENDS),
    EventKind(birth.GuardianAppointed, living=("ward", "guardian"), readers=_ENDS),
    EventKind(birth.GuardianRemoved),
    EventKind(birth.AdoptionDecided, living=("child",)),
    EventKind(pregnancy.PregnancyConfirmed, living=("mother",), readers=_DATING),
    EventKind(pregnancy.PregnancyRedated, living=("mother",), readers={"due_on": read_due_on}),
    EventKind(pregnancy.PregnancyScanned, living=("mother",)),
    EventKind(pregnancy.EmbryoTransferred, living=("mother",)),
    EventKind(pregnancy.PregnancyEnded),  # a pregnancy may end by the mother's death
    EventKind(health.VaccinationGiven, living=("person",), readers=_VACCINE),
    EventKind(health.VaccinationRefused, living=("person",), readers=_VACCINE),
    EventKind(health.VaccinationNotDone, readers=_VACCINE),
    EventKind(health.ConditionRecorded),
    EventKind(health.ConditionResolved),
    EventKind(health.MeasurementTaken, living=("person",)),
    EventKind(health.QuestionnaireEvaluated),
    EventKind(health.DisabilityRecognised, readers=_ENDS),
    EventKind(appointment.AppointmentBooked, living=("person",)),
    EventKind(appointment.AppointmentMoved, living=("person",)),
    EventKind(appointment.AppointmentCancelled),
    EventKind(appointment.AppointmentKept, living=("person",)),
    EventKind(appointment.AppointmentMissed),
    EventKind(appointment.VisitKept, living=("person",)),
    EventKind(person.PersonDied),
    EventKind(person.PersonReported),
    EventKind(person.PersonRenamed),
    EventKind(person.NationalityChanged),
    EventKind(person.PersonalStatusChanged),
    EventKind(person.IdentifierReplaced),
    EventKind(person.ContactReported, readers=_CONTACT),
    EventKind(person.EmploymentChanged),
    EventKind(person.ResidenceChanged),
    EventKind(person.PlaceEntered, living=("person",)),
    EventKind(document.DocumentIssued, readers=_EXPIRES),
    EventKind(document.DocumentReplaced, readers=_EXPIRES),
    EventKind(document.DocumentRevoked),
    EventKind(support.GrantDecided),
    EventKind(support.HousingDecided),
    EventKind(support.BenefitDecided),
    EventKind(support.RegistryAnswered, living=("person",)),
    EventKind(support.SchoolStageReached, living=("person",)),
    EventKind(support.SeatReserved, living=("person",)),
    EventKind(support.SeatReleased),
    EventKind(support.RegulationChanged),
    EventKind(DisputeAnswered),  # it names nobody: its dispute says whom it concerns
    EventKind(business.LicenceIssued, living=("owner",), readers=_EXPIRES),
    EventKind(business.LicenceRenewed, living=("owner",), readers=_EXPIRES),
    EventKind(business.LicenceExpiring, living=("owner",), readers=_EXPIRES),
    EventKind(business.PartnerAdded, living=("partner",)),
    EventKind(business.PartnerRemoved),
    EventKind(EnteredInError),
)
EVENT_KINDS: Mapping[str, EventKind] = MappingProxyType(
    {str(kind.payload.__struct_config__.tag): kind for kind in _LIST}
)
"""By the name of the kind: the same as the published schemas, which a test proves."""
