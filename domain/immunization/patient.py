"""One person under calculation: counted doses in order, ages as dates, today.

Made once for each forecast by `forecast.py`; it remembers what it has worked out and is not kept.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from domain.immunization.duration import Duration, add_duration
from domain.immunization.history import GivenDose, History
from domain.immunization.schedule import Schedule
from domain.immunization.today import Today


class Patient:
    """`doses` are those that can be counted, in the order of `dose_order`."""

    def __init__(
        self, history: History, *, schedule: Schedule, doses: Sequence[GivenDose], today: Today
    ) -> None:
        self.schedule = schedule
        self.born_on = history.born_on
        self.sex = history.sex
        self.birth_country = history.birth_country
        self.today = today
        self.doses = doses
        self.observed: dict[str, date | None] = {}
        for observation in history.observations:
            known = self.observed.get(observation.code)
            day = observation.observed_on
            self.observed[observation.code] = max(known, day) if known and day else day or known
        self._age_dates: dict[Duration, date] = {}

    def age_date(self, age: Duration) -> date:
        """The day on which the person reaches `age`. Source: CALCDTAGE-1 to -5 and their like."""
        found = self._age_dates.get(age)
        if found is None:
            found = self._age_dates[age] = add_duration(self.born_on, age)
        return found

    def had_age(self, day: date, begin: Duration | None, end: Duration | None) -> bool:
        """Whether on `day` the person's age was from `begin` to before `end`; None has no limit."""
        return (begin is None or self.age_date(begin) <= day) and (
            end is None or day < self.age_date(end)
        )

    def has_age(self, begin: Duration | None, end: Duration | None) -> bool:
        """The same for today, noting when the answer will change."""
        begun = begin is None or self.today.reached(self.age_date(begin))
        ended = end is not None and self.today.reached(self.age_date(end))
        return begun and not ended

    def antigen_doses(self) -> dict[str, list[int]]:
        """The places in `doses` of the doses that count for each antigen, in order.

        Source: Logic Specification 4.6, section 4.2, with the association ages of step 2a.
        """
        found: dict[str, list[int]] = defaultdict(list)
        for place, dose in enumerate(self.doses):
            for association in self.schedule.vaccines[dose.cvx].associations:
                ages = association.begin_age, association.end_age
                if self.had_age(dose.administered_on, *ages):
                    found[association.antigen].append(place)
        return found


def dose_order(dose: GivenDose) -> tuple[date, str, str]:
    """By day; on one day by vaccine, then id, so that the order of telling means nothing."""
    return dose.administered_on, dose.cvx, dose.id
