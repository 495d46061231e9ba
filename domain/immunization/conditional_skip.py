"""Whether a target dose need not be given, by age, time, doses had or another series.

Source: CDSi Logic Specification 4.6, sections 6.2, 7.1 and 7.6, tables 6-5 to 6-11.
"""

from collections.abc import Callable
from typing import Literal

from domain.immunization.duration import add_duration
from domain.immunization.in_effect import in_effect
from domain.immunization.interval_reference import previous_date
from domain.immunization.patient_series import PatientSeries
from domain.immunization.supporting_data import ConditionalSkip, SkipCondition, SkipSet
from domain.immunization.today import Today

IsCompleted = Callable[[frozenset[str]], bool]


def can_skip(
    run: PatientSeries,
    *,
    context: Literal["evaluation", "forecast"],
    on: Today,
    before: int,
    is_completed: IsCompleted,
) -> bool:
    """Whether the target dose now looked for can be skipped.

    `on` is the conditional skip reference date (CONDSKIP-2): the day a dose was given, today, or
    the earliest date of a forecast. Doses at places before `before` are counted. `is_completed`
    says whether a series of some series group of the antigen is complete.
    """
    target = run.target
    if target is None or not target.dose.skips:
        return False
    effective = on if context == "evaluation" else run.patient.today
    check = _Check(run, on=on, before=before, is_completed=is_completed)
    return any(
        check.skips(skip, in_effect(skip.sets, effective))
        for skip in target.dose.skips
        if skip.context in (context, "both")
    )


class _Check:
    def __init__(
        self, run: PatientSeries, *, on: Today, before: int, is_completed: IsCompleted
    ) -> None:
        self.run = run
        self.on = on
        self.before = before
        self.is_completed = is_completed

    def skips(self, skip: ConditionalSkip, sets: list[SkipSet]) -> bool:
        """Table 6-11."""
        if not sets:
            return False
        return (all if skip.all_sets else any)(self._is_set_met(item) for item in sets)

    def _is_set_met(self, item: SkipSet) -> bool:
        """Table 6-10."""
        join = all if item.all_conditions else any
        return join(self._is_met(condition) for condition in item.conditions)

    def _is_met(self, condition: SkipCondition) -> bool:
        if condition.kind == "age":
            return self._is_age_met(condition)
        if condition.kind == "completed_series":
            return self.is_completed(condition.series_groups)
        if condition.kind == "interval":
            return self._is_interval_met(condition)
        return self._is_count_met(condition)

    def _is_age_met(self, condition: SkipCondition) -> bool:
        """Table 6-6."""
        begin, end = condition.begin_age, condition.end_age
        age_date = self.run.patient.age_date
        begun = begin is None or self.on.reached(age_date(begin))
        ended = end is not None and self.on.reached(age_date(end))
        return begun and not ended

    def _is_interval_met(self, condition: SkipCondition) -> bool:
        """Table 6-8, CALCDTSKIP-5."""
        previous_on = previous_date(self.run, before=self.before)
        if previous_on is None or condition.interval is None:
            return False
        return self.on.reached(add_duration(previous_on, condition.interval))

    def _is_count_met(self, condition: SkipCondition) -> bool:
        """Table 6-9."""
        count = sum(self._counts(place, condition) for place in self._places(condition))
        if condition.comparison == "greater":
            return count > condition.dose_count
        if condition.comparison == "equal":
            return count == condition.dose_count
        return count < condition.dose_count

    def _places(self, condition: SkipCondition) -> range | list[int]:
        """Vaccines named are looked for in all that was given, else the antigen's doses are."""
        if condition.vaccines:
            return range(min(self.before, len(self.run.patient.doses)))
        return [place for place in self.run.places if place < self.before]

    def _counts(self, place: int, condition: SkipCondition) -> bool:
        """CONDSKIP-1."""
        dose = self.run.patient.doses[place]
        day = dose.administered_on
        if condition.vaccines and dose.cvx not in condition.vaccines:
            return False
        if not self.run.patient.had_age(day, condition.begin_age, condition.end_age):
            return False
        if condition.start_on is not None and day < condition.start_on:
            return False
        if condition.end_on is not None and day >= condition.end_on:
            return False
        if not condition.valid_only:
            return True
        evaluation = self.run.evaluations.get(place)
        return evaluation is not None and evaluation.status == "valid"
