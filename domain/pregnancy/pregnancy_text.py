"""The words of the calculator's codes, in Arabic and English, for a mother to read.

Cards and the desk take them from here; a code without words fails a test.
"""

from collections.abc import Mapping

import msgspec

from domain.pregnancy.contacts import ContactState
from domain.pregnancy.dating import DatingBasis, DatingFlag
from domain.pregnancy.follow import Standing


class PregnancyWords(msgspec.Struct, frozen=True):
    ar: str
    en: str


BASIS_WORDS: Mapping[DatingBasis, PregnancyWords] = {
    "assigned": PregnancyWords("حدّد الطبيب موعد الولادة", "The due date was set by the doctor"),
    "transfer": PregnancyWords(
        "حُسب موعد الولادة من تاريخ نقل الجنين",
        "The due date was worked out from the embryo transfer",
    ),
    "scan": PregnancyWords(
        "حُسب موعد الولادة من أول فحص بالموجات فوق الصوتية",
        "The due date was worked out from the first ultrasound",
    ),
    "last_period": PregnancyWords(
        "حُسب موعد الولادة من أول يوم في آخر دورة",
        "The due date was worked out from the first day of the last period",
    ),
}

FLAG_WORDS: Mapping[DatingFlag, PregnancyWords] = {
    "cycle_ignored": PregnancyWords(
        "طول الدورة خارج المعتاد، فحُسب الموعد على 28 يوماً.",
        "The length of the cycle is unusual: 28 days were counted instead.",
    ),
    "suboptimal": PregnancyWords(
        "لم يُجرَ فحص قبل الأسبوع 22، فالموعد تقريبي.",
        "There was no ultrasound before week 22, so the date is approximate.",
    ),
}

STANDING_WORDS: Mapping[Standing, PregnancyWords] = {
    "ongoing": PregnancyWords("حمل قيد المتابعة", "The pregnancy is being followed"),
    "past_due": PregnancyWords(
        "مضى موعد الولادة المتوقع؛ راجعي المستشفى الذي يتابع حملك.",
        "The due date has passed: please see the hospital that follows your pregnancy.",
    ),
    "expired": PregnancyWords(
        "لم يصلنا ما آل إليه الحمل، فتوقفت التذكيرات.",
        "We were not told how the pregnancy ended, so the reminders have stopped.",
    ),
    "ended": PregnancyWords("انتهت متابعة الحمل", "This pregnancy is no longer followed"),
}

STATE_WORDS: Mapping[ContactState, PregnancyWords] = {
    "upcoming": PregnancyWords("زيارة قادمة", "Coming up"),
    "due": PregnancyWords("حان موعدها", "Due"),
    "overdue": PregnancyWords("تأخر موعدها", "Overdue"),
    "kept": PregnancyWords("تمّت", "Done"),
    "gone": PregnancyWords("انقضت مدتها", "No longer due"),
}
