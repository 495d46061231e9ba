"""Compiles authored groups into the supporting data of one birth cohort in one emirate.

Birthdays that any scope names cut the calendar into cohorts: within one, the same rows hold for
everybody, so a cohort's tables need no further look at the birthday.
"""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from content.schedule.authored import (
    AuthoredDose,
    AuthoredGroup,
    AuthoredInterval,
    AuthoredSeries,
    AuthoredSkip,
    Scope,
)
from content.schedule.check_programme import EditionSource, list_scopes
from content.schedule.duration_text import parse_duration
from domain.immunization.duration import Duration
from domain.immunization.programme import Edition
from domain.immunization.schedule import make_schedule
from domain.immunization.supporting_data import (
    Age,
    Antigen,
    Association,
    ConditionalSkip,
    Conflict,
    Contraindication,
    Cvx,
    Interval,
    Observation,
    Series,
    SeriesDose,
    SeriesVaccine,
    SkipCondition,
    SkipSet,
    SupportingData,
    VaccineGroup,
    VaccineType,
)

_ONE_DAY = Duration(days=1)
_SERIES_GROUP = "1"  # the series of a group compete, and one of them serves


def list_cohorts(groups: Iterable[AuthoredGroup]) -> list[tuple[date | None, date | None]]:
    """The birth cohorts, as from and before, oldest first; None has no limit."""
    days: set[date] = set()
    for scope in list_scopes(groups):
        days |= {day for day in (scope.born_from, scope.born_before) if day is not None}
    cuts: list[date | None] = [None, *sorted(days), None]
    return list(pairwise(cuts))


def compile_edition(
    source: EditionSource,
    *,
    born_from: date | None,
    born_before: date | None,
    emirate: str | None,
) -> Edition:
    """Raises: ValueError for an age or interval that cannot be read. `source` has been checked."""
    compiler = _Compiler(source, born_from=born_from, emirate=emirate)
    return Edition(
        born_from=born_from,
        born_before=born_before,
        emirate=emirate,
        schedule=make_schedule(compiler.data()),
        voluntary=frozenset(
            f"{antigen}: {series.name}"
            for group in source.groups
            for antigen in group.antigens
            for series in group.series
            if not series.mandatory
        ),
    )


