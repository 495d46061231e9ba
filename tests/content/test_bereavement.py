"""Nothing congratulates whoever mourns: every text of the catalogue against every story of sorrow.

From the day of the loss on, each story is walked over every day on which anything changes, with all
services, and what each member would read or be told is read in both languages.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest

from content.scenario import (
    SHOWN_STATES,
    Scenario,
    list_evaluations,
    next_change_of,
    read_scenarios,
)
from domain.card.record import Record
from domain.card.state import card_state
from domain.card.text import render_record
from domain.catalogue import Catalogue
from domain.facts.person import PersonDied
from domain.facts.pregnancy import PregnancyEnded
from domain.ids import EntryId

JOY = re.compile(
    "مبارك|مبروك|هنيئ|تهنئ|تهاني|نبارك|بارك الله|يسعدنا|يسرنا|فرح"
    "|congratulat|happy|joy|delight|glad",
    re.IGNORECASE,
)
WALKED_DAYS = 400  # past the year of mourning
SORROWS = {
    one.name: one
    for one in read_scenarios()
    if any(isinstance(fact.payload, PersonDied | PregnancyEnded) for fact in one.facts)
    and one.name != "year_of_mourning"  # it goes on to the birth that is congratulated on again
}


def days_of(scenario: Scenario, catalogue: Catalogue) -> Iterator[date]:
    last = max(
        fact.known_on
        for fact in scenario.facts
        if isinstance(fact.payload, PersonDied | PregnancyEnded)
    )
    day: date | None = last
    while day is not None and day <= last + timedelta(days=WALKED_DAYS):
        yield day
        day = next_change_of(scenario, catalogue, day)


def read_of(record: Record, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """All that a member may read because of a card: its words, its messages, its articles."""
    service = catalogue.services[record.entry]
    yield f"name of {record.entry}", f"{service.name.ar.source} {service.name.en.source}"
    for bundle_id in service.bundles:
        bundle = catalogue.entries.bundles[bundle_id]
        for part in (bundle.name, bundle.about):
            yield f"bundle {bundle_id}", f"{part.ar.source} {part.en.source}"
    for language in ("ar", "en"):
        card = render_record(service, record, language)
        yield f"{record.entry}.{record.card} {language}", f"{card.title} {card.body}"
    for notice in service.card(record.card).notices if record.is_card else ():
        message = catalogue.entries.messages.get(notice.message or EntryId(""))
        for channel, said in (message.texts if message is not None else {}).items():
            for text in filter(None, (said.title, said.body)):
                yield f"{notice.message} by {channel}", f"{text.ar.source} {text.en.source}"
    for article_id in service.articles:
        article = catalogue.entries.articles[article_id]
        for part in (article.title, article.summary, article.body):
            yield f"article {article_id}", f"{part.ar.source} {part.en.source}"


def test_stories_of_every_sorrow_are_there() -> None:
    assert SORROWS.keys() >= {
        *("pregnancy_lost", "stillbirth", "death_of_child", "death_of_father"),
        *("death_of_mother", "birth_contradicted", "father_to_be"),
        *("twin_dies", "twin_born_after_a_death", "twin_stillborn", "triplet_dies"),
        *("remarried_in_mourning",),
    }


@pytest.mark.parametrize("name", sorted(SORROWS))
def test_nothing_congratulates_whoever_mourns(name: str, catalogue: Catalogue) -> None:
    story = msgspec.structs.replace(SORROWS[name], about=frozenset(catalogue.services))
    found = {
        f"{where}: {JOY.findall(words)}"
        for day in days_of(story, catalogue)
        for evaluation in list_evaluations(story, catalogue, day)
        for record in evaluation.records
        if record.is_card and card_state(record, day) in SHOWN_STATES
        for where, words in read_of(record, catalogue)
        if JOY.search(words)
    }
    assert found == set()


def test_the_words_of_joy_are_seen_where_there_is_joy(catalogue: Catalogue) -> None:
    glad = {
        service.id
        for service in catalogue.services.values()
        for card in service.cards
        for text in (card.title, card.body)
        if JOY.search(text.ar.source) and JOY.search(text.en.source)
    }
    assert glad >= {
        "newborn_bundle",
        "pregnancy_followup",
        "marriage_contract",
        "newborn_bundle_residents",
    }
