"""Which of several forecasts for one vaccine group speaks for the group today.

The specification leaves a person with one forecast for each series group that serves him: a child
who is done with pneumococcal vaccine has another forecast for the age of fifty. All are kept; this
says which to show first.
"""

from collections.abc import Iterable
from datetime import date

from domain.immunization.group_forecast import GroupForecast


def choose_headline(forecasts: Iterable[GroupForecast], *, on: date) -> GroupForecast | None:
    """The forecast of one vaccine group to show first, or None when there is none.

    Within series of one kind: what may be given now, else what is finished, else what comes later,
    else why nothing does. Between kinds: what is still needed, soonest first; a risk before the
    routine.
    """
    kinds: dict[str, GroupForecast] = {}
    for item in sorted(forecasts, key=lambda item: _standing(item, on)):
        kinds.setdefault(item.kind, item)
    return min(kinds.values(), key=_pressing, default=None)


def _standing(item: GroupForecast, on: date) -> tuple[int, date, str]:
    soonest = item.recommended_on or date.max
    if item.status == "not_complete":
        due_now = item.earliest_on is not None and item.earliest_on <= on
        return (0 if due_now else 2), soonest, item.series_group
    finished = item.status in ("complete", "immune", "contraindicated")
    return (1 if finished else 3), soonest, item.series_group


def _pressing(item: GroupForecast) -> tuple[bool, date, bool]:
    return item.status != "not_complete", item.recommended_on or date.max, item.kind != "risk"
