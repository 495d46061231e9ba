"""The electronic copy of a marriage contract, as an e-mail carries it: who, which number, when, and
by whom it was reported. A page of its own that reads without a network, in its reader's language.

Made from the facts of the couple's own circle when the message goes out, for a card that was asked
about a moment before. It is no signed document: what the Ministry signed never comes here.
"""

from collections.abc import Mapping
from html import escape
from types import MappingProxyType

from babel.dates import format_date

from domain.family import Person, family_of
from domain.history.contract import Contract
from domain.ids import CircleId
from domain.rule.variable_name import value_name
from domain.text.message import Language
from push.outgoing import Attachment
from store.scope import CircleScope
from timeline.ground import Ground
from timeline.record import find_circle, read_facts
from timeline.source import AgencyNames, read_agency_names, source_name

FILE_NAME = "marriage-contract.html"

_WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "ar": {
            "title": "نسخة إلكترونية من بيانات عقد الزواج",
            "husband": "الزوج",
            "wife": "الزوجة",
            "number": "رقم العقد",
            "signed_on": "تاريخ التوقيع",
            "concluded_on": "تاريخ إتمام العقد",
            "emirate": "الإمارة",
            "source": "الجهة",
            "unknown": "غير مسجَّل",
            "note": "هذه بيانات العقد كما أبلغت بها الجهة، ولا تقوم مقام الوثيقة الموقَّعة.",
        },
        "en": {
            "title": "Electronic copy of the marriage contract's details",
            "husband": "Husband",
            "wife": "Wife",
            "number": "Contract number",
            "signed_on": "Signed on",
            "concluded_on": "Concluded on",
            "emirate": "Emirate",
            "source": "Authority",
            "unknown": "Not recorded",
            "note": (
                "These are the details of the contract as the authority reported them; they do not"
                " stand in for the signed document."
            ),
        },
    }
)
_PAGE = """\
<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font-family: Tahoma, Arial, sans-serif; line-height: 1.7; margin: 2em auto; max-width: 40em;
  padding-inline: 1em }}
th {{ text-align: start; padding-inline-end: 2em; font-weight: normal; color: #555 }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
{rows}
</table>
<p>{note}</p>
</body>
</html>
"""


async def copy_contract(
    ground: Ground, circle_id: CircleId, language: Language
) -> Attachment | None:
    """The copy of the contract of a couple's circle; None where the circle holds none."""
    keys = await ground.keys.circle(circle_id)
    async with ground.database.read(CircleScope(circle_id)) as session:
        circle = await find_circle(session, keys)
        facts = await read_facts(session, keys)
    if circle is None:
        return None
    family = family_of(circle, facts)
    contract = next(iter(family.contracts), None)
    if contract is None:
        return None
    agencies = await read_agency_names(ground, await ground.catalogues.current())
    couple = family.person(contract.husband), family.person(contract.wife)
    return Attachment(FILE_NAME, _page(contract, couple, agencies, language))


def _page(
    contract: Contract,
    couple: tuple[Person, Person],
    agencies: AgencyNames,
    language: Language,
) -> str:
    words = _WORDS[language]
    rows = "\n".join(
        f"<tr><th>{words[name]}</th><td><bdi>{escape(value or words['unknown'])}</bdi></td></tr>"
        for name, value in _said(contract, couple, agencies, language)
    )
    return _PAGE.format(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title=words["title"],
        rows=rows,
        note=words["note"],
    )


def _said(
    contract: Contract,
    couple: tuple[Person, Person],
    agencies: AgencyNames,
    language: Language,
) -> list[tuple[str, str | None]]:
    """The rows in their order; a conclusion is one only once there was one."""
    last = contract.concluded or contract.signed
    assert last is not None, "a contract was signed or concluded"
    emirate: str | None = getattr(last.payload, "emirate", None)
    rows: list[tuple[str, str | None]] = [
        ("husband", _name(couple[0], language)),
        ("wife", _name(couple[1], language)),
        ("number", contract.number),
    ]
    for name, fact in (("signed_on", contract.signed), ("concluded_on", contract.concluded)):
        if fact is not None:
            day = format_date(fact.occurred_on, "long", locale=f"{language}_AE")
            rows.append((name, day))
    if emirate is not None:
        rows.append(("emirate", value_name(emirate, language)))
    return [*rows, ("source", source_name(agencies, last.source, language))]


def _name(person: Person, language: Language) -> str | None:
    """The name in the language, else in the other: nobody's name is left out for its script."""
    ours, others = person.name_ar, person.name_en
    return ours or others if language == "ar" else others or ours
