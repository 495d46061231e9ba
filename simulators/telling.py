"""Telling a family's life as the events that agencies would report of it.

Nobody here exists: the family name means "the experimental one", and the Emirates IDs lie in a
sample range that no person can bear, 784-0000-0000001-C to 784-0000-0000999-C (there was no year
0000; the last digit is Luhn's). Every date counts back from the day the demonstration is played;
every event lies at least one day before it, so that no clock finds it in the future.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

Language = Literal["ar", "en"]
ParentRole = Literal["husband", "wife", "father", "mother", "holder"]
Json = dict[str, object]

SAMPLE_NUMBER_MAX = 999
FACILITY = "demo-hospital-ajman"
EMIRATE = "AE-AJ"
FAMILY_NAME_AR, FAMILY_NAME_EN = "التجريبي", "Al-Tajribi"

PREGNANCY_DAYS = 280  # from the first day of the last period to the estimated day of delivery
CONFIRMED_AFTER_DAYS = 56  # the first visit, at eight weeks
HEPATITIS_B, BCG = "08", "19"  # CVX: what a newborn is given at birth

AGENCY_OF_KIND: Mapping[str, str] = MappingProxyType(
    {
        "marriage.registered": "moj",
        "family_book.issued": "icp",
        "pregnancy.confirmed": "mohap",
        "pregnancy.ended": "mohap",
        "birth.notified": "mohap",
        "vaccination.given": "mohap",
        "divorce.registered": "moj",
        "custody.decided": "moj",
        "contact.reported": "icp",
    }
)
"""Who would report each kind, where the demonstration has several agencies. One may send all."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of a story. `number` is their place in the sample range."""

    number: int
    given_ar: str
    given_en: str
    sex: Literal["male", "female"]
    born_on: date

    @property
    def emirates_id(self) -> str:
        """784-0000-NNNNNNN-C."""
        return sample_emirates_id(self.number)


@dataclass(frozen=True, slots=True)
class StoryParent:
    """A parent as the page of the demonstration lists them: who they are, what they read, and
    whether they have the app.
    """

    role: ParentRole
    language: Language
    name_ar: str
    name_en: str
    emirates_id: str
    has_phone: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """One family: its parents, and its events in the order in which they happened."""

    id: str
    title_ar: str
    title_en: str
    parents: tuple[StoryParent, ...]
    events: tuple[Json, ...]


def sample_emirates_id(number: int) -> str:
    """The `number`-th Emirates ID of the sample range, from 1 to SAMPLE_NUMBER_MAX."""
    if not 1 <= number <= SAMPLE_NUMBER_MAX:
        raise ValueError("outside the sample range")
    digits = f"7840000{number:07}"
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(digits)))
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return f"784-0000-{number:07}-{-total % 10}"


