"""The code systems of FHIR's immunization forecast, and what our codes are called there.

Source: HL7, FHIR R4 (ImmunizationEvaluation, ImmunizationRecommendation, Immunization) and the
implementation guide Immunization Decision Support Forecast 1.0.0. What HL7 has no code for is
coded in systems of our own.
"""

from collections.abc import Mapping

from domain.immunization.reason import EvaluationStatus, SeriesStatus

CVX_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/cvx", "urn:oid:2.16.840.1.113883.12.292"})
CVX = "http://hl7.org/fhir/sid/cvx"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
DOSE_STATUS = "http://terminology.hl7.org/CodeSystem/immunization-evaluation-dose-status"
FORECAST_STATUS = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"

_OURS = "https://osrati.example/fhir/CodeSystem/"
OUR_DOSE_REASON = _OURS + "immunization-dose-status-reason"
OUR_FORECAST_STATUS = _OURS + "immunization-forecast-status"
OUR_FORECAST_REASON = _OURS + "immunization-forecast-reason"
OUR_PROBLEM = _OURS + "problem"

# An extra dose worked and need not be repeated, but it is none the series asked for.
DOSE_STATUS_CODES: Mapping[EvaluationStatus, str] = {
    "valid": "valid",
    "not_valid": "notvalid",
    "extraneous": "notvalid",
    "sub_standard": "notvalid",
}

# `not_complete` is "due" or "overdue" by its dates; the rest has no code of HL7.
FORECAST_STATUS_CODES: Mapping[SeriesStatus, str] = {
    "complete": "complete",
    "immune": "immune",
    "contraindicated": "contraindicated",
}

EARLIEST, RECOMMENDED, LATEST, OVERDUE = "30981-5", "30980-7", "59777-3", "59778-1"
DATE_NAMES: Mapping[str, str] = {
    EARLIEST: "Earliest date to give",
    RECOMMENDED: "Date vaccine due",
    LATEST: "Latest date to give immunization",
    OVERDUE: "Date when overdue for immunization",
}

# SNOMED CT, as FHIR's value set of target diseases has them; an antigen not here is named in words.
DISEASES: Mapping[str, str] = {
    "Diphtheria": "397430003",
    "HPV": "240532009",
    "HepB": "66071002",
    "Hib": "709410003",
    "Measles": "14189004",
    "Meningococcal": "23511006",
    "Mumps": "36989005",
    "Oral polio": "398102009",
    "Pertussis": "27836007",
    "Pneumococcal": "16814004",
    "Polio": "398102009",
    "Rotavirus": "18624000",
    "Rubella": "36653000",
    "Tetanus": "76902006",
    "Tuberculosis": "56717001",
    "Varicella": "38907003",
}

# Patient.address.state: ISO 3166-2, with or without the country, or the name.
EMIRATES: Mapping[str, str] = {
    written: emirate
    for emirate, *names in (
        ("abu_dhabi", "az", "ae-az", "abu dhabi", "أبوظبي", "أبو ظبي"),
        ("ajman", "aj", "ae-aj", "ajman", "عجمان"),
        ("dubai", "du", "ae-du", "dubai", "دبي"),
        ("fujairah", "fu", "ae-fu", "fujairah", "الفجيرة"),
        ("ras_al_khaimah", "rk", "ae-rk", "ras al khaimah", "رأس الخيمة"),
        ("sharjah", "sh", "ae-sh", "sharjah", "الشارقة"),
        ("umm_al_quwain", "uq", "ae-uq", "umm al quwain", "أم القيوين"),
    )
    for written in names
}
