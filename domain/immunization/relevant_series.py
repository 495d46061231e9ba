"""Which series concern a person at all.

Source: CDSi Logic Specification 4.6, chapter 5.
"""

from domain.immunization.patient import Patient
from domain.immunization.supporting_data import Antigen, Indication, Series


def list_relevant_series(antigen: Antigen, patient: Patient) -> list[Series]:
    """Standard and evaluation-only series for the person's sex, and risk series that an
    observation calls for now (table 5-5)."""
    return [series for series in antigen.series if _is_relevant(series, patient)]


def _is_relevant(series: Series, patient: Patient) -> bool:
    if series.sexes and patient.sex not in series.sexes:
        return False
    if series.kind != "risk":
        return True
    return any(applies(indication, patient) for indication in series.indications)


def applies(indication: Indication, patient: Patient) -> bool:
    """Whether an indication holds for the person today (table 5-4)."""
    return indication.observation in patient.observed and patient.has_age(
        indication.begin_age, indication.end_age
    )
