"""Makes series and their doses out of the `<series>` elements of a CDSi antigen file."""

from xml.etree.ElementTree import Element

from content.schedule import xml_text as xml
from domain.immunization.supporting_data import (
    Age,
    Comparison,
    ConditionalSkip,
    Indication,
    Interval,
    Series,
    SeriesDose,
    SeriesKind,
    SeriesVaccine,
    SkipCondition,
    SkipContext,
    SkipKind,
    SkipSet,
)

_SERIES_KINDS: dict[str, SeriesKind] = {
    "standard": "standard",
    "risk": "risk",
    "evaluation only": "evaluation_only",
}
_SKIP_CONTEXTS: dict[str, SkipContext] = {
    "evaluation": "evaluation",
    "forecast": "forecast",
    "both": "both",
}
_SKIP_KINDS: dict[str, SkipKind] = {
    "age": "age",
    "completed series": "completed_series",
    "interval": "interval",
    "vaccine count by age": "vaccine_count",
    "vaccine count by date": "vaccine_count",
    "vaccine count by date and age": "vaccine_count",
}
_COMPARISONS: dict[str, Comparison] = {
    "greater than": "greater",
    "equal to": "equal",
    "less than": "less",
}
_INTERVAL_PRIORITIES = {"override": True, "y": True, "n": False}
_JOINS = {"and": True, "or": False}
_DOSE_TYPES = {"valid": True, "total": False}


def read_series(element: Element) -> Series:
    """Raises: ScheduleError for what is missing or not among the words the schema's texts use."""
    select = element.find("selectSeries")
    if select is None:
        raise xml.ScheduleError("<series> has no <selectSeries>")
    return Series(
        name=xml.words(element, "seriesName"),
        kind=_SERIES_KINDS[xml.words(element, "seriesType").lower()],
        group=xml.words(select, "seriesGroup"),
        group_name=xml.words(select, "seriesGroupName"),
        doses=tuple(_dose(child) for child in xml.children(element, "seriesDose")),
        equivalent_groups=xml.parts(element, "equivalentSeriesGroups"),
        sexes=frozenset(e.text.strip().lower() for e in element.findall("requiredGender") if e.text)
        - {""},
        is_default=xml.flag(select, "defaultSeries"),
        is_product_path=xml.flag(select, "productPath"),
        priority=xml.words(select, "seriesPriority"),
        preference=xml.number(select, "seriesPreference"),
        min_age_to_start=xml.duration(select, "minAgeToStart"),
        max_age_to_start=xml.duration(select, "maxAgeToStart"),
        indications=tuple(_indication(child) for child in xml.children(element, "indication")),
        guidance=tuple(
            " ".join(e.text.split()) for e in element.findall("seriesAdminGuidance") if e.text
        ),
    )


def _indication(element: Element) -> Indication:
    return Indication(
        observation=xml.words(element, "observationCode/code"),
        text=xml.text(element, "description") or "",
        begin_age=xml.duration(element, "beginAge"),
        end_age=xml.duration(element, "endAge"),
        guidance=xml.text(element, "guidance") or "",
    )


def _dose(element: Element) -> SeriesDose:
    number = xml.number(element, "doseNumber")
    if number is None:
        raise xml.ScheduleError("<seriesDose> has no <doseNumber>")
    season = element.find("seasonalRecommendation")
    return SeriesDose(
        number=number,
        ages=tuple(_age(child) for child in xml.children(element, "age")),
        intervals=tuple(_interval(child) for child in xml.children(element, "interval")),
        allowable_intervals=tuple(
            _interval(child) for child in xml.children(element, "allowableInterval")
        ),
        preferable=tuple(read_vaccine(e) for e in xml.children(element, "preferableVaccine")),
        allowable=tuple(read_vaccine(e) for e in xml.children(element, "allowableVaccine")),
        inadvertent=frozenset(xml.code(e) for e in xml.children(element, "inadvertentVaccine")),
        skips=tuple(_skip(child) for child in xml.children(element, "conditionalSkip")),
        recurring=xml.flag(element, "recurringDose"),
        season_start_on=None if season is None else xml.day(season, "startDate"),
        season_end_on=None if season is None else xml.day(season, "endDate"),
    )


def _age(element: Element) -> Age:
    return Age(
        absolute_minimum=xml.duration(element, "absMinAge"),
        minimum=xml.duration(element, "minAge"),
        earliest_recommended=xml.duration(element, "earliestRecAge"),
        latest_recommended=xml.duration(element, "latestRecAge"),
        maximum=xml.duration(element, "maxAge"),
        effective_on=xml.day(element, "effectiveDate"),
        cessation_on=xml.day(element, "cessationDate"),
    )


def _interval(element: Element) -> Interval:
    priority = (xml.text(element, "intervalPriority") or "n").lower()
    return Interval(
        from_previous=xml.flag(element, "fromPrevious"),
        from_target_dose=xml.number(element, "fromTargetDose"),
        from_vaccines=xml.codes(element, "fromMostRecent"),
        from_observation=xml.text(element, "fromRelevantObs/code"),
        absolute_minimum=xml.duration(element, "absMinInt"),
        minimum=xml.duration(element, "minInt"),
        earliest_recommended=xml.duration(element, "earliestRecInt"),
        latest_recommended=xml.duration(element, "latestRecInt"),
        overrides=_INTERVAL_PRIORITIES[priority],
        effective_on=xml.day(element, "effectiveDate"),
        cessation_on=xml.day(element, "cessationDate"),
    )


def read_vaccine(element: Element) -> SeriesVaccine:
    """A vaccine of a series dose or of a contraindication."""
    volume = xml.text(element, "volume")
    return SeriesVaccine(
        cvx=xml.code(element),
        begin_age=xml.duration(element, "beginAge"),
        end_age=xml.duration(element, "endAge"),
        trade_name=xml.text(element, "tradeName"),
        mvx=xml.text(element, "mvx"),
        volume_ml=None if volume is None else float(volume),
        forecast=xml.flag(element, "forecastVaccineType"),
    )


def _skip(element: Element) -> ConditionalSkip:
    join = (xml.text(element, "setLogic") or "or").lower()
    return ConditionalSkip(
        context=_SKIP_CONTEXTS[xml.words(element, "context").lower()],
        sets=tuple(_skip_set(child) for child in xml.children(element, "set")),
        all_sets=_JOINS[join],
    )


def _skip_set(element: Element) -> SkipSet:
    join = (xml.text(element, "conditionLogic") or "and").lower()
    return SkipSet(
        conditions=tuple(_condition(child) for child in xml.children(element, "condition")),
        all_conditions=_JOINS[join],
        effective_on=xml.day(element, "effectiveDate"),
        cessation_on=xml.day(element, "cessationDate"),
    )


def _condition(element: Element) -> SkipCondition:
    return SkipCondition(
        kind=_SKIP_KINDS[xml.words(element, "conditionType").lower()],
        start_on=xml.day(element, "startDate"),
        end_on=xml.day(element, "endDate"),
        begin_age=xml.duration(element, "beginAge"),
        end_age=xml.duration(element, "endAge"),
        interval=xml.duration(element, "interval"),
        dose_count=xml.number(element, "doseCount") or 0,
        valid_only=_DOSE_TYPES[(xml.text(element, "doseType") or "total").lower()],
        comparison=_COMPARISONS[(xml.text(element, "doseCountLogic") or "greater than").lower()],
        vaccines=xml.codes(element, "vaccineTypes"),
        series_groups=xml.parts(element, "seriesGroups"),
    )
