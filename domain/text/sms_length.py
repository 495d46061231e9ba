"""How many parts a text message has: every Arabic letter makes the whole message UCS-2.

Source: 3GPP TS 23.038 (the default alphabet) and TS 23.040 (a part of several): 160 septets alone
and 153 in each of several; 70 units of UCS-2 alone and 67.
"""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")  # two septets each


def sms_parts(text: str) -> int:
    """The parts in which `text` is sent."""
    if all(mark in _BASIC or mark in _EXTENDED for mark in text):
        septets = sum(2 if mark in _EXTENDED else 1 for mark in text)
        return 1 if septets <= 160 else -(-septets // 153)
    units = len(text.encode("utf-16-be")) // 2
    return 1 if units <= 70 else -(-units // 67)
