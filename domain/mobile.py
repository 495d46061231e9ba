"""Mobile numbers as people write them, as E.164. Pure.

Said by agencies and by people themselves: digits of any script, spaces, marks of direction that
were copied along, and both ways to begin (`00` and `0`). Source: ITU-T E.164; which numbers exist,
`phonenumbers`.
"""

from unicodedata import category, decimal

import phonenumbers

HOME_REGION = "AE"  # a mobile without a country's code is one of here


def find_mobile(text: str) -> str | None:
    """The number as E.164; None for what can be no mobile's."""
    ascii_text = "".join(str(decimal(char, char)) for char in text if category(char) != "Cf")
    try:
        number = phonenumbers.parse(ascii_text, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,  # where a country does not tell them
    ):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
