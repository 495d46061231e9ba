"""A family of the demonstration that the registries held before anybody here heard of it.

Nothing of it is reported by itself: it comes when one of the parents signs in for the first time
and the registries are asked. Nobody here exists, as in `simulators/telling.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from simulators.telling import (
    AGENCY_OF_KIND,
    BCG,
    HEPATITIS_B,
    Json,
    Someone,
    Story,
    Telling,
    parent_of,
    registered_child,
)

DAYS_PER_YEAR = 365
HEXAVALENT, PENTAVALENT, PNEUMOCOCCAL, ROTAVIRUS, ORAL_POLIO = "146", "198", "133", "119", "178"
MEASLES, VARICELLA, DTP_HIB = "03", "21", "50"
VISITS = (
    (0, (HEPATITIS_B, BCG)),
    (62, (HEXAVALENT, PNEUMOCOCCAL, ROTAVIRUS)),
    (124, (HEXAVALENT, PNEUMOCOCCAL, ROTAVIRUS)),
    (186, (PENTAVALENT, ORAL_POLIO, PNEUMOCOCCAL)),
    (368, (MEASLES, VARICELLA)),
    (552, (DTP_HIB, ORAL_POLIO, MEASLES)),
)
"""The days of age at which the family went, and the vaccines (CVX) that were given."""


@dataclass(frozen=True, slots=True)
class Held:
    """One record of a registry, as the event by which its agency would report it."""

    agency: str
    event: Json


def registered_story(played_on: date) -> Story:
    """Married six years ago; a child of four who had every vaccine, one of fourteen months who
    missed the visit at twelve."""
    story = Telling("registered", played_on)
    majid = Someone(71, "ماجد", "Majid", "male", date(1990, 2, 18))
    moza = Someone(72, "موزة", "Moza", "female", date(1992, 7, 9))
    story.marry(majid, moza, days_ago=6 * DAYS_PER_YEAR, book_days_ago=6 * DAYS_PER_YEAR - 20)
    older = registered_child(73, "male", "زايد", "Zayed")
    younger = registered_child(74, "female", "اليازية", "Alyazia")
    for child, born_days_ago, visits in ((older, 1490, VISITS), (younger, 425, VISITS[:4])):
        story.give_birth(child, moza, majid, days_ago=born_days_ago)
        for age_days, vaccines in visits:
            story.vaccinate(child, vaccines, days_ago=born_days_ago - age_days)
    return story.told(
        title_ar="أسرة قائمة وُجدت عند أول دخول",
        title_en="A family found at the first sign-in",
        parents=(parent_of("mother", "ar", moza), parent_of("father", "en", majid)),
    )


def registered_families(played_on: date) -> Mapping[str, tuple[Held, ...]]:
    """What is held of each number, by its 15 digits: either parent leads to the whole family."""
    story = registered_story(played_on)
    held = tuple(Held(AGENCY_OF_KIND[str(event["kind"])], event) for event in story.events)
    return {parent.emirates_id.replace("-", ""): held for parent in story.parents}
