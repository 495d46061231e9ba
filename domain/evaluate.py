"""facts + catalogue + today -> what each member of a circle sees, and until when that holds.

Pure: the same facts, catalogue and day give the same result in whatever order facts arrived (law
2), and every day before `next_change_on` gives the same as today (law 3). `timeline` calls it,
for every refresh and every command.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

import msgspec

from domain.calendar_date import local_date
from domain.catalogue import CardRule, Catalogue, Dose, Role, Row, Service
from domain.circle import Circle
from domain.fact import CardAct, Fact
from domain.family import Family, Vaccination, family_of
from domain.ids import ActKey, PersonId, RecordKey
from domain.record import (
    Effect,
    Evaluation,
    Line,
    Parameter,
    Provenance,
    Record,
    Why,
    Window,
)
from domain.situation import Situation, Value, situations_of
from domain.window import emitted_from, plan_window

ENGINE_VERSION = 1  # raised with every change after which the same facts may give other records
STREAM_RECORDS_MAX = 2_000
KEY_BYTES = 16


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
    acts = _acts(facts)
    found = _Found(today)
    for entry_id in sorted(catalogue.services):
        service = catalogue.services[entry_id]
        for situation in situations_of(family, service.starts_with):
            for record in _records(service, situation, family, found):
                found.add(_acted(_keyed(record, record_secret), acts))
    records = _bounded(found.records)
    effects = {
        effect.key: effect
        for record in records
        for effect in _effects(record, catalogue, record_secret)
    }
    return Evaluation(
        records=tuple(records),
        effects=tuple(effects[key] for key in sorted(effects)),
        next_change_on=found.next_change_on,
    )


class _Found:
    """Gathers records by key, and the first later day on which anything changes by itself."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.records: dict[RecordKey, Record] = {}
        self.next_change_on: date | None = None

    def add(self, record: Record) -> None:
        self.records[record.key] = record

    def reached(self, day: date) -> bool:
        """Whether `day` has come; if not, it is a day to wake on."""
        if day <= self.today:
            return True
        if self.next_change_on is None or day < self.next_change_on:
            self.next_change_on = day
        return False


def _records(
    service: Service, situation: Situation, family: Family, found: _Found
) -> Iterator[Record]:
    """The records of one service for one situation, still without key and acts."""
    if situation.ends_on is not None and found.reached(situation.ends_on):
        return
    lines = tuple(
        Line(line.id, line.when.evaluate(situation.variables)) for line in service.eligibility
    )
    unmet = [
        rule.unmet
        for rule, line in zip(service.eligibility, lines, strict=True)
        if line.truth != "met"
    ]
    if "withdraw" in unmet:
        return
    why = Why(lines, _provenance(situation.facts))
    for recipient in _audience(service, situation.roles, family):
        if unmet:
            yield _waiting(service, situation, recipient, why)
            continue
        for rule in service.cards:
            yield from _cards(service, rule, situation, recipient, why, found)


def _audience(
    service: Service, roles: Mapping[Role, PersonId], family: Family
) -> tuple[PersonId, ...]:
    """Who is told: the audience's members who are known and alive, else those of `otherwise`."""
    for wanted in (service.audience, service.otherwise):
        told = [roles[role] for role in wanted if role in roles]
        told = [person for person in told if family.person(person).died_on is None]
        if told:
            return tuple(dict.fromkeys(told))
    return ()


def _waiting(service: Service, situation: Situation, recipient: PersonId, why: Why) -> Record:
    return Record(
        key=RecordKey(b""),
        recipient=recipient,
        entry=service.id,
        version=service.version,
        card=service.cards[0].id,
        occurrence=f"{situation.occurrence}waiting",
        subject=situation.subject,
        rank=service.cards[0].rank,
        waiting=True,
        window=None,
        resolved_on=None,
        parameters=situation.parameters,
        why=why,
    )


def _cards(
    service: Service,
    rule: CardRule,
    situation: Situation,
    recipient: PersonId,
    why: Why,
    found: _Found,
) -> Iterator[Record]:
    for row in _rows(rule, situation.start_week):
        window = plan_window(
            rule.window, row, situation.anchors[rule.window.anchor], known_on=situation.known_on
        )
        if window is None:
            continue
        if situation.ends_on is not None and window.due_from >= situation.ends_on:
            continue
        doses = _doses_given(service, row, situation.vaccinations) if row is not None else None
        resolved_on = _resolved_on(rule, row, situation, doses)
        if resolved_on is None and not found.reached(emitted_from(window)):
            continue
        extra = _row_parameters(row, doses)
        yield Record(
            key=RecordKey(b""),
            recipient=recipient,
            entry=service.id,
            version=service.version,
            card=rule.id,
            occurrence=f"{situation.occurrence}{rule.id}" + (f"/{row.id}" if row else ""),
            subject=situation.subject,
            rank=rule.rank,
            waiting=False,
            window=window,
            resolved_on=resolved_on,
            parameters=situation.parameters + extra,
            why=msgspec.structs.replace(
                why, facts=_provenance((*situation.facts, *_dose_facts(doses)))
            ),
        )


def _rows(rule: CardRule, start_week: int | None) -> tuple[Row | None, ...]:
    """The table's rows; for a plan by week, those of the week it started in (clamped to the
    table).
    """
    if rule.rows_by_week is not None and start_week is not None:
        weeks = rule.rows_by_week
        return weeks[min(max(start_week, min(weeks)), max(weeks))]
    return rule.rows or (None,)


