"""The cards of one service for one marriage, pregnancy or child: who is told, of what, and when.

`evaluate` calls it for every service and situation. A card comes out without its key and its
reader's acts.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

import msgspec

from domain.audience import recipients_of
from domain.calendar_date import add_offset, local_date
from domain.card.record import (
    Line,
    Parameter,
    Provenance,
    Reason,
    Record,
    VaccinationRecord,
    Why,
    Window,
)
from domain.card.window import due_on, emitted_from, plan_window
from domain.catalogue import CardRule, EligibilityLine, Row, Service
from domain.citation import mark_of
from domain.fact import Fact
from domain.family import Family
from domain.horizon import Horizon
from domain.ids import PersonId, RecordKey
from domain.planned.calculations import Calculations
from domain.planned.occurrence import Planned, VisitDays
from domain.rule.law import under_the_law
from domain.rule.shortfall import gaps_of, met_from
from domain.situation import Situation

NO_KEY = RecordKey(b"")  # until `evaluate` gives one


class PlannedRecord(msgspec.Struct, frozen=True):
    """A record, and the days of the visit that its card asks for."""

    record: Record
    visit: VisitDays | None = None


def plan_records(
    service: Service,
    situation: Situation,
    family: Family,
    calculations: Calculations,
    horizon: Horizon,
) -> Iterator[PlannedRecord]:
    """The records of one service for one situation, still without key and acts."""
    if situation.ends_on is not None and horizon.reached(situation.ends_on):
        return
    if situation.begins_on is not None and not horizon.reached(situation.begins_on):
        return
    service, situation = under_the_law(service, situation, horizon)
    if not service.cards:
        return
    if service.when is not None and service.when.evaluate(situation.variables) != "met":
        return
    lines = tuple(_line(line, service, situation, horizon) for line in service.eligibility)
    unmet = [
        rule.unmet
        for rule, line in zip(service.eligibility, lines, strict=True)
        if line.truth != "met"
    ]
    if "withdraw" in unmet:
        return
    if unmet and _is_over(service, situation, horizon):
        return
    asked = {name for line in service.eligibility for name in line.when.variables}
    said = [fact for name, fact in situation.variable_facts.items() if name in asked]
    facts = (*situation.facts, *said)
    ordered = _ordered(facts)
    why = Why(lines, _provenance(ordered))
    if not unmet:
        situation = msgspec.structs.replace(situation, known_on=_met_on(service, situation, asked))
    is_own = situation.care is not None and situation.care.is_own
    audience = recipients_of(service, situation, family, horizon.reached)
    if unmet:
        for recipient in audience if not is_own else ():
            yield PlannedRecord(
                _waiting(service, situation, recipient.person, why, _marks(ordered))
            )
    elif audience:
        planned = calculations.plan(service, situation)
        found = _with_found(situation, planned)
        for recipient in audience:
            for card in _offered(service, found, planned, horizon):
                if is_own and card.resolved_on is None and card.vaccinations is None:
                    continue  # a grown child keeps what was done; what was not is no duty of theirs
                record = _record(service, found, recipient.person, why, facts, card)
                quiet = record.quiet or recipient.is_quiet
                yield PlannedRecord(msgspec.structs.replace(record, quiet=quiet), card.visit)


def _line(rule: EligibilityLine, service: Service, situation: Situation, horizon: Horizon) -> Line:
    """How a line stands; of one that is not met, what would change it."""
    truth = rule.when.evaluate(situation.variables)
    if truth != "not_met" or rule.unmet == "withdraw":
        return Line(rule.id, truth)
    return Line(
        rule.id,
        truth,
        gaps_of(rule.when, situation.variables, service.figures),
        met_from(rule.when, situation.variables, service.figures, horizon.today),
    )


def _with_found(situation: Situation, planned: Planned) -> Situation:
    found = {parameter.name: parameter for parameter in planned.parameters}
    return msgspec.structs.replace(
        situation,
        parameters=tuple(found.get(known.name, known) for known in situation.parameters),
    )


def _waiting(
    service: Service, situation: Situation, recipient: PersonId, why: Why, cited: bytes
) -> Record:
    return Record(
        key=NO_KEY,
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
        cited=cited,
    )


class _Card(msgspec.Struct, frozen=True, kw_only=True):
    """One card (or, with `vaccinations`, record) of a situation, before it has a reader."""

    card: str
    name: str
    rank: int
    window: Window | None = None
    resolved_on: date | None = None
    parameters: tuple[Parameter, ...] = ()
    reasons: tuple[Reason, ...] = ()
    facts: tuple[Fact, ...] = ()
    quiet: bool = False
    vaccinations: VaccinationRecord | None = None
    visit: VisitDays | None = None


def _offered(
    service: Service, situation: Situation, planned: Planned, horizon: Horizon
) -> list[_Card]:
    """Every card of a situation that exists today, and the record that a calculator keeps."""
    found: list[_Card] = []
    for rule in service.cards:
        if not _is_for(rule, situation):
            continue
        cards = (
            _planned_cards(rule, situation, planned) if rule.planned else _cards(rule, situation)
        )
        for card in cards:
            window = card.window
            assert window is not None
            if situation.ends_on is not None and window.due_from >= situation.ends_on:
                continue
            if card.resolved_on is None and not horizon.reached(emitted_from(window)):
                continue
            if _is_past(service, card, horizon):
                continue
            found.append(card)
    if planned.vaccinations is not None:
        name, rank = "vaccinations", service.cards[0].rank
        record = planned.vaccinations
        found.append(
            _Card(card=name, name=name, rank=rank, vaccinations=record, facts=planned.facts)
        )
    return found


def _is_past(service: Service, card: _Card, horizon: Horizon) -> bool:
    """Whether what a card had to say has had its time: content withdraws itself, where a service
    that asks for something stays to be seen."""
    if service.nature != "information" or card.resolved_on is not None:
        return False
    assert card.window is not None
    return horizon.reached(card.window.expires_on + timedelta(days=1))


def _planned_cards(rule: CardRule, situation: Situation, planned: Planned) -> Iterator[_Card]:
    anchor_on = situation.anchors[rule.window.anchor]
    for item in planned.occurrences:
        window = plan_window(
            rule.window, item.due_from, anchor_on, known_on=item.known_on, due_until=item.due_until
        )
        if window is not None:
            yield _Card(
                card=rule.id,
                name=f"{rule.id}/{item.id}",
                rank=rule.rank,
                window=window,
                resolved_on=item.resolved_on,
                parameters=item.parameters,
                reasons=item.reasons,
                facts=item.facts,
                visit=item.visit,
            )


def _is_for(rule: CardRule, situation: Situation) -> bool:
    """Whether the date that a card counts from is known, and its own condition holds."""
    if rule.window.anchor not in situation.anchors:
        return False
    return rule.when is None or rule.when.evaluate(situation.variables) == "met"


def _cards(rule: CardRule, situation: Situation) -> Iterator[_Card]:
    is_first_caught_up = True
    resolved_on, resolved_by = _resolved_on(rule, situation)
    own = _own_facts(rule, situation) + resolved_by
    for row, window in _windows(rule, situation):
        is_quiet = False
        own_on = due_on(rule.window, row, situation.anchors[rule.window.anchor])
        if resolved_on is None and window.due_from > own_on:  # moved to the day it was known
            is_quiet, is_first_caught_up = not is_first_caught_up, False
        yield _Card(
            card=rule.id,
            name=rule.id + (f"/{row.id}" if row else ""),
            rank=rule.rank,
            window=window,
            resolved_on=resolved_on,
            parameters=_row_parameters(row),
            quiet=is_quiet,
            facts=own,
        )


def _record(
    service: Service,
    situation: Situation,
    recipient: PersonId,
    why: Why,
    facts: tuple[Fact, ...],
    card: _Card,
) -> Record:
    ordered = _ordered((*facts, *card.facts))
    return Record(
        key=NO_KEY,
        recipient=recipient,
        entry=service.id,
        version=service.version,
        card=card.card,
        occurrence=f"{situation.occurrence}{card.name}",
        subject=situation.subject,
        rank=card.rank,
        waiting=False,
        window=card.window,
        resolved_on=card.resolved_on,
        parameters=situation.parameters + card.parameters,
        why=Why(why.lines, _provenance(ordered), card.reasons),
        cited=_marks(ordered),
        quiet=card.quiet,
        kind="card" if card.vaccinations is None else "vaccination_record",
        vaccinations=card.vaccinations,
    )


def _windows(rule: CardRule, situation: Situation) -> Iterator[tuple[Row | None, Window]]:
    """Each occurrence of a card with its window; none that had closed before it was known."""
    anchor_on = situation.anchors[rule.window.anchor]
    anchored_by = situation.anchor_facts.get(rule.window.anchor)
    known_on = situation.known_on
    if anchored_by is not None:
        known_on = max(known_on, anchored_by.known_on)
    for row in rule.rows or (None,):
        own_on = due_on(rule.window, row, anchor_on)
        window = plan_window(rule.window, own_on, anchor_on, known_on=known_on)
        if window is not None:
            yield row, window


def _is_over(service: Service, situation: Situation, horizon: Horizon) -> bool:
    """Whether nothing the service could offer is left to wait for; a calculator's plan is not asked
    for while lines are unmet, and ends with the situation.
    """
    if service.calculator is not None:
        return False
    if service.waits is not None:
        waits_until = add_offset(situation.anchors[service.waits.anchor], service.waits.until)
        return horizon.reached(waits_until + timedelta(days=1))
    ends = [
        window.expires_on
        for rule in service.cards
        if rule.window.anchor in situation.anchors
        for _, window in _windows(rule, situation)
    ]
    return not ends or horizon.reached(max(ends) + timedelta(days=1))


def _met_on(service: Service, situation: Situation, asked: Collection[str]) -> date:
    """The first day on which all lines were met by what was known: nothing they open is late
    before. What no fact said is taken to have held from the beginning."""
    later = {
        name: fact.known_on
        for name, fact in situation.variable_facts.items()
        if name in asked and fact.known_on > situation.known_on
    }
    for day in sorted({situation.known_on, *later.values()}):
        known = {
            name: value
            for name, value in situation.variables.items()
            if later.get(name, day) <= day
        }
        if all(line.when.evaluate(known) == "met" for line in service.eligibility):
            return day
    return situation.known_on


def _resolved_on(rule: CardRule, situation: Situation) -> tuple[date | None, tuple[Fact, ...]]:
    """The day of what resolved the card, and the facts that did."""
    if rule.resolved_when is None or rule.resolved_when.evaluate(situation.variables) != "met":
        return None, ()
    by = tuple(
        fact
        for name, fact in situation.variable_facts.items()
        if name in rule.resolved_when.variables
    )
    return max((fact.occurred_on for fact in by), default=situation.known_on), by


def _own_facts(rule: CardRule, situation: Situation) -> tuple[Fact, ...]:
    """What a card rests on beside its service's: the date it counts from, its own condition."""
    names = rule.when.variables if rule.when is not None else frozenset()
    found = [fact for name, fact in situation.variable_facts.items() if name in names]
    anchored_by = situation.anchor_facts.get(rule.window.anchor)
    return (*found, anchored_by) if anchored_by is not None else tuple(found)


def _row_parameters(row: Row | None) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(name, (value,) if isinstance(value, str) else value)
        for name, value in (row.parameters if row is not None else ())
    )


def _ordered(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, in order of precedence."""
    once = {fact.precedence: fact for fact in facts}
    return [fact for _, fact in sorted(once.items())]


def _provenance(ordered: Iterable[Fact]) -> tuple[Provenance, ...]:
    return tuple(
        Provenance(fact.kind, fact.source, fact.occurred_on, local_date(fact.asserted_at))
        for fact in ordered
    )


def _marks(ordered: Iterable[Fact]) -> bytes:
    """Which facts these are, one after another; `evaluate` keys them."""
    return b"".join(mark_of(fact) for fact in ordered)
