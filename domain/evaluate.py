"""facts + catalogue + today -> what each member of a circle sees, and until when that holds.

Pure: the same facts, catalogue and day give the same result in whatever order facts arrived (law
2), and every day before `next_change_on` gives the same as today (law 3). `timeline` calls it, for
every refresh and every command.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import get_args

import msgspec

from domain.card.act import apply_acts, standing_acts
from domain.card.plan import plan_records
from domain.card.record import Effect, Evaluation, Record
from domain.card.unnamed_source import unnamed_of, without_sources
from domain.catalogue import Catalogue, Service, Start
from domain.dispute import disputes_of, plan_questions, with_reviews
from domain.fact import Fact
from domain.family import Family, family_of
from domain.first_load import Loaded, loaded_on, untold
from domain.horizon import Horizon
from domain.ids import ActKey, PersonId, RecordKey
from domain.keyed_hash import keyed_hash
from domain.people.circle import Circle
from domain.people.member import members_of
from domain.plan_effects import plan_effects, plan_look_ups, plan_submission
from domain.planned.calculations import Calculations
from domain.planned.occurrence import VisitDays
from domain.planned.shared_visit import Errand, share_visits
from domain.project import project_members
from domain.reach import is_within
from domain.standing import standing_facts
from domain.start.situations import situations_of

# Raised with every change after which the same facts may give other records: a golden test refuses
# such a change without.
ENGINE_VERSION = 25
STREAM_RECORDS_MAX = 2_000


def evaluate(
    circle: Circle,
    facts: Iterable[Fact],
    catalogue: Catalogue,
    today: date,
    record_secret: bytes,
) -> Evaluation:
    """What every member of `circle` sees on `today` (Asia/Dubai), with reasons.

    `record_secret` keys the record and act keys; it is one for all circles.
    """
    facts = tuple(facts)
    family = family_of(circle, facts)
    acts = standing_acts(facts)
    disputes = disputes_of(facts)
    horizon = Horizon(today)
    calculations = Calculations(catalogue, family, horizon)
    members = members_of(circle, family, horizon.reached)
    used = {service.starts_with for service in catalogue.services.values()}
    situations = {start: tuple(situations_of(family, start, horizon)) for start in sorted(used)}
    found: dict[RecordKey, Record] = {}
    loaded: dict[RecordKey, Loaded] = {}
    submissions: dict[ActKey, Effect] = {}
    errands: list[Errand] = []
    for entry_id in sorted(catalogue.services):
        service = catalogue.services[entry_id]
        if service.scope is not None and not is_within(service.scope, family, horizon):
            continue
        for situation in situations[service.starts_with]:
            on = loaded_on(situation)
            for planned in plan_records(service, situation, family, calculations, horizon):
                if planned.record.recipient not in members:
                    continue
                keyed = with_reviews(_keyed(planned.record, record_secret), disputes, record_secret)
                found[keyed.key] = apply_acts(keyed, acts)
                submitted = plan_submission(keyed, service, situation, record_secret)
                if submitted is not None:
                    known = submissions.get(submitted.key, submitted)
                    submissions[submitted.key] = min(submitted, known, key=_reader)
                errands += _errands(service, found[keyed.key], planned.visit)
                if on is not None:
                    loaded[keyed.key] = Loaded(keyed, on)
    found.update(share_visits(errands, horizon))
    records = _bounded(found)
    effects = {
        effect.key: effect
        for record in records
        for effect in plan_effects(record, catalogue, record_secret)
    }
    for act_key in untold(loaded.values(), catalogue, record_secret):
        effects.pop(act_key, None)
    effects |= submissions
    unnamed = unnamed_of(family, record_secret)
    if unnamed is not None:
        records = [without_sources(record, unnamed) for record in records]
    for look_up in plan_look_ups(circle, standing_facts(facts), record_secret):
        effects[look_up.key] = look_up
    for question in plan_questions(disputes, facts, record_secret):
        effects[question.key] = question
    projections = project_members(
        circle,
        family,
        members=members,
        starts=frozenset(
            {start for start, found in situations.items() if found}
            | {
                start
                for start in get_args(Start)
                if start not in used and _may(family, start, today)
            }
        ),
        records=records,
        facts=facts,
        reached=horizon.reached,
    )
    return Evaluation(
        records=tuple(records),
        effects=tuple(effects[key] for key in sorted(effects)),
        next_change_on=horizon.next_change_on,
        members=members,
        projections=projections,
    )


def _may(family: Family, start: Start, today: date) -> bool:
    """Whether a service that started so would find something here, today or some day by itself: no
    service does yet, so the circle does not wake for it.
    """
    ahead = Horizon(today)
    found = any(True for _ in situations_of(family, start, ahead))
    return found or ahead.next_change_on is not None


def _reader(effect: Effect) -> bytes:
    return effect.recipient.bytes


def _errands(service: Service, record: Record, days: VisitDays | None) -> Iterator[Errand]:
    """What a card asks its reader to come for, if it does."""
    if service.calculator is not None and days is not None:
        place = service.card(record.card).place
        if place is not None:
            yield Errand(record, service.calculator.name, place, days)


def _keyed(record: Record, secret: bytes) -> Record:
    key = keyed_hash(
        secret,
        "record",
        record.recipient.bytes,
        record.subject.bytes,
        record.entry,
        record.occurrence,
    )
    return msgspec.structs.replace(record, key=RecordKey(key))


def _bounded(records: Mapping[RecordKey, Record]) -> list[Record]:
    """Sorted by key; past the maximum the oldest resolved records of a member leave first."""
    by_recipient: dict[PersonId, list[Record]] = {}
    for key in sorted(records):
        by_recipient.setdefault(records[key].recipient, []).append(records[key])
    kept: list[Record] = []
    for held in by_recipient.values():
        if len(held) > STREAM_RECORDS_MAX:
            held.sort(key=lambda r: (r.resolved_on is None, r.resolved_on or date.max, r.key))
        kept += held[-STREAM_RECORDS_MAX:]
    return sorted(kept, key=lambda record: record.key)