class Telling:
    """Gathers the events of one family; their ids count from 1 in the order of telling."""

    def __init__(self, story_id: str, played_on: date) -> None:
        self._id = story_id
        self._played_on = played_on
        self._events: list[Json] = []

    def marry(
        self, husband: Someone, wife: Someone, *, days_ago: int, book_days_ago: int | None
    ) -> None:
        couple: Json = {"husband": _said(husband), "wife": _said(wife)}
        contract: Json = {"contract_number": f"DEMO-{husband.number:04}", "emirate": EMIRATE}
        self._tell("marriage.registered", days_ago, couple | contract)
        if book_days_ago is not None:
            book: Json = {"number": f"DEMO-B-{husband.number:04}"}
            self._tell("family_book.issued", book_days_ago, couple | book)

    def reach(self, someone: Someone, *, email: str, language: Language, days_ago: int) -> None:
        """An address of a domain that nobody can have. No number: every one may be somebody's."""
        said: Json = {"person": _number_of(someone), "email": email, "language": language}
        self._tell("contact.reported", days_ago, said, name=f"contact-{someone.number}")

    def confirm_pregnancy(
        self, mother: Someone, father: Someone | None, *, period_days_ago: int
    ) -> None:
        due_on = self._played_on + timedelta(days=PREGNANCY_DAYS - period_days_ago)
        data: Json = {"mother": _said(mother), "due_on": due_on.isoformat()}
        self._tell(
            "pregnancy.confirmed", period_days_ago - CONFIRMED_AFTER_DAYS, data | _father(father)
        )

    def lose_pregnancy(self, mother: Someone, *, days_ago: int) -> None:
        self._tell("pregnancy.ended", days_ago, {"mother": _number_of(mother), "outcome": "loss"})

    def divorce(self, husband: Someone, wife: Someone, *, days_ago: int) -> None:
        couple: Json = {"husband": _number_of(husband), "wife": _number_of(wife)}
        self._tell("divorce.registered", days_ago, couple)

    def give_custody(
        self, child: Json, holder: Someone, guardian: Someone, *, days_ago: int
    ) -> None:
        person: Json = {"identifier": child["identifier"]}
        decided: Json = {"holder": _said(holder), "guardian": _number_of(guardian)}
        self._tell("custody.decided", days_ago, {"child": person} | decided)

    def give_birth(
        self,
        child: Json,
        mother: Someone,
        father: Someone | None,
        *,
        days_ago: int,
        of: tuple[int, int] | None = None,
    ) -> None:
        """`of` says which of how many children of one delivery it is."""
        data: Json = {"child": child, "mother": _said(mother)}
        if of is not None:
            data |= {"birth_order": of[0], "children_count": of[1]}
        place: Json = {"place": {"facility": FACILITY, "emirate": EMIRATE}}
        self._tell("birth.notified", days_ago, data | _father(father) | place)

    def vaccinate(self, child: Json, vaccine_codes: Iterable[str], *, days_ago: int) -> None:
        person: Json = {"identifier": child["identifier"]}
        for code in vaccine_codes:
            self._tell("vaccination.given", days_ago, {"person": person, "vaccine_code": code})

    def told(self, *, title_ar: str, title_en: str, parents: tuple[StoryParent, ...]) -> Story:
        return Story(
            id=self._id,
            title_ar=title_ar,
            title_en=title_en,
            parents=parents,
            events=tuple(self._events),
        )

    def _tell(self, kind: str, days_ago: int, data: Json, *, name: str | None = None) -> None:
        """`name` is for what a story was given later: the numbers of the others stay."""
        number = sum("contact-" not in str(event["id"]) for event in self._events) + 1
        occurred_on = self._played_on - timedelta(days=days_ago)
        self._events.append(
            {
                "id": f"demo:{self._id}:{name or number}",
                "kind": kind,
                "occurred_on": occurred_on.isoformat(),
                "asserted_at": f"{occurred_on.isoformat()}T10:{number:02}:00+04:00",
                "data": data,
            }
        )


def parent_of(
    role: ParentRole, language: Language, someone: Someone, *, has_phone: bool = True
) -> StoryParent:
    """A parent as the page lists them."""
    return StoryParent(
        role=role,
        language=language,
        name_ar=f"{someone.given_ar} {FAMILY_NAME_AR}",
        name_en=f"{someone.given_en} {FAMILY_NAME_EN}",
        emirates_id=someone.emirates_id,
        has_phone=has_phone,
    )


def _number_of(someone: Someone) -> Json:
    return {"identifier": {"system": "emirates_id", "value": someone.emirates_id}}


def _said(someone: Someone) -> Json:
    return _number_of(someone) | {
        "name": _full_name(someone.given_ar, someone.given_en),
        "sex": someone.sex,
        "born_on": someone.born_on.isoformat(),
        "nationality": "ARE",
    }


def _father(father: Someone | None) -> Json:
    return {} if father is None else {"father": _said(father)}


def newborn(
    number: str,
    sex: str,
    given_ar: str | None,
    given_en: str | None,
    *,
    system: str = "hospital_number",
) -> Json:
    """A child known by a number of the hospital's; unnamed where no name is given."""
    child: Json = {
        "identifier": {"system": system, "value": number, "assigner": FACILITY},
        "sex": sex,
        "nationality": "ARE",
    }
    if given_ar is not None and given_en is not None:
        child["name"] = _full_name(given_ar, given_en)
    return child


def _full_name(given_ar: str, given_en: str) -> Json:
    return {"ar": f"{given_ar} {FAMILY_NAME_AR}", "en": f"{given_en} {FAMILY_NAME_EN}"}


def registered_child(number: int, sex: str, given_ar: str, given_en: str) -> Json:
    """A child known by an Emirates ID of the sample range."""
    identifier: Json = {"system": "emirates_id", "value": sample_emirates_id(number)}
    name = _full_name(given_ar, given_en)
    return {"identifier": identifier, "sex": sex, "nationality": "ARE", "name": name}
