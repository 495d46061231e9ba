"""Scenarios: "this family, on these days, sees these cards", as YAML that a policy person reads.

`osrati scenarios` and the tests call it. A scenario tells events by their published kinds, of
people by the names it gives them, and says for days what each of them sees of the services it is
about. It is run by the same `evaluate` as every family, and by nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import msgspec

from content.pack import parse_document
from domain.card.record import Effect, Evaluation, Record
from domain.card.state import card_state
from domain.catalogue import Catalogue
from domain.compile.document import CatalogueError, Problem
from domain.evaluate import evaluate
from domain.fact import Fact, Payload
from domain.facts.business import BusinessFact
from domain.facts.person import PersonDescribed
from domain.facts.statement import list_roles
from domain.ids import CircleId, EntryId, PersonId
from domain.people.circle import Circle, couple_members

SHIPPED_SCENARIOS = Path(__file__).parent / "scenarios"
SHOWN_STATES = frozenset({"waiting", "upcoming", "due", "overdue", "done"})
PEOPLE_MAX = 12
EVENTS_MAX = 100
DAYS_MAX = 100
_SECRET = bytes(32)  # keys of records are of no account here
_NOON_UTC = time(8)  # noon in Dubai
_PAYLOADS = {str(kind.__struct_config__.tag): kind for kind in Payload.__args__}


class Step(msgspec.Struct, frozen=True):
    """What is expected on a day: of each person what they see; what they are told of; what agencies
    are sent. What a step does not mention is not looked at."""

    on: date
    sees: Mapping[str, tuple[str, ...]] = {}
    told: Mapping[str, tuple[str, ...]] = {}
    sent: tuple[str, ...] | None = None


class Scenario(msgspec.Struct, frozen=True):
    """A story and what follows from it. `about` are the services that are looked at; with `scope`
    they are for those alone whom that entry names, as in a pilot.
    """

    name: str
    title: str
    about: frozenset[str]
    people: Mapping[str, PersonId]
    facts: tuple[Fact, ...]
    circles: tuple[Circle, ...]
    steps: tuple[Step, ...]
    scope: EntryId | None = None


class Difference(msgspec.Struct, frozen=True):
    """Where a day was otherwise than a scenario says."""

    scenario: str
    on: date
    who: str
    expected: tuple[str, ...]
    seen: tuple[str, ...]

    def __str__(self) -> str:
        expected, seen = ", ".join(self.expected) or "nothing", ", ".join(self.seen) or "nothing"
        return f"{self.scenario}: on {self.on}, {self.who}: expected {expected}; seen {seen}"


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scenario: str
    title: str
    about: tuple[str, ...]
    people: dict[str, dict[str, str]]
    events: tuple[dict[str, object], ...]
    walk: tuple[Step, ...]
    scope: str | None = None


def read_scenarios(directory: Path = SHIPPED_SCENARIOS) -> tuple[Scenario, ...]:
    """Every scenario in a directory, by file name. Raises: CatalogueError, with what to mend."""
    problems: list[Problem] = []
    found: list[Scenario] = []
    for file in sorted(directory.glob("*.yaml")):
        try:
            document = parse_document(file.read_text("utf-8"), where=file.name)
            found.append(_read(msgspec.convert(document, _Document, strict=False)))
        except CatalogueError as error:
            problems += error.errors
        except (msgspec.ValidationError, KeyError, ValueError) as error:
            problems.append(Problem(file.name, "", f"{error}: mend the scenario"))
    if problems:
        raise CatalogueError(problems)
    return tuple(found)


def run_scenario(scenario: Scenario, catalogue: Catalogue) -> tuple[Difference, ...]:
    """Every day and person that is otherwise than the scenario says."""
    return tuple(_differences(scenario, catalogue))


def list_seen(scenario: Scenario, catalogue: Catalogue, on: date) -> dict[str, tuple[str, ...]]:
    """What each person sees on a day, as `service.card state`, sorted."""
    names = {person: name for name, person in scenario.people.items()}
    seen: dict[str, dict[bytes, str]] = {name: {} for name in scenario.people}
    for evaluation in list_evaluations(scenario, catalogue, on):
        for record in evaluation.records:
            state = card_state(record, on)
            if record.is_card and record.entry in scenario.about and state in SHOWN_STATES:
                said = f"{_card_name(record)} {state}"
                seen[names[record.recipient]][record.key] = said
    return {name: tuple(sorted(cards.values())) for name, cards in seen.items()}


def next_change_of(scenario: Scenario, catalogue: Catalogue, on: date) -> date | None:
    """The next day after `on` on which anything may change, by itself or by an event."""
    days = [fact.known_on for fact in scenario.facts if fact.known_on > on]
    for evaluation in list_evaluations(scenario, catalogue, on):
        if evaluation.next_change_on is not None:
            days.append(evaluation.next_change_on)
        for record in evaluation.records:  # a state follows from dates, without a change
            window = record.window
            if window is not None:
                turns = (window.visible_from, window.due_from, window.due_until + _ONE_DAY)
                days += [day for day in (*turns, window.expires_on + _ONE_DAY) if day > on]
    return min(days, default=None)


_ONE_DAY = timedelta(days=1)


def _differences(scenario: Scenario, catalogue: Catalogue) -> Iterator[Difference]:
    for step in scenario.steps:
        seen = list_seen(scenario, catalogue, step.on)
        for who, expected in step.sees.items():
            if tuple(sorted(expected)) != seen[who]:
                yield Difference(scenario.name, step.on, who, tuple(sorted(expected)), seen[who])
        told, sent = _effects(scenario, catalogue, step.on)
        for who, expected in step.told.items():
            found = tuple(sorted(told.get(who, ())))
            if tuple(sorted(expected)) != found:
                about = f"{who} is told of"
                yield Difference(scenario.name, step.on, about, tuple(sorted(expected)), found)
        if step.sent is not None and tuple(sorted(step.sent)) != tuple(sorted(sent)):
            expected = tuple(sorted(step.sent))
            yield Difference(scenario.name, step.on, "agencies", expected, tuple(sorted(sent)))


def _effects(
    scenario: Scenario, catalogue: Catalogue, on: date
) -> tuple[dict[str, set[str]], set[str]]:
    """What may be told and sent on a day."""
    names = {person: name for name, person in scenario.people.items()}
    told: dict[str, set[str]] = {}
    sent: set[str] = set()
    for evaluation in list_evaluations(scenario, catalogue, on):
        for effect in evaluation.effects:
            if effect.entry not in scenario.about or not _is_due(effect, on):
                continue
            if effect.kind == "tell":
                told.setdefault(names[effect.recipient], set()).add(f"{effect.entry}.{effect.card}")
            elif effect.submission is not None:
                sent.add(f"{effect.submission.agency} {effect.submission.kind}")
    return told, sent


def _is_due(effect: Effect, on: date) -> bool:
    return effect.not_before_on <= on <= effect.not_after_on


def _card_name(record: Record) -> str:
    name = f"{record.entry}.{record.card}"
    row = record.occurrence.rpartition("/")[2]
    return name if record.waiting or row == record.card else f"{name}.{row}"


def list_evaluations(scenario: Scenario, catalogue: Catalogue, on: date) -> Iterator[Evaluation]:
    """What every circle is on a day, by what was known by then."""
    known = [fact for fact in scenario.facts if fact.known_on <= on]
    catalogue = _within_scope(scenario, catalogue)
    for circle in scenario.circles:
        yield evaluate(circle, known, catalogue, on, _SECRET)


def _within_scope(scenario: Scenario, catalogue: Catalogue) -> Catalogue:
    """The catalogue as it is where the scenario's services have its scope, by data alone."""
    if scenario.scope is None:
        return catalogue
    reach = catalogue.entries.scopes[scenario.scope]
    services = {
        entry_id: msgspec.structs.replace(service, scope=reach)
        if entry_id in scenario.about
        else service
        for entry_id, service in catalogue.services.items()
    }
    return msgspec.structs.replace(catalogue, services=services)


