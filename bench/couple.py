"""Couples as an agency reports them: a marriage first, later the birth of a child."""

from dataclasses import dataclass
from datetime import date, timedelta

from simulators.telling import SAMPLE_NUMBER_MAX, sample_emirates_id

COUPLES_MAX = SAMPLE_NUMBER_MAX // 2
MARRIED_DAYS_AGO, BORN_DAYS_AGO = 400, 2
FACILITY = "demo-hospital-ajman"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Couple:
    """The `number`-th couple of the sample range, from 0 to COUPLES_MAX - 1."""

    number: int

    @property
    def father_digits(self) -> str:
        """The father's Emirates ID as it is looked up."""
        return sample_emirates_id(2 * self.number + 1).replace("-", "")

    @property
    def mother_digits(self) -> str:
        """The mother's Emirates ID as it is looked up."""
        return sample_emirates_id(2 * self.number + 2).replace("-", "")

    def marriage(self, today: date) -> Json:
        """`marriage.registered`: two new people, three new circles."""
        data: Json = {
            "husband": self._husband(),
            "wife": self._wife(),
            "contract_number": f"BENCH-{self.number:04}",
        }
        return self._event("marriage.registered", today, MARRIED_DAYS_AGO, data)

    def birth(self, today: date) -> Json:
        """`birth.notified`: one new person, four circles with new facts, cards for both parents."""
        child: Json = {
            "identifier": {
                "system": "hospital_number",
                "value": f"B-{self.number:04}",
                "assigner": FACILITY,
            },
            "name": {"ar": "هند التجريبي", "en": "Hind Al-Tajribi"},
            "sex": "female",
            "nationality": "ARE",
        }
        data: Json = {"child": child, "mother": self._wife(), "father": self._husband()}
        return self._event("birth.notified", today, BORN_DAYS_AGO, data)

    def _event(self, kind: str, today: date, days_ago: int, data: Json) -> Json:
        occurred_on = (today - timedelta(days=days_ago)).isoformat()
        return {
            "id": f"bench:{kind}:{self.number}",
            "kind": kind,
            "occurred_on": occurred_on,
            "asserted_at": f"{occurred_on}T10:00:00+04:00",
            "data": data,
        }

    def _husband(self) -> Json:
        return _said(2 * self.number + 1, "سالم", "Salem", "male", "1994-03-09")

    def _wife(self) -> Json:
        return _said(2 * self.number + 2, "نورة", "Noura", "female", "1996-08-21")


def _said(number: int, given_ar: str, given_en: str, sex: str, born_on: str) -> Json:
    return {
        "identifier": {"system": "emirates_id", "value": sample_emirates_id(number)},
        "name": {"ar": f"{given_ar} التجريبي", "en": f"{given_en} Al-Tajribi"},
        "sex": sex,
        "born_on": born_on,
        "nationality": "ARE",
    }
