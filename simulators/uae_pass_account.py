"""Accounts of the UAE PASS simulator: the demonstration's parents, and samples for the bad days.

What `/userinfo` says of each has the fields and the oddities of the real one: names in parts
divided by commas, a mobile without "+", no Emirates ID below SOP2.
Source: docs.uaepass.ae, "Get user information", read 2026-11.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from simulators.telling import Story, sample_emirates_id

Assurance = Literal["SOP1", "SOP2", "SOP3"]

SAMPLE_IDN_OF_14_DIGITS = "78400000009914"  # the documentation's own sample is a digit short, too
SAMPLE_MOBILE = "971501234567"


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `emirates_id` is digits only, as UAE PASS sends it; None below SOP2."""

    key: str
    assurance: Assurance
    name_ar: str
    name_en: str
    emirates_id: str | None
    sex: Literal["male", "female"] | None = None
    mobile: str = SAMPLE_MOBILE
    email: str = "sample@family.example"
    nationality_en: str = "ARE"

    @property
    def uuid(self) -> str:
        """The account's id, which never changes."""
        return str(uuid5(NAMESPACE_URL, f"https://uae-pass.example/{self.key}"))

    def userinfo(self) -> dict[str, str]:
        """What `/userinfo` answers."""
        said = {
            "sub": f"UAEPASS/{self.uuid}",
            "uuid": self.uuid,
            "userType": self.assurance,
            "mobile": self.mobile,
            "email": self.email,
        }
        if self.assurance == "SOP1" or self.emirates_id is None:
            return said
        said |= {
            "idn": self.emirates_id,
            "idType": "ID",
            "fullnameAR": _in_parts(self.name_ar),
            "fullnameEN": _in_parts(self.name_en),
            "firstnameAR": self.name_ar.partition(" ")[0],
            "firstnameEN": self.name_en.partition(" ")[0],
            "lastnameAR": self.name_ar.rpartition(" ")[2],
            "lastnameEN": self.name_en.rpartition(" ")[2],
            "nationalityEN": self.nationality_en,
            "spuuid": "",
        }
        if self.sex is not None:
            said["gender"] = self.sex.capitalize()
        return said


def _in_parts(name: str) -> str:
    """First, father's, …, family name, with the empty parts that the registry leaves."""
    first, _, last = name.partition(" ")
    return f"{first},,,,,{last}"


SAMPLES = (
    Account("visitor", "SOP1", "زائرة تجريبية", "Sample Visitor", None),
    Account(  # verified, with no right to sign documents: enough to see one's own
        "verified",
        "SOP2",
        "موثّقة التجريبي",
        "Sample Verified",
        sample_emirates_id(95).replace("-", ""),
        "female",
    ),
    Account("short-number", "SOP3", "رقم قصير", "Short Number", SAMPLE_IDN_OF_14_DIGITS, "male"),
)


def accounts(told: Iterable[Story]) -> dict[str, Account]:
    """Every account by its key: the parents of the demonstration, then the samples."""
    parents = [
        Account(
            key=parent.emirates_id,
            assurance="SOP3",
            name_ar=parent.name_ar,
            name_en=parent.name_en,
            emirates_id=parent.emirates_id.replace("-", ""),
            sex="male" if parent.role in ("father", "husband") else "female",
        )
        for story in told
        for parent in story.parents
    ]
    return {account.key: account for account in (*parents, *SAMPLES)}
