"""Pregnancies as situations: while they go on, and after one was lost."""

from collections.abc import Iterator
from datetime import timedelta

from domain.card.record import Parameter
from domain.facts.birth import BirthNotified
from domain.family import Family
from domain.history.gestation import CONTRADICTION_DAYS, Pregnancy
from domain.situation import Situation
from domain.start.mourning import mourns_in_pregnancy
from domain.start.said import Said, parents_of


def pregnancies_as_situations(family: Family) -> Iterator[Situation]:
    """Every pregnancy at home in this circle."""
    yield from (_of_pregnancy(family, pregnancy) for pregnancy in family.pregnancies)


def _of_pregnancy(family: Family, pregnancy: Pregnancy) -> Situation:
    said = Said()
    said.person("mother", family.person(pregnancy.mother), pregnancy.start)
    if pregnancy.father is not None:
        said.person("father", family.person(pregnancy.father), pregnancy.start)
    said.value("pregnancy_ongoing", pregnancy.ended is None)
    said.value("pregnancy_outcome", pregnancy.ended or "ongoing", pregnancy.loss)
    said.value("father_known", pregnancy.father is not None)
    said.value("family_mourns", mourns_in_pregnancy(family, pregnancy))
    is_lost = pregnancy.ended in ("loss", "stillbirth") and not _is_contradicted(family, pregnancy)
    said.happened("pregnancy_lost", pregnancy.loss if is_lost else None, anchor="lost_on")
    said.field("due_on", pregnancy.due_on.isoformat(), pregnancy.start)
    return Situation(
        start="pregnancy",
        subject=pregnancy.mother,
        occurrence=f"{pregnancy.origin.source}/{pregnancy.origin.source_id}/",
        roles=parents_of(pregnancy.mother, pregnancy.father),
        variables=said.variables,
        anchors={
            "last_period_on": pregnancy.last_period_on,
            "confirmed_on": pregnancy.confirmed_on,
            **said.anchors,
        },
        parameters=(Parameter("due_on", pregnancy.due_on.isoformat()),),
        facts=(
            (pregnancy.start,)
            if pregnancy.first == pregnancy.start
            else (pregnancy.first, pregnancy.start)
        ),
        known_on=pregnancy.known_on,
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        pregnancy=pregnancy,
        fields=said.fields,
    )


def _is_contradicted(family: Family, pregnancy: Pregnancy) -> bool:
    """Whether a birth of the same days was notified: until that is settled, nobody is consoled."""
    if pregnancy.loss is None:
        return False
    near = timedelta(days=CONTRADICTION_DAYS)
    return any(
        isinstance(fact.payload, BirthNotified)
        and fact.payload.mother == pregnancy.mother
        and abs(fact.occurred_on - pregnancy.loss.occurred_on) <= near
        for facts in family.about.values()
        for fact in facts
    )
