"""What the FHIR intake says of itself: a CapabilityStatement, as an integrator asks for first.

Source: HL7 FHIR R4, capabilitystatement.html.
"""

from collections.abc import Mapping

from gov.fhir.read import UNDERSTOOD_TYPES

_SIGNED = (
    "Each request is signed by HTTP Message Signatures (RFC 9421) with the sender's registered "
    "key, as events of the intake are. Nothing can be read back."
)
_TYPES = (
    "Resources are taken by POST of a Bundle (transaction, batch, collection, document, "
    "searchset) or of a single resource to the base address. Other types are kept and listed as "
    "not used."
)


def _resource(kind: str) -> Mapping[str, object]:
    return {
        "type": kind,
        "interaction": [{"code": "create"}, {"code": "update"}],
        "versioning": "versioned",
        "referencePolicy": ["literal", "logical", "resolves"],
    }


CAPABILITY: Mapping[str, object] = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2026-11-21",
    "kind": "instance",
    "software": {"name": "Osrati"},
    "implementation": {"description": "Intake of what hospitals and health exchanges report"},
    "fhirVersion": "4.0.1",
    "format": ["json", "application/fhir+json"],
    "rest": [
        {
            "mode": "server",
            "documentation": _TYPES,
            "security": {"description": _SIGNED},
            "resource": [_resource(kind) for kind in sorted(UNDERSTOOD_TYPES)],
            "interaction": [{"code": "transaction"}, {"code": "batch"}],
        }
    ],
}
