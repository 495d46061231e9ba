"""Which of the doses that a visit asks for were given: a plain count by vaccine group.

Stands until the immunization calculator replaces it; nothing here knows intervals or validity.
"""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from domain.catalogue import Dose, Row, Service
from domain.family import Vaccination

DosesGiven: TypeAlias = Mapping[Dose, Vaccination | None]


def doses_given(service: Service, row: Row, vaccinations: tuple[Vaccination, ...]) -> DosesGiven:
    """For each dose the row asks for, the vaccination that gave it.

    A plain count: the n-th dose of a group is the one given on the n-th different day, whichever
    product and however often it was reported.
    """
    given: dict[Dose, Vaccination | None] = {}
    for dose in row.doses:
        codes = service.vaccine_groups[dose.group]
        days: dict[date, Vaccination] = {}
        for vaccination in vaccinations:
            if vaccination.vaccine_code in codes:
                days.setdefault(vaccination.given_on, vaccination)
        ordered = [days[day] for day in sorted(days)]
        given[dose] = ordered[dose.number - 1] if dose.number <= len(ordered) else None
    return given
