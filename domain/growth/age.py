"""The age by which a child is compared: in days, corrected for a birth before its time."""

from datetime import date, timedelta

import msgspec

from domain.growth.child import Child

DAYS_PER_MONTH = 30.4375  # 365.25 / 12, WHO's month
TERM_DAYS = 40 * 7
PRETERM_BEFORE_DAYS = 37 * 7
# The first day on which height is taken standing and prematurity is no longer counted: 24 months
# are 730.5 days. Source: WHO igrowup and R package anthro, "below 24 months (731 days)".
STANDING_FROM_DAYS = 731
LAST_DAY_2006 = 1856  # the last row of WHO 2006; WHO 2007 begins at 61 months (1856.7 days)


class GrowthAge(msgspec.Struct, frozen=True):
    """The age to compare by, whole days and exact months; below 0 a child has not reached term.

    `corrected_by_days` is what was taken off for prematurity.
    """

    days: int
    months: float
    corrected_by_days: int = 0


def age_of_days(days: int, *, corrected_by_days: int = 0) -> GrowthAge:
    return GrowthAge(days, days / DAYS_PER_MONTH, corrected_by_days)


def age_of_months(months: float) -> GrowthAge:
    """For an age that is known in months alone, as surveys record it."""
    return GrowthAge(round(months * DAYS_PER_MONTH), months)


def growth_age(child: Child, on: date) -> GrowthAge:
    """The age on that day, corrected until 24 months after birth.

    Source: American Academy of Pediatrics, "Age terminology during the perinatal period" (2004):
    chronological age less the weeks born before 40, for children up to 3 years; 24 months is
    where WHO's tables change over from lying to standing.
    """
    days = (on - child.born_on).days
    early = days_early(child) if days < STANDING_FROM_DAYS else 0
    return age_of_days(days - early, corrected_by_days=early)


def days_early(child: Child) -> int:
    """How many days before 40 weeks a child was born who came before 37; otherwise 0."""
    gestation = child.gestation_days
    if gestation is None or gestation >= PRETERM_BEFORE_DAYS:
        return 0
    return TERM_DAYS - gestation


def term_on(child: Child) -> date:
    """The day from which corrected age counts."""
    return child.born_on + timedelta(days=days_early(child))
