"""What UAE PASS says of a person, read into types that cannot be wrong.

Source: docs.uaepass.ae, "Get user information"; `sub` and `uuid` name the account for good.
"""

import re
from typing import Literal, TypeAlias
from unicodedata import category, normalize

import msgspec

from domain.calendar_date import Sex
from domain.error import TryLater

Assurance: TypeAlias = Literal["SOP1", "SOP2", "SOP3"]

NAME_CHARACTERS_MAX = 200
EMIRATES_ID = re.compile(r"784[0-9]{12}")  # 15 digits; the year in it proves nothing
UUID_SHAPE = re.compile(r"[0-9a-fA-F-]{32,36}")
MOBILE = re.compile(r"\+?[0-9]{8,15}")
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
COUNTRY = re.compile(r"[A-Z]{3}")
_SEXES: dict[str, Sex] = {"male": "male", "m": "male", "female": "female", "f": "female"}


class ProviderUnclear(TryLater):
    """UAE PASS answered something that is no profile."""

    code = "sign_in.provider_unclear"
    status = 502
    retry_after_seconds = 60
    ar = "وصلنا رد غير مفهوم من الهوية الرقمية. أعد تسجيل الدخول بعد دقيقة."
    en = "UAE PASS answered something we could not read. Sign in again in a minute."


class Userinfo(msgspec.Struct, frozen=True, rename="camel"):
    """`/userinfo` as it came. Only what is used; everything else is passed over."""

    uuid: str
    user_type: str
    idn: str = ""
    mobile: str = ""
    email: str = ""
    fullname_ar: str = msgspec.field(default="", name="fullnameAR")
    fullname_en: str = msgspec.field(default="", name="fullnameEN")
    gender: str = ""
    nationality_en: str = msgspec.field(default="", name="nationalityEN")


class Profile(msgspec.Struct, frozen=True):
    """One person as the identity provider vouches for them. None where it said nothing usable."""

    uuid: str
    assurance: Assurance
    emirates_id: str | None = None  # 15 digits
    name_ar: str | None = None
    name_en: str | None = None
    sex: Sex | None = None
    nationality: str | None = None  # ISO 3166-1 alpha-3
    mobile: str | None = None  # E.164
    email: str | None = None


_decoder = msgspec.json.Decoder(Userinfo)


def read_profile(body: bytes) -> Profile:
    """The profile in an answer of `/userinfo`.

    A field of the wrong shape is dropped, as if it had not been said: the documentation's own
    sample of an Emirates ID has 14 digits. Raises: ProviderUnclear without uuid or assurance.
    """
    try:
        said = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProviderUnclear("userinfo") from None
    if not UUID_SHAPE.fullmatch(said.uuid):
        raise ProviderUnclear("uuid")
    assurance = said.user_type.upper()
    if assurance not in ("SOP1", "SOP2", "SOP3"):
        raise ProviderUnclear("userType")
    mobile = _matching(MOBILE, said.mobile)
    emirates_id = _matching(EMIRATES_ID, said.idn.replace("-", ""))
    return Profile(
        uuid=said.uuid.lower(),
        assurance=assurance,  # type: ignore[arg-type]  # one of the three, as checked above
        emirates_id=None if assurance == "SOP1" else emirates_id,
        name_ar=_name(said.fullname_ar),
        name_en=_name(said.fullname_en),
        sex=_SEXES.get(said.gender.strip().lower()),
        nationality=_matching(COUNTRY, said.nationality_en.strip().upper()),
        mobile=None if mobile is None else f"+{mobile.lstrip('+')}",
        email=_matching(EMAIL, said.email.strip()),
    )


def _name(parts: str) -> str | None:
    """The parts of a name that are there, in their order: it comes divided by commas.

    Composed (NFC), so that one name is not two; without what would turn the text around it.
    """
    shown = "".join(" " if _hides(letter) else letter for letter in normalize("NFC", parts))
    name = " ".join(" ".join(part.split()) for part in shown.split(",") if part.strip())
    return name if 0 < len(name) <= NAME_CHARACTERS_MAX else None


def _hides(letter: str) -> bool:
    """Control characters, halves of pairs, marks of direction; joiners belong to names."""
    return category(letter) in ("Cc", "Cs") or letter in DIRECTIONS


def _matching(shape: re.Pattern[str], value: str) -> str | None:
    return value if shape.fullmatch(value) else None
