"""The growth chart over GraphQL: who sees it, and that the list says what the picture shows."""

from datetime import date, timedelta
from xml.etree import ElementTree

import msgspec
import orjson
import pytest
from sqlalchemy import insert

from content.growth.packed import read_packed_growth
from domain.compile.schedule import pack_tables
from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.health import MeasurementTaken
from domain.growth.chart import POINTS_MAX
from domain.growth.packed_growth import PackedColumn, PackedTable
from domain.ids import PersonId
from schema.growth_chart import GrowthIndicator
from schema.node import encode_id
from store.reference_tables import CatalogueEntryRow, CatalogueVersionRow
from store.scope import ReferenceScope
from tests.schema.asking import Json, ask, operation
from tests.support.browser import launch_browser
from tests.support.builders import born, described, fact, in_error, married, pregnant
from tests.support.house import TestHouse, person

HUSBAND, WIFE, CHILD, OTHER = person(1), person(2), person(3), person(4)
BORN_ON = date(2025, 11, 21)  # a year before the day of the tests


def measured(age_days: int, **values: float | str | bool | None) -> Fact:
    said = MeasurementTaken(CHILD, **values)  # type: ignore[arg-type]  # fields by name
    return fact(said, BORN_ON + timedelta(days=age_days))


async def family(house: TestHouse, *facts: Fact) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2024, 1, 1)))
    await house.apply(
        born(CHILD, WIFE, BORN_ON, father=HUSBAND),
        described(CHILD, BORN_ON, name_ar="هند", sex="female"),
        *facts,
    )


async def chart(
    house: TestHouse,
    reader: PersonId | None = WIFE,
    indicator: str = "WEIGHT_FOR_AGE",
    language: str = "EN",
    child: PersonId = CHILD,
) -> Json:
    return await ask(
        house,
        reader,
        operation("GrowthChart"),
        child=encode_id("Person", child.bytes),
        indicator=indicator,
        language=language,
    )


async def found(house: TestHouse, **asked: str) -> Json:
    answer = await chart(house, **asked)  # type: ignore[arg-type]  # by name
    assert "errors" not in answer, answer
    made: Json = answer["data"]["growthChart"]
    return made


async def test_each_parent_sees_the_points_with_their_scores(house: TestHouse) -> None:
    # WHO, weight for age of girls: the median at 183 days is 7.2974 kg (between 6 and 7 months).
    await family(house, measured(183, weight_kg=7.3, length_cm=65.7), measured(0, weight_kg=3.2))
    for parent in (HUSBAND, WIFE):
        made = (await chart(house, parent))["data"]["growthChart"]
        assert (made["title"], made["measure"]) == ("Weight for age", "Weight (kg)")
        first, second = made["points"]
        assert first["measuredOn"] == "2025-11-21"
        assert second == {
            "measuredOn": "2026-05-23",
            "ageMonths": 6.01,
            "ageCorrected": False,
            "value": 7.3,
            "zScore": 0.0,
            "percentile": pytest.approx(50, abs=0.5),
            "notes": [],
        }
        assert made["svg"].count("<circle") == 2
        assert ElementTree.fromstring(made["svg"]).tag == "{http://www.w3.org/2000/svg}svg"


async def test_missing_and_forbidden_look_alike(house: TestHouse) -> None:
    await family(house, measured(0, weight_kg=3.2))
    for reader, child in ((OTHER, CHILD), (WIFE, person(99)), (WIFE, HUSBAND), (WIFE, WIFE)):
        assert await chart(house, reader, child=child) == {"data": {"growthChart": None}}
    answer = await chart(house, None)
    assert answer["errors"][0]["extensions"]["code"] == "sign_in_required"


async def test_a_grown_child_is_no_longer_shown(house: TestHouse) -> None:
    await family(house, measured(0, weight_kg=3.2))
    house.clock.move_to(date(2043, 11, 20))
    assert (await chart(house))["data"]["growthChart"] is not None
    house.clock.move_to(date(2043, 11, 21))
    assert (await chart(house))["data"]["growthChart"] is None


