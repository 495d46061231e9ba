"""Events for tests: one example of every kind, with every member that its schema knows."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any  # JSON

from domain.calendar_date import DUBAI

Json = dict[str, Any]

CHECKSUM_FREE = 7  # so that a made-up number needs no check digit: it is a warning at most


def numbered(number: int, **said: object) -> Json:
    """A person by an Emirates ID of the sample range, which nobody can bear."""
    value = f"784-0000-{number:07}-{CHECKSUM_FREE}"
    return {"identifier": {"system": "emirates_id", "value": value}, **said}


def event(kind: str, data: Mapping[str, object], *, on: date, id: str) -> Json:
    """An event of that day, asserted on it at noon; where that noon is to come by the machine's
    clock, in the hour that has begun.
    """
    noon, now = datetime.combine(on, time(12), DUBAI), datetime.now(DUBAI)
    is_to_come = on == now.date() and noon > now
    asserted_at = now.replace(minute=0, second=0, microsecond=0) if is_to_come else noon
    return {
        "id": id,
        "kind": kind,
        "occurred_on": on.isoformat(),
        "asserted_at": asserted_at.isoformat(),
        "data": dict(data),
    }


HUSBAND = numbered(
    901, name={"ar": "سالم", "en": "Salem"}, sex="male", born_on="1990", nationality="ARE"
)
WIFE = numbered(902, name={"ar": "نورة"}, sex="female", born_on="1992-03", nationality="ARE")
CHILD = numbered(903, name={"en": "Hind"}, sex="female", nationality="ARE")
OTHER = numbered(904, name={"ar": "مريم"})
BABY: Json = {
    "identifier": {"system": "hospital_number", "value": "B-1", "assigner": "hospital-1"},
    "sex": "female",
    "name": {"ar": "هند"},
    "nationality": "ARE",
}
COUPLE = {"husband": HUSBAND, "wife": WIFE}
PLACE = {"facility": "hospital-1", "emirate": "AE-AJ", "country": "ARE", "at_home": False}


def by_number(person: Json) -> Json:
    return {"identifier": person["identifier"]}


_child, _wife, _husband = by_number(CHILD), by_number(WIFE), by_number(HUSBAND)


def examples(on: date) -> dict[str, Json]:
    """By kind, `data` with every member of its schema, for an event of that day."""
    later, due = (on + timedelta(days=400)).isoformat(), (on + timedelta(days=200)).isoformat()
    earlier = (on - timedelta(days=70)).isoformat()
    document = {"person": WIFE, "spouse": HUSBAND, "document": "passport", "number": "P-1"}
    return {
        "dispute.answered": {"dispute": "0" * 32, "answer": "not_ours", "passed_to": "moj"},
        "marriage.contract_signed": {**COUPLE, "contract_number": "1/ع", "emirate": "AE-AJ"},
        "marriage.registered": {**COUPLE, "contract_number": "1/ع", "emirate": "AE-AJ"},
        "marriage.annulled": {**COUPLE, "contract_number": "1/ع"},
        "divorce.registered": {**COUPLE, "number": "2", "is_revocable": True},
        "divorce.revoked": {**COUPLE, "number": "2"},
        "family_book.issued": {**COUPLE, "number": "3"},
        "family_book.changed": {
            **COUPLE,
            "change": "child_added",
            "child": _child,
            "number": "3",
        },
        "birth.notified": {
            "child": BABY,
            "mother": WIFE,
            "father": HUSBAND,
            "children_count": 2,
            "birth_order": 1,
            "gestation_days": 260,
            "place": PLACE,
        },
        "custody.decided": {
            "child": CHILD,
            "holder": WIFE,
            "guardian": HUSBAND,
            "ends_on": later,
            "number": "4",
        },
        "guardian.appointed": {
            "ward": CHILD,
            "guardian": OTHER,
            "scope": "both",
            "ends_on": later,
            "number": "5",
        },
        "guardian.removed": {"ward": _child, "guardian": by_number(OTHER), "number": "5"},
        "adoption.decided": {
            "child": CHILD,
            "mother": WIFE,
            "father": HUSBAND,
            "is_secret": True,
            "number": "6",
        },
        "pregnancy.confirmed": {
            "mother": WIFE,
            "father": HUSBAND,
            "due_on": due,
            "last_period_on": earlier,
            "cycle_days": 30,
            "fetus_count": 2,
            "is_first_birth": True,
        },
        "pregnancy.redated": {"mother": _wife, "due_on": due},
        "pregnancy.scanned": {"mother": _wife, "gestation_days": 84, "fetus_count": 2},
        "embryo.transferred": {"mother": _wife, "embryo_days": 5},
        "pregnancy.ended": {"mother": _wife, "outcome": "loss", "fetus_count": 1},
        "vaccination.given": {
            "person": _child,
            "vaccine_code": "08",
            "lot_number": "L-1",
            "manufacturer_code": "MSD",
            "is_partial": True,
            "given_elsewhere": True,
            "place": PLACE,
        },
        "vaccination.refused": {"person": _child, "vaccine_code": "8", "reason": "personal"},
        "vaccination.not_done": {"person": _child, "vaccine_code": "08", "reason": "ill"},
        "condition.recorded": {
            "person": _child,
            "system": "cdsi",
            "code": "055",
            "nature": "contraindication",
        },
        "condition.resolved": {"person": _child, "system": "cdsi", "code": "055"},
        "measurement.taken": {
            "person": _child,
            "weight_kg": 4.2,
            "length_cm": 54,
            "position": "lying",
            "head_cm": 38.5,
            "arm_cm": 11,
            "triceps_mm": 8,
            "subscapular_mm": 7.5,
            "oedema": True,
        },
        "questionnaire.evaluated": {
            "person": _child,
            "questionnaire": "growth_month_9",
            "result": "refer",
            "number": "7",
        },
        "disability.recognised": {
            "person": _child,
            "category": "hearing",
            "ends_on": later,
            "number": "8",
        },
        "appointment.booked": {
            "person": _child,
            "number": "A-1",
            "starts_at": f"{later}T09:30:00+04:00",
            "purpose": "vaccination",
            "place": PLACE,
        },
        "appointment.moved": {
            "person": _child,
            "number": "A-1",
            "starts_at": f"{later}T10:30:00+04:00",
            "place": PLACE,
        },
        "appointment.cancelled": {"person": _child, "number": "A-1", "cancelled_by": "person"},
        "appointment.kept": {"person": _child, "number": "A-1"},
        "appointment.missed": {"person": _child, "number": "A-1"},
        "visit.kept": {"person": _wife, "purpose": "antenatal", "place": PLACE},
        "person.died": {"person": _husband},
        "person.reported": {"person": HUSBAND},
        "person.renamed": {"person": numbered(902, name={"ar": "نورة سالم"})},
        "nationality.changed": {"person": numbered(902, nationality="ARE")},
        "personal_status.changed": {"person": _wife, "status": "married"},
        "identifier.replaced": {
            "person": CHILD,
            "former": by_number(BABY),
            "reason": "newborn_numbered",
        },
        "contact.reported": {
            "person": _wife,
            "mobile": "٠٥٠ ١٢٣ ٤٥٦٧",
            "email": "noura@Example.com",
            "language": "ar",
        },
        "employment.changed": {"person": _wife, "sector": "federal", "employer": "moe"},
        "residence.changed": {"person": _wife, "emirate": "AE-DU", "is_protected": True},
        "place.entered": {"person": _wife, "entered": "hospital", "place": PLACE},
        "document.issued": {**document, "issuer": "icp", "expires_on": later},
        "document.replaced": {
            **document,
            "replaced_number": "P-0",
            "issuer": "icp",
            "expires_on": later,
        },
        "document.revoked": {**document, "reason": "lost"},
        "grant.decided": {**COUPLE, "decision": "approved", "amount_dirhams": 1, "number": "9"},
        "housing.decided": {
            "person": HUSBAND,
            "spouse": WIFE,
            "decision": "approved",
            "support": "loan",
            "amount_dirhams": 1,
            "number": "10",
        },
        "benefit.decided": {
            "person": _wife,
            "child": _child,
            "benefit": "maternity_leave",
            "decision": "approved",
            "number": "11",
        },
        "licence.issued": {
            "owner": _husband,
            "number": "L-1",
            "expires_on": later,
            "emirate": "AE-AJ",
        },
        "licence.renewed": {
            "owner": _husband,
            "number": "L-1",
            "expires_on": later,
            "part": "chamber_membership",
            "emirate": "AE-AJ",
        },
        "licence.expiring": {
            "owner": _husband,
            "number": "L-1",
            "expires_on": later,
            "emirate": "AE-AJ",
        },
        "partner.added": {
            "partner": _wife,
            "number": "L-1",
            "owner": _husband,
            "is_confirmed": True,
            "emirate": "AE-AJ",
        },
        "partner.removed": {"partner": _wife, "number": "L-1", "emirate": "AE-AJ"},
        "registry.answered": {"person": _husband, "question": "owns_home", "answer": False},
        "school_stage.reached": {
            "person": _child,
            "stage": "grade_1",
            "school": "school-1",
            "school_year": 2026,
        },
        "seat.reserved": {
            "person": _child,
            "stage": "kg1",
            "school": "school-1",
            "school_year": 2026,
            "number": "12",
        },
        "seat.released": {"person": _child, "school": "school-1", "number": "12"},
        "regulation.changed": {
            "regulation": "late_fines",
            "in_force_on": later,
            "person": _husband,
        },
        "entered_in_error": {"event_id": "event-before"},
    }
