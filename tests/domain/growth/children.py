"""Children and measurements for tests, with only the facts that a test is about."""

from datetime import date, timedelta

from content.growth.packed import read_growth_tables
from domain.growth.assess import GrowthAssessment, GrowthFinding, assess_growth
from domain.growth.child import Child, Measurement, Position
from domain.growth.standard import Indicator, make_standard

WHO = make_standard(read_growth_tables())
BORN_ON = date(2024, 1, 15)
GIRL = Child(born_on=BORN_ON, sex="female")
BOY = Child(born_on=BORN_ON, sex="male")


def measured(
    age_days: int,
    *,
    weight_kg: float | None = None,
    length_cm: float | None = None,
    position: Position | None = None,
    head_cm: float | None = None,
    oedema: bool = False,
) -> Measurement:
    return Measurement(
        measured_on=BORN_ON + timedelta(days=age_days),
        weight_kg=weight_kg,
        length_cm=length_cm,
        position=position,
        head_cm=head_cm,
        oedema=oedema,
    )


def assess(child: Child, measurement: Measurement) -> GrowthAssessment:
    return assess_growth(child, measurement, WHO)


def finding(child: Child, measurement: Measurement, indicator: Indicator) -> GrowthFinding:
    found = assess(child, measurement).find(indicator)
    assert found is not None
    return found
