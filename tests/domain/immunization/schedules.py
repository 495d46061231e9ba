"""Small schedules for tests: one antigen, with only the rows that a test is about."""

from datetime import date

from content.schedule.duration_text import parse_duration
from domain.immunization.duration import Duration
from domain.immunization.forecast import Forecast, forecast
from domain.immunization.history import GivenDose, History, PatientObservation
from domain.immunization.schedule import Schedule, make_schedule
from domain.immunization.supporting_data import (
    Age,
    Antigen,
    Association,
    BirthDateImmunity,
    Conflict,
    Contraindication,
    Interval,
    Series,
    SeriesDose,
    SeriesVaccine,
    SupportingData,
    VaccineGroup,
    VaccineType,
)

ANTIGEN = "Measles"
VACCINE = "03"
OTHER_LIVE_VACCINE = "21"


def span(text: str | None) -> Duration | None:
    return None if text is None else parse_duration(text)


def known(text: str) -> Duration:
    return parse_duration(text)


def ages(
    absolute: str | None = None,
    minimum: str | None = None,
    recommended: str | None = None,
    latest: str | None = None,
    maximum: str | None = None,
) -> tuple[Age, ...]:
    return (Age(span(absolute), span(minimum), span(recommended), span(latest), span(maximum)),)


def after_previous(
    absolute: str | None = None,
    minimum: str | None = None,
    recommended: str | None = None,
    latest: str | None = None,
) -> Interval:
    return Interval(
        from_previous=True,
        absolute_minimum=span(absolute),
        minimum=span(minimum),
        earliest_recommended=span(recommended),
        latest_recommended=span(latest),
    )


def dose(number: int, **rows: object) -> SeriesDose:
    """A series dose for which `VACCINE` serves at any age, unless `rows` says otherwise."""
    given: dict[str, object] = {"preferable": (SeriesVaccine(VACCINE),), **rows}
    return SeriesDose(number, **given)  # type: ignore[arg-type]  # rows by name, as tests write them


def series(*doses: SeriesDose, **rows: object) -> Series:
    given: dict[str, object] = {
        "name": "the series",
        "kind": "standard",
        "group": "1",
        "group_name": "Standard",
        "is_default": True,
        "preference": 1,
        **rows,
    }
    return Series(doses=doses, **given)  # type: ignore[arg-type]  # as above


def schedule(
    *all_series: Series,
    conflicts: tuple[Conflict, ...] = (),
    contraindications: tuple[Contraindication, ...] = (),
    vaccine_contraindications: tuple[Contraindication, ...] = (),
    immunity_observations: frozenset[str] = frozenset(),
    birth_date_immunities: tuple[BirthDateImmunity, ...] = (),
) -> Schedule:
    antigen = Antigen(
        ANTIGEN,
        ANTIGEN,
        all_series,
        contraindications,
        vaccine_contraindications,
        immunity_observations,
        birth_date_immunities,
    )
    return make_schedule(
        SupportingData(
            version="test",
            published_on=date(2026, 1, 1),
            source="test",
            antigens=(antigen,),
            groups=(VaccineGroup(ANTIGEN, (ANTIGEN,)),),
            vaccines=(
                VaccineType(VACCINE, "MMR", (Association(ANTIGEN),)),
                VaccineType("05", "measles", (Association(ANTIGEN),)),
                VaccineType(OTHER_LIVE_VACCINE, "varicella", ()),
            ),
            conflicts=conflicts,
            observations=(),
        )
    )


def person(
    born_on: date,
    *given: date | GivenDose,
    observed: tuple[PatientObservation, ...] = (),
    country: str | None = None,
) -> History:
    """A person with doses: a day stands for a dose of `VACCINE`; ids are "1", "2" in order."""
    return History(
        born_on=born_on,
        sex="female",
        doses=tuple(
            item
            if isinstance(item, GivenDose)
            else GivenDose(id=str(place), cvx=VACCINE, administered_on=item)
            for place, item in enumerate(given, start=1)
        ),
        observations=observed,
        birth_country=country,
    )


def verdicts(answer: Forecast) -> list[tuple[str, tuple[str, ...]]]:
    """Status and reasons of each dose in the first series, in the order of the history."""
    return [(item.verdicts[0].status, item.verdicts[0].reasons) for item in answer.doses]


def judge(history: History, plan: Schedule, on: date = date(2026, 1, 1)) -> list[str]:
    """Each dose as "status: reasons"."""
    return [
        f"{status}: {', '.join(reasons)}" if reasons else status
        for status, reasons in verdicts(forecast(history, plan, on=on))
    ]
