"""In which order a programme asks for its doses when all goes by the table."""

from collections.abc import Mapping
from functools import lru_cache

from domain.immunization.duration import Duration
from domain.immunization.programme import Edition
from domain.immunization.supporting_data import SeriesDose

EDITIONS_KEPT_MAX = 64
_DAYS = {"years": 365.25, "months": 30.4375}


@lru_cache(maxsize=EDITIONS_KEPT_MAX)
def routine_order(edition: Edition) -> Mapping[tuple[str, int], int]:
    """For each dose of each vaccine group the age in days at which it is recommended first."""
    found: dict[tuple[str, int], int] = {}
    for antigen in edition.schedule.data.antigens:
        for series in antigen.series:
            before = -1
            for dose in series.doses:
                before = _age_days(dose, before)
                place = (antigen.group, dose.number)
                found[place] = min(before, found.get(place, before))
    return found


def _age_days(dose: SeriesDose, before: int) -> int:
    """Where the table names no age, the dose follows the one before it."""
    for age in dose.ages:
        recommended = age.earliest_recommended or age.minimum
        if recommended is not None:
            return max(_in_days(recommended), before + 1)
    return before + 1


def _in_days(span: Duration) -> int:
    return round(span.years * _DAYS["years"] + span.months * _DAYS["months"] + span.days)
