"""Writes a forecast as FHIR R4: ImmunizationEvaluation for each dose and disease, and one
ImmunizationRecommendation. Plain JSON; `gov/immds/forecast.py` calls it."""

from collections.abc import Iterator, Mapping
from datetime import date

from domain.immunization.forecast import AntigenVerdict, DoseVerdict, Forecast
from domain.immunization.group_forecast import GroupForecast
from domain.immunization.reason_text import (
    DOSE_FLAG_WORDS,
    EVALUATION_REASON_WORDS,
    FORECAST_REASON_WORDS,
    SERIES_STATUS_WORDS,
    Words,
)
from domain.immunization.schedule import Schedule
from gov.immds import codes
from gov.immds.element import Element
from gov.immds.request import ForecastRequest, ToldDose

_INCOMPLETE_DATE = Words(
    "تاريخ الجرعة ناقص: أكملوا اليوم والشهر والسنة",
    "The date of the dose is incomplete: give day, month and year",
)
_NOT_LOOKED_FOR = Words(
    "لا يطلب البرنامج هذا التطعيم", "The programme does not ask for this vaccine"
)
_UNKNOWN_DISEASE = {"text": "Unknown"}


def make_answer(
    request: ForecastRequest,
    answer: Forecast,
    schedule: Schedule,
    *,
    group_names: Mapping[str, Words],
    made_on: date,
) -> Element:
    """The Parameters to send back; each dose told, counted or not, has an evaluation."""
    verdicts = {verdict.id: verdict for verdict in answer.doses}
    authority = {"display": f"{schedule.data.source} ({schedule.data.version})"}
    evaluations = [
        {
            "resourceType": "ImmunizationEvaluation",
            "status": "completed",
            "patient": request.patient,
            "date": made_on.isoformat(),
            "authority": authority,
            "immunizationEvent": told.reference,
            **found,
        }
        for told in request.told
        if told.was_done
        for found in _list_evaluations(told, verdicts.get(told.id), schedule)
    ]
    recommendation = {
        "resourceType": "ImmunizationRecommendation",
        "patient": request.patient,
        "date": made_on.isoformat(),
        "authority": authority,
        "recommendation": [
            _recommend(item, schedule, on=answer.assessed_on, group_names=group_names)
            for item in answer.groups
        ],
    }
    return {
        "resourceType": "Parameters",
        "parameter": [
            *({"name": "evaluation", "resource": item} for item in evaluations),
            {"name": "recommendation", "resource": recommendation},
        ],
    }


def _list_evaluations(
    told: ToldDose, verdict: DoseVerdict | None, schedule: Schedule
) -> Iterator[Element]:
    if verdict is None:
        yield from _not_counted(told, "incomplete_date", _INCOMPLETE_DATE, schedule)
    elif verdict.flag is not None:
        yield from _not_counted(told, verdict.flag, DOSE_FLAG_WORDS[verdict.flag], schedule)
    elif not verdict.verdicts:
        yield from _not_counted(told, "not_asked_for", _NOT_LOOKED_FOR, schedule)
    else:
        yield from (_evaluate(item) for item in verdict.verdicts)


def _not_counted(told: ToldDose, code: str, words: Words, schedule: Schedule) -> Iterator[Element]:
    vaccine = schedule.vaccines.get(told.cvx or "")
    antigens = [] if vaccine is None else [item.antigen for item in vaccine.associations]
    for disease in [_disease(antigen) for antigen in antigens] or [_UNKNOWN_DISEASE]:
        yield {
            "targetDisease": disease,
            "doseStatus": _concept(codes.DOSE_STATUS, "notvalid"),
            "doseStatusReason": [_concept(codes.OUR_DOSE_REASON, code, words)],
            "description": told.vaccine["text"],
        }


def _evaluate(verdict: AntigenVerdict) -> Element:
    reasons = [
        _concept(codes.OUR_DOSE_REASON, reason, EVALUATION_REASON_WORDS[reason])
        for reason in verdict.reasons
    ]
    found: Element = {
        "targetDisease": _disease(verdict.antigen),
        "doseStatus": _concept(codes.DOSE_STATUS, codes.DOSE_STATUS_CODES[verdict.status]),
        "series": verdict.series,
    }
    if reasons:
        found["doseStatusReason"] = reasons
    if verdict.target is not None:
        found["doseNumberPositiveInt"] = verdict.target
    return found


def _recommend(
    item: GroupForecast, schedule: Schedule, *, on: date, group_names: Mapping[str, Words]
) -> Element:
    antigens = schedule.groups[item.group].antigens
    found: Element = {
        "vaccineCode": [_vaccine(cvx, schedule) for cvx in item.vaccines]
        or [_worded(group_names.get(item.group, Words(item.group, item.group)))],
        "forecastStatus": _forecast_status(item, on),
        "series": ", ".join(item.series),
    }
    if len(antigens) == 1:  # FHIR has room for one
        found["targetDisease"] = _disease(antigens[0])
    reasons = [
        _concept(codes.OUR_FORECAST_REASON, reason, FORECAST_REASON_WORDS[reason])
        for reason in item.reasons
    ]
    dates = [
        {
            "code": _concept(codes.LOINC, code, display=codes.DATE_NAMES[code]),
            "value": day.isoformat(),
        }
        for code, day in (
            (codes.EARLIEST, item.earliest_on),
            (codes.RECOMMENDED, item.recommended_on),
            (codes.OVERDUE, item.past_due_on),
            (codes.LATEST, item.latest_on),
        )
        if day is not None
    ]
    if reasons:
        found["forecastReason"] = reasons
    if dates:
        found["dateCriterion"] = dates
    if item.dose_number is not None:
        found["doseNumberPositiveInt"] = item.dose_number
    return found


def _forecast_status(item: GroupForecast, on: date) -> Element:
    words = SERIES_STATUS_WORDS[item.status]
    if item.status == "not_complete":
        late = item.past_due_on is not None and item.past_due_on < on
        return _concept(codes.FORECAST_STATUS, "overdue" if late else "due", words)
    known = codes.FORECAST_STATUS_CODES.get(item.status)
    if known is not None:
        return _concept(codes.FORECAST_STATUS, known, words)
    return _concept(codes.OUR_FORECAST_STATUS, item.status, words)


def _vaccine(cvx: str, schedule: Schedule) -> Element:
    vaccine = schedule.vaccines.get(cvx)
    return _concept(codes.CVX, cvx, display=vaccine.name if vaccine is not None else None)


def _disease(antigen: str) -> Element:
    code = codes.DISEASES.get(antigen)
    if code is None:
        return {"text": antigen}
    return {"coding": [{"system": codes.SNOMED, "code": code}], "text": antigen}


def _concept(
    system: str, code: str, words: Words | None = None, *, display: str | None = None
) -> Element:
    coding: Element = {"system": system, "code": code}
    if display:
        coding["display"] = display
    return {"coding": [coding], **(_worded(words) if words is not None else {})}


def _worded(words: Words) -> Element:
    """English, with Arabic in FHIR's own extension for translations."""
    arabic = [{"url": "lang", "valueCode": "ar"}, {"url": "content", "valueString": words.ar}]
    extension = [{"url": codes.TRANSLATION, "extension": arabic}]
    return {"text": words.en, "_text": {"extension": extension}}