async def test_what_cannot_be_right_is_listed_with_its_note_and_not_drawn(
    house: TestHouse,
) -> None:
    await family(
        house,
        measured(30, weight_kg=4.2),
        measured(60, weight_kg=5_100.0),  # grams
        measured(-3, weight_kg=3.1),
        measured(90, weight_kg=0.0),
        measured(120, weight_kg=6.5, oedema=True),
        measured(150, head_cm=41.5),
    )
    made = await found(house)
    assert [
        (point["measuredOn"], [note["code"] for note in point["notes"]]) for point in made["points"]
    ] == [
        ("2025-11-18", ["growth.measured_before_birth"]),
        ("2025-12-21", []),
        ("2026-01-20", ["implausible", "perhaps_grams"]),
        ("2026-02-19", ["growth.not_a_measurement"]),
        ("2026-03-21", ["oedema"]),
    ]
    assert made["svg"].count("<circle") == 1
    arabic = await found(house, language="AR")
    assert all(
        any("\u0600" <= letter <= "\u06ff" for letter in note["text"])
        for point in arabic["points"]
        for note in point["notes"]
    )


@pytest.mark.parametrize(
    ("indicator", "value", "notes"),
    [
        # WHO, girls of five years: the median is 18.2 kg and 109.4 cm (43 inches).
        ("WEIGHT_FOR_AGE", {"weight_kg": 3.0}, ["implausible"]),
        ("LENGTH_FOR_AGE", {"length_cm": 43.0}, ["implausible", "perhaps_inches"]),
        ("LENGTH_FOR_AGE", {"length_cm": 278.0}, ["implausible", "perhaps_inches_twice"]),
        ("WEIGHT_FOR_AGE", {"weight_kg": 18.2}, []),
        ("LENGTH_FOR_AGE", {"length_cm": 109.4}, []),
    ],
)
async def test_a_value_that_cannot_be_at_five_years_is_listed_and_said_why(
    house: TestHouse, indicator: str, value: dict[str, float], notes: list[str]
) -> None:
    five_ago = date(2021, 11, 21)
    await house.apply(
        married(HUSBAND, WIFE, date(2020, 1, 1)),
        born(CHILD, WIFE, five_ago, father=HUSBAND),
        described(CHILD, five_ago, name_ar="هند", sex="female"),
        fact(MeasurementTaken(CHILD, position="standing", **value), date(2026, 11, 20)),  # type: ignore[arg-type]  # fields by name
    )
    made = await found(house, indicator=indicator)
    (point,) = made["points"]
    assert point["value"] == next(iter(value.values()))
    assert [note["code"] for note in point["notes"]] == notes
    assert made["svg"].count("<circle") == (0 if notes else 1)


async def test_a_measurement_taken_back_leaves_the_chart(house: TestHouse) -> None:
    wrong = measured(30, weight_kg=4.2)
    await family(house, wrong, measured(60, weight_kg=5.0))
    await house.apply(in_error(wrong, BORN_ON + timedelta(days=31)), concerns=(CHILD,))
    assert [point["value"] for point in (await found(house))["points"]] == [5.0]


async def test_the_same_told_by_two_hospitals_is_one_point(house: TestHouse) -> None:
    await family(house, measured(30, weight_kg=4.2), measured(30, weight_kg=4.2))
    assert len((await found(house))["points"]) == 1


async def test_a_child_born_early_is_compared_by_the_due_day(house: TestHouse) -> None:
    early = BirthNotified(CHILD, WIFE, HUSBAND, gestation_days=32 * 7)
    await family(house, measured(112, weight_kg=5.0), fact(early, BORN_ON))
    (point,) = (await found(house))["points"]
    assert (point["ageCorrected"], point["ageMonths"]) == (True, 1.84)  # 112 - 56 days


async def test_where_the_hospital_did_not_say_how_early_the_due_date_does(house: TestHouse) -> None:
    # Due on 16 January 2026, born on 21 November 2025: 56 days early, at 32 weeks.
    await house.apply(married(HUSBAND, WIFE, date(2024, 1, 1)))
    await house.apply(pregnant(WIFE, date(2025, 7, 1), due_on=date(2026, 1, 16), father=HUSBAND))
    await family(house, measured(112, weight_kg=5.0))
    (point,) = (await found(house))["points"]
    assert (point["ageCorrected"], point["ageMonths"]) == (True, 1.84)  # 112 - 56 days


