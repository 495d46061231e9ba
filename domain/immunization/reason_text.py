"""The words of the calculator's codes, in Arabic and English, for a parent to read.

Cards, the desk and the vaccination record take them from here; a code without words fails a test.
"""

from collections.abc import Mapping

import msgspec

from domain.immunization.history import DoseFlag
from domain.immunization.reason import (
    EvaluationReason,
    EvaluationStatus,
    ForecastReason,
    SeriesStatus,
)


class Words(msgspec.Struct, frozen=True):
    ar: str
    en: str


EVALUATION_STATUS_WORDS: Mapping[EvaluationStatus, Words] = {
    "valid": Words("جرعة محسوبة", "Counted"),
    "not_valid": Words("جرعة غير محسوبة وتلزم إعادتها", "Not counted: to be repeated"),
    "extraneous": Words("جرعة زائدة ولا تلزم إعادتها", "Extra: need not be repeated"),
    "sub_standard": Words("جرعة غير سليمة وتلزم إعادتها", "Not a sound dose: to be repeated"),
}

SERIES_STATUS_WORDS: Mapping[SeriesStatus, Words] = {
    "aged_out": Words("فات العمر المناسب لهذا التطعيم", "Past the age for this vaccine"),
    "complete": Words("اكتملت الجرعات", "Complete"),
    "contraindicated": Words("لا يُعطى لمانع صحي", "Not to be given, for a medical reason"),
    "immune": Words("توجد مناعة", "Immune"),
    "not_complete": Words("بقيت جرعات", "More doses are needed"),
    "not_recommended": Words("لا يُوصى به الآن", "Not recommended now"),
}

EVALUATION_REASON_WORDS: Mapping[EvaluationReason, Words] = {
    "too_young": Words("أُعطيت قبل العمر الأدنى", "Given before the minimum age"),
    "too_old": Words("أُعطيت بعد العمر الأقصى", "Given after the maximum age"),
    "grace_age": Words(
        "أُعطيت قبل العمر الأدنى بأيام مسموح بها",
        "Given a few allowed days before the minimum age",
    ),
    "too_soon": Words(
        "أُعطيت قبل انقضاء المدة اللازمة بعد الجرعة السابقة",
        "Given too soon after the dose before",
    ),
    "grace_interval": Words(
        "أُعطيت قبل انقضاء المدة بأيام مسموح بها",
        "Given a few allowed days before the interval was over",
    ),
    "vaccine_conflict": Words(
        "أُعطيت في وقت قريب جدًا من لقاح حي آخر", "Given too near another live vaccine"
    ),
    "wrong_vaccine": Words(
        "نوع اللقاح لا يناسب هذه الجرعة", "This type of vaccine does not serve for this dose"
    ),
    "vaccine_outside_age": Words(
        "نوع اللقاح لا يناسب العمر عند إعطائه",
        "This type of vaccine does not serve at the age at which it was given",
    ),
    "low_volume": Words("الكمية أقل من الموصى بها", "Less was given than is recommended"),
    "inadvertent": Words("أُعطي لقاح غير المقصود", "A vaccine was given that should not have been"),
    "lot_expired": Words("انتهت صلاحية اللقاح قبل إعطائه", "The vaccine had expired"),
    "dose_condition": Words(
        "الجرعة مسحوبة أو تالفة أو ناقصة", "The dose was recalled, spoilt or given in part"
    ),
    "series_complete": Words("كانت الجرعات قد اكتملت قبلها", "All doses had been given before"),
}

FORECAST_REASON_WORDS: Mapping[ForecastReason, Words] = {
    "due_by_age": Words("موعدها بحسب العمر", "Due by age"),
    "due_by_interval": Words(
        "موعدها بحسب المدة بعد الجرعة السابقة", "Due by the time since the dose before"
    ),
    "due_by_interval_after_invalid": Words(
        "تُعاد بعد المدة اللازمة من جرعة لم تُحسب",
        "To be repeated when enough time has passed since a dose that did not count",
    ),
    "due_by_conflict": Words(
        "موعدها بعد المدة اللازمة من لقاح حي آخر",
        "Due when enough time has passed since another live vaccine",
    ),
    "due_by_season": Words("موعدها مع بداية الموسم", "Due when the season begins"),
    "due_now": Words("يمكن إعطاؤها الآن", "May be given now"),
    "series_complete": Words("اكتملت الجرعات", "All doses have been given"),
    "past_history": Words("الجرعات السابقة تكفي الآن", "Earlier doses are enough for now"),
    "immune": Words("توجد مناعة مثبتة", "There is evidence of immunity"),
    "contraindicated": Words(
        "مانع صحي: استشر الطبيب", "A medical reason against it: ask the doctor"
    ),
    "season_over": Words("انتهى الموسم", "The season is over"),
    "too_old": Words("تجاوز العمر الأقصى", "The maximum age has passed"),
    "cannot_finish": Words(
        "لا يمكن إكمال الجرعات قبل العمر الأقصى",
        "The doses cannot be finished before the maximum age",
    ),
}

DOSE_FLAG_WORDS: Mapping[DoseFlag, Words] = {
    "before_birth": Words(
        "تاريخ الجرعة قبل تاريخ الميلاد: راجع التاريخين",
        "The dose is dated before birth: check both dates",
    ),
    "after_assessment": Words(
        "تاريخ الجرعة في المستقبل: راجع التاريخ", "The dose is dated in the future: check the date"
    ),
    "unknown_vaccine": Words(
        "رمز اللقاح غير معروف في الجدول: راجع بطاقة التطعيم",
        "The schedule does not know this vaccine's code: check the vaccination card",
    ),
    "entered_in_error": Words(
        "سُجّلت الجرعة خطأً ثم أُلغيت", "The dose was recorded by mistake and withdrawn"
    ),
    "repeated_report": Words(
        "تبليغ ثانٍ عن جرعة واحدة بتاريخ قريب: تُحسب مرة واحدة",
        "A second report of one dose, dated close by: it is counted once",
    ),
}

LEFT_OUT_WORDS: Mapping[str, Words] = {
    "refused": Words("رفضها ولي الأمر", "Declined by the guardian"),
    "contraindicated": Words(
        "لم تُعطَ لمانع صحي سجّله الطبيب: استشره",
        "Not given for a medical reason that the clinic recorded: ask the doctor",
    ),
    "immune": Words("سجّلت العيادة وجود مناعة", "The clinic recorded immunity"),
    "unplanned": Words(
        "لم يوجد لها لقاح أو موعد مناسب: استشر الطبيب",
        "No vaccine or day was found for it: ask the doctor",
    ),
}
"""Why a dose that is needed is in no plan of visits."""
