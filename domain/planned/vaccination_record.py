"""The vaccination record of a child: every dose as it was told, what it was worth and why, and how
each vaccine group stands.

Nothing is dropped: a dose that no schedule knows, or that is dated before birth, is shown with its
flag. Two reports of one dose are one line with both sources.
"""

from domain.calendar_date import local_date
from domain.card.record import (
    DosePart,
    DoseReport,
    GroupStanding,
    RecordedDose,
    VaccinationRecord,
)
from domain.error import Refusal
from domain.history.vaccination import Vaccination
from domain.immunization.forecast import DoseVerdict
from domain.immunization.headline import choose_headline
from domain.immunization.programme import Programme
from domain.planned.vaccination_file import VaccinationFile
from domain.planned.vaccination_plan import PlanInForce


def vaccination_record_of(
    file: VaccinationFile, plan: PlanInForce, programme: Programme, schedule: str
) -> VaccinationRecord:
    """The record by the answer on which the plan in force rests."""
    repeats: dict[str, list[str]] = {}
    for verdict in plan.answer.doses:
        if verdict.same_as is not None:
            repeats.setdefault(verdict.same_as, []).append(verdict.id)
    return VaccinationRecord(
        schedule=schedule,
        programme_version=programme.version,
        draft=programme.draft,
        assessed_on=plan.answer.assessed_on,
        doses=tuple(
            _recorded(file, verdict, repeats.get(verdict.id, []), plan)
            for verdict in plan.answer.doses
            if verdict.same_as is None
        ),
        groups=tuple(_standings(file, plan)),
    )


def refused_record(
    file: VaccinationFile, programme: Programme, schedule: str, refusal: Refusal
) -> VaccinationRecord:
    """What is told when nothing can be worked out: every dose, and the code of why."""
    return VaccinationRecord(
        schedule=schedule,
        programme_version=programme.version,
        draft=programme.draft,
        assessed_on=file.changed_on,
        doses=tuple(
            RecordedDose(dose.vaccine_code, dose.given_on, _reports([dose]), None, ())
            for dose in file.given.values()
        ),
        groups=(),
        refusal=refusal.code,
    )


def _recorded(
    file: VaccinationFile, verdict: DoseVerdict, repeats: list[str], plan: PlanInForce
) -> RecordedDose:
    dose = file.given[verdict.id]
    told = [dose, *(file.given[dose_id] for dose_id in repeats)]
    parts: dict[str, DosePart] = {}
    for item in verdict.verdicts:
        known = parts.get(item.group)
        part = DosePart(
            item.group,
            plan.counted.number(item.group, dose.given_on) if item.status == "valid" else None,
            item.status,
            tuple(dict.fromkeys((*(known.reasons if known else ()), *item.reasons))),
        )
        # Of several antigens the one that counts speaks for the group.
        if known is None or known.status != "valid":
            parts[item.group] = part
    return RecordedDose(
        code=dose.vaccine_code,
        given_on=dose.given_on,
        reports=_reports(told),
        flag=verdict.flag,
        parts=tuple(parts[group] for group in sorted(parts)),
    )


def _reports(told: list[Vaccination]) -> tuple[DoseReport, ...]:
    return tuple(
        dict.fromkeys(
            DoseReport(fact.source, dose.given_on, local_date(fact.asserted_at))
            for dose in told
            for fact in dose.reports
        )
    )


def _standings(file: VaccinationFile, plan: PlanInForce) -> list[GroupStanding]:
    found: list[GroupStanding] = []
    for name in sorted({item.group for item in plan.answer.groups}):
        of_group = [item for item in plan.answer.groups if item.group == name]
        item = choose_headline(of_group, on=plan.answer.assessed_on)
        if item is None:
            continue
        left_out: str | None = file.left_out.get(name) if item.status == "not_complete" else None
        left_out = "unplanned" if name in plan.unplanned else left_out
        found.append(
            GroupStanding(
                group=name,
                status=item.status,
                reasons=item.reasons,
                number=item.dose_number,
                earliest_on=item.earliest_on,
                recommended_on=item.recommended_on,
                latest_on=item.latest_on,
                left_out=left_out,
            )
        )
    return found
