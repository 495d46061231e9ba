"""The vaccination document over GraphQL: who gets it, and that anybody can check it."""

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx2
import pytest

from api.app import ACT_AS_HEADER, build_app
from api.settings import read_settings
from api.wire import House
from domain.fact import MEMBER_SOURCE
from domain.facts.health import VaccinationGiven
from domain.facts.person import PersonDescribed
from domain.facts.place import Place
from domain.ids import PersonId
from gov.issuer import get_issuer_key, list_issuer_keys, renew_issuer_key
from schema.node import encode_id
from schema.vaccination_document import DOSES_MAX
from tests.schema.asking import Json, ask
from tests.support.builders import born, described, died, fact, in_error, married, vaccinated
from tests.support.card_reader import jws_of, scan, verify
from tests.support.house import TestHouse, person
from tests.support.intake import HeldHints

HUSBAND, WIFE, CHILD, OTHER = person(1), person(2), person(3), person(4)
BORN_ON = date(2026, 1, 10)
QUERY = """
query Document($person: ID!, $language: Language) {
  vaccinationDocument(person: $person, language: $language) {
    issuer file cards { jws number doseCount code qr }
  }
}
"""


async def family(house: TestHouse) -> None:
    birth = born(CHILD, WIFE, BORN_ON, father=HUSBAND)
    await house.apply(married(HUSBAND, WIFE, date(2025, 1, 1)))
    await house.apply(
        birth, described(CHILD, BORN_ON, name_ar="هند التجريبي", name_en="Hind Al-Tajribi")
    )
    for code, on in (("08", BORN_ON), ("19", BORN_ON), ("146", date(2026, 3, 10))):
        await house.apply(vaccinated(CHILD, code, on))


async def document(house: TestHouse, reader: PersonId, of: PersonId = CHILD) -> Json | None:
    answer = await ask(house, reader, QUERY, person=encode_id("Person", of.bytes))
    assert "errors" not in answer, answer
    found: Json | None = answer["data"]["vaccinationDocument"]
    return found


async def published(house: TestHouse) -> Json:
    return {
        "keys": [
            {name: getattr(key.public, name) for name in key.public.__struct_fields__}
            for key in await list_issuer_keys(house.ground.keys)
        ]
    }


def doses(card: Json, keys: Json) -> list[tuple[str, str]]:
    bundle = verify(card["jws"], keys)["vc"]["credentialSubject"]["fhirBundle"]
    resources = [entry["resource"] for entry in bundle["entry"][1:]]
    return [(r["occurrenceDateTime"], r["vaccineCode"]["coding"][0]["code"]) for r in resources]


async def test_each_parent_gets_the_child_s_doses_signed(house: TestHouse) -> None:
    await family(house)
    for parent in (HUSBAND, WIFE):
        found = await document(house, parent)
        assert found is not None
        (card,) = found["cards"]
        assert doses(card, await published(house)) == [
            ("2026-01-10", "08"),
            ("2026-01-10", "19"),
            ("2026-03-10", "146"),
        ]
        assert (card["number"], card["doseCount"]) == (1, 3)
        assert scan(card["qr"]) == card["code"]
        assert jws_of(card["code"]) == card["jws"]
        assert json.loads(found["file"]) == {"verifiableCredential": [card["jws"]]}


async def test_missing_and_forbidden_look_alike(house: TestHouse) -> None:
    await family(house)
    await house.apply(born(person(6), OTHER, BORN_ON))
    for reader, of in ((OTHER, CHILD), (WIFE, person(6)), (WIFE, person(99)), (WIFE, HUSBAND)):
        assert await document(house, reader, of) is None
    for bad in ("", "x", encode_id("Card", CHILD.bytes)):
        answer = await ask(house, WIFE, QUERY, person=bad)
        assert answer["data"]["vaccinationDocument"] is None
        assert "errors" not in answer
    nobody = await ask(house, None, QUERY, person=encode_id("Person", CHILD.bytes))
    assert nobody["errors"][0]["extensions"]["code"] == "sign_in_required"


async def test_it_closes_when_the_child_comes_of_age_or_dies(house: TestHouse) -> None:
    await family(house)
    house.clock.move_to(date(2044, 1, 9))
    assert await document(house, WIFE) is not None
    house.clock.move_to(date(2044, 1, 10))
    assert await document(house, WIFE) is None
    house.clock.move_to(date(2026, 11, 21))
    await house.apply(died(CHILD, date(2026, 11, 20)))
    assert await document(house, WIFE) is None


async def test_who_is_grown_up_gets_their_own(house: TestHouse) -> None:
    assert await document(house, WIFE, WIFE) is None
    said = PersonDescribed(WIFE, name_en="Noura", born_on=date(1998, 5, 1))
    await house.apply(fact(said, date(2026, 1, 1)), vaccinated(WIFE, "140", date(2026, 10, 1)))
    found = await document(house, WIFE, WIFE)
    assert found is not None
    assert doses(found["cards"][0], await published(house)) == [("2026-10-01", "140")]
    assert await document(house, HUSBAND, WIFE) is None