def _doses_given(
    service: Service, row: Row, vaccinations: tuple[Vaccination, ...]
) -> dict[Dose, Vaccination | None]:
    """For each dose the row asks for, the vaccination that gave it.

    A plain count: the n-th dose of a group is the one given on the n-th different day, whichever
    product and however often it was reported.
    """
    given: dict[Dose, Vaccination | None] = {}
    for dose in row.doses:
        codes = service.vaccine_groups[dose.group]
        days: dict[date, Vaccination] = {}
        for vaccination in vaccinations:
            if vaccination.vaccine_code in codes:
                days.setdefault(vaccination.given_on, vaccination)
        ordered = [days[day] for day in sorted(days)]
        given[dose] = ordered[dose.number - 1] if dose.number <= len(ordered) else None
    return given


def _resolved_on(
    rule: CardRule,
    row: Row | None,
    situation: Situation,
    doses: Mapping[Dose, Vaccination | None] | None,
) -> date | None:
    if rule.resolved_when is None:
        return None
    values: dict[str, Value] = dict(situation.variables)
    last_on = situation.resolved_on
    if doses:
        values["row_complete"] = all(doses.values())
        if values["row_complete"]:
            last_on = max(given.given_on for given in doses.values() if given is not None)
    elif row is not None:
        values["row_complete"] = False
    if rule.resolved_when.evaluate(values) != "met":
        return None
    return last_on or situation.known_on


def _row_parameters(
    row: Row | None, doses: Mapping[Dose, Vaccination | None] | None
) -> tuple[Parameter, ...]:
    if row is None:
        return ()
    own = tuple(
        Parameter(name, (value,) if isinstance(value, str) else value)
        for name, value in row.parameters
    )
    if not doses:
        return own
    missing = tuple(dose.group for dose, given in doses.items() if given is None)
    shown = missing or tuple(dose.group for dose in doses)
    return (*own, Parameter("vaccines", shown), Parameter("vaccine_count", len(shown)))


def _dose_facts(doses: Mapping[Dose, Vaccination | None] | None) -> tuple[Fact, ...]:
    return tuple(given.fact for given in (doses or {}).values() if given is not None)


def _provenance(facts: Iterable[Fact]) -> tuple[Provenance, ...]:
    ordered = {fact.precedence: fact for fact in facts}
    return tuple(
        Provenance(fact.kind, fact.source, fact.occurred_on, local_date(fact.asserted_at))
        for _, fact in sorted(ordered.items())
    )


def _hash(secret: bytes, *parts: str | bytes) -> bytes:
    mac = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        mac.update(len(raw).to_bytes(4, "big") + raw)
    return mac.digest()[:KEY_BYTES]


def _keyed(record: Record, secret: bytes) -> Record:
    key = _hash(
        secret,
        "record",
        record.recipient.bytes,
        record.subject.bytes,
        record.entry,
        record.occurrence,
    )
    return msgspec.structs.replace(record, key=RecordKey(key))


def _acts(facts: Iterable[Fact]) -> dict[tuple[PersonId, RecordKey], list[CardAct]]:
    """The acts that still stand on each card, oldest first; `undone` takes back the latest."""
    acts: dict[tuple[PersonId, RecordKey], list[CardAct]] = {}
    said = {fact.payload for fact in facts if isinstance(fact.payload, CardAct)}
    for act in sorted(said, key=lambda act: act.sequence):
        standing = acts.setdefault((act.person, act.record_key), [])
        if act.act != "undone":
            standing.append(act)
        elif standing:
            standing.pop()
    return acts


def _acted(record: Record, acts: Mapping[tuple[PersonId, RecordKey], list[CardAct]]) -> Record:
    standing = acts.get((record.recipient, record.key))
    if not standing:
        return record
    snoozes = [act.snoozed_until for act in standing if act.act == "snoozed"]
    return msgspec.structs.replace(
        record,
        acknowledged=any(act.act == "acknowledged" for act in standing),
        dismissed=any(act.act == "dismissed" for act in standing),
        snoozed_until=snoozes[-1] if snoozes else None,
    )


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


def _effects(record: Record, catalogue: Catalogue, secret: bytes) -> Iterator[Effect]:
    """Whom to tell of a card, and when: nothing for one that waits, is done or was put away."""
    window = record.window
    if window is None or record.waiting or record.resolved_on is not None or record.dismissed:
        return
    told_on: set[date] = set()
    for moment in catalogue.services[record.entry].card(record.card).notices:
        not_before_on, not_after_on = _told_between(moment, window)
        if moment == "visible" and record.acknowledged:
            continue
        if record.snoozed_until is not None:
            not_before_on = max(not_before_on, record.snoozed_until)
        if not_before_on > not_after_on or not_before_on in told_on:
            continue
        told_on.add(not_before_on)
        yield Effect(
            key=ActKey(_hash(secret, "act", record.key, moment)),
            kind="tell",
            recipient=record.recipient,
            record_key=record.key,
            entry=record.entry,
            version=record.version,
            card=record.card,
            act=moment,
            not_before_on=not_before_on,
            not_after_on=not_after_on,
        )


def _told_between(moment: str, window: Window) -> tuple[date, date]:
    if moment == "visible" and window.visible_from < window.due_from:
        return window.visible_from, window.due_from - timedelta(days=1)
    return window.due_from, window.due_until