def _read(document: _Document) -> Scenario:
    name = document.scenario
    if not 1 <= len(document.people) <= PEOPLE_MAX or not 1 <= len(document.walk) <= DAYS_MAX:
        raise ValueError(f"has 1 to {PEOPLE_MAX} people and 1 to {DAYS_MAX} days")
    if not 1 <= len(document.events) <= EVENTS_MAX:
        raise ValueError(f"tells 1 to {EVENTS_MAX} events")
    people = {who: PersonId(uuid5(NAMESPACE_URL, f"{name}/{who}")) for who in document.people}
    for step in document.walk:
        for who in (*step.sees, *step.told):
            if who not in people:
                raise ValueError(f"{who!r} is none of its people ({', '.join(people)})")
    facts = [_event(number, dict(event), people) for number, event in enumerate(document.events)]
    first_on = min(fact.known_on for fact in facts)
    facts += [
        _described(people[who], said, first_on, number)
        for number, (who, said) in enumerate(document.people.items())
        if said
    ]
    return Scenario(
        name,
        document.title,
        frozenset(document.about),
        people,
        tuple(facts),
        tuple(_circles(people.values(), facts)),
        document.walk,
        EntryId(document.scope) if document.scope is not None else None,
    )


def _event(number: int, event: dict[str, object], people: Mapping[str, PersonId]) -> Fact:
    """One event: `on` its day, `kind` what it is, `told_on` and `by` where they differ."""
    kind = _PAYLOADS.get(str(event.pop("kind", "")))
    if kind is None:
        raise ValueError(f"event {number + 1} has no known kind")
    on = date.fromisoformat(str(event.pop("on")))
    told_on = date.fromisoformat(str(event.pop("told_on", on.isoformat())))
    source = str(event.pop("by", "agency"))
    source_id = str(event.pop("id", f"event-{number + 1}"))
    roles = list_roles(kind)
    said: dict[str, object] = {"type": kind.__struct_config__.tag, **dict.fromkeys(roles)}
    unknown = event.keys() - set(kind.__struct_fields__)
    if unknown:
        raise ValueError(
            f"event {number + 1} says {', '.join(sorted(unknown))}, which its kind lacks"
        )
    said |= {name: people[str(value)] if name in roles else value for name, value in event.items()}
    payload = msgspec.convert(said, kind, strict=False)
    return Fact(source, source_id, "", on, datetime.combine(told_on, _NOON_UTC, UTC), payload)


