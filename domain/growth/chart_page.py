"""The drawing of a growth chart as SVG, line by line. `chart.py` decides what is on it.

No script and no style sheet, so that it may stand in any page; nothing of the child but dates and
measurements.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape
from math import ceil, floor
from typing import Literal

import msgspec

from domain.growth import growth_text as text
from domain.growth.chart_axis import Axis, list_ticks
from domain.growth.growth_text import GrowthWords, Locale
from domain.growth.standard import Indicator, Scale, TableSex

WIDTH, HEIGHT = 800, 600
LEFT, RIGHT, TOP, BOTTOM = 76, 748, 92, 494
TICKS_MAX = 12
MEDIAN = 50

_FONT = "'Noto Sans Arabic','Noto Naskh Arabic','Segoe UI',Tahoma,'DejaVu Sans',sans-serif"
_INK, _GRID, _POINT, _CURVE = "#1f2933", "#dfe4ea", "#0b4f9e", "#b06000"
# Told apart by the number at their end as well: colour alone says nothing to some.
_CURVES = {3: "#b42318", MEDIAN: "#1a7f37", 97: "#b42318"}


class Span(msgspec.Struct, frozen=True):
    """One stretch of a table: the values of the x axis at which the curves are drawn."""

    scale: Scale
    low: float
    high: float
    step: float
    tick: float
    label: GrowthWords
    per_label: float = 1  # months are written as years where a label stands for 12


class Point(msgspec.Struct, frozen=True):
    measured_on: date
    x: float
    value: float
    percentile: float


class ChartPage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is drawn, line by line, from the back to the front."""

    span: Span
    curves: Mapping[int, Sequence[tuple[float, float]]]
    points: Sequence[Point]
    left_out: int
    corrected: bool
    indicator: Indicator
    sex: TableSex
    locale: Locale
    x: Axis
    y: Axis

    def lines(self) -> Iterator[str]:
        name = f"growth-{self.indicator}".replace("_", "-")
        direction = _direction(self.locale)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'lang="{self.locale}" direction="ltr" aria-labelledby="{name}-title {name}-desc" '
            f'font-family="{_FONT}" font-size="14" fill="{_INK}">'
        )
        yield f'<title id="{name}-title">{escape(self._title(self.locale))}</title>'
        yield f'<desc id="{name}-desc">{escape(self._description())}</desc>'
        yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
        yield from self._heading(direction)
        yield from self._grid()
        yield from self._axis_labels()
        yield from self._curves()
        yield from self._points()
        yield "</svg>"

    def _title(self, locale: Locale) -> str:
        sex = text.BOYS if self.sex == "male" else text.GIRLS
        separator = "، " if locale == "ar" else ", "
        return f"{text.INDICATOR_WORDS[self.indicator].of(locale)}{separator}{sex.of(locale)}"

    def _description(self) -> str:
        locale = self.locale
        parts = [
            text.CURVES.of(locale),
            text.POINTS_COUNT.of(locale).format(count=len(self.points)),
        ]
        if self.points:
            last = self.points[-1]
            words = text.LATEST_POINT.of(locale)
            parts.append(
                words.format(
                    day=last.measured_on.isoformat(),
                    value=_number(last.value),
                    percentile=_number(last.percentile),
                )
            )
        if self.left_out:
            parts.append(text.LEFT_OUT_COUNT.of(locale).format(count=self.left_out))
        if self.corrected:
            parts.append(text.CORRECTED.of(locale))
        return " ".join(parts)

    def _heading(self, direction: Literal["ltr", "rtl"]) -> Iterator[str]:
        """The title on the side where its language begins, the other language below it."""
        other: Locale = "en" if self.locale == "ar" else "ar"
        edge = WIDTH - 24 if direction == "rtl" else 24
        for y, size, locale in ((36, 24, self.locale), (64, 15, other)):
            own = _direction(locale)
            # "start" is where the line's own language begins: for the other language, its end.
            anchor = "start" if own == direction else "end"
            weight = "700" if locale == self.locale else "400"
            yield (
                f'<text x="{edge}" y="{y}" font-size="{size}" font-weight="{weight}" '
                f'direction="{own}" text-anchor="{anchor}" lang="{locale}">'
                f"{escape(self._title(locale))}</text>"
            )

    def _grid(self) -> Iterator[str]:
        span = self.span
        for number in range(ceil(span.low / span.tick), floor(span.high / span.tick) + 1):
            tick = number * span.tick
            x = self.x.place(tick)
            yield _line((x, TOP), (x, BOTTOM))
            words = _number(tick / span.per_label)
            yield f'<text x="{x}" y="{BOTTOM + 20}" text-anchor="middle">{words}</text>'
        for tick in list_ticks(self.y.low, self.y.high, count_max=TICKS_MAX):
            y = self.y.place(tick)
            yield _line((LEFT, y), (RIGHT, y))
            yield f'<text x="{LEFT - 8}" y="{y + 5}" text-anchor="end">{_number(tick)}</text>'

    def _axis_labels(self) -> Iterator[str]:
        middle = (LEFT + RIGHT) // 2
        yield from _both(self.span.label, f'x="{middle}" text-anchor="middle"', (538, 557))
        height = (TOP + BOTTOM) // 2
        turned = f'text-anchor="middle" transform="rotate(-90 {{x}} {height})" x="{{x}}"'
        words = text.MEASURE_WORDS[self.indicator]
        places: tuple[tuple[Locale, int], ...] = (("ar", 20), ("en", 40))
        for locale, x in places:
            attributes = f"{turned.format(x=x)} {_language(locale)}"
            yield f'<text y="{height}" {attributes}>{escape(words.of(locale))}</text>'
        if self.corrected:
            edge = f'x="{middle}" text-anchor="middle" font-size="12"'
            yield from _both(text.CORRECTED, edge, (577, 593))

    def _curves(self) -> Iterator[str]:
        for percent, curve in self.curves.items():
            places = " ".join(f"{self.x.place(x)},{self.y.place(y)}" for x, y in curve)
            width = 2.5 if percent == MEDIAN else 1.5
            yield (
                f'<polyline points="{places}" fill="none" stroke="{_CURVES.get(percent, _CURVE)}" '
                f'stroke-width="{width}"/>'
            )
            end_x, end_y = curve[-1]
            yield (
                f'<text x="{self.x.place(end_x) + 6}" y="{self.y.place(end_y) + 5}" '
                f'font-size="13" fill="{_CURVES.get(percent, _CURVE)}">{percent}</text>'
            )

    def _points(self) -> Iterator[str]:
        if len(self.points) > 1:
            path = " ".join(f"{self.x.place(p.x)},{self.y.place(p.value)}" for p in self.points)
            yield (
                f'<polyline points="{path}" fill="none" stroke="{_POINT}" stroke-width="2" '
                f'stroke-dasharray="5 4"/>'
            )
        for point in self.points:
            hint = f"{point.measured_on.isoformat()}: {_number(point.value)}"
            yield (
                f'<circle cx="{self.x.place(point.x)}" cy="{self.y.place(point.value)}" r="5" '
                f'fill="{_POINT}" stroke="#ffffff" stroke-width="1.5">'
                f"<title>{hint}</title></circle>"
            )


def _both(words: GrowthWords, attributes: str, heights: tuple[int, int]) -> Iterator[str]:
    locales: tuple[Locale, Locale] = ("ar", "en")
    for locale, y in zip(locales, heights, strict=True):
        yield f'<text y="{y}" {attributes} {_language(locale)}>{escape(words.of(locale))}</text>'


def _direction(locale: Locale) -> Literal["ltr", "rtl"]:
    return "rtl" if locale == "ar" else "ltr"


def _language(locale: Locale) -> str:
    return f'lang="{locale}" direction="{_direction(locale)}"'


def _line(begin: tuple[float, float], end: tuple[float, float]) -> str:
    return (
        f'<line x1="{begin[0]}" y1="{begin[1]}" x2="{end[0]}" y2="{end[1]}" stroke="{_GRID}" '
        f'stroke-width="1"/>'
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
