"""A vaccination programme: its tables by birth cohort and emirate, its products, names and limits.

`content/schedule/read_programme.py` makes it from authored documents; the calculator takes the
edition that concerns a person. Everything a ministry decides is a value here, with its source.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from domain.immunization.duration import Duration
from domain.immunization.reason_text import Words
from domain.immunization.repeated_report import RepeatRule
from domain.immunization.schedule import Schedule
from domain.immunization.supporting_data import Cvx

Sure = Literal["verified", "secondary", "memory", "unknown"]
Route = Literal["injection", "oral"]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    sure: Sure


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A vaccine that the programme gives, from `from_age` to before `until_age`."""

    cvx: Cvx
    route: Route
    from_age: Duration | None = None
    until_age: Duration | None = None


class PlanLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds a plan of visits.

    `early` is how long before its recommended day a dose may be given to spare a visit, `wait_days`
    how long a dose that could be given may wait for one; `until_age` ends the programme.
    """

    injections_max: int
    visits_apart_days: int
    wait_days: int
    replan_days: int
    early: Duration
    until_age: Duration


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """The tables for persons born from `born_from` to before `born_before`, in one emirate or, with
    None, in every other. `voluntary` series are recommended and not mandatory."""

    born_from: date | None
    born_before: date | None
    emirate: str | None
    schedule: Schedule
    voluntary: frozenset[str]

    def __hash__(self) -> int:
        return hash((self.born_from, self.emirate, self.schedule.data.version))


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """`products` are in order of preference. `draft`: nobody has signed it, and `sign_off` says
    what is to be signed; it is never shown as official then."""

    id: str
    version: str
    published_on: date
    draft: bool
    sign_off: str
    sources: tuple[Source, ...]
    products: tuple[Product, ...]
    vaccine_names: Mapping[Cvx, Words]
    group_names: Mapping[str, Words]
    limits: PlanLimits
    repeats: RepeatRule
    editions: tuple[Edition, ...]

    def __hash__(self) -> int:
        return hash((self.id, self.version))


def find_edition(programme: Programme, *, born_on: date, emirate: str | None = None) -> Edition:
    """The edition for a birthday and an emirate; one the programme does not single out is as
    any other."""
    named = {edition.emirate for edition in programme.editions}
    wanted = emirate if emirate in named else None
    return next(
        edition
        for edition in programme.editions
        if edition.emirate == wanted
        and (edition.born_from is None or edition.born_from <= born_on)
        and (edition.born_before is None or born_on < edition.born_before)
    )
