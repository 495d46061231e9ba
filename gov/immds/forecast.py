"""FHIR's operation `$immds-forecast` for hospitals: a patient and doses in, what counts and what
is due out. Pure: the route, sign-in and audit are the caller's.

Source: HL7, Immunization Decision Support Forecast 1.0.0, OperationDefinition
ImmDSForecastOperation; FHIR R4.
"""

from datetime import date

from domain.error import Refusal
from domain.immunization.forecast import forecast
from domain.immunization.history import History
from domain.immunization.programme import Programme, find_edition
from domain.immunization.schedule import Schedule
from gov.immds.answer import make_answer
from gov.immds.element import BadRequest, Element, IssueCode
from gov.immds.request import read_request

OK = 200
UNPROCESSABLE = 422


def forecast_operation(
    body: bytes, schedule: Schedule | Programme, *, today: date
) -> tuple[int, Element]:
    """The HTTP status and the resource to answer with: Parameters, or an OperationOutcome.

    A programme gives the edition of the patient's birthday and emirate; a schedule stands for
    everybody. `today` dates the answer; the day of assessment is the request's.
    """
    try:
        request = read_request(body)
        found = _find_schedule(schedule, born_on=request.born_on, emirate=request.emirate)
        history = History(
            born_on=request.born_on,
            sex=request.sex,
            doses=tuple(told.dose for told in request.told if told.dose is not None),
        )
        answer = forecast(
            history,
            found,
            on=request.assessed_on,
            repeats=schedule.repeats if isinstance(schedule, Programme) else None,
        )
    except BadRequest as error:
        return error.status, _outcome(error.code, error.message, error.path)
    except Refusal as error:
        return UNPROCESSABLE, _outcome("business-rule", f"{error.code}: {error.en}", "Parameters")
    names = schedule.group_names if isinstance(schedule, Programme) else {}
    return OK, make_answer(request, answer, found, group_names=names, made_on=today)


def _find_schedule(
    schedule: Schedule | Programme, *, born_on: date, emirate: str | None
) -> Schedule:
    if isinstance(schedule, Schedule):
        return schedule
    return find_edition(schedule, born_on=born_on, emirate=emirate).schedule


def _outcome(code: IssueCode, message: str, path: str) -> Element:
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": code, "diagnostics": message, "expression": [path]}
        ],
    }
