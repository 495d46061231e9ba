"""An effect says by what its reader is told, and what is sent because of a card."""

from datetime import date
from uuid import UUID

from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.card.record import Effect, decode_effect, encode_effect
from domain.compile.catalogue import compile_catalogue
from domain.evaluate import evaluate
from domain.facts.birth import BirthNotified
from domain.facts.business import PartnerAdded
from domain.facts.document import DocumentIssued
from domain.facts.marriage import ContractSigned
from domain.facts.person import EmploymentChanged
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members
from tests.support.builders import fact, in_error, married

HUSBAND, WIFE, CHILD = (PersonId(UUID(int=number)) for number in (1, 2, 3))
COUPLE = Circle(CircleId(UUID(int=9)), "couple", couple_members(HUSBAND, WIFE))
CATALOGUE = compile_catalogue(read_catalogue(SHIPPED_PACK), version=1)
SIGNED_ON, MARRIED_ON = date(2027, 3, 1), date(2027, 3, 10)


def effects(*facts: object, on: date) -> list[Effect]:
    return list(evaluate(COUPLE, facts, CATALOGUE, on, bytes(32)).effects)  # type: ignore[arg-type]  # facts


def told(found: list[Effect], entry: str) -> dict[str, Effect]:
    return {one.card: one for one in found if one.entry == entry and one.kind == "tell"}


def test_a_signed_contract_goes_by_e_mail_with_the_contract_attached() -> None:
    signed = fact(ContractSigned(HUSBAND, WIFE, "7"), SIGNED_ON, source="moj")
    one = told(effects(signed, on=SIGNED_ON), "marriage_contract")["signed"]
    assert (one.channels, one.attachment) == (("email",), "marriage_contract")
    assert one.message == "contract_signed"
    assert decode_effect(encode_effect(one)) == one


def test_a_concluded_contract_is_always_told_by_sms() -> None:
    found = effects(married(HUSBAND, WIFE, MARRIED_ON), on=MARRIED_ON)
    assert "sms" in told(found, "marriage_contract")["concluded"].channels
    assert told(found, "content_marriage")["stage"].channels == ()  # push, or SMS without an app


def test_an_added_partner_is_told_by_sms_and_by_e_mail() -> None:
    added = fact(
        PartnerAdded(WIFE, "DED-1", owner=HUSBAND, emirate="AE-AJ"),
        SIGNED_ON,
        source="economic_departments",
    )
    business = Circle(CircleId(UUID(int=10)), "business", (), "DED-1", "AE-AJ")
    found = evaluate(business, [added], CATALOGUE, SIGNED_ON, bytes(32)).effects
    one = told(list(found), "partner_added")["confirm"]
    assert (one.recipient, one.channels, one.message) == (
        WIFE,
        ("sms", "email"),
        "added_as_partner",
    )


def test_a_leave_is_sent_once_with_the_registry_and_day_of_each_field_and_taken_back() -> None:
    born_on, issued_on = date(2027, 6, 1), date(2027, 6, 8)
    wedding = married(HUSBAND, WIFE, date(2026, 7, 1))
    job = fact(EmploymentChanged(WIFE, "federal", "mohap"), date(2026, 6, 1), source="fahr")
    birth = fact(BirthNotified(CHILD, WIFE, HUSBAND), born_on, source="mohap")
    paper = fact(DocumentIssued(CHILD, "birth_certificate", "BC-1"), issued_on, source="ehs")

    def sent(*facts: object) -> list[Effect]:
        found = effects(*facts, on=issued_on)
        return [one for one in found if one.kind == "submit" and one.entry == "maternity_leave"]

    assert sent(wedding, job, birth) == []  # no certificate yet
    (one,) = sent(wedding, job, birth, paper)
    assert one.submission is not None
    assert (one.submission.kind, one.submission.agency) == ("maternity_leave", "fahr")
    assert {(f.name, f.value, f.source, f.said_on) for f in one.submission.fields} == {
        ("mother", str(WIFE), "mohap", born_on),
        ("mother_employer", "mohap", "fahr", date(2026, 6, 1)),
        ("delivered_on", "2027-06-01", "mohap", born_on),
        ("birth_certificate_number", "BC-1", "ehs", issued_on),
    }
    assert decode_effect(encode_effect(one)) == one
    assert sent(wedding, job, birth, paper, in_error(birth, issued_on)) == []
