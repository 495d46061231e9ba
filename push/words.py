"""What an SMS and an e-mail say: nothing about anyone. Whoever reads over a shoulder learns that
the app has something to say, and where.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.text.message import Language

LINK = "{link}"  # stands for the address until the message is composed
SMS: Mapping[Language, str] = MappingProxyType(
    {
        "ar": "أسرتي: لديك إشعار جديد {link}",
        "en": "Osrati: you have a new notice {link}",
    }
)
EMAIL_SENDER: Mapping[Language, str] = MappingProxyType({"ar": "أسرتي", "en": "Osrati"})
EMAIL_SUBJECT: Mapping[Language, str] = MappingProxyType(
    {"ar": "لديك إشعار جديد في أسرتي", "en": "You have a new notice in Osrati"}
)
EMAIL_TEXT: Mapping[Language, str] = MappingProxyType(
    {
        "ar": "السلام عليكم،\n\nلديك إشعار جديد في تطبيق أسرتي. سجِّل الدخول لتقرأه:\n\n{link}",
        "en": "Hello,\n\nYou have a new notice in the Osrati app. Sign in to read it:\n\n{link}",
    }
)
