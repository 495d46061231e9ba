"""Why somebody was not told, or not yet, in words: the closed list of what a reader is shown."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from domain.text.message import Language
from push.plan import CloseReason, HoldReason
from push.set_aside import FAILING, UNREADABLE, UNSAYABLE
from push.standing import GoneReason

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "not_yet": ("لم يحن يومه بعد.", "Its day has not come yet."),
        "quiet_hours": (
            "ينتظر نهاية ساعات الهدوء.",
            "It waits for the quiet hours to end.",
        ),
        "cap": (
            "وصلتك رسائل كافية هذه الفترة، فأُجّل.",
            "You have had enough messages for now, so it was put off.",
        ),
        "digest": (
            "يصلك مع غيره في رسالة واحدة مساءً.",
            "It comes with others in one message in the evening.",
        ),
        "unreachable": (
            "لا توجد وسيلة تسمح بها ونصل إليك عبرها. فعّل إشعارات التطبيق أو أضف رقمًا للرسائل.",
            "There is no way that you allow and that reaches you. Switch on the app's"
            " notifications, or add a number for messages.",
        ),
        "window_closed": ("انتهت مدته قبل أن يُرسل.", "Its time was over before it was sent."),
        "opted_out": ("اخترت ألّا تُبلَّغ به.", "You chose not to be told of it."),
        "capped": (
            "انتهت مدته وأنت قد تلقيت رسائل كافية.",
            "Its time was over while you had had enough messages.",
        ),
        "withdrawn": ("لم تعد بطاقته قائمة.", "Its card is there no more."),
        "done_elsewhere": ("أُنجز من جهة أخرى قبل الإرسال.", "It was done before it was sent."),
        "dismissed": ("أخفيت بطاقته قبل الإرسال.", "You put its card away before it was sent."),
        "acknowledged": ("اطلعت على بطاقته قبل الإرسال.", "You had read its card already."),
        "changed": ("تغيّرت بطاقته قبل الإرسال.", "Its card changed before it was sent."),
        "lost": ("طلبت ألّا تُبلَّغ بأمر هذا الحمل.", "You asked not to hear of this pregnancy."),
        UNSAYABLE: (
            "تعذّر علينا كتابة نصه، وسنصلحه.",
            "We could not put it into words, and will mend that.",
        ),
        UNREADABLE: ("تعذّر علينا قراءته، فلم نرسله.", "We could not read it, so it was not sent."),
        FAILING: (
            "تعذّر إرساله الآن، وسنعيد المحاولة.",
            "It could not be sent now, and we will try again.",
        ),
    }
)
"""By code: the words in Arabic and in English."""

EVERY_REASON = frozenset(
    {
        *get_args(HoldReason),
        *get_args(CloseReason),
        *get_args(GoneReason),
        *(UNSAYABLE, UNREADABLE, FAILING),
    }
)


def say_reason(reason: str, language: Language) -> str:
    """A reason in words."""
    arabic, english = REASONS[reason]
    return arabic if language == "ar" else english
