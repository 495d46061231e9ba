"""Picks the rows of a table that were in effect on a day.

Source: CDSi Logic Specification 4.6, section 3.3, RELEVANT-1 and RELEVANT-2.
"""

from collections.abc import Iterable
from typing import TypeVar

from domain.immunization.supporting_data import Age, Interval, SkipSet
from domain.immunization.today import Today

Dated = TypeVar("Dated", Age, Interval, SkipSet)


def in_effect(rows: Iterable[Dated], on: Today) -> list[Dated]:
    """The rows in effect on the day a dose was given, or today when one is forecast."""
    return [
        row
        for row in rows
        if (row.effective_on is None and row.cessation_on is None)  # most rows: no call is made
        or on.within(row.effective_on, row.cessation_on)
    ]
