"""What a Patient tells: who somebody is called and when they were born; their death.

Whose mother or father somebody is, a Patient does not tell: births and courts do.
"""

from datetime import date

from domain.calendar_date import Sex
from domain.facts.person import PersonDescribed, PersonDied, PersonReported
from gov.fhir.day import find_day
from gov.fhir.name import read_names
from gov.fhir.resource import Gender, Patient
from gov.fhir.telling import Telling, Told

_SEXES: dict[Gender, Sex] = {
    "male": "male",
    "female": "female",
    "other": "unknown",
    "unknown": "unknown",
}


def tell_patient(resource: Patient, *, asserted_on: date) -> Told:
    """The facts of one Patient. A death whose day is not told is not made up."""
    name_ar, name_en = read_names(resource.name, on=asserted_on)
    born_on = find_day(resource.birth_date)
    sex = _SEXES[resource.gender] if resource.gender is not None else None
    told = [
        Telling(asserted_on, PersonReported),
        Telling(
            asserted_on,
            lambda who: PersonDescribed(
                who,
                name_ar=name_ar,
                name_en=name_en,
                sex=sex,
                born_on=born_on,
                born_in=resource.birth_date if born_on is None else None,
            ),
            part="person:person",
        ),
    ]
    died_on = find_day(resource.deceased_date_time)
    if died_on is not None:
        told.append(Telling(died_on, PersonDied, part="died"))
    return tuple(told)
