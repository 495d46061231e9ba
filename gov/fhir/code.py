"""The code systems and codes of FHIR resources that mean something here. The rest is listed, never
guessed at.

Source: LOINC 2.77, SNOMED CT international, CVX (CDC), UCUM 2.1, HL7 v3 ActReason; each group says
where its codes stand.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from domain.facts.appointment import VisitPurpose
from domain.facts.health import NotDoneReason, RefusalReason
from domain.facts.pregnancy import PregnancyOutcome

CVX_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/cvx", "urn:oid:2.16.840.1.113883.12.292"})
MVX_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/mvx", "urn:oid:2.16.840.1.113883.12.227"})
LOINC_SYSTEMS = frozenset({"http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"})
SNOMED_SYSTEMS = frozenset({"http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96"})
UCUM_SYSTEMS = frozenset({"http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"})
ACT_REASON_SYSTEMS = frozenset({"http://terminology.hl7.org/CodeSystem/v3-ActReason"})

NO_VACCINE_GIVEN = "998"  # CVX: "no vaccine administered"

Measure = Literal["weight_kg", "length_cm", "head_cm", "arm_cm"]

# LOINC: body weight, measured, at birth; height, lying, standing; head by tape or not; upper arm.
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "29463-7": "weight_kg",
        "3141-9": "weight_kg",
        "8339-4": "weight_kg",
        "8302-2": "length_cm",
        "8306-3": "length_cm",
        "8308-9": "length_cm",
        "9843-4": "head_cm",
        "8287-5": "head_cm",
        "56072-2": "arm_cm",
    }
)
LYING, STANDING = "8306-3", "8308-9"
# LOINC: delivery date estimated; from the last period; from ultrasound.
DUE_DAYS = frozenset({"11778-8", "11779-6", "11781-2"})

# What one unit is in kilograms or centimetres. UCUM first, then what people write beside it.
# The pound is 0.45359237 kg and the inch 2.54 cm by definition.
KILOGRAMS: Mapping[str, float] = MappingProxyType(
    {
        "kg": 1.0,
        "g": 0.001,
        "[lb_av]": 0.45359237,
        "[oz_av]": 0.45359237 / 16,
        "lb": 0.45359237,
        "lbs": 0.45359237,
        "oz": 0.45359237 / 16,
    }
)
CENTIMETRES: Mapping[str, float] = MappingProxyType(
    {
        "cm": 1.0,
        "mm": 0.1,
        "m": 100.0,
        "[in_i]": 2.54,
        "[in_us]": 100 / 39.37,
        "[ft_i]": 30.48,
        "in": 2.54,
        "inch": 2.54,
        "inches": 2.54,
        "ft": 30.48,
    }
)

# v3 ActReason, as R4's value sets immunization-status-reason and v2's refusal reasons use it.
REFUSALS: Mapping[str, RefusalReason] = MappingProxyType(
    {"PATOBJ": "other", "PHILISOP": "personal", "RELIG": "religious", "VACSAF": "medical"}
)
NOT_DONE: Mapping[str, NotDoneReason] = MappingProxyType(
    {"IMMUNE": "immune", "MEDPREC": "contraindicated", "OSTOCK": "out_of_stock"}
)

# SNOMED CT: normal pregnancy, patient currently pregnant.
PREGNANCIES = frozenset({"72892002", "77386006"})
# Miscarriage; in the first trimester; blighted ovum; stillbirth; termination, induced; livebirth.
PREGNANCY_ENDS: Mapping[str, PregnancyOutcome] = MappingProxyType(
    {
        "17369002": "loss",
        "19169002": "loss",
        "35999006": "loss",
        "237364002": "stillbirth",
        "386639001": "termination",
        "57797005": "termination",
        "281050002": "birth",
    }
)

# SNOMED CT: prenatal visit, initial, follow-up; postnatal visit; well-child; immunisation.
VISITS: Mapping[str, VisitPurpose] = MappingProxyType(
    {
        "424619006": "antenatal",
        "424441002": "antenatal",
        "702396006": "antenatal",
        "169762003": "postnatal",
        "410620009": "child_health",
        "127785005": "vaccination",
    }
)
# "Encounter for check up" is said of every age: of a child it is the well-child visit.
CHECK_UPS = frozenset({"185349003"})
