"""What `me` and `node` answer, over a real database: the cards, their words, their pages."""

from datetime import date, timedelta

import pytest
from msgspec import structs

from api.demo import AGENCIES
from domain.catalogue import Catalogue
from domain.ids import AgencyId, EntryId, PersonId
from domain.text.message import Language
from gov.agency import add_agency
from schema.load_card import find_service
from tests.schema.asking import EVERY_STATE, Json, ask, cards, operation
from tests.support.builders import CITIZEN, born, described, married, vaccinated
from tests.support.house import TestHouse, person

FATHER, MOTHER, CHILD, STRANGER = person(1), person(2), person(3), person(4)
BIRTH = date(2026, 11, 9)  # twelve days before the clock of the house begins
BCG = "19"


@pytest.fixture
async def family(house: TestHouse) -> TestHouse:
    """A couple and a newborn with a name: the father is a citizen, one vaccine is given."""
    await house.apply(married(FATHER, MOTHER, date(2025, 9, 17)))
    await house.apply(
        born(CHILD, MOTHER, BIRTH, father=FATHER),
        described(CHILD, BIRTH, name_ar="هند", name_en="Hind"),
        described(FATHER, BIRTH, nationality=CITIZEN, name_ar="سالم", name_en="Salem"),
    )
    await house.apply(vaccinated(CHILD, BCG, BIRTH))
    return house


def texts(card: Json) -> list[str]:
    """Every text of a card and of its why."""
    why = card["why"]
    return [
        *(card[name] for name in ("serviceName", "agencyName", "title", "body")),
        *(line["text"] for line in why["lines"]),
        *(fact[name] for fact in why["facts"] for name in ("name", "sourceName")),
    ]


def arabic(text: str) -> bool:
    """Whether a text has an Arabic letter."""
    return any("\u0600" <= letter <= "\u06ff" for letter in text)


async def test_me_says_who_and_which_day(family: TestHouse) -> None:
    answer = await ask(family, FATHER, "{ me { nameAr nameEn language today } }", reading="en")
    assert answer["data"]["me"] == {
        "nameAr": "سالم",
        "nameEn": "Salem",
        "language": "EN",
        "today": "2026-11-21",
    }


async def test_an_open_card_has_its_words_its_days_and_its_why(family: TestHouse) -> None:
    found = await cards(family, FATHER, language="EN", filter={"services": ["newborn_bundle"]})
    (card,) = found
    assert card["nature"] == "PROCEDURE"
    assert card["criterion"] == "STATE"
    assert card["state"] == "DUE"
    assert "Hind" in card["title"]
    assert card["draft"] is True
    assert card["serviceName"] == "Mabrouk Ma Yak"
    # Shown and due from the day of birth; overdue after 90 days, gone after 120.
    assert card["window"] == {
        "visibleFrom": "2026-11-09",
        "dueFrom": "2026-11-09",
        "dueUntil": "2027-02-07",
        "expiresOn": "2027-03-09",
    }
    assert card["showsFrom"] is None
    why = card["why"]
    assert {line["id"]: line["truth"] for line in why["lines"]} == {
        "record_active": "MET",
        "birth_confirmed": "MET",
        "no_residents": "MET",
        "citizen": "MET",
    }
    assert {(fact["kind"], fact["name"]) for fact in why["facts"]} >= {
        ("birth.notified", "Birth notified")
    }
    service = (await family.ground.catalogues.current()).services[EntryId("newborn_bundle")]
    assert why["rule"] == {
        "service": "newborn_bundle",
        "version": service.version,
        "revision": service.revision,
    }


async def test_every_text_comes_in_the_language_asked_else_the_readers(family: TestHouse) -> None:
    for agency_id, (name_ar, name_en) in AGENCIES.items():
        database = family.ground.database
        await add_agency(database, AgencyId(agency_id), name_ar=name_ar, name_en=name_en)
    readings: tuple[tuple[Language, str | None, str], ...] = (
        ("ar", None, "ar"),
        ("en", None, "en"),
        ("ar", "EN", "en"),
        ("en", "AR", "ar"),
    )
    for reading, asked, spoken in readings:
        given = {"filter": {"services": ["newborn_bundle"]}, "language": asked}
        answer = await ask(family, FATHER, operation("Timeline"), reading=reading, **given)
        (edge,) = answer["data"]["me"]["timeline"]["edges"]
        again = {"id": edge["node"]["id"], "language": asked}
        alone = await ask(family, FATHER, operation("Card"), reading=reading, **again)
        assert alone["data"]["node"] == edge["node"]
        assert {arabic(text) for text in texts(edge["node"])} == {spoken == "ar"}


async def test_a_waiting_card_says_why_not_yet(house: TestHouse) -> None:
    await house.apply(born(CHILD, MOTHER, BIRTH, father=FATHER))
    found = await cards(house, FATHER, language="EN", filter={"states": ["WAITING"]})
    (card,) = [card for card in found if card["service"] == "newborn_bundle"]
    assert card["window"] is None
    assert card["title"] == card["serviceName"] == "Mabrouk Ma Yak"
    unmet = [line for line in card["why"]["lines"] if line["truth"] != "MET"]
    assert [line["id"] for line in unmet] == ["citizen"]
    assert card["body"] == unmet[0]["text"]


async def test_a_scheduled_card_says_from_which_day_it_shows(family: TestHouse) -> None:
    found = await cards(family, MOTHER, filter={"states": ["SCHEDULED"]})
    assert found
    for card in found:
        assert card["showsFrom"] == card["window"]["visibleFrom"]
        assert card["showsFrom"] > "2026-11-21"


