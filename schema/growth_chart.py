"""A child's growth: WHO's percentile curves with the child's points, and the same as a list.

The list is for whoever cannot see the picture; it says more than the picture does.
"""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from types import MappingProxyType
from uuid import UUID

import strawberry

from domain.growth import growth_text
from domain.growth.standard import Indicator
from domain.growth_file import GrowthPoint as Point
from domain.growth_file import chart_growth, find_standard
from domain.ids import PersonId
from domain.text.message import Language
from schema.context import Asked
from schema.field import described
from schema.language import InLanguage, chosen
from schema.node import decode_id
from timeline.health_file import find_health_file


@strawberry.enum(description="What is compared with WHO's tables.")
class GrowthIndicator(Enum):
    WEIGHT_FOR_AGE = "weight_for_age"
    LENGTH_FOR_AGE = "length_for_age"
    WEIGHT_FOR_LENGTH = "weight_for_length"
    BMI_FOR_AGE = "bmi_for_age"
    HEAD_FOR_AGE = "head_for_age"
    ARM_FOR_AGE = "arm_for_age"
    TRICEPS_FOR_AGE = "triceps_for_age"
    SUBSCAPULAR_FOR_AGE = "subscapular_for_age"


_INDICATORS: Mapping[GrowthIndicator, Indicator] = MappingProxyType(
    {GrowthIndicator(name): name for name in growth_text.INDICATOR_WORDS}
)


@strawberry.type(description="What is to be known of a point: `code` stays, `text` is its words.")
class GrowthNote:
    code: str
    text: str


@strawberry.type(description="One measurement of the indicator.")
class GrowthPoint:
    measured_on: date
    age_months: float | None = strawberry.field(
        description="The age compared by: since the due day for a child born early, to two years."
    )
    age_corrected: bool
    value: float | None = strawberry.field(
        description="As it was compared: lying or standing as the age asks, BMI worked out."
    )
    z_score: float | None
    percentile: float | None
    notes: list[GrowthNote] = strawberry.field(
        description="Why there is no score, or what to check. A flag is no finding about the child."
    )


@strawberry.type(description="The chart of one indicator, and the list that says the same.")
class GrowthChart:
    title: str
    measure: str = strawberry.field(description="What `value` is, with its unit.")
    svg: str = strawberry.field(
        description="800 by 600, with its own title and description; no name, no script."
    )
    points: list[GrowthPoint] = strawberry.field(description="By day; the latest 200.")
    omitted_count: int = strawberry.field(description="Older measurements left out.")


@strawberry.type
class GrowthQuery:
    @described(
        "The growth of a child of yours (`subject` of a card), or your own; null for anybody"
        " else's. Errors: `growth.chart_needs_sex`, `growth.no_curves`, `growth.no_tables`."
    )
    async def growth_chart(
        self,
        info: Asked,
        child: strawberry.ID,
        indicator: GrowthIndicator,
        language: InLanguage = None,
    ) -> GrowthChart | None:
        actor, ground = info.context.signed_in(), info.context.ground
        raw = decode_id("Person", child)
        subject = None if raw is None else PersonId(UUID(bytes=raw))
        file = None if subject is None else await find_health_file(ground, actor, subject)
        if file is None:
            return None
        standard = find_standard(await ground.catalogues.current())
        spoken, name = chosen(language, info.context.language), _INDICATORS[indicator]
        found = chart_growth(file, name, standard=standard, locale=spoken)
        return GrowthChart(
            title=growth_text.INDICATOR_WORDS[name].of(spoken),
            measure=growth_text.MEASURE_WORDS[name].of(spoken),
            svg=found.svg,
            points=[_shown(point, spoken) for point in found.points],
            omitted_count=found.omitted_count,
        )


def _shown(point: Point, language: Language) -> GrowthPoint:
    finding, age = point.finding, point.age
    return GrowthPoint(
        measured_on=point.measured_on,
        age_months=None if age is None else round(age.months, 2),
        age_corrected=age is not None and age.corrected_by_days > 0,
        value=None if finding is None else round(finding.value, 2),
        z_score=None if finding is None else finding.z,
        percentile=None if finding is None else finding.percentile,
        notes=[GrowthNote(code=note.code, text=note.words.of(language)) for note in point.notes],
    )
