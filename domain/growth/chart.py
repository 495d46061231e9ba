"""A growth chart as SVG: WHO's percentile curves and the child's points.

Pure text out of facts and tables: no script, no style sheet, nothing of the child but dates and
measurements. The axes run as on WHO's printed charts in both languages; the words of each run
their own way.
"""

from collections.abc import Sequence

from domain.error import Refusal
from domain.growth import growth_text as text
from domain.growth.age import DAYS_PER_MONTH, LAST_DAY_2006, STANDING_FROM_DAYS
from domain.growth.assess import GrowthAssessment, assess_growth
from domain.growth.chart_axis import Axis, fit_range
from domain.growth.chart_page import BOTTOM, LEFT, RIGHT, TOP, ChartPage, Point, Span
from domain.growth.child import Child, Measurement
from domain.growth.growth_text import Locale
from domain.growth.lms import measure_at, z_of_percentile
from domain.growth.standard import GrowthStandard, Indicator, TableSex

PERCENTILES = (3, 15, 50, 85, 97)
POINTS_MAX = 200  # more than one a month from birth to 16 years

_MONTHS_PER_YEAR = 12


class ChartNeedsSex(Refusal):
    code = "growth.chart_needs_sex"
    ar = "تختلف منحنيات النمو للبنين والبنات. سجّل جنس الطفل أولاً."
    en = "Growth curves differ for boys and girls. Record the child's sex first."


class ChartTooFull(Refusal):
    code = "growth.chart_too_full"
    ar = "القياسات أكثر مما يمكن رسمه. اختر فترة أقصر."
    en = "There are more measurements than can be drawn. Choose a shorter time."


class NoCurves(Refusal):
    code = "growth.no_curves"
    ar = "لا توجد منحنيات لهذا المؤشر في هذا العمر. اختر مؤشراً آخر."
    en = "There are no curves of this indicator at this age. Choose another."


_TWO_YEARS = Span("day", 0, 24, 1, 2, text.AGE_IN_MONTHS)
_FIVE_YEARS = Span("day", 0, 60, 1, 6, text.AGE_IN_MONTHS)
_LYING = Span("lying_mm", 45, 110, 1, 5, text.LENGTH_LYING)
_STANDING = Span("standing_mm", 65, 120, 1, 5, text.LENGTH_STANDING)


def draw_chart(
    child: Child,
    measurements: Sequence[Measurement],
    *,
    indicator: Indicator,
    standard: GrowthStandard,
    locale: Locale,
) -> str:
    """An SVG document of 800 by 600 with its own title and description in `locale`.

    The stretch of the tables follows the latest measurement. What is flagged as implausible is not
    drawn but counted in the description. Raises: ChartNeedsSex, ChartTooFull, NoCurves, and what
    `assess_growth` raises.
    """
    if child.sex == "unknown":
        raise ChartNeedsSex
    if len(measurements) > POINTS_MAX:
        raise ChartTooFull
    answers = sorted(
        (assess_growth(child, item, standard) for item in measurements),
        key=lambda answer: answer.measured_on,
    )
    span = _choose_span(indicator, answers[-1] if answers else None, child.sex, standard)
    curves = _list_curves(span, indicator, child.sex, standard)
    if not curves:
        raise NoCurves
    points, left_out = _list_points(span, indicator, answers)
    page = ChartPage(
        span=span,
        curves=curves,
        points=points,
        left_out=left_out,
        corrected=any(answer.age.corrected_by_days for answer in answers),
        indicator=indicator,
        sex=child.sex,
        locale=locale,
        x=Axis(span.low, span.high, LEFT, RIGHT),
        y=_value_axis(curves, points),
    )
    return "\n".join(page.lines())


def _choose_span(
    indicator: Indicator, latest: GrowthAssessment | None, sex: TableSex, standard: GrowthStandard
) -> Span:
    days = latest.age.days if latest is not None else 0
    if indicator == "weight_for_length":
        return _LYING if days < STANDING_FROM_DAYS else _STANDING
    if days < STANDING_FROM_DAYS:
        return _TWO_YEARS
    table = standard.find_table(indicator, sex, "month")
    if days <= _FIVE_YEARS.high * DAYS_PER_MONTH or (days <= LAST_DAY_2006 and table is None):
        return _FIVE_YEARS
    if table is None:
        raise NoCurves
    year = _MONTHS_PER_YEAR
    return Span("month", _FIVE_YEARS.high, table.last, 3, year, text.AGE_IN_YEARS, year)


def _list_curves(
    span: Span, indicator: Indicator, sex: TableSex, standard: GrowthStandard
) -> dict[int, list[tuple[float, float]]]:
    """By percentile the points of its curve; empty where there is no table."""
    curves: dict[int, list[tuple[float, float]]] = {}
    steps = round((span.high - span.low) / span.step)
    for x in (span.low + number * span.step for number in range(steps + 1)):
        lms = standard.find_lms(indicator, sex, span.scale, at=_row_of(span, x))
        if lms is not None:
            for percent in PERCENTILES:
                value = measure_at(z_of_percentile(percent), lms)
                curves.setdefault(percent, []).append((x, value))
    return curves


def _row_of(span: Span, x: float) -> float:
    if span.scale == "day":
        return round(x * DAYS_PER_MONTH)
    return x if span.scale == "month" else x * 10  # centimetres on the axis, millimetres in rows


def _list_points(
    span: Span, indicator: Indicator, answers: Sequence[GrowthAssessment]
) -> tuple[list[Point], int]:
    """The points to draw in order of time, and how many were left out to be checked."""
    points: list[Point] = []
    left_out = 0
    for answer in answers:
        finding = answer.find(indicator)
        if finding is None or finding.z is None or finding.percentile is None:
            continue
        x = answer.age.months if span.scale in {"day", "month"} else answer.length_cm
        if "implausible" in finding.flags:
            left_out += 1
        elif x is not None and span.low <= x <= span.high:
            points.append(Point(answer.measured_on, x, finding.value, finding.percentile))
    return points, left_out


def _value_axis(curves: dict[int, list[tuple[float, float]]], points: Sequence[Point]) -> Axis:
    values = [y for curve in curves.values() for _, y in curve] + [item.value for item in points]
    low, high = fit_range(values)
    return Axis(low, high, BOTTOM, TOP)
