"""A child's growth from their health file: measurements to a chart, and to the list that says the
same in words and numbers for whoever cannot see it.

`schema/growth_chart.py` shows both.
"""

from datetime import date

import msgspec

from domain.catalogue import Catalogue
from domain.error import Refusal
from domain.facts.health import MeasurementTaken
from domain.growth import growth_text
from domain.growth.age import GrowthAge
from domain.growth.assess import GrowthFinding, assess_growth
from domain.growth.chart import POINTS_MAX, draw_chart
from domain.growth.child import (
    Child,
    MeasuredBeforeBirth,
    Measurement,
    NotAMeasurement,
)
from domain.growth.growth_text import GrowthWords, Locale
from domain.growth.standard import GrowthStandard, Indicator
from domain.health_file import HealthFile
from domain.ids import EntryId

GROWTH_SCHEDULE = EntryId("who_growth")  # the catalogue's entry with the tables of the chart


class NoGrowthTables(Refusal):
    code = "growth.no_tables"
    ar = "لم تُنشر جداول النمو بعد، فلا يمكن رسم المخطط. أعيدوا المحاولة لاحقاً."
    en = "The tables of growth are not published yet, so nothing can be drawn. Try again later."


class GrowthNote(msgspec.Struct, frozen=True):
    """What is to be known of a point: a code that stays, and its words."""

    code: str
    words: GrowthWords


class GrowthPoint(msgspec.Struct, frozen=True):
    """One measurement of the indicator. Without `finding` it cannot be reckoned with, and the only
    note says why.
    """

    measured_on: date
    age: GrowthAge | None
    finding: GrowthFinding | None
    notes: tuple[GrowthNote, ...]


class GrowthChart(msgspec.Struct, frozen=True):
    """`points` are those of the list, by day; `omitted_count` are older ones, left out of both."""

    svg: str
    points: tuple[GrowthPoint, ...]
    omitted_count: int


def find_standard(catalogue: Catalogue) -> GrowthStandard:
    """The tables of growth that a catalogue holds. Raises: NoGrowthTables."""
    tables = catalogue.schedules.get(GROWTH_SCHEDULE)
    if not isinstance(tables, GrowthStandard):
        raise NoGrowthTables
    return tables


def chart_growth(
    file: HealthFile, indicator: Indicator, *, standard: GrowthStandard, locale: Locale
) -> GrowthChart:
    """The chart of one indicator. Raises: ChartNeedsSex, NoCurves."""
    child, taken = child_of(file), measurements_of(file)
    kept = taken[-POINTS_MAX:]
    points = [_point(child, item, indicator, standard) for item in kept]
    sound = [item for item, point in zip(kept, points, strict=True) if point and point.finding]
    svg = draw_chart(child, sound, indicator=indicator, standard=standard, locale=locale)
    listed = tuple(point for point in points if point is not None)
    return GrowthChart(svg, listed, len(taken) - len(kept))


def child_of(file: HealthFile) -> Child:
    """The child as the calculator takes it."""
    sex = file.person.sex or "unknown"
    return Child(born_on=file.born_on, sex=sex, gestation_days=file.gestation_days)


def measurements_of(file: HealthFile) -> tuple[Measurement, ...]:
    """Every measurement of the file's person by day; the same told twice is one."""
    taken: dict[Measurement, None] = {}
    for fact in file.facts:
        said = fact.payload
        if isinstance(said, MeasurementTaken) and said.person == file.person.id:
            measured = Measurement(
                measured_on=fact.occurred_on,
                weight_kg=said.weight_kg,
                length_cm=said.length_cm,
                position=said.position,
                head_cm=said.head_cm,
                arm_cm=said.arm_cm,
                triceps_mm=said.triceps_mm,
                subscapular_mm=said.subscapular_mm,
                oedema=said.oedema,
            )
            taken.setdefault(measured)
    return tuple(sorted(taken, key=lambda item: item.measured_on))


def _point(
    child: Child, measurement: Measurement, indicator: Indicator, standard: GrowthStandard
) -> GrowthPoint | None:
    """None where what the indicator needs was not measured."""
    try:
        answer = assess_growth(child, measurement, standard)
    except (MeasuredBeforeBirth, NotAMeasurement) as refused:
        return GrowthPoint(measurement.measured_on, None, None, (_refused(refused),))
    finding = answer.find(indicator)
    if finding is None:
        return None
    return GrowthPoint(measurement.measured_on, answer.age, finding, tuple(_notes(finding)))


def _refused(refusal: Refusal) -> GrowthNote:
    return GrowthNote(refusal.code, GrowthWords(refusal.ar, refusal.en))


def _notes(finding: GrowthFinding) -> list[GrowthNote]:
    notes = [GrowthNote(flag, growth_text.FLAG_WORDS[flag]) for flag in finding.flags]
    if finding.perhaps is not None:
        notes.append(
            GrowthNote(f"perhaps_{finding.perhaps}", growth_text.UNIT_WORDS[finding.perhaps])
        )
    if finding.absent is not None:
        notes.append(GrowthNote(finding.absent, growth_text.ABSENCE_WORDS[finding.absent]))
    return notes
