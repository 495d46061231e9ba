"""The vaccination record of each child of the reader: every dose as it was told, what it was worth
and why, and how each vaccine group stands, in words.

What no schedule knows is shown with its code; nothing is left out.
"""

from collections.abc import Mapping
from datetime import date

import strawberry

from domain.card.record import DosePart, GroupStanding, Record, RecordedDose, VaccinationRecord
from domain.error import Refusal
from domain.ids import EntryId
from domain.immunization.history import HistoryTooLong, NotYetBorn
from domain.immunization.programme import Programme
from domain.immunization.reason_text import (
    DOSE_FLAG_WORDS,
    EVALUATION_REASON_WORDS,
    EVALUATION_STATUS_WORDS,
    FORECAST_REASON_WORDS,
    LEFT_OUT_WORDS,
    SERIES_STATUS_WORDS,
    Words,
)
from domain.text.message import Language
from schema.context import Asked
from schema.field import described
from schema.language import InLanguage, chosen
from schema.node import encode_id
from timeline.read import read_vaccination_records
from timeline.source import AgencyNames, read_agency_names, source_name

_REFUSALS: Mapping[str, type[Refusal]] = {kind.code: kind for kind in (HistoryTooLong, NotYetBorn)}


@strawberry.type(description="A code of the calculator, and its words.")
class Coded:
    code: str
    text: str


@strawberry.type(description="Who reported the dose, for which day.")
class VaccinationReport:
    source: str
    source_name: str
    given_on: date
    asserted_on: date = strawberry.field(description="The day its source said so.")


@strawberry.type(description="What a dose was worth for one vaccine group.")
class VaccinationPart:
    group: str
    group_name: str
    number: int | None = strawberry.field(description="Which dose of the group it was.")
    status: Coded = strawberry.field(
        description="`valid`, `not_valid`, `extraneous` or `sub_standard`."
    )
    reasons: list[Coded]


@strawberry.type(
    description="One dose, as it was told. Two reports of one dose, also with two dates, are one."
)
class RecordedVaccination:
    code: str = strawberry.field(description="The CVX code, as it came.")
    name: str
    given_on: date
    reports: list[VaccinationReport]
    flag: Coded | None = strawberry.field(description="Why it was not looked at, if it was not.")
    parts: list[VaccinationPart] = strawberry.field(
        description="Empty: no series that concerns the child looks for it."
    )


@strawberry.type(description="How one vaccine group stands, and its next dose.")
class VaccinationGroup:
    group: str
    group_name: str
    status: Coded
    reasons: list[Coded]
    number: int | None = strawberry.field(description="Of the next dose.")
    earliest_on: date | None
    recommended_on: date | None
    latest_on: date | None
    left_out: Coded | None = strawberry.field(
        description="Why a dose that is needed is in no plan of visits."
    )


@strawberry.type(description="A child's vaccination record, by one programme's tables.")
class VaccinationRecordView:
    subject: strawberry.ID = strawberry.field(description="The child, as `subject` of its cards.")
    child_name: str | None
    programme_version: str
    draft: bool = strawberry.field(
        description="Whether the programme's tables still need their owner's signature."
    )
    assessed_on: date
    doses: list[RecordedVaccination]
    groups: list[VaccinationGroup]
    refusal: Coded | None = strawberry.field(
        description="What kept it from being worked out, and what to do."
    )


@strawberry.type
class VaccinationRecordQuery:
    @described("The vaccination record of every child whose cards you see; empty where none has.")
    async def vaccination_records(
        self, info: Asked, language: InLanguage = None
    ) -> list[VaccinationRecordView]:
        actor, ground = info.context.signed_in(), info.context.ground
        records = await read_vaccination_records(ground, actor)
        catalogue = await ground.catalogues.current()
        agencies = await read_agency_names(ground, catalogue)
        spoken = chosen(language, actor.language)
        return [
            _view(record, record.vaccinations, _Speaker(programme, agencies, spoken))
            for record in records
            if record.vaccinations is not None
            and isinstance(
                programme := catalogue.schedules.get(EntryId(record.vaccinations.schedule)),
                Programme,
            )
        ]


class _Speaker:
    """The words of one programme's record in one language."""

    def __init__(self, programme: Programme, agencies: AgencyNames, language: Language) -> None:
        self.programme = programme
        self.agencies = agencies
        self.language = language

    def say(self, words: Words | None, code: str) -> str:
        """Words newer than this list are shown by their code."""
        if words is None:
            return code
        return words.ar if self.language == "ar" else words.en

    def coded(self, code: str, words: Mapping[str, Words]) -> Coded:
        return Coded(code=code, text=self.say(words.get(code), code))

    def group(self, name: str) -> str:
        return self.say(self.programme.group_names.get(name), name)

    def vaccine(self, code: str) -> str:
        unknown = Words(f"لقاح رمزه {code}", f"Vaccine with code {code}")
        return self.say(self.programme.vaccine_names.get(code, unknown), code)


def _view(
    record: Record, vaccinations: VaccinationRecord, speaker: _Speaker
) -> VaccinationRecordView:
    names = {parameter.name: parameter.value for parameter in record.parameters}
    name = names.get(f"child_name_{speaker.language}")
    refusal = _REFUSALS.get(vaccinations.refusal or "")
    return VaccinationRecordView(
        subject=encode_id("Person", record.subject.bytes),
        child_name=name if isinstance(name, str) else None,
        programme_version=vaccinations.programme_version,
        draft=vaccinations.draft,
        assessed_on=vaccinations.assessed_on,
        doses=[_dose(dose, speaker) for dose in vaccinations.doses],
        groups=[_group(group, speaker) for group in vaccinations.groups],
        refusal=None
        if refusal is None
        else Coded(code=refusal.code, text=speaker.say(Words(refusal.ar, refusal.en), "")),
    )


def _dose(dose: RecordedDose, speaker: _Speaker) -> RecordedVaccination:
    return RecordedVaccination(
        code=dose.code,
        name=speaker.vaccine(dose.code),
        given_on=dose.given_on,
        reports=[
            VaccinationReport(
                source=report.source,
                source_name=source_name(speaker.agencies, report.source, speaker.language),
                given_on=report.given_on,
                asserted_on=report.asserted_on,
            )
            for report in dose.reports
        ],
        flag=None if dose.flag is None else speaker.coded(dose.flag, DOSE_FLAG_WORDS),  # type: ignore[arg-type]  # a wider key
        parts=[_part(part, speaker) for part in dose.parts],
    )


def _part(part: DosePart, speaker: _Speaker) -> VaccinationPart:
    return VaccinationPart(
        group=part.group,
        group_name=speaker.group(part.group),
        number=part.number,
        status=speaker.coded(part.status, EVALUATION_STATUS_WORDS),  # type: ignore[arg-type]  # a wider key
        reasons=[speaker.coded(code, EVALUATION_REASON_WORDS) for code in part.reasons],  # type: ignore[arg-type]  # a wider key
    )


def _group(group: GroupStanding, speaker: _Speaker) -> VaccinationGroup:
    return VaccinationGroup(
        group=group.group,
        group_name=speaker.group(group.group),
        status=speaker.coded(group.status, SERIES_STATUS_WORDS),  # type: ignore[arg-type]  # a wider key
        reasons=[speaker.coded(code, FORECAST_REASON_WORDS) for code in group.reasons],  # type: ignore[arg-type]  # a wider key
        number=group.number,
        earliest_on=group.earliest_on,
        recommended_on=group.recommended_on,
        latest_on=group.latest_on,
        left_out=None if group.left_out is None else speaker.coded(group.left_out, LEFT_OUT_WORDS),
    )
