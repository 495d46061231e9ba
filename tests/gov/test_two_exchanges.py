"""Two exchanges report one dose through the real intake: both reports are kept, as raw messages
and as facts, and what the parents see counts one dose.

Each family is compared with one of whose dose a single exchange told: whatever a dose counted twice
would move (the next visit, its days, the number of doses) is then another.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from api.settings import read_settings
from domain.facts.health import VaccinationGiven
from domain.ids import PersonId
from simulators.telling import sample_emirates_id
from tests.gov.test_inbox_seal import rows
from tests.support.house import TestHouse, actor_of
from tests.support.intake import Intake, open_intake
from timeline.apply import read_own_facts
from timeline.people import find_person
from timeline.read import read_vaccination_records

pytestmark = pytest.mark.slow
HEXAVALENT = "146"
APPLIED = 1
EXCHANGES = ("moj", "mohap")  # the two agencies of every test's intake
Seen = tuple[list[tuple[object, ...]], list[object], list[tuple[str, date, int]]]


@pytest.fixture
async def intake(house: TestHouse, tmp_path: Path) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)
    async with open_intake(house, read_settings({}, data_dir=tmp_path)) as opened:
        yield opened


def numbered(number: int) -> dict[str, object]:
    return {"identifier": {"system": "emirates_id", "value": sample_emirates_id(number)}}


def mother(family: int) -> dict[str, object]:
    return numbered(700 + 2 * family)


def child(family: int) -> dict[str, object]:
    return numbered(701 + 2 * family)


async def tell(
    house: TestHouse,
    intake: Intake,
    agency: str,
    event_id: str,
    kind: str,
    on: date,
    data: Mapping[str, object],
) -> dict[str, object]:
    """One event of some day, asserted now: so the order of what is told is the precedence."""
    house.clock.instant += timedelta(seconds=1)
    asserted_at = (house.clock.instant - timedelta(seconds=1)).isoformat(timespec="seconds")
    told: dict[str, object] = {
        "id": event_id,
        "kind": kind,
        "occurred_on": on.isoformat(),
        "asserted_at": asserted_at,
        "data": data,
    }
    answer = await intake.tell(agency, told)
    assert answer["status"] == "applied", answer
    return told


async def birth(house: TestHouse, intake: Intake, family: int, on: date) -> None:
    data = {"mother": mother(family), "child": {**child(family), "sex": "female"}}
    await tell(house, intake, "mohap", f"b-{family}", "birth.notified", on, data)


async def dose(
    house: TestHouse, intake: Intake, family: int, agency: str, on: date
) -> dict[str, object]:
    """A dose that an exchange calls `v-<family>-<day>`: two exchanges may give one id."""
    data = {"person": child(family), "vaccine_code": HEXAVALENT}
    return await tell(house, intake, agency, f"v-{family}-{on}", "vaccination.given", on, data)


async def who(house: TestHouse, said: dict[str, object]) -> PersonId:
    number = said["identifier"]
    assert isinstance(number, dict)
    value = "/" + str(number["value"]).replace("-", "")
    found = await find_person(house.ground, system="emirates_id", value=value)
    assert found is not None
    return found


async def seen(house: TestHouse, family: int) -> Seen:
    """The mother's cards with their days, how each vaccine group stands, and each dose: its code,
    its day and how many told of it.
    """
    reader = await who(house, mother(family))
    cards = [
        (
            card.record.occurrence.rpartition("/")[2],
            card.state,
            card.record.window,
            card.record.resolved_on,
        )
        for card in await house.timeline(reader)
        if card.record.entry == "vaccination"
    ]
    (record,) = await read_vaccination_records(house.ground, actor_of(reader))
    assert record.vaccinations is not None
    doses = [(d.code, d.given_on, len(d.reports)) for d in record.vaccinations.doses]
    return sorted(cards, key=repr), list(record.vaccinations.groups), doses


async def sources_kept(house: TestHouse, family: int) -> list[tuple[str, date]]:
    facts = await read_own_facts(house.ground, await who(house, child(family)))
    return sorted(
        (fact.source, fact.occurred_on)
        for fact in facts
        if isinstance(fact.payload, VaccinationGiven)
    )


@pytest.mark.parametrize("first", EXCHANGES)
async def test_one_dose_told_by_two_exchanges_is_two_messages_two_facts_and_one_dose(
    house: TestHouse, intake: Intake, first: str
) -> None:
    today = house.clock.today()
    on = today - timedelta(days=1)
    for family in (1, 2):
        await birth(house, intake, family, today - timedelta(days=65))
    await dose(house, intake, 1, "moj", on)
    second = next(agency for agency in EXCHANGES if agency != first)
    for agency in (first, second):
        await dose(house, intake, 2, agency, on)

    assert [row[1] for row in await rows(house)] == [APPLIED] * 5
    assert await sources_kept(house, 2) == [("mohap", on), ("moj", on)]
    cards, groups, doses = await seen(house, 2)
    alone = await seen(house, 1)
    assert (cards, groups) == alone[:2]
    assert (alone[2], doses) == ([(HEXAVALENT, on, 1)], [(HEXAVALENT, on, 2)])
    assert len([card for card in cards if card[1] == "done"]) == 1


@pytest.mark.parametrize("apart", [4, 14])
async def test_one_dose_told_with_two_dates_counts_once_by_the_later(
    house: TestHouse, intake: Intake, apart: int
) -> None:
    """The programme joins reports of two exchanges up to fourteen days apart."""
    today = house.clock.today()
    later = today - timedelta(days=1)
    earlier = later - timedelta(days=apart)
    for family in (1, 2):
        await birth(house, intake, family, today - timedelta(days=90))
    await dose(house, intake, 1, "moj", later)
    await dose(house, intake, 2, "mohap", earlier)
    await dose(house, intake, 2, "moj", later)

    assert await sources_kept(house, 2) == [("mohap", earlier), ("moj", later)]
    cards, groups, doses = await seen(house, 2)
    alone = await seen(house, 1)
    assert groups == alone[1]
    assert [card[:3] for card in cards if card[1] != "done"] == [
        card[:3] for card in alone[0] if card[1] != "done"
    ]
    assert doses == [(HEXAVALENT, later, 2)]


@pytest.mark.parametrize(
    ("agencies", "apart"), [(("moj", "moj"), 14), (("mohap", "moj"), 15), (("mohap", "moj"), 30)]
)
async def test_what_may_be_two_doses_is_not_made_one(
    house: TestHouse, intake: Intake, agencies: tuple[str, str], apart: int
) -> None:
    """One exchange that tells of two means two; so do two, more than fourteen days apart."""
    today = house.clock.today()
    later = today - timedelta(days=1)
    earlier = later - timedelta(days=apart)
    await birth(house, intake, 1, today - timedelta(days=100))
    await dose(house, intake, 1, agencies[0], earlier)
    await dose(house, intake, 1, agencies[1], later)
    _, _, doses = await seen(house, 1)
    assert doses == [(HEXAVALENT, earlier, 1), (HEXAVALENT, later, 1)]


async def test_the_same_exchange_telling_again_adds_no_message_fact_or_dose(
    house: TestHouse, intake: Intake
) -> None:
    today = house.clock.today()
    on = today - timedelta(days=1)
    await birth(house, intake, 1, today - timedelta(days=65))
    told = await dose(house, intake, 1, "moj", on)
    before = await seen(house, 1), await sources_kept(house, 1), len(await rows(house))
    again = await intake.report("moj", told)
    assert (again.status_code, again.json()["repeated"]) == (202, True)
    await intake.work()
    assert (await seen(house, 1), await sources_kept(house, 1), len(await rows(house))) == before
