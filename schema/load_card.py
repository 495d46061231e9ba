"""Loading an actor's cards with the services they belong to.

A card whose service or rule is not in the current catalogue has no words, so nothing of it is
shown. That happens when a version is published between the reading of the streams and of the
catalogue: then both are read again, once, since reading the streams refreshes them.
"""

from datetime import date

import msgspec

from domain.card.record import Record
from domain.catalogue import Catalogue, Service
from domain.ids import RecordKey
from domain.people.actor import Actor
from timeline.ground import Ground
from timeline.read import TimelineCard, read_published_timeline
from timeline.source import AgencyNames, read_agency_names


class LoadedCard(msgspec.Struct, frozen=True):
    """A card as it stands in the timeline, and the service it belongs to."""

    card: TimelineCard
    service: Service


class LoadedTimeline(msgspec.Struct, frozen=True):
    """Every card of the actor that has words, in timeline order."""

    cards: tuple[LoadedCard, ...]
    agencies: AgencyNames
    today: date
    catalogue: Catalogue


async def load_timeline(ground: Ground, actor: Actor) -> LoadedTimeline:
    """The actor's whole timeline."""
    cards, catalogue, lacking = await _load(ground, actor)
    if lacking:
        cards, catalogue, _ = await _load(ground, actor)
    agencies = await read_agency_names(ground, catalogue)
    return LoadedTimeline(cards, agencies, ground.clock.today(), catalogue)


def find_loaded(timeline: LoadedTimeline, key: RecordKey) -> LoadedCard | None:
    """The actor's card with this key, or None: missing and another's look alike."""
    return next((loaded for loaded in timeline.cards if loaded.card.record.key == key), None)


async def _load(ground: Ground, actor: Actor) -> tuple[tuple[LoadedCard, ...], Catalogue, bool]:
    """The cards that have words, by which catalogue, and whether any had none."""
    found, version = await read_published_timeline(ground, actor)
    catalogue = await ground.catalogues.whole(version)
    cards = tuple(
        LoadedCard(card, service)
        for card in found
        if (service := find_service(catalogue, card.record)) is not None
    )
    return cards, catalogue, len(cards) < len(found)


def find_service(catalogue: Catalogue, record: Record) -> Service | None:
    """The service a record was made by, or None when this catalogue cannot say its words."""
    service = catalogue.find_service(record.entry, record.version)
    if service is None:
        return None
    texts = {line.id for line in service.eligibility}
    if not texts.issuperset(line.id for line in record.why.lines):
        return None
    if not record.waiting and all(rule.id != record.card for rule in service.cards):
        return None
    return service
