"""What a publication would do before it is made: how many it can touch, and, of some or all of
their circles, which cards would come, go or change, and how many people would be told of them.

Counts only, rounded to ten and hidden under ten, each reading recorded (`timeline/population.py`).
The circles' facts are evaluated by the rules in force and by those proposed, and nothing is
written. `osrati catalogue preview` calls it through `content/preview.py`.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from domain.card.record import Evaluation, record_image
from domain.catalogue import Catalogue
from domain.catalogue_change import RuleChange
from domain.evaluate import evaluate
from domain.ids import CircleId, EntryId, PersonId
from domain.projection import Projection
from store.keys import KeyErased
from timeline.ground import Ground
from timeline.population import Count, open_population, rounded
from timeline.refresh import evaluate_snapshot, read_snapshot

SAMPLE_DEFAULT = 500  # some ten seconds
ASKED = "preview of a publication"

_Place = tuple[EntryId, str]
"""A service and one of its cards; the empty card is one that waits."""


class CardImpact(msgspec.Struct, frozen=True):
    """Of one card: how many people would get it, lose it, see it changed; how many would be told of
    it, now or later, who otherwise would not. None: fewer than may be told, nought among them.
    """

    entry: EntryId
    card: str
    coming: int | None
    going: int | None
    changing: int | None
    told: int | None


class Impact(msgspec.Struct, frozen=True):
    """What a publication would do. `touched` is of everybody, the rest of the circles looked at."""

    touched: Count
    looked_at: int | None
    is_sample: bool
    cards: tuple[CardImpact, ...]
    told: int | None


_People = defaultdict[_Place, set[PersonId]]


def _nobody() -> _People:
    return defaultdict(set)


class _Tally(msgspec.Struct):
    """Whose cards come, go and change, and who is told: people, each once, however many of their
    cards and circles it is.
    """

    coming: _People = msgspec.field(default_factory=_nobody)
    going: _People = msgspec.field(default_factory=_nobody)
    changing: _People = msgspec.field(default_factory=_nobody)
    told: _People = msgspec.field(default_factory=_nobody)

    def add(self, before: Evaluation, after: Evaluation) -> None:
        """Adds one circle's differences."""
        old = {record.key: record for record in before.records}
        new = {record.key: record for record in after.records}
        for key in old.keys() | new.keys():
            was, now = old.get(key), new.get(key)
            record = now or was
            assert record is not None
            if was is None:
                people = self.coming
            elif now is None:
                people = self.going
            elif record_image(now) != record_image(was):
                people = self.changing
            else:
                continue
            people[record.entry, record.card].add(record.recipient)
        known = {effect.key for effect in before.effects}
        for effect in after.effects:
            if effect.kind == "tell" and effect.key not in known:
                self.told[effect.entry, effect.card].add(effect.recipient)


async def preview_impact(
    ground: Ground,
    proposed: Catalogue,
    change: RuleChange,
    *,
    purpose: str,
    reader: str,
    sample: int | None = SAMPLE_DEFAULT,
) -> Impact:
    """What publishing `proposed` would do today, by the difference of its rules, `change`.

    `sample`: so many of the circles that it can touch are looked at, drawn evenly; None: all.
    """

    def can_touch(projection: Projection) -> bool:
        return change.concerns((projection,))

    async with open_population(ground, purpose=purpose, reader=reader, asked=ASKED) as population:
        touched = await population.count(can_touch)
        circles = await population.list_circles(can_touch)
    drawn = _drawn(circles, sample)
    tally = _Tally()
    looked_at = 0
    for circle_id in drawn:
        looked_at += await _look(ground, circle_id, proposed, tally)
    places = sorted({*tally.coming, *tally.going, *tally.changing, *tally.told})
    return Impact(
        touched=touched,
        looked_at=rounded(looked_at),
        is_sample=len(drawn) < len(circles),
        cards=tuple(
            CardImpact(
                entry=entry,
                card=card,
                coming=rounded(len(tally.coming[entry, card])),
                going=rounded(len(tally.going[entry, card])),
                changing=rounded(len(tally.changing[entry, card])),
                told=rounded(len(tally.told[entry, card])),
            )
            for entry, card in places
        ),
        told=rounded(len(set[PersonId]().union(*tally.told.values()))),
    )


async def _look(ground: Ground, circle_id: CircleId, proposed: Catalogue, tally: _Tally) -> bool:
    """Counts one circle's differences; False for one that was erased meanwhile."""
    try:
        keys = await ground.keys.circle(circle_id)
    except KeyErased:
        return False
    snapshot = await read_snapshot(ground, circle_id, keys)
    if snapshot is None:
        return False
    before = (await evaluate_snapshot(ground, snapshot)).evaluation
    after = await asyncio.to_thread(
        evaluate,
        snapshot.state.circle,
        snapshot.facts,
        proposed,
        snapshot.basis.today,
        ground.keys.record_secret(),
    )
    tally.add(before, after)
    return True


def _drawn(circles: Iterable[CircleId], sample: int | None) -> Sequence[CircleId]:
    """Some of the circles, the same at each look: ids are hashes, but their order tells a shard."""
    ordered = sorted(circles, key=lambda one: hashlib.sha256(one.bytes).digest())
    return ordered if sample is None else ordered[:sample]
