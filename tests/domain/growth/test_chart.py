"""A growth chart: its curves and points, its words in two languages, and how a browser shows it."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from domain.growth.chart import (
    PERCENTILES,
    POINTS_MAX,
    ChartNeedsSex,
    ChartTooFull,
    NoCurves,
    draw_chart,
)
from domain.growth.chart_axis import fit_range, list_ticks
from domain.growth.child import Child, Measurement
from domain.growth.growth_text import Locale
from domain.growth.standard import Indicator
from tests.domain.growth.children import BORN_ON, BOY, GIRL, WHO, measured
from tests.support.browser import launch_browser

SVG = "{http://www.w3.org/2000/svg}"
VISITS = [
    measured(61, weight_kg=4.9, length_cm=56.5),
    measured(122, weight_kg=6.2, length_cm=61.5),
    measured(183, weight_kg=7.2, length_cm=65.5),
]


def chart(
    child: Child = GIRL,
    visits: list[Measurement] = VISITS,
    indicator: Indicator = "weight_for_age",
    locale: Locale = "ar",
) -> ElementTree.Element:
    drawn = draw_chart(child, visits, indicator=indicator, standard=WHO, locale=locale)
    return ElementTree.fromstring(drawn)


def texts(root: ElementTree.Element) -> list[str]:
    return [item.text or "" for item in root.iter(f"{SVG}text")]


def described(root: ElementTree.Element) -> str:
    return root.findtext(f"{SVG}desc") or ""


def test_a_chart_has_five_curves_and_each_point_at_its_place() -> None:
    root = chart()
    curves = [item for item in root.iter(f"{SVG}polyline") if not item.get("stroke-dasharray")]
    assert len(curves) == len(PERCENTILES)
    circles = list(root.iter(f"{SVG}circle"))
    assert len(circles) == len(VISITS)
    # 24 months take 748 - 76 = 672 pixels; 61 days are 2.004 months, so 76 + 56.1 = 132.1.
    assert float(circles[0].get("cx", "")) == pytest.approx(132.1, abs=0.1)
    heights = [float(item.get("cy", "")) for item in circles]
    assert heights == sorted(heights, reverse=True)  # heavier is higher
    assert {str(percent) for percent in PERCENTILES} <= set(texts(root))


@pytest.mark.parametrize("locale", ["ar", "en"])
def test_a_chart_is_named_and_described_in_its_language(locale: Locale) -> None:
    root = chart(locale=locale)
    assert root.get("role") == "img"
    assert root.get("lang") == locale
    names = {item.get("id") for item in root if item.tag in {f"{SVG}title", f"{SVG}desc"}}
    assert names == set((root.get("aria-labelledby") or "").split())
    heads = {"ar": "الوزن بحسب العمر، للبنات", "en": "Weight for age, girls"}
    assert root.findtext(f"{SVG}title") == heads[locale]
    counts = {"ar": "عدد القياسات المرسومة: 3.", "en": "Measurements drawn: 3."}
    assert counts[locale] in described(root)
    assert (BORN_ON + timedelta(days=183)).isoformat() in described(root)
    shown = texts(root)
    assert [shown[0], shown[1]] == [heads[locale], heads["en" if locale == "ar" else "ar"]]
    assert {"العمر (بالأشهر)", "Age (months)", "الوزن (كغ)", "Weight (kg)"} <= set(shown)


def test_what_cannot_be_right_is_counted_and_not_drawn() -> None:
    wrong = measured(200, weight_kg=72, length_cm=66)
    root = chart(visits=[*VISITS, wrong], locale="en")
    assert len(list(root.iter(f"{SVG}circle"))) == len(VISITS)
    assert "Measurements not drawn because they need checking: 1." in described(root)


def test_prematurity_is_said_on_the_chart() -> None:
    early = Child(born_on=BORN_ON, sex="female", gestation_days=32 * 7)
    root = chart(early, locale="en")
    assert "Ages are corrected for early birth until two years." in texts(root)
    # 61 days less 56 are 0.16 months: 76 + 4.6 pixels.
    first = next(root.iter(f"{SVG}circle"))
    assert float(first.get("cx", "")) == pytest.approx(80.6, abs=0.1)


@pytest.mark.parametrize(
    ("age_days", "indicator", "label"),
    [
        (730, "weight_for_age", "Age (months)"),
        (731, "length_for_age", "Age (months)"),
        (1826, "bmi_for_age", "Age (months)"),
        (1827, "bmi_for_age", "Age (years)"),
        (1827, "head_for_age", "Age (months)"),
        (730, "weight_for_length", "Length lying (cm)"),
        (731, "weight_for_length", "Height standing (cm)"),
    ],
)
def test_the_stretch_follows_the_latest_measurement(
    age_days: int, indicator: Indicator, label: str
) -> None:
    visit = measured(age_days, weight_kg=13, length_cm=90, head_cm=48)
    assert label in texts(chart(visits=[visit], indicator=indicator, locale="en"))


def test_a_chart_without_measurements_shows_the_curves() -> None:
    root = chart(visits=[], locale="en")
    assert "Measurements drawn: 0." in described(root)


def test_a_chart_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ChartNeedsSex):
        chart(Child(born_on=BORN_ON))
    with pytest.raises(NoCurves):
        chart(visits=[measured(1857, head_cm=50)], indicator="head_for_age")
    full = [measured(day, weight_kg=5) for day in range(POINTS_MAX)]
    chart(visits=full)
    with pytest.raises(ChartTooFull):
        chart(visits=[*full, measured(POINTS_MAX, weight_kg=5)])


def test_the_order_of_telling_means_nothing() -> None:
    both = [
        draw_chart(GIRL, visits, indicator="bmi_for_age", standard=WHO, locale="ar")
        for visits in (VISITS, VISITS[::-1])
    ]
    assert both[0] == both[1]


def test_ticks_and_ranges_are_round() -> None:
    assert list_ticks(0, 24, count_max=12) == (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)
    assert list_ticks(0.3, 1.1, count_max=4) == (0.4, 0.6, 0.8, 1.0)
    assert fit_range([2.4, 14.6]) == (2, 16)


@pytest.mark.slow  # `make check` needs no browser
async def test_a_browser_shows_the_title_on_the_right_and_nothing_outside() -> None:
    school = [
        Measurement(
            measured_on=date(2030 + year, 6, 1), weight_kg=20 + 3 * year, length_cm=115 + 6 * year
        )
        for year in range(5)
    ]
    async with launch_browser() as browser:
        page = await browser.new_page(viewport={"width": 800, "height": 600})
        shown: list[tuple[Child, list[Measurement], Indicator]] = [
            (GIRL, VISITS, "weight_for_age"),
            (GIRL, VISITS, "weight_for_length"),
            (BOY, school, "bmi_for_age"),
        ]
        for child, visits, indicator in shown:
            drawn = draw_chart(child, visits, indicator=indicator, standard=WHO, locale="ar")
            await page.set_content(f'<body style="margin:0">{drawn}</body>')
            boxes = await page.evaluate(
                "[...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect())"
                ".map(r => [r.left, r.top, r.right, r.bottom])"
            )
            for left, top, right, bottom in boxes:
                assert left >= 0
                assert top >= 0
                assert right <= 800
                assert bottom <= 600
            assert boxes[0][2] == pytest.approx(776, abs=2)  # the title ends at the right edge
            assert boxes[1][2] == pytest.approx(776, abs=2)
            for place, box in enumerate(boxes):  # no word lies on another
                for other in boxes[place + 1 :]:
                    apart_x = box[2] <= other[0] + 1 or other[2] <= box[0] + 1
                    apart_y = box[3] <= other[1] + 4 or other[3] <= box[1] + 4
                    assert apart_x or apart_y, (box, other)
