"""The cards of one service for one marriage, pregnancy or child: who is told, of what, and when.

`evaluate` calls it for every service and situation. A card comes out without its key and its
reader's acts.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

import msgspec

from domain.calendar_date import local_date
from domain.catalogue import CardRule, Role, Row, Service
from domain.doses import DosesGiven, doses_given
from domain.fact import Fact
from domain.family import Family
from domain.ids import PersonId, RecordKey
from domain.record import Line, Parameter, Provenance, Record, Why, Window
from domain.situation import Situation, Value
from domain.window import emitted_from, is_caught_up, plan_window

NO_KEY = RecordKey(b"")  # until `evaluate` gives one


class Horizon:
    """Which days have come, and the first later one on which anything changes by itself."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.next_change_on: date | None = None

    def reached(self, day: date) -> bool:
        """Whether `day` has come; if not, it is a day to wake on."""
        if day <= self.today:
            return True
        if self.next_change_on is None or day < self.next_change_on:
            self.next_change_on = day
        return False


def plan_records(
    service: Service, situation: Situation, family: Family, horizon: Horizon
) -> Iterator[Record]:
    """The records of one service for one situation, still without key and acts."""
    if situation.ends_on is not None and horizon.reached(situation.ends_on):
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
    if unmet and _is_over(service, situation, horizon):
        return
    asked = {name for line in service.eligibility for name in line.when.variables}
    said = [fact for name, fact in situation.variable_facts.items() if name in asked]
    facts = (*situation.facts, *said)
    why = Why(lines, _provenance(facts))
    for recipient in _audience(service, situation.roles, family):
        if unmet:
            yield _waiting(service, situation, recipient, why)
            continue
        for rule in service.cards:
            yield from _cards(service, rule, situation, recipient, why, facts, horizon)


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
    )


def _cards(
    service: Service,
    rule: CardRule,
    situation: Situation,
    recipient: PersonId,
    why: Why,
    facts: tuple[Fact, ...],
    horizon: Horizon,
) -> Iterator[Record]:
    is_first_caught_up = True
    for row, window in _windows(rule, situation):
        if situation.ends_on is not None and window.due_from >= situation.ends_on:
            continue
        doses = doses_given(service, row, situation.vaccinations) if row is not None else None
        resolved_on = _resolved_on(rule, row, situation, doses)
        if resolved_on is None and not horizon.reached(emitted_from(window)):
            continue
        is_quiet = False
        if resolved_on is None and is_caught_up(rule.window, row, situation.anchors, window):
            is_quiet, is_first_caught_up = not is_first_caught_up, False
        extra = _row_parameters(row, doses)
        yield Record(
            key=NO_KEY,
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
            why=msgspec.structs.replace(why, facts=_provenance((*facts, *_dose_facts(doses)))),
            quiet=is_quiet,
        )


def _windows(rule: CardRule, situation: Situation) -> Iterator[tuple[Row | None, Window]]:
    """Each occurrence of a card with its window; none that had closed before it was known."""
    anchor_on = situation.anchors[rule.window.anchor]
    for row in _rows(rule, situation.start_week):
        window = plan_window(rule.window, row, anchor_on, known_on=situation.known_on)
        if window is not None:
            yield row, window


def _is_over(service: Service, situation: Situation, horizon: Horizon) -> bool:
    """Whether nothing the service could offer is left to wait for."""
    ends = [window.expires_on for rule in service.cards for _, window in _windows(rule, situation)]
    return not ends or horizon.reached(max(ends) + timedelta(days=1))


def _rows(rule: CardRule, start_week: int | None) -> tuple[Row | None, ...]:
    """The table's rows; for a plan by week, those of the week it started in (clamped to the
    table).
    """
    if rule.rows_by_week is not None and start_week is not None:
        weeks = rule.rows_by_week
        return weeks[min(max(start_week, min(weeks)), max(weeks))]
    return rule.rows or (None,)


def _resolved_on(
    rule: CardRule,
    row: Row | None,
    situation: Situation,
    doses: DosesGiven | None,
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


def _row_parameters(row: Row | None, doses: DosesGiven | None) -> tuple[Parameter, ...]:
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


def _dose_facts(doses: DosesGiven | None) -> tuple[Fact, ...]:
    return tuple(given.fact for given in (doses or {}).values() if given is not None)


def _provenance(facts: Iterable[Fact]) -> tuple[Provenance, ...]:
    ordered = {fact.precedence: fact for fact in facts}
    return tuple(
        Provenance(fact.kind, fact.source, fact.occurred_on, local_date(fact.asserted_at))
        for _, fact in sorted(ordered.items())
    )