async def test_a_sex_that_nobody_said_is_asked_for(house: TestHouse) -> None:
    await house.apply(born(CHILD, WIFE, BORN_ON), measured(30, weight_kg=4.2))
    answer = await chart(house)
    assert answer["data"]["growthChart"] is None
    assert answer["errors"][0]["extensions"]["code"] == "growth.chart_needs_sex"


@pytest.mark.parametrize("indicator", [item.name for item in GrowthIndicator])
async def test_every_indicator_is_drawn(house: TestHouse, indicator: str) -> None:
    taken = measured(
        200,
        weight_kg=7.5,
        length_cm=66.0,
        head_cm=42.5,
        arm_cm=14.0,
        triceps_mm=9.0,
        subscapular_mm=7.0,
    )
    await family(house, taken)
    made = await found(house, indicator=indicator)
    assert len(made["points"]) == 1
    assert made["points"][0]["zScore"] is not None
    assert made["svg"].count("<circle") == 1


async def test_without_measurements_there_are_curves(house: TestHouse) -> None:
    await family(house)
    made = await found(house)
    assert (made["points"], made["svg"].count("<circle")) == ([], 0)


@pytest.mark.parametrize(("count", "omitted"), [(POINTS_MAX, 0), (POINTS_MAX + 1, 1)])
async def test_the_latest_measurements_are_shown(
    house: TestHouse, count: int, omitted: int
) -> None:
    await family(house, *(measured(n, weight_kg=4 + n / 60) for n in range(count)))
    made = await found(house)
    assert (len(made["points"]), made["omittedCount"]) == (POINTS_MAX, omitted)
    assert made["points"][0]["measuredOn"] == (BORN_ON + timedelta(days=omitted)).isoformat()


async def test_a_browser_shows_the_arabic_chart_from_right_to_left(house: TestHouse) -> None:
    visits = [measured(30 * n, weight_kg=3.4 + 0.5 * n - 0.012 * n * n) for n in range(12)]
    await family(house, *visits)
    made = await found(house, language="AR")
    async with launch_browser() as browser:
        page = await browser.new_page(viewport={"width": 800, "height": 600})
        await page.set_content(f'<body dir="rtl" style="margin:0">{made["svg"]}</body>')
        title = await page.evaluate(
            "(() => { const r = document.querySelector('svg text').getBoundingClientRect();"
            " return [r.left, r.right] })()"
        )
        circles = await page.locator("svg circle").count()
    assert title[1] > 760  # it ends at the right edge
    assert title[0] > 300
    assert circles == 12


async def publish_growth(house: TestHouse, version: int, tables: msgspec.Struct | None) -> None:
    """A version of the catalogue that holds these tables of growth alone, or nothing."""
    document = {"kind": "schedule", "format": 1, "id": "who_growth", "tables": "growth"}
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        row = {"version": version, "published_at": house.clock.now_utc(), "digest": bytes(32)}
        await unit.execute(insert(CatalogueVersionRow).values(**row))
        if tables is not None:
            document["packed"] = pack_tables(msgspec.json.encode(tables))
            entry = {"version": version, "entry_id": "who_growth"}
            body = orjson.dumps(document).decode()
            await unit.execute(insert(CatalogueEntryRow).values(document=body, **entry))


def _raised(table: PackedTable) -> PackedTable:
    """Every median higher by one."""
    first, *steps = table.medians.steps
    medians = PackedColumn(table.medians.decimals, (first + 10**table.medians.decimals, *steps))
    return msgspec.structs.replace(table, medians=medians)


async def test_the_tables_are_those_of_the_published_version(house: TestHouse) -> None:
    await family(house, measured(183, weight_kg=7.3))
    # Every median a kilogram higher: on day 183 it is 8.2974 kg, so 7.3 kg lies below it.
    packed = read_packed_growth()
    changed = msgspec.structs.replace(packed, tables=tuple(_raised(one) for one in packed.tables))
    assert (await found(house))["points"][0]["zScore"] == 0.0
    await publish_growth(house, 2, changed)
    assert (await found(house))["points"][0]["zScore"] < -1


async def test_without_published_tables_nothing_is_drawn_and_it_says_why(house: TestHouse) -> None:
    await family(house, measured(183, weight_kg=7.3))
    await publish_growth(house, 2, None)
    answer = await chart(house)
    assert answer["data"]["growthChart"] is None
    assert answer["errors"][0]["extensions"]["code"] == "growth.no_tables"