class _Compiler:
    def __init__(
        self, source: EditionSource, *, born_from: date | None, emirate: str | None
    ) -> None:
        self.source = source
        self.born_from = born_from
        self.emirate = emirate
        self.grace = -source.programme.grace_days

    def holds(self, scope: Scope) -> bool:
        """Cohorts end where scopes do, so a cohort's first birthday speaks for all of it."""
        if scope.born_from is not None and (
            self.born_from is None or self.born_from < scope.born_from
        ):
            return False
        if scope.born_before is not None and (
            self.born_from is not None and self.born_from >= scope.born_before
        ):
            return False
        if scope.emirates and self.emirate not in scope.emirates:
            return False
        return self.emirate not in scope.not_emirates

    def in_scope(self, series: Iterable[AuthoredSeries]) -> list[AuthoredSeries]:
        return [item for item in series if self.holds(item.scope)]

    def data(self) -> SupportingData:
        programme = self.source.programme
        label = f"{programme.version}/{self.born_from or 'earliest'}/{self.emirate or 'any'}"
        return SupportingData(
            version=label,
            published_on=programme.published_on,
            source="; ".join(source.text for source in programme.sources),
            antigens=tuple(
                self._antigen(name, group)
                for group in self.source.groups
                for name in group.antigens
            ),
            groups=tuple(
                VaccineGroup(group.group, group.antigens, group.whole)
                for group in self.source.groups
            ),
            vaccines=tuple(
                VaccineType(
                    vaccine.cvx,
                    vaccine.name.en,
                    tuple(Association(antigen) for antigen in vaccine.antigens),
                )
                for vaccine in self.source.vaccines.vaccines
            ),
            conflicts=self._conflicts(),
            observations=tuple(
                Observation(item.code, item.title, item.codes) for item in programme.observations
            ),
        )

    def _conflicts(self) -> tuple[Conflict, ...]:
        """On one day, or that many days apart: no grace."""
        live = [v.cvx for v in self.source.vaccines.vaccines if v.live_virus_injection]
        apart = Duration(days=self.source.programme.live_virus_days)
        return tuple(
            Conflict(previous, current, _ONE_DAY, apart, apart)
            for previous in live
            for current in live
        )

    def _antigen(self, name: str, group: AuthoredGroup) -> Antigen:
        counting = tuple(
            vaccine.cvx for vaccine in self.source.vaccines.vaccines if name in vaccine.antigens
        )
        return Antigen(
            name,
            group.group,
            tuple(
                self._series(series, place, name, counting)
                for place, series in enumerate(self.in_scope(group.series), start=1)
            ),
            tuple(
                Contraindication(rule.observation, rule.text) for rule in group.contraindicated_by
            ),
            (),
            group.immune_by,
        )

    def _series(
        self, series: AuthoredSeries, place: int, antigen: str, counting: tuple[Cvx, ...]
    ) -> Series:
        doses = [dose for dose in series.doses if self.holds(dose.scope)]
        return Series(
            name=f"{antigen}: {series.name}",
            kind="standard",
            group=_SERIES_GROUP,
            group_name="Programme",
            doses=tuple(
                self._dose(dose, number, counting) for number, dose in enumerate(doses, start=1)
            ),
            sexes=frozenset(series.sexes),
            is_default=series.default,
            is_product_path=series.product_path,
            preference=place,
            max_age_to_start=_span(series.start_before),
        )

    def _dose(self, dose: AuthoredDose, number: int, counting: tuple[Cvx, ...]) -> SeriesDose:
        products = {product.cvx: product for product in self.source.programme.products}
        ages = dose.ages
        return SeriesDose(
            number,
            ages=(
                Age(
                    self._with_grace(ages.minimum),
                    _span(ages.minimum),
                    _span(ages.recommended),
                    _span(ages.late_after),
                    _span(ages.maximum),
                ),
            ),
            intervals=tuple(self._interval(interval) for interval in dose.intervals),
            preferable=tuple(
                SeriesVaccine(
                    cvx,
                    _span(products[cvx].from_age),
                    _span(products[cvx].until_age),
                    forecast=True,
                )
                for cvx in dose.give
            ),
            allowable=tuple(
                SeriesVaccine(cvx) for cvx in (counting if dose.accept is None else dose.accept)
            ),
            skips=tuple(_skip(skip) for skip in dose.skips),
        )

    def _interval(self, interval: AuthoredInterval) -> Interval:
        return Interval(
            from_previous=interval.after_dose is None,
            from_target_dose=interval.after_dose,
            absolute_minimum=_span(interval.absolute) or self._with_grace(interval.minimum),
            minimum=parse_duration(interval.minimum),
            earliest_recommended=_span(interval.recommended),
            latest_recommended=_span(interval.late_after),
        )

    def _with_grace(self, text: str | None) -> Duration | None:
        span = _span(text)
        if span is None or span == Duration():
            return span
        return Duration(span.years, span.months, span.days + self.grace)


def _skip(skip: AuthoredSkip) -> ConditionalSkip:
    conditions: list[SkipCondition] = []
    if skip.from_age is not None:
        conditions.append(SkipCondition("age", begin_age=parse_duration(skip.from_age)))
    if skip.counted_more_than is not None:
        conditions.append(_counted(skip.counted_more_than, skip.counted_from_age))
    if skip.last_counted_from_age is not None:
        conditions.append(_counted(0, skip.last_counted_from_age))
    if not conditions:
        raise ValueError("a skip says neither from_age nor counted_more_than")
    return ConditionalSkip(skip.when, (SkipSet(tuple(conditions), effective_on=skip.from_day),))


def _counted(more_than: int, from_age: str | None) -> SkipCondition:
    return SkipCondition(
        "vaccine_count",
        begin_age=_span(from_age),
        dose_count=more_than,
        valid_only=True,
        comparison="greater",
    )


def _span(text: str | None) -> Duration | None:
    return None if text is None else parse_duration(text)
