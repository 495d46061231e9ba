"""Facts: what happened, append-only. Everything a family sees is computed from these.

A fact names people by their ids (identity is resolved before a fact is recorded) and is the same in
every circle it is applied to. A reversal is a fact too. What kind a fact is, is the type of its
payload: `domain/facts/` has them by theme, and `Payload` here is the closed list.
"""

from datetime import date, datetime

import msgspec

from domain.calendar_date import local_date
from domain.facts.act import CardAct, EnteredInError
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    AppointmentMissed,
    AppointmentMoved,
    VisitKept,
)
from domain.facts.birth import (
    AdoptionDecided,
    BirthNotified,
    CustodyDecided,
    GuardianAppointed,
    GuardianRemoved,
)
from domain.facts.business import (
    LicenceExpiring,
    LicenceIssued,
    LicenceRenewed,
    PartnerAdded,
    PartnerRemoved,
)
from domain.facts.dispute import DisputeAnswered, FactDisputed, ReviewOpened
from domain.facts.document import DocumentIssued, DocumentReplaced, DocumentRevoked
from domain.facts.health import (
    ConditionRecorded,
    ConditionResolved,
    DisabilityRecognised,
    MeasurementTaken,
    QuestionnaireEvaluated,
    VaccinationGiven,
    VaccinationNotDone,
    VaccinationRefused,
)
from domain.facts.marriage import (
    ContractSigned,
    DivorceRegistered,
    DivorceRevoked,
    FamilyBookChanged,
    FamilyBookIssued,
    MarriageAnnulled,
    MarriageRegistered,
)
from domain.facts.person import (
    ContactReported,
    EmploymentChanged,
    IdentifierReplaced,
    NationalityChanged,
    PersonalStatusChanged,
    PersonDescribed,
    PersonDied,
    PersonFirstSeen,
    PersonRenamed,
    PersonReported,
    PlaceEntered,
    ResidenceChanged,
)
from domain.facts.pregnancy import (
    EmbryoTransferred,
    PregnancyConfirmed,
    PregnancyEnded,
    PregnancyRedated,
    PregnancyScanned,
)
from domain.facts.support import (
    BenefitDecided,
    GrantDecided,
    HousingDecided,
    RegistryAnswered,
    RegulationChanged,
    SchoolStageReached,
    SeatReleased,
    SeatReserved,
)

MEMBER_SOURCE = "member"  # the source of what a member did
IDENTITY_SOURCE = "uae_pass"  # the source of what the identity provider says at a sign-in
OPERATOR_SOURCE = "operator"  # the source of what a person decided by command
OWN_SOURCES = frozenset({MEMBER_SOURCE, IDENTITY_SOURCE, OPERATOR_SOURCE})
"""Agencies cannot take these ids."""

Payload = (
    ContractSigned
    | MarriageRegistered
    | MarriageAnnulled
    | DivorceRegistered
    | DivorceRevoked
    | FamilyBookIssued
    | FamilyBookChanged
    | BirthNotified
    | CustodyDecided
    | GuardianAppointed
    | GuardianRemoved
    | AdoptionDecided
    | PregnancyConfirmed
    | PregnancyRedated
    | PregnancyScanned
    | EmbryoTransferred
    | PregnancyEnded
    | VaccinationGiven
    | VaccinationRefused
    | VaccinationNotDone
    | ConditionRecorded
    | ConditionResolved
    | MeasurementTaken
    | QuestionnaireEvaluated
    | DisabilityRecognised
    | AppointmentBooked
    | AppointmentMoved
    | AppointmentCancelled
    | AppointmentKept
    | AppointmentMissed
    | VisitKept
    | PersonDied
    | PersonDescribed
    | PersonFirstSeen
    | PersonReported
    | PersonRenamed
    | NationalityChanged
    | PersonalStatusChanged
    | IdentifierReplaced
    | ContactReported
    | EmploymentChanged
    | ResidenceChanged
    | PlaceEntered
    | DocumentIssued
    | DocumentReplaced
    | DocumentRevoked
    | GrantDecided
    | HousingDecided
    | BenefitDecided
    | LicenceIssued
    | LicenceRenewed
    | LicenceExpiring
    | PartnerAdded
    | PartnerRemoved
    | RegistryAnswered
    | SchoolStageReached
    | SeatReserved
    | SeatReleased
    | RegulationChanged
    | EnteredInError
    | CardAct
    | FactDisputed
    | ReviewOpened
    | DisputeAnswered
)


class Fact(msgspec.Struct, frozen=True):
    """One thing that happened, as one source asserted it.

    `part` tells apart several facts of one event ("" is the event itself, "person:mother" what it
    said of the mother). `asserted_at` is the source's instant, in UTC; `received_on` the day on
    which it reached us.
    """

    source: str
    source_id: str
    part: str
    occurred_on: date
    asserted_at: datetime
    payload: Payload
    received_on: date | None = None

    @property
    def kind(self) -> str:
        """The payload's tag, such as `birth.notified`."""
        return str(self.payload.__struct_config__.tag)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Which fact it is, whatever it says: its source, source id and part."""
        return self.source, self.source_id, self.part

    @property
    def known_on(self) -> date:
        """The first day it could be acted on: not before it was said, nor before it came."""
        said_on = local_date(self.asserted_at)
        return said_on if self.received_on is None else max(said_on, self.received_on)

    @property
    def precedence(self) -> tuple[datetime, str, str, str]:
        """The order in which facts are read: later assertions win; ties fall the same way
        everywhere.
        """
        return (self.asserted_at, self.source, self.source_id, self.part)


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Fact)


def encode_fact(fact: Fact) -> bytes:
    """Canonical JSON of a fact: equal facts give equal bytes."""
    return _encoder.encode(fact)


def decode_fact(body: bytes) -> Fact:
    """The fact that `encode_fact` wrote.

    Raises: msgspec.ValidationError when the bytes are not such a fact: a defect, never bad input.
    """
    return _decoder.decode(body)
