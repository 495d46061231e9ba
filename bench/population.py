"""A population: many couples' circles with real sealed facts, records, streams, effects and
projections, loaded by COPY.

Every circle is evaluated by the domain and sealed by the server's own functions under keys of its
own, which are committed first; only the statements are COPY's. So a refresh of a loaded circle
writes nothing, which a test asks. One circle in five has a child; one in a hundred wakes on the
next day, the others later. Effects whose day has come are done, as in a house that has long run.

Two processes load, each its part: evaluating takes most of the time.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from multiprocessing import get_context
from typing import Any  # rows of the driver

import asyncpg
import msgspec

from api.settings import Settings
from api.wire import House, open_house
from bench.evaluate import RECORD_SECRET, shipped_catalogue
from bench.family import ELDEST, Family, family_of_five
from bench.servers import driver_url
from domain.card.record import Evaluation, effect_image, record_image
from domain.catalogue import Catalogue
from domain.evaluate import ENGINE_VERSION, evaluate
from domain.fact import encode_fact
from domain.ids import CircleId
from domain.people.circle import Circle, couple_members
from domain.projection import encode_projection
from store.circle_tables import EFFECT_DONE, EFFECT_PENDING
from store.keys import OwnerKeys
from store.seal import Place, seal
from timeline.audience import PURPOSE
from timeline.catalogue import ServiceNumbers
from timeline.effect import effect_row
from timeline.held import FIRST_PROJECTION_EPOCH
from timeline.record import couple_circle, fact_key
from timeline.refresh_log import seal_seen, seen_of
from timeline.stream import HeldStream, changed_rows, new_head
from timeline.stream_key import FIRST_EPOCH, wrap_new_key

LOADERS = 2
BATCH_CIRCLES = 500
WITH_CHILD_EVERY = 5
WAKING_EVERY = 100  # 1 %
AGES_TRIED_DAYS = range(40, 900)
SHAPES_KEPT = 20
COUPLE_FACTS, FIRST_CHILD_FACTS = 6, 12  # of the family's facts, in their order

COLUMNS = {
    "circle": "circle_id facts_version refreshed_version refreshed_catalogue refreshed_on"
    " next_change_on refresh_count sealed",
    "membership": "circle_id person_id",
    "person_circle": "person_id circle_id member",
    "fact": "circle_id facts_version fact_key sealed",
    "stream": "circle_id person_id stream_id incarnation head digest live_count key_epoch"
    " tombstone_floor",
    "stream_key": "circle_id person_id key_epoch sealed",
    "stream_record": "circle_id person_id record_key number rank content removed_on sealed",
    "effect": "circle_id act_key kind not_before_on not_after_on content sealed state",
    "audience": "circle_id person_id epoch content sealed",
    "refresh_log": "circle_id refresh_number facts_version catalogue_version engine_version"
    " evaluated_on written_at sealed",
}
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Shapes:
    """Days of age of a first child by which the circle wakes on the next day, or later."""

    waking: tuple[int, ...]
    quiet: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    settings: Settings
    numbers: Sequence[int]
    shapes: Shapes


def load_population(settings: Settings, circles: int) -> Shapes:
    """Loads that many circles, as they stand on the settings' day."""
    return load_numbers(settings, range(circles))


def load_waking(settings: Settings, circles: int) -> Shapes:
    """Loads of such a population the circles alone that wake on the next day."""
    return load_numbers(settings, range(0, circles, WAKING_EVERY))


def load_numbers(settings: Settings, numbers: Sequence[int]) -> Shapes:
    """Loads the circles of these numbers, by two processes, and lets the database look at them."""
    assert settings.today is not None
    shapes = find_shapes(settings.today)
    parts = [_Part(settings, numbers[place::LOADERS], shapes) for place in range(LOADERS)]
    with ProcessPoolExecutor(LOADERS, mp_context=get_context("spawn")) as processes:
        assert sum(processes.map(_load_part, parts)) == len(numbers)
    asyncio.run(_analyze(settings))
    return shapes


def find_shapes(today: date) -> Shapes:
    """Which ages make a circle wake tomorrow, and which leave it alone for longer."""
    catalogue, tomorrow = shipped_catalogue(), today + timedelta(days=1)
    waking: list[int] = []
    quiet: list[int] = []
    for days_old in AGES_TRIED_DAYS:
        family = _family(today, 1, days_old)
        members = couple_members(family.husband, family.wife)
        circle = Circle(CircleId(family.husband), "couple", members)
        found = evaluate(circle, family.facts, catalogue, today, RECORD_SECRET)
        wakes_on = found.next_change_on
        if wakes_on == tomorrow:
            waking.append(days_old)
        elif wakes_on is None or wakes_on > tomorrow:
            quiet.append(days_old)
        if min(len(waking), len(quiet)) >= SHAPES_KEPT:
            break
    assert waking, "no age of a child makes anything change tomorrow"
    return Shapes(tuple(waking[:SHAPES_KEPT]), tuple(quiet[:SHAPES_KEPT]))


