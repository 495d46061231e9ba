"""The words of growth in Arabic and English: indicators, flags, absences, units, the chart's own.

Cards, the desk and the chart take them from here; a code without words fails a test.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from domain.growth.assess import Absence
from domain.growth.plausible import GrowthFlag, Unit
from domain.growth.standard import Indicator

Locale = Literal["ar", "en"]


class GrowthWords(msgspec.Struct, frozen=True):
    ar: str
    en: str

    def of(self, locale: Locale) -> str:
        return self.ar if locale == "ar" else self.en


INDICATOR_WORDS: Mapping[Indicator, GrowthWords] = {
    "weight_for_age": GrowthWords("الوزن بحسب العمر", "Weight for age"),
    "length_for_age": GrowthWords("الطول بحسب العمر", "Length or height for age"),
    "weight_for_length": GrowthWords("الوزن بحسب الطول", "Weight for length or height"),
    "bmi_for_age": GrowthWords("مؤشر كتلة الجسم بحسب العمر", "Body mass index for age"),
    "head_for_age": GrowthWords("محيط الرأس بحسب العمر", "Head circumference for age"),
    "arm_for_age": GrowthWords("محيط العضد بحسب العمر", "Arm circumference for age"),
    "triceps_for_age": GrowthWords("ثنية الجلد خلف العضد بحسب العمر", "Triceps skinfold for age"),
    "subscapular_for_age": GrowthWords(
        "ثنية الجلد تحت لوح الكتف بحسب العمر", "Subscapular skinfold for age"
    ),
}

FLAG_WORDS: Mapping[GrowthFlag, GrowthWords] = {
    "implausible": GrowthWords(
        "قيمة بعيدة جداً عن المعتاد؛ يُرجى التحقق من القياس والتاريخ ووحدة القياس.",
        "Very far from what is usual: please check the measurement, its date and its unit.",
    ),
    "standing_too_young": GrowthWords(
        "لا يُقاس طول الطفل واقفاً قبل عمر تسعة أشهر؛ احتُسب الطول مستلقياً.",
        "A child under nine months is not measured standing: it was counted as lying.",
    ),
}

ABSENCE_WORDS: Mapping[Absence, GrowthWords] = {
    "sex_unknown": GrowthWords(
        "تختلف الجداول للبنين والبنات، والجنس غير مسجّل.",
        "The tables differ for boys and girls, and the sex is not recorded.",
    ),
    "before_term": GrowthWords(
        "لم يبلغ الطفل موعد ولادته المتوقع بعد، وتبدأ الجداول منه.",
        "The child has not reached the due date yet, where the tables begin.",
    ),
    "outside_table": GrowthWords(
        "لا تغطي جداول منظمة الصحة العالمية هذا العمر أو هذا الطول.",
        "The tables of the World Health Organization do not cover this age or length.",
    ),
    "oedema": GrowthWords(
        "يوجد تورّم بالسوائل، فلا يدل الوزن على النمو.",
        "There is oedema, so the weight says nothing about growth.",
    ),
}

UNIT_WORDS: Mapping[Unit, GrowthWords] = {
    "pounds": GrowthWords("ربما كان القياس بالرطل (باوند).", "Perhaps it was in pounds."),
    "grams": GrowthWords("ربما كان القياس بالغرام.", "Perhaps it was in grams."),
    "inches": GrowthWords("ربما كان القياس بالبوصة.", "Perhaps it was in inches."),
    "metres": GrowthWords("ربما كان القياس بالمتر.", "Perhaps it was in metres."),
    "millimetres": GrowthWords("ربما كان القياس بالمليمتر.", "Perhaps it was in millimetres."),
    "inches_twice": GrowthWords(
        "ربما كان القياس بالسنتيمتر ثم حُوِّل كأنه بالبوصة.",
        "Perhaps centimetres were converted as if they were inches.",
    ),
}

MEASURE_WORDS: Mapping[Indicator, GrowthWords] = {
    "weight_for_age": GrowthWords("الوزن (كغ)", "Weight (kg)"),
    "length_for_age": GrowthWords("الطول (سم)", "Length or height (cm)"),
    "weight_for_length": GrowthWords("الوزن (كغ)", "Weight (kg)"),
    "bmi_for_age": GrowthWords("مؤشر كتلة الجسم (كغ/م²)", "Body mass index (kg/m²)"),
    "head_for_age": GrowthWords("محيط الرأس (سم)", "Head circumference (cm)"),
    "arm_for_age": GrowthWords("محيط العضد (سم)", "Arm circumference (cm)"),
    "triceps_for_age": GrowthWords("ثنية الجلد (مم)", "Skinfold (mm)"),
    "subscapular_for_age": GrowthWords("ثنية الجلد (مم)", "Skinfold (mm)"),
}

AGE_IN_MONTHS = GrowthWords("العمر (بالأشهر)", "Age (months)")
AGE_IN_YEARS = GrowthWords("العمر (بالسنوات)", "Age (years)")
LENGTH_LYING = GrowthWords("الطول مستلقياً (سم)", "Length lying (cm)")
LENGTH_STANDING = GrowthWords("الطول واقفاً (سم)", "Height standing (cm)")
BOYS = GrowthWords("للبنين", "boys")
GIRLS = GrowthWords("للبنات", "girls")
CURVES = GrowthWords(
    "المنحنيات: المئينات 3 و15 و50 و85 و97 لمنظمة الصحة العالمية.",
    "Curves: percentiles 3, 15, 50, 85 and 97 of the World Health Organization.",
)
POINTS_COUNT = GrowthWords("عدد القياسات المرسومة: {count}.", "Measurements drawn: {count}.")
LATEST_POINT = GrowthWords(
    "أحدثها بتاريخ {day}: {value}، المئين {percentile}.",
    "The latest, of {day}: {value}, percentile {percentile}.",
)
LEFT_OUT_COUNT = GrowthWords(
    "قياسات لم تُرسم لأنها بحاجة إلى تحقق: {count}.",
    "Measurements not drawn because they need checking: {count}.",
)
CORRECTED = GrowthWords(
    "العمر مصحّح بحسب موعد الولادة المتوقع حتى عمر سنتين.",
    "Ages are corrected for early birth until two years.",
)