async def test_lot_and_place_are_told_and_a_dose_given_in_part_is_not(house: TestHouse) -> None:
    await family(house)
    whole = VaccinationGiven(CHILD, "133", lot_number="AB12", place=Place(facility="Ajman Clinic"))
    part = VaccinationGiven(CHILD, "119", is_partial=True)
    await house.apply(fact(whole, date(2026, 3, 11)), fact(part, date(2026, 3, 11)))
    found = await document(house, WIFE)
    assert found is not None
    payload = verify(found["cards"][0]["jws"], await published(house))
    last = payload["vc"]["credentialSubject"]["fhirBundle"]["entry"][-1]["resource"]
    assert last["vaccineCode"]["coding"][0]["code"] == "133"
    assert last["lotNumber"] == "AB12"
    assert last["performer"] == [{"actor": {"display": "Ajman Clinic"}}]


async def test_what_was_taken_back_or_said_by_a_member_is_not_signed(house: TestHouse) -> None:
    await family(house)
    wrong = vaccinated(CHILD, "03", date(2026, 3, 11))
    told = vaccinated(CHILD, "21", date(2026, 3, 12), source=MEMBER_SOURCE)
    await house.apply(wrong, told)
    await house.apply(in_error(wrong, date(2026, 3, 13)), concerns=(CHILD,))
    found = await document(house, WIFE)
    assert found is not None
    assert len(doses(found["cards"][0], await published(house))) == 3


async def test_a_child_without_doses_has_a_document_without_cards(house: TestHouse) -> None:
    await house.apply(born(CHILD, WIFE, BORN_ON))
    found = await document(house, WIFE)
    assert found is not None
    assert found["cards"] == []


async def test_the_title_of_a_code_is_in_the_language_asked_for(house: TestHouse) -> None:
    await family(house)
    for language, title in (("AR", "سجل التطعيم، 1 من 1"), ("EN", "Vaccination record, 1 of 1")):
        answer = await ask(
            house, WIFE, QUERY, person=encode_id("Person", CHILD.bytes), language=language
        )
        (card,) = answer["data"]["vaccinationDocument"]["cards"]
        assert f"<title>{title}</title>" in card["qr"]


@pytest.mark.parametrize(("count", "refused"), [(DOSES_MAX, False), (DOSES_MAX + 1, True)])
async def test_a_document_has_a_greatest_length(
    house: TestHouse, count: int, refused: bool
) -> None:
    given = [
        vaccinated(CHILD, f"{n % 90 + 1:02}", date(2026, 1, 11 + n // 90)) for n in range(count)
    ]
    await house.apply(born(CHILD, WIFE, BORN_ON), *given)
    answer = await ask(
        house,
        WIFE,
        "query($person: ID!) { vaccinationDocument(person: $person) { cards { doseCount } } }",
        person=encode_id("Person", CHILD.bytes),
    )
    if refused:
        code = answer["errors"][0]["extensions"]["code"]
        assert code == "vaccination_document.too_many_doses"
    else:
        cards = answer["data"]["vaccinationDocument"]["cards"]
        assert sum(card["doseCount"] for card in cards) == count


async def test_a_renewed_key_signs_and_the_earlier_one_is_still_published(
    house: TestHouse,
) -> None:
    await family(house)
    before = await document(house, WIFE)
    first = await get_issuer_key(house.ground.keys)
    renewed = await renew_issuer_key(house.ground.keys)
    assert renewed.public.kid != first.public.kid
    after = await document(house, WIFE)
    assert before is not None
    assert after is not None
    keys = await published(house)
    assert [key["kid"] for key in keys["keys"]] == [first.public.kid, renewed.public.kid]
    for found in (before, after):
        assert len(doses(found["cards"][0], keys)) == 3
    with pytest.raises(Exception):  # noqa: B017, PT011  # no such key
        doses(after["cards"][0], {"keys": keys["keys"][:1]})


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    settings = read_settings({}, data_dir=tmp_path)
    opened = House(settings, house.ground, house.registry, house.schemas)
    transport = httpx2.ASGITransport(app=build_app(opened, HeldHints()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://osrati.test") as client:
        yield client


async def test_over_http_the_issuer_s_address_leads_to_the_keys(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    await family(house)
    variables = {"person": encode_id("Person", CHILD.bytes)}
    answer = await http.post(
        "/graphql",
        json={"query": QUERY, "variables": variables},
        headers={ACT_AS_HEADER: str(WIFE)},
    )
    found = answer.json()["data"]["vaccinationDocument"]
    keys = await http.get(found["issuer"] + "/.well-known/jwks.json")
    assert keys.headers["access-control-allow-origin"] == "*"
    assert keys.headers["content-type"] == "application/json"
    assert not any("d" in key for key in keys.json()["keys"])  # no private part
    payload = verify(found["cards"][0]["jws"], keys.json())
    assert payload["iss"] == found["issuer"] == "http://osrati.test"
