"""Who decided that a card is told to whom: agency, signature, audience and notices."""

from datetime import date
from typing import Any

from domain.facts.marriage import ContractSigned
from domain.ids import AgencyId
from gov.agency import add_agency
from tests.schema.asking import ask, cards, operation
from tests.support.builders import CITIZEN, born, described, fact, married
from tests.support.house import TestHouse, person
from timeline.source import read_agency_names

FATHER, MOTHER, CHILD = person(1), person(2), person(3)
BIRTH = date(2026, 11, 9)


async def family(house: TestHouse) -> None:
    await house.apply(married(FATHER, MOTHER, date(2025, 6, 1)))
    await house.apply(described(FATHER, BIRTH, nationality=CITIZEN))
    await house.apply(born(CHILD, MOTHER, BIRTH, father=FATHER))


async def told(house: TestHouse, service: str, language: str = "EN") -> dict[str, Any]:
    """Of the father's card of a service."""
    found = await cards(house, FATHER, language=language, filter={"services": [service]})
    told: dict[str, Any] = found[0]["why"]["told"]
    return told


async def test_a_card_says_who_answers_for_it_whom_it_tells_and_by_what(house: TestHouse) -> None:
    await family(house)
    bundle = await told(house, "newborn_bundle")
    assert bundle["draft"] is True  # ICP has not signed it off yet
    assert bundle["agencyName"].endswith("(ICP)")
    assert bundle["text"] == "Told: the father. Where there is none: the mother."
    assert bundle["youAreTold"] is True
    assert bundle["notices"]
    for notice in bundle["notices"]:
        assert notice["moment"] in ("VISIBLE", "DUE")
        assert notice["message"] is None or notice["messageVersion"] >= 1
    arabic = await told(house, "newborn_bundle", "AR")
    assert arabic["text"] == "يُبلَّغ بها: الأب. وعند التعذّر: الأم."
    assert arabic["notices"] == bundle["notices"]


async def test_a_waiting_card_tells_nobody_and_says_whom_it_would(house: TestHouse) -> None:
    await house.apply(born(CHILD, MOTHER, BIRTH, father=FATHER))
    found = await cards(house, FATHER, filter={"states": ["WAITING"]})
    (card,) = [one for one in found if one["service"] == "newborn_bundle"]
    assert card["why"]["told"]["notices"] == []
    assert card["why"]["told"]["youAreTold"] is False
    assert card["why"]["told"]["text"]


async def test_a_message_of_the_catalogue_is_named_with_its_numbers(house: TestHouse) -> None:
    """The contract's conclusion is told by an SMS whose words are an entry of their own."""
    contract = fact(
        ContractSigned(FATHER, MOTHER, contract_number="C-1"), date(2026, 11, 20), source="moj"
    )
    await house.apply(contract)
    named = [
        notice
        for card in await cards(house, FATHER, filter={"services": ["marriage_contract"]})
        for notice in card["why"]["told"]["notices"]
        if notice["message"] is not None
    ]
    assert named
    for notice in named:
        assert notice["messageVersion"] >= 1
        assert notice["messageRevision"] >= 1
        assert notice["channels"]


async def test_an_agency_is_called_by_the_catalogue_not_by_its_registration(
    house: TestHouse,
) -> None:
    database = house.ground.database
    await add_agency(database, AgencyId("icp"), name_ar="اسم قديم", name_en="ICA, an old name")
    await add_agency(database, AgencyId("elsewhere"), name_ar="جهة أخرى", name_en="Elsewhere")
    await family(house)
    bundle = await told(house, "newborn_bundle")
    assert "old name" not in bundle["agencyName"]
    answer = await ask(house, FATHER, operation("Timeline"), language="EN")
    names = {
        name
        for edge in answer["data"]["me"]["timeline"]["edges"]
        for name in (edge["node"]["agencyName"], edge["node"]["why"]["told"]["agencyName"])
    }
    assert not any("old name" in name for name in names)
    catalogue = await house.ground.catalogues.current()
    by_id = await read_agency_names(house.ground, catalogue)
    assert by_id["elsewhere"].en == "Elsewhere"  # the catalogue does not list it
    house.clock.move_to(date(2020, 1, 1))
    assert (await read_agency_names(house.ground, catalogue))["icp"] != by_id["icp"]
