"""The tables that drive the calculator, as typed values: what CDSi calls supporting data.

`content/schedule` makes them from what an authority publishes and they reach the calculator as an
argument. None stands for the tables' "n/a". Nothing here is about a patient.

Source: CDSi Logic Specification 4.6, chapter 2.4 and the schemas published with the data.
"""

from datetime import date
from typing import Literal

import msgspec

from domain.immunization.duration import Duration

Cvx = str  # a vaccine type's code, at least two digits: "03", "146"
SeriesKind = Literal["standard", "risk", "evaluation_only"]
SkipContext = Literal["evaluation", "forecast", "both"]
SkipKind = Literal["age", "completed_series", "interval", "vaccine_count"]
Comparison = Literal["greater", "equal", "less"]


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """A row is written as an array: names once in this file, not in every row of the data."""


class Age(_Row, frozen=True):
    """Ages at which one series dose is right (section 6.4), in effect between two days."""

    absolute_minimum: Duration | None = None
    minimum: Duration | None = None
    earliest_recommended: Duration | None = None
    latest_recommended: Duration | None = None
    maximum: Duration | None = None
    effective_on: date | None = None
    cessation_on: date | None = None


class Interval(_Row, frozen=True):
    """Spacing from a previous dose, a target dose, a vaccine type or an observation (6.5, 6.6).

    `overrides` is the interval priority flag of MULTIANTVG-1.
    """

    from_previous: bool = False
    from_target_dose: int | None = None
    from_vaccines: frozenset[Cvx] = frozenset()
    from_observation: str | None = None
    absolute_minimum: Duration | None = None
    minimum: Duration | None = None
    earliest_recommended: Duration | None = None
    latest_recommended: Duration | None = None
    overrides: bool = False
    effective_on: date | None = None
    cessation_on: date | None = None


class SeriesVaccine(_Row, frozen=True):
    """A vaccine type that may be given for a series dose, from `begin_age` to before `end_age`."""

    cvx: Cvx
    begin_age: Duration | None = None
    end_age: Duration | None = None
    trade_name: str | None = None
    mvx: str | None = None
    volume_ml: float | None = None
    forecast: bool = False


class SkipCondition(_Row, frozen=True):
    """One condition of a conditional skip (tables 6-6 to 6-9)."""

    kind: SkipKind
    start_on: date | None = None
    end_on: date | None = None
    begin_age: Duration | None = None
    end_age: Duration | None = None
    interval: Duration | None = None
    dose_count: int = 0
    valid_only: bool = False
    comparison: Comparison = "greater"
    vaccines: frozenset[Cvx] = frozenset()
    series_groups: frozenset[str] = frozenset()


class SkipSet(_Row, frozen=True):
    """Conditions that hold together or one by one (table 6-10)."""

    conditions: tuple[SkipCondition, ...]
    all_conditions: bool = True
    effective_on: date | None = None
    cessation_on: date | None = None


class ConditionalSkip(_Row, frozen=True):
    """When a target dose need not be given (section 6.2)."""

    context: SkipContext
    sets: tuple[SkipSet, ...]
    all_sets: bool = False


class SeriesDose(_Row, frozen=True):
    """One dose of a series and everything that is asked of it."""

    number: int
    ages: tuple[Age, ...] = ()
    intervals: tuple[Interval, ...] = ()
    allowable_intervals: tuple[Interval, ...] = ()
    preferable: tuple[SeriesVaccine, ...] = ()
    allowable: tuple[SeriesVaccine, ...] = ()
    inadvertent: frozenset[Cvx] = frozenset()
    skips: tuple[ConditionalSkip, ...] = ()
    recurring: bool = False
    season_start_on: date | None = None
    season_end_on: date | None = None


class Indication(_Row, frozen=True):
    """An observation for which a risk series is meant, at ages from begin to before end."""

    observation: str
    text: str = ""
    begin_age: Duration | None = None
    end_age: Duration | None = None
    guidance: str = ""


class Series(_Row, frozen=True):
    """One path to immunity for one antigen. `priority` A goes before B; preference 1 before 2."""

    name: str
    kind: SeriesKind
    group: str
    group_name: str
    doses: tuple[SeriesDose, ...]
    equivalent_groups: frozenset[str] = frozenset()
    sexes: frozenset[str] = frozenset()
    is_default: bool = False
    is_product_path: bool = False
    priority: str = "A"
    preference: int | None = None
    min_age_to_start: Duration | None = None
    max_age_to_start: Duration | None = None
    indications: tuple[Indication, ...] = ()
    guidance: tuple[str, ...] = ()


class Contraindication(_Row, frozen=True):
    """An observation that forbids an antigen, or, where `vaccines` are named, these alone."""

    observation: str
    text: str = ""
    guidance: str = ""
    begin_age: Duration | None = None
    end_age: Duration | None = None
    vaccines: tuple[SeriesVaccine, ...] = ()


class BirthDateImmunity(_Row, frozen=True):
    """Those born before a day, in a country if one is named, are taken for immune (7.2)."""

    before_on: date
    country: str | None = None
    exclusions: frozenset[str] = frozenset()


class Antigen(_Row, frozen=True):
    """One antigen's file."""

    name: str
    group: str
    series: tuple[Series, ...]
    contraindications: tuple[Contraindication, ...] = ()
    vaccine_contraindications: tuple[Contraindication, ...] = ()
    immunity_observations: frozenset[str] = frozenset()
    birth_date_immunities: tuple[BirthDateImmunity, ...] = ()


class Association(_Row, frozen=True):
    """An antigen that a vaccine type counts for when given from begin to before end age."""

    antigen: str
    begin_age: Duration | None = None
    end_age: Duration | None = None


class VaccineType(_Row, frozen=True):
    cvx: Cvx
    name: str
    associations: tuple[Association, ...]


class Conflict(_Row, frozen=True):
    """`current` is spoiled when given from `begin` to before the end after `previous` (6.7)."""

    previous: Cvx
    current: Cvx
    begin: Duration
    minimum_end: Duration
    end: Duration


class VaccineGroup(_Row, frozen=True):
    """Antigens that are forecast together. `whole`: one vaccine with all of them is meant."""

    name: str
    antigens: tuple[str, ...]
    whole: bool = False


class Observation(_Row, frozen=True):
    """A coded finding that rules refer to, with codes of other systems as (system, code)."""

    code: str
    title: str
    codes: tuple[tuple[str, str], ...] = ()


class SupportingData(msgspec.Struct, frozen=True, kw_only=True):
    """One published version of a schedule: everything the calculator knows of medicine."""

    version: str
    published_on: date
    source: str
    antigens: tuple[Antigen, ...]
    groups: tuple[VaccineGroup, ...]
    vaccines: tuple[VaccineType, ...]
    conflicts: tuple[Conflict, ...]
    observations: tuple[Observation, ...]
