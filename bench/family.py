"""A family of five as its facts: a couple and three children of different ages.

The facts are those that agencies' events become, with what each event said of its people: 45 to
begin with, and doses still to be reported of the eldest child, whose record came late. Each of
those, on a day of its own, changes a visit's card of both parents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from domain.calendar_date import Sex
from domain.fact import Fact, Payload
from domain.facts.birth import BirthNotified
from domain.facts.health import VaccinationGiven
from domain.facts.marriage import FamilyBookIssued, MarriageRegistered
from domain.facts.person import PersonDescribed
from domain.facts.pregnancy import PregnancyConfirmed
from domain.ids import PersonId

HUSBAND, WIFE = 1, 2
ELDEST, MIDDLE, YOUNGEST = 3, 4, 5
DAYS_OLD = {ELDEST: 9 * 365, MIDDLE: 4 * 365, YOUNGEST: 210}
MARRIED_DAYS_AGO = 11 * 365
PREGNANCY_DAYS, CONFIRMED_DAYS_BEFORE_BIRTH = 280, 224  # confirmed at eight weeks

# CVX codes with the age in days at which they were given, as records mix them.
BIRTH_DOSES = (("19", 0), ("08", 0))
DOSES = {
    ELDEST: BIRTH_DOSES,
    MIDDLE: (
        *BIRTH_DOSES,
        *((code, age) for age in (62, 124) for code in ("146", "133", "119")),
        *((code, 186) for code in ("146", "133")),
        ("94", 370),
    ),
    YOUNGEST: (*BIRTH_DOSES, *((code, age) for age in (61, 122) for code in ("146", "133", "119"))),
}

# Of the eldest: the n-th of a group completes its place in the n-th visit that asks for it.
LATE_CODES = ("20", "10", "17", "133", "20", "10", "17", "133", "20", "10", "17", "133")
LATE_FIRST_DAYS_AGO = 60


@dataclass(frozen=True, slots=True)
class Family:
    """One family's people and facts. `later` come one by one, each with rows to change."""

    husband: PersonId
    wife: PersonId
    facts: tuple[Fact, ...]
    later: tuple[Fact, ...]


def family_of_five(
    today: date, *, number: int = 1, days_old: Mapping[int, int] | None = None
) -> Family:
    """The `number`-th such family as it stands on `today`; all are alike but for their ids, and
    for ages that are given.
    """
    telling = _Telling(today, number, {**DAYS_OLD, **(days_old or {})})
    return Family(
        husband=telling.person(HUSBAND),
        wife=telling.person(WIFE),
        facts=tuple(telling.known()),
        later=tuple(telling.later()),
    )


class _Telling:
    def __init__(self, today: date, number: int, days_old: Mapping[int, int]) -> None:
        self._today = today
        self._days_old = days_old
        self._number = number
        self._event_count = 0

    def person(self, place: int) -> PersonId:
        return PersonId(UUID(int=(self._number << 64) + place))

    def known(self) -> Iterator[Fact]:
        husband, wife = self.person(HUSBAND), self.person(WIFE)
        couple = (HUSBAND, WIFE)
        yield from self._event(
            "moj", MARRIED_DAYS_AGO, MarriageRegistered(husband, wife), said_of=couple
        )
        yield from self._event(
            "icp", MARRIED_DAYS_AGO - 10, FamilyBookIssued(husband, wife), said_of=couple
        )
        for child, days_old in self._days_old.items():
            confirmed_days_ago = days_old + CONFIRMED_DAYS_BEFORE_BIRTH
            due_on = self._today - timedelta(days=days_old)
            pregnancy = PregnancyConfirmed(wife, husband, due_on)
            yield from self._event("mohap", confirmed_days_ago, pregnancy, said_of=(WIFE,))
            birth = BirthNotified(self.person(child), wife, husband)
            yield from self._event("mohap", days_old, birth, said_of=(child, *couple))
            for code, age_days in DOSES[child]:
                dose = VaccinationGiven(self.person(child), code)
                yield from self._event("mohap", days_old - age_days, dose)

    def later(self) -> Iterator[Fact]:
        for place, code in enumerate(LATE_CODES):
            dose = VaccinationGiven(self.person(ELDEST), code)
            yield from self._event("mohap", LATE_FIRST_DAYS_AGO - place, dose)

    def _event(
        self, source: str, days_ago: int, payload: Payload, *, said_of: tuple[int, ...] = ()
    ) -> Iterator[Fact]:
        self._event_count += 1
        occurred_on = self._today - timedelta(days=days_ago)
        parts = [("", payload), *((f"person:{place}", self._said(place)) for place in said_of)]
        for part, stated in parts:
            yield Fact(
                source=source,
                source_id=f"family:{self._number}:{self._event_count}",
                part=part,
                occurred_on=occurred_on,
                asserted_at=datetime.combine(occurred_on, time(8), UTC),
                payload=stated,
            )

    def _said(self, place: int) -> PersonDescribed:
        given_ar, given_en, sex = _NAMED[place]
        days_old = self._days_old.get(place)
        return PersonDescribed(
            self.person(place),
            name_ar=f"{given_ar} التجريبي",
            name_en=f"{given_en} Al-Tajribi",
            sex=sex,
            born_on=None if days_old is None else self._today - timedelta(days=days_old),
            nationality="ARE",
        )


_NAMED: dict[int, tuple[str, str, Sex]] = {
    HUSBAND: ("سالم", "Salem", "male"),
    WIFE: ("نورة", "Noura", "female"),
    ELDEST: ("هند", "Hind", "female"),
    MIDDLE: ("راشد", "Rashid", "male"),
    YOUNGEST: ("ميثاء", "Maitha", "female"),
}
