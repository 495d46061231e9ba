"""The coded answers of the calculator. Their words are in `reason_text.py`; codes never change."""

from typing import Literal

EvaluationStatus = Literal["valid", "not_valid", "extraneous", "sub_standard"]
TargetStatus = Literal["not_satisfied", "satisfied", "skipped"]
SeriesStatus = Literal[
    "aged_out", "complete", "contraindicated", "immune", "not_complete", "not_recommended"
]

# Why a dose counts or does not (chapter 6).
EvaluationReason = Literal[
    "too_young",
    "too_old",
    "grace_age",
    "too_soon",
    "grace_interval",
    "vaccine_conflict",
    "wrong_vaccine",
    "vaccine_outside_age",
    "low_volume",
    "inadvertent",
    "lot_expired",
    "dose_condition",
    "series_complete",
]

# Why a dose is due or is not (chapter 7).
ForecastReason = Literal[
    "due_by_age",
    "due_by_interval",
    "due_by_interval_after_invalid",
    "due_by_conflict",
    "due_by_season",
    "due_now",
    "series_complete",
    "past_history",
    "immune",
    "contraindicated",
    "season_over",
    "too_old",
    "cannot_finish",
]
