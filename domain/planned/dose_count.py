"""Which of the doses given count, by vaccine group: the n-th day on which one did is dose n."""

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.immunization.forecast import Forecast
from domain.immunization.history import History


class CountedDoses(msgspec.Struct, frozen=True):
    """For each group the days of its doses that count, in order."""

    days: Mapping[str, tuple[date, ...]]

    def number(self, group: str, on: date) -> int | None:
        """Which dose of the group was given on that day, or None if none counts."""
        days = self.days.get(group, ())
        return days.index(on) + 1 if on in days else None

    def by_day(self) -> dict[date, list[tuple[str, int]]]:
        """For each day on which a dose counted, the groups and which dose of each it was."""
        found: dict[date, list[tuple[str, int]]] = {}
        for group, days in sorted(self.days.items()):
            for number, day in enumerate(days, start=1):
                found.setdefault(day, []).append((group, number))
        return dict(sorted(found.items()))


def count_doses(answer: Forecast, history: History) -> CountedDoses:
    """Source: CDSi Logic Specification 4.6, 6.10: a dose counts that satisfied a target dose."""
    given_on = {dose.id: dose.administered_on for dose in history.doses}
    found: dict[str, set[date]] = {}
    for dose in answer.doses:
        for verdict in dose.verdicts:
            if verdict.status == "valid":
                found.setdefault(verdict.group, set()).add(given_on[dose.id])
    return CountedDoses({group: tuple(sorted(days)) for group, days in found.items()})
