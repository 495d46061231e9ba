"""The words of the page of what the demonstration's phones received, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.text.message import Language

RECEIVED_TEXT: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "ar": {
            "title": "ما وصل إلى هواتف الأسر",
            "purpose": (
                "صفحة العرض للمطورين: كل إشعار كما فتحه هاتفه بمفتاحه، وكل رسالة نصية وكل بريد كما"
                " وصلا إلى محاكي شبكتهما. لا أحد من هؤلاء شخص حقيقي."
            ),
            "quiet": "لا يصل شيء في ساعات الهدوء، من التاسعة مساءً إلى الثامنة صباحًا.",
            "other_language": "English",
            "families": "الأسر",
            "nobody": "لا توجد أسر تجريبية بعد. تصل أحداثها تباعًا؛ أعد تحميل الصفحة بعد قليل.",
            "push": "إشعارات الهاتف",
            "sms": "الرسائل النصية",
            "email": "البريد الإلكتروني",
            "nothing": "لم يصل شيء بعد.",
            "no_phone": "لا هاتف مسجَّل بهذا الاسم.",
            "sealed": "إشعار مختوم بمفتاح آخر، لا يفتحه هذا الهاتف.",
            "taken_back": "سُحب من الشاشة",
            "count": "عدد الإشعارات فيه",
            "parts": "عدد الأجزاء",
            "attached": "المرفق",
            "elsewhere": "وصل إلى أرقام وعناوين أخرى",
            "silent_fcm": "محاكي الإشعارات لا يجيب. تحقق من أن الخدمة تعمل ثم أعد تحميل الصفحة.",
            "silent_sms": "محاكي الرسائل لا يجيب. تحقق من أن الخدمة تعمل ثم أعد تحميل الصفحة.",
            "silent_email": "محاكي البريد لا يجيب. تحقق من أن الخدمة تعمل ثم أعد تحميل الصفحة.",
        },
        "en": {
            "title": "What the families' phones received",
            "purpose": (
                "The developers' page: each push as its phone opened it with its key, each text"
                " message and e-mail as it reached the simulator of its network. Nobody here is"
                " real."
            ),
            "quiet": "Nothing comes in the quiet hours, from nine in the evening to eight.",
            "other_language": "العربية",
            "families": "Families",
            "nobody": (
                "There are no demonstration families yet. Their events are on the way: load the"
                " page again in a while."
            ),
            "push": "Pushes",
            "sms": "Text messages",
            "email": "E-mails",
            "nothing": "Nothing has come yet.",
            "no_phone": "No phone is registered.",
            "sealed": "A push sealed for another key, which this phone does not open.",
            "taken_back": "taken off the screen",
            "count": "Notices in it",
            "parts": "Parts",
            "attached": "Attached",
            "elsewhere": "Came to other numbers and addresses",
            "silent_fcm": (
                "The simulator of pushes does not answer. See that the service is running, then"
                " load the page again."
            ),
            "silent_sms": (
                "The simulator of text messages does not answer. See that the service is running,"
                " then load the page again."
            ),
            "silent_email": (
                "The simulator of e-mails does not answer. See that the service is running, then"
                " load the page again."
            ),
        },
    }
)
