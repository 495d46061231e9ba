"""What members did to their cards, put onto the cards: acknowledged, snoozed, dismissed, a photo
attached, undone.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias
from uuid import UUID

import msgspec

from domain.card.record import Record
from domain.fact import Fact
from domain.facts.act import CardAct
from domain.ids import PersonId, RecordKey

StandingActs: TypeAlias = Mapping[tuple[PersonId, RecordKey], list[CardAct]]


def standing_acts(facts: Iterable[Fact]) -> StandingActs:
    """The acts that still stand on each card, oldest first; `undone` takes back the latest.

    Ordered by our instant of arrival, since an act may have been carried over from another circle
    with another sequence, then by sequence.
    """
    acts: dict[tuple[PersonId, RecordKey], list[CardAct]] = {}
    said = {
        (fact.asserted_at, fact.payload.sequence, fact.source_id): fact.payload
        for fact in facts
        if isinstance(fact.payload, CardAct)
    }
    for _, act in sorted(said.items()):
        standing = acts.setdefault((act.person, act.record_key), [])
        if act.act != "undone":
            standing.append(act)
        elif standing:
            standing.pop()
    return acts


def standing_photos(facts: Iterable[Fact], person: PersonId) -> frozenset[UUID]:
    """The photos that a person's acts still name, those that another took the place of too: an undo
    brings them back.
    """
    return frozenset(
        act.photo
        for (whose, _), acts in standing_acts(facts).items()
        for act in acts
        if whose == person and act.photo is not None
    )


def apply_acts(record: Record, acts: StandingActs) -> Record:
    """The record as its recipient left it."""
    standing = acts.get((record.recipient, record.key))
    if not standing:
        return record
    snoozes = [act.snoozed_until for act in standing if act.act == "snoozed"]
    photos = [act.photo for act in standing if act.act == "photo_attached"]
    return msgspec.structs.replace(
        record,
        acknowledged=any(act.act == "acknowledged" for act in standing),
        dismissed=any(act.act == "dismissed" for act in standing),
        snoozed_until=snoozes[-1] if snoozes else None,
        photo=photos[-1] if photos else None,
    )
