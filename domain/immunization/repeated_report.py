"""Recognises one dose that two exchanges reported, also where their dates differ.

The rule: two reports are of one dose when they come from two different known exchanges, name the
same vaccine type or two codes the schedule calls the same, lie at most `days_max` days apart, and
no two lot numbers contradict each other. One exchange that reports two doses means two doses.

Which one counts: the report of whoever gave the dose, else the later date, so that no next dose
comes too soon. Both are kept; `forecast` shows the other with a flag.

Limits, for whoever signs the rule: a dose at the edge of its minimum age may be credited with up to
`days_max` days that it did not have; a dose repeated by mistake within `days_max` days at another
place looks like one; reports further apart count twice, which the series' intervals then judge.
`days_max` must stay under the shortest interval of any series, or a true second dose would vanish.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from domain.immunization.history import GivenDose
from domain.immunization.supporting_data import Cvx


class RepeatRule(msgspec.Struct, frozen=True, kw_only=True):
    """`same_codes` are sets of vaccine types of which one may stand for another in a report."""

    days_max: int
    same_codes: tuple[frozenset[Cvx], ...] = ()


def find_repeats(doses: Sequence[GivenDose], rule: RepeatRule) -> dict[int, int]:
    """The place of each repeated report, with the place of the report that counts in its stead.

    The nearest reports are joined first; the order of `doses` means nothing.
    """
    pairs = sorted(
        (abs((doses[a].administered_on - doses[b].administered_on).days), *_pair(doses, a, b))
        for a in range(len(doses))
        for b in range(a)
        if _is_one_dose(doses[a], doses[b], rule)
    )
    groups = {place: [place] for place in range(len(doses))}
    for *_, a, b in pairs:
        joined = [*groups[a], *groups[b]]
        if groups[a] is not groups[b] and all(
            _is_one_dose(doses[x], doses[y], rule) for x in groups[a] for y in groups[b]
        ):
            for place in joined:
                groups[place] = joined
    return {
        place: kept
        for place, group in groups.items()
        if (kept := max(group, key=lambda item: _weight(doses[item]))) != place
    }


_SortKey = tuple[date, str, str]


def _pair(doses: Sequence[GivenDose], a: int, b: int) -> tuple[tuple[_SortKey, _SortKey], int, int]:
    first, second = sorted((a, b), key=lambda place: _sort_key(doses[place]))
    return (_sort_key(doses[first]), _sort_key(doses[second])), first, second


def _sort_key(dose: GivenDose) -> _SortKey:
    return dose.administered_on, dose.cvx, dose.id


def _weight(dose: GivenDose) -> tuple[bool, date, str, str]:
    return dose.primary_source, *_sort_key(dose)


def _is_one_dose(one: GivenDose, other: GivenDose, rule: RepeatRule) -> bool:
    if one.reported_by is None or other.reported_by is None or one.reported_by == other.reported_by:
        return False
    if abs((one.administered_on - other.administered_on).days) > rule.days_max:
        return False
    if one.lot_number and other.lot_number and one.lot_number != other.lot_number:
        return False
    return one.cvx == other.cvx or any(
        one.cvx in codes and other.cvx in codes for codes in rule.same_codes
    )