async def test_only_open_states_unless_asked(family: TestHouse) -> None:
    answer = await ask(family, MOTHER, operation("Timeline"))
    states = {edge["node"]["state"] for edge in answer["data"]["me"]["timeline"]["edges"]}
    assert states
    assert states <= {"UPCOMING", "DUE", "OVERDUE"}
    every = {card["state"] for card in await cards(family, MOTHER)}
    assert "SCHEDULED" in every


async def test_a_filter_narrows_by_subject_and_nature(family: TestHouse) -> None:
    every = await cards(family, FATHER)
    states = {"states": EVERY_STATE}
    (bundle,) = await cards(family, FATHER, filter={"services": ["newborn_bundle"], **states})
    about_child = await cards(family, FATHER, filter={"subjects": [bundle["subject"]], **states})
    assert about_child == [card for card in every if card["subject"] == bundle["subject"]]
    assert len(about_child) < len(every)
    assert await cards(family, FATHER, filter={"subjects": [], **states}) == []
    assert await cards(family, FATHER, filter={"subjects": ["no id"], **states}) == []
    reminders = await cards(family, FATHER, filter={"natures": ["REMINDER"], **states})
    assert reminders
    assert {card["service"] for card in reminders} == {"vaccination"}


async def test_a_filter_narrows_by_the_days_on_which_cards_are_due(family: TestHouse) -> None:
    async def services(**days: str) -> set[str]:
        asked = {**days, "states": EVERY_STATE}
        return {card["service"] for card in await cards(family, FATHER, filter=asked)}

    # The bundle is due from 2026-11-09 until 2027-02-07.
    assert "newborn_bundle" in await services(dueUntil="2026-11-09")
    assert "newborn_bundle" not in await services(dueUntil="2026-11-08")
    assert "newborn_bundle" in await services(dueFrom="2027-02-07")
    assert "newborn_bundle" not in await services(dueFrom="2027-02-08")


async def test_pages_together_are_the_whole_timeline(family: TestHouse) -> None:
    query = """query($after: String, $filter: TimelineFilter) { me { timeline(first: 2,
        after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor }
        edges { cursor node { id } } } } }"""
    whole = [card["id"] for card in await cards(family, FATHER)]
    seen: list[str] = []
    after: str | None = None
    while True:
        answer = await ask(family, FATHER, query, after=after, filter={"states": EVERY_STATE})
        page = answer["data"]["me"]["timeline"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        assert page["totalCount"] == len(whole) > 2
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == whole


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: -1", "page.out_of_range"),
        ("first: 101", "page.out_of_range"),
        ("first: 1, last: 1", "page.out_of_range"),
        ('after: "mine"', "page.cursor_malformed"),
        ("filter: {services: [" + '"x", ' * 51 + "]}", "filter.too_long"),
    ],
)
async def test_what_is_no_page_is_a_coded_error(
    house: TestHouse, arguments: str, code: str
) -> None:
    query = f"{{ me {{ timeline({arguments}) {{ totalCount }} }} }}"
    answer = await ask(house, FATHER, query)
    assert answer["data"] == {"me": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_a_filter_takes_fifty_items(house: TestHouse) -> None:
    query = "query($filter: TimelineFilter) { me { timeline(filter: $filter) { totalCount } } }"
    answer = await ask(house, FATHER, query, filter={"services": ["x"] * 50})
    assert answer == {"data": {"me": {"timeline": {"totalCount": 0}}}}


async def test_node_finds_my_card_again_and_nothing_else(family: TestHouse) -> None:
    first, *_ = await cards(family, FATHER)

    async def node(reader: PersonId, node_id: str) -> object:
        answer = await ask(family, reader, operation("Card"), id=node_id)
        assert "errors" not in answer
        return answer["data"]["node"]

    assert await node(FATHER, first["id"]) == first
    for reader in (MOTHER, STRANGER):
        assert await node(reader, first["id"]) is None
    for other in ("", "Q2FyZDox", first["subject"], first["id"][:-1]):
        assert await node(FATHER, other) is None


async def test_before_sign_in_everything_is_null_and_says_so(house: TestHouse) -> None:
    answer = await ask(house, None, '{ me { today } node(id: "x") { id } }')
    assert answer["data"] == {"me": None, "node": None}
    codes = [error["extensions"]["code"] for error in answer["errors"]]
    assert codes == ["sign_in_required", "sign_in_required"]


async def test_a_card_that_the_catalogue_cannot_say_is_not_shown(family: TestHouse) -> None:
    catalogue = await family.ground.catalogues.current()
    for card in await family.timeline(FATHER):
        service = find_service(catalogue, card.record)
        assert service is not None
        newer = structs.replace(service, version=service.version + 1)
        other_cards = structs.replace(service, cards=())
        other_lines = structs.replace(service, eligibility=())
        for changed in (newer, other_cards, other_lines):
            published = Catalogue(2, {service.id: changed})
            assert find_service(published, card.record) is None
        assert find_service(Catalogue(2, {}), card.record) is None


async def test_a_timeline_is_that_of_its_day(family: TestHouse) -> None:
    checks = {"states": ["SCHEDULED"], "services": ["growth_questionnaire"]}
    scheduled = await cards(family, MOTHER, filter=checks)
    shows_on = date.fromisoformat(scheduled[0]["showsFrom"])
    found = {}
    for day in (shows_on, shows_on - timedelta(days=1)):
        family.clock.move_to(day)
        answer = await ask(family, MOTHER, operation("Card"), id=scheduled[0]["id"])
        found[day] = answer["data"]["node"]["state"]
    assert found == {shows_on: "DUE", shows_on - timedelta(days=1): "SCHEDULED"}
