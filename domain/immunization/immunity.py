"""Whether a person is immune without vaccine, or must not have it.

Source: CDSi Logic Specification 4.6, sections 7.2 and 7.3.
"""

from domain.immunization.patient import Patient
from domain.immunization.supporting_data import Antigen, Contraindication, Series, SeriesVaccine


def is_immune(antigen: Antigen, patient: Patient) -> bool:
    """Table 7-3. A country asked for must be known to match."""
    observed = patient.observed.keys()
    if antigen.immunity_observations & observed:
        return True
    return any(
        patient.born_on < immunity.before_on
        and not immunity.exclusions & observed
        and immunity.country in (None, patient.birth_country)
        for immunity in antigen.birth_date_immunities
    )


def is_antigen_contraindicated(antigen: Antigen, patient: Patient) -> bool:
    """Table 7-5."""
    return any(_concerns(rule, patient) for rule in antigen.contraindications)


def list_contraindicated_vaccines(antigen: Antigen, patient: Patient) -> frozenset[str]:
    """The vaccine types that must not be given now (table 7-6)."""
    return frozenset(
        vaccine.cvx
        for rule in antigen.vaccine_contraindications
        if _concerns(rule, patient)
        for vaccine in rule.vaccines
        if patient.has_age(vaccine.begin_age, vaccine.end_age)
    )


def is_series_contraindicated(series: Series, forbidden: frozenset[str]) -> bool:
    """Whether every preferable vaccine of the series is forbidden (table 7-7)."""
    preferable = {vaccine.cvx for dose in series.doses for vaccine in dose.preferable}
    return bool(preferable) and preferable <= forbidden


def is_recommendable(vaccine: SeriesVaccine, forbidden: frozenset[str]) -> bool:
    """Part of FORECASTRECVAC-1: named for forecasts and not forbidden."""
    return vaccine.forecast and vaccine.cvx not in forbidden


def _concerns(rule: Contraindication, patient: Patient) -> bool:
    return rule.observation in patient.observed and patient.has_age(rule.begin_age, rule.end_age)