def _known(said: Mapping[str, str]) -> Mapping[str, str]:
    """What a scenario says of a person. Raises: ValueError for what nobody can say of one."""
    for name in said:
        if name not in PersonDescribed.__struct_fields__:
            raise ValueError(f"{name!r} is not said of a person")
    return said


def _described(person: PersonId, said: Mapping[str, str], on: date, number: int) -> Fact:
    payload = msgspec.convert(
        {"type": "person.described", "person": person, **_known(said)},
        PersonDescribed,
        strict=False,
    )
    at = datetime.combine(on, _NOON_UTC, UTC)
    return Fact("icp", f"person-{number + 1}", "", on, at, payload)


def _circles(people: Iterable[PersonId], facts: Iterable[Fact]) -> Iterator[Circle]:
    """Everybody's own circle, that of every two whom an event names as a couple, and of each
    business.
    """
    pairs: set[tuple[PersonId, PersonId]] = set()
    for fact in facts:
        said = fact.payload
        for one, other in (("husband", "wife"), ("mother", "father")):
            first, second = getattr(said, one, None), getattr(said, other, None)
            if first is not None and second is not None:
                pairs.add(couple_members(first, second))
    for person in people:
        yield Circle(CircleId(person), "single", (person,))
    for number, emirate, reported_by in sorted(
        {
            (fact.payload.number, fact.payload.emirate or "", fact.source)
            for fact in facts
            if isinstance(fact.payload, BusinessFact)
        }
    ):  # wherever it may count: evaluation alone says which business a fact is about
        name = f"{number}/{emirate or reported_by}"
        circle_id = CircleId(uuid5(NAMESPACE_URL, name))
        by_source = None if emirate else reported_by
        yield Circle(circle_id, "business", (), number, emirate or None, by_source)
    for pair in sorted(pairs):
        yield Circle(CircleId(uuid5(pair[0], str(pair[1]))), "couple", pair)
