"""What the FHIR address says of itself: a CapabilityStatement, and the operation's definition.

Source: HL7 FHIR R4, CapabilityStatement and OperationDefinition; the operation is the one of the
implementation guide Immunization Decision Support Forecast 1.0.0 (`base`).
"""

from gov.immds.element import Element

DATE = "2026-11-21"
OPERATION_URL = "https://osrati.example/fhir/OperationDefinition/immds-forecast"
IMMDS_OPERATION = "http://hl7.org/fhir/us/immds/OperationDefinition/ImmDSForecastOperation"

_SIGNED = (
    "Each request is signed by HTTP Message Signatures (RFC 9421) with the hospital's registered "
    "key, as events of the intake are."
)


def _parameter(name: str, use: str, kind: str, least: int, most: str, words: str) -> Element:
    return {
        "name": name,
        "use": use,
        "min": least,
        "max": most,
        "documentation": words,
        "type": kind,
    }


OPERATION: Element = {
    "resourceType": "OperationDefinition",
    "id": "immds-forecast",
    "url": OPERATION_URL,
    "name": "ImmunizationForecast",
    "title": "Immunization forecast by the programme of the United Arab Emirates (draft)",
    "status": "draft",
    "kind": "operation",
    "date": DATE,
    "affectsState": False,
    "code": "immds-forecast",
    "base": IMMDS_OPERATION,
    "system": True,
    "type": False,
    "instance": False,
    "parameter": [
        _parameter("assessmentDate", "in", "date", 1, "1", "The day to assess on."),
        _parameter("patient", "in", "Patient", 1, "1", "birthDate is needed; gender is used."),
        _parameter("immunization", "in", "Immunization", 0, "500", "Each dose told, CVX codes."),
        _parameter(
            "evaluation", "out", "ImmunizationEvaluation", 0, "*", "One for each dose and disease."
        ),
        _parameter(
            "recommendation", "out", "ImmunizationRecommendation", 1, "1", "What is due, and when."
        ),
    ],
}

CAPABILITY: Element = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": DATE,
    "kind": "instance",
    "software": {"name": "Osrati"},
    "implementation": {"description": "Immunization forecasts for hospitals"},
    "fhirVersion": "4.0.1",
    "format": ["json"],
    "rest": [
        {
            "mode": "server",
            "security": {"description": _SIGNED},
            "operation": [{"name": "immds-forecast", "definition": OPERATION_URL}],
        }
    ],
}