def population_family(today: date, number: int, shapes: Shapes) -> Family:
    """The `number`-th family of the population."""
    if number % WAKING_EVERY == 0:
        ages = shapes.waking
        return _family(today, number + 1, ages[number // WAKING_EVERY % len(ages)])
    if number % WITH_CHILD_EVERY == 0:
        ages = shapes.quiet
        return _family(today, number + 1, ages[number // WITH_CHILD_EVERY % len(ages)])
    return _family(today, number + 1, None)


def _family(today: date, number: int, days_old: int | None) -> Family:
    """A couple, with a first child of that age."""
    ages = None if days_old is None else {ELDEST: days_old}
    family = family_of_five(today, number=number, days_old=ages)
    count = COUPLE_FACTS if days_old is None else FIRST_CHILD_FACTS
    return replace(family, facts=family.facts[:count])


def _load_part(part: _Part) -> int:
    return asyncio.run(_load(part))


async def _load(part: _Part) -> int:
    """In a process of its own: how many circles it loaded."""
    connection = await asyncpg.connect(driver_url(part.settings))
    try:
        async with open_house(part.settings) as house:
            catalogue = await house.ground.catalogues.current()
            numbers = await house.ground.catalogues.numbers_of(catalogue)
            for begin in range(0, len(part.numbers), BATCH_CIRCLES):
                batch = part.numbers[begin : begin + BATCH_CIRCLES]
                families = [
                    population_family(house.ground.clock.today(), number, part.shapes)
                    for number in batch
                ]
                rows = await _rows_of(house, catalogue, numbers, families)
                async with connection.transaction():
                    for table, columns in COLUMNS.items():
                        await connection.copy_records_to_table(
                            table, records=rows[table], columns=columns.split()
                        )
    finally:
        await connection.close()
    return len(part.numbers)


async def _rows_of(
    house: House, catalogue: Catalogue, numbers: ServiceNumbers, families: Sequence[Family]
) -> Rows:
    """Every table's rows of these families, as one refresh of each would leave them."""
    ground = house.ground
    rows: Rows = {table: [] for table in COLUMNS}
    circles = [couple_circle(ground.keys, one.husband, one.wife) for one in families]
    owners = await ground.keys.circles([circle.id for circle in circles])
    projection_keys = await ground.keys.projection(FIRST_PROJECTION_EPOCH)
    today, now, secret = ground.clock.today(), ground.clock.now_utc(), ground.keys.record_secret()
    for family, circle in zip(families, circles, strict=True):
        keys, count = owners[circle.id], len(family.facts)
        found = evaluate(circle, family.facts, catalogue, today, secret)
        for version, fact in enumerate(family.facts, 1):
            key = fact_key(ground.keys, fact)
            sealed = seal(keys.for_("fact"), Place(circle.id, key, version), encode_fact(fact))
            rows["fact"].append((circle.id, version, key, sealed))
        body = seal(keys.for_("circle"), Place(circle.id), msgspec.json.encode(circle))
        seen_from = (count, count, catalogue.version, today)
        rows["circle"].append((circle.id, *seen_from, found.next_change_on, 1, body))
        for person in circle.members:
            rows["membership"].append((circle.id, person))
            rows["person_circle"].append((person, circle.id, True))
        seen = _add_streams(rows, keys, circle, found, today)
        logged = seal_seen(keys, circle.id, 1, seen)
        made = (catalogue.version, ENGINE_VERSION, today, now)
        rows["refresh_log"].append((circle.id, 1, count, *made, logged))
        for effect in found.effects:
            content = keys.digest(effect_image(effect))
            state = EFFECT_DONE if effect.not_before_on <= today else EFFECT_PENDING
            values = effect_row(keys, circle.id, effect, content)
            rows["effect"].append((circle.id, *values, state))
        key_of_shard = projection_keys.of_shard(PURPOSE, circle.id)
        for person, projection in found.projections.items():
            image = encode_projection(projection, numbers.by_entry)
            sealed = seal(key_of_shard, Place(circle.id, person.bytes), image)
            epoch = FIRST_PROJECTION_EPOCH
            rows["audience"].append((circle.id, person, epoch, keys.digest(image), sealed))
    return rows


def _add_streams(
    rows: Rows, keys: OwnerKeys, circle: Circle, found: Evaluation, today: date
) -> dict[Any, Any]:
    """Streams, their keys and records of every member who sees any; what each saw."""
    seen = {}
    for person in circle.members:
        bodies = [
            (record, record_image(record)) for record in found.records if record.recipient == person
        ]
        if not bodies:
            continue
        seen[person] = seen_of(bodies)
        head = new_head()
        wrapped = wrap_new_key(keys, circle.id, person, FIRST_EPOCH)
        stream = HeldStream(head, wrapped, {})
        records, digest, live = changed_rows(circle.id, keys, person, bodies, stream, today=today)
        ids = (circle.id, person, head.stream_id, head.incarnation)
        rows["stream"].append((*ids, head.head + 1, digest, live, head.key_epoch, 0))
        rows["stream_key"].append((circle.id, person, FIRST_EPOCH, wrapped))
        rows["stream_record"] += [(circle.id, *record) for record in records]
    return seen


async def _analyze(settings: Settings) -> None:
    """As the database does by itself in time: without it the first plans are guesses."""
    connection = await asyncpg.connect(driver_url(settings))
    try:
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
