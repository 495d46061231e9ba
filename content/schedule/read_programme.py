"""Reads a vaccination programme from its authored documents, and refuses what does not fit.

`api` loads the shipped one with `read_programme()`; a refusal names the file and the place.
"""

from pathlib import Path
from typing import TypeVar

import msgspec

from content.pack import read_pack
from content.schedule.authored import (
    AuthoredGroup,
    AuthoredProgramme,
    AuthoredVaccines,
)
from content.schedule.check_programme import EditionSource, check_programme
from content.schedule.compile_edition import compile_edition, list_cohorts
from content.schedule.duration_text import parse_duration
from content.schedule.xml_text import ScheduleError
from domain.immunization.duration import Duration
from domain.immunization.programme import PlanLimits, Product, Programme
from domain.immunization.repeated_report import RepeatRule

SHIPPED_UAE = Path(__file__).parents[1] / "packs" / "uae"

_Document = TypeVar("_Document", AuthoredProgramme, AuthoredVaccines, AuthoredGroup)


def read_programme(directory: Path = SHIPPED_UAE) -> Programme:
    """The programme in `directory`, with an edition for each birth cohort and emirate.

    Raises: ScheduleError for what the forms do not allow; CatalogueError for what is not YAML.
    """
    documents = read_pack(directory)
    programme = _the_one(documents, "schedule_programme", AuthoredProgramme)
    vaccines = _the_one(documents, "schedule_vaccines", AuthoredVaccines)
    groups = tuple(_list(documents, "schedule_group", AuthoredGroup))
    strangers = [name for name, document in documents if document.get("kind") not in _KINDS]
    if strangers:
        raise ScheduleError(f"{strangers[0]}: kind is not one of {', '.join(sorted(_KINDS))}")
    source = EditionSource(programme=programme, vaccines=vaccines, groups=groups)
    try:
        check_programme(source)
        return _make(source)
    except ValueError as error:
        raise ScheduleError(f"{programme.id}: {error}") from error


_KINDS = frozenset({"schedule_programme", "schedule_vaccines", "schedule_group"})


def _list(
    documents: list[tuple[str, dict[str, object]]], kind: str, form: type[_Document]
) -> list[_Document]:
    return [
        _convert(name, document, form)
        for name, document in documents
        if document.get("kind") == kind
    ]


def _the_one(
    documents: list[tuple[str, dict[str, object]]], kind: str, form: type[_Document]
) -> _Document:
    found = _list(documents, kind, form)
    if len(found) != 1:
        raise ScheduleError(f"{len(found)} documents are of kind {kind}: write one")
    return found[0]


def _convert(name: str, document: dict[str, object], form: type[_Document]) -> _Document:
    try:
        return msgspec.convert(document, form)
    except msgspec.ValidationError as error:
        raise ScheduleError(f"{name}: {error}") from error


def _make(source: EditionSource) -> Programme:
    programme = source.programme
    limits = programme.limits
    return Programme(
        id=programme.id,
        version=programme.version,
        published_on=programme.published_on,
        draft=programme.draft,
        sign_off=programme.sign_off,
        sources=programme.sources + tuple(s for group in source.groups for s in group.sources),
        products=tuple(
            Product(
                cvx=product.cvx,
                route=product.route,
                from_age=_span(product.from_age),
                until_age=_span(product.until_age),
            )
            for product in programme.products
        ),
        vaccine_names={vaccine.cvx: vaccine.name for vaccine in source.vaccines.vaccines},
        group_names={group.group: group.name for group in source.groups},
        limits=PlanLimits(
            injections_max=limits.injections_max,
            visits_apart_days=limits.visits_apart_days,
            wait_days=limits.wait_days,
            replan_days=limits.replan_days,
            early=parse_duration(limits.early),
            until_age=parse_duration(limits.until_age),
        ),
        repeats=RepeatRule(
            days_max=programme.repeats.days_max, same_codes=programme.repeats.same_codes
        ),
        editions=tuple(
            compile_edition(source, born_from=born_from, born_before=born_before, emirate=emirate)
            for emirate in (None, *programme.emirates)
            for born_from, born_before in list_cohorts(source.groups)
        ),
    )


def _span(text: str | None) -> Duration | None:
    return None if text is None else parse_duration(text)
