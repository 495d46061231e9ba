"""One visit for several: where what a member is asked to come for can be done on one day.

Vaccinations of brothers and sisters, an antenatal contact and a check of development, each an own
card with its own window; the card says what else the visit can serve, and on which day. It sees
one member's cards alone, so nobody learns here of what is another's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from domain.card.record import Parameter, Record
from domain.catalogue import CalculatorName, VisitPlace
from domain.horizon import Horizon
from domain.ids import PersonId, RecordKey
from domain.planned.occurrence import VisitDays
from domain.rule.variable import beside_term
from domain.text.message import LANGUAGES, Language, join_texts

# What may wait for another's visit waits no longer than that past its own day: a vaccine given in
# time protects in time.
WAIT_DAYS_MAX = 14

_ONE_DAY = timedelta(days=1)


class Errand(msgspec.Struct, frozen=True):
    """One card that asks its reader to come somewhere, on one of some days."""

    record: Record
    kind: CalculatorName
    place: VisitPlace
    days: VisitDays


class _Joint(msgspec.Struct, frozen=True):
    """Errands that one visit on `on` serves."""

    errands: tuple[Errand, ...]
    on: date


def share_visits(errands: Iterable[Errand], horizon: Horizon) -> Mapping[RecordKey, Record]:
    """The cards of those errands that one visit can serve with others, each saying so. Errands that
    are done or given up are none; a day that has gone by is proposed no more.
    """
    by_reader: dict[tuple[PersonId, VisitPlace], list[Errand]] = {}
    for errand in errands:
        record = errand.record
        if record.resolved_on is not None or record.dismissed:
            continue
        if not horizon.reached(errand.days.last_on + _ONE_DAY):
            by_reader.setdefault((record.recipient, errand.place), []).append(errand)
    return {
        errand.record.key: _said(errand, joint)
        for found in by_reader.values()
        for joint in _join(found, horizon)
        for errand in joint.errands
    }


def no_visit_shared() -> tuple[Parameter, ...]:
    """What a card says of it that nothing can be joined with."""
    return Parameter("shared", ("no",)), Parameter("joint", ("no",))


def _join(errands: Sequence[Errand], horizon: Horizon) -> list[_Joint]:
    """The fewest visits: on the last day of whichever ends first, all that is open by then. Nobody
    comes twice for one thing on one day. A guest moves no visit: it goes to the first whose day
    suits it.
    """
    left = sorted((one for one in errands if not one.days.is_guest), key=_order)
    joints: list[_Joint] = []
    while left:
        last_on = left[0].days.last_on
        group: dict[tuple[str, PersonId], Errand] = {}
        for errand in left:
            if errand.days.first_on <= last_on:
                group.setdefault((errand.kind, errand.record.subject), errand)
        taken = {errand.record.key for errand in group.values()}
        left = [errand for errand in left if errand.record.key not in taken]
        joints.append(_Joint(tuple(group.values()), _day_of(group.values(), horizon)))
    joints.sort(key=lambda joint: joint.on)
    for guest in sorted((one for one in errands if one.days.is_guest), key=_order):
        for place, joint in enumerate(joints):
            if guest.days.first_on <= joint.on <= guest.days.last_on:
                joints[place] = _Joint((*joint.errands, guest), joint.on)
                break
    return [joint for joint in joints if len(joint.errands) > 1]


def _order(errand: Errand) -> tuple[date, date, RecordKey]:
    return errand.days.last_on, errand.days.wanted_on, errand.record.key


def _day_of(group: Collection[Errand], horizon: Horizon) -> date:
    """The day on which the last of them is wanted; once it has gone by, the last that serves."""
    first_on = max(errand.days.first_on for errand in group)
    last_on = min(errand.days.last_on for errand in group)
    wanted_on = max(errand.days.wanted_on for errand in group)
    day = max(first_on, min(last_on, wanted_on))
    return last_on if horizon.reached(day + _ONE_DAY) else day


def _said(errand: Errand, joint: _Joint) -> Record:
    others = [other for other in joint.errands if other is not errand]
    siblings = [other for other in others if other.kind == errand.kind]
    beside = sorted({other.kind for other in others} - {errand.kind})
    said: list[Parameter] = []
    if siblings and errand.kind == "immunization":
        said += [Parameter("shared", ("yes",)), *_names(siblings)]
        said.append(Parameter("shared_on", joint.on.isoformat()))
    if beside:
        said += [
            Parameter("joint", ("yes",)),
            Parameter("beside", tuple(beside_term(kind) for kind in beside)),
            Parameter("joint_on", joint.on.isoformat()),
        ]
    names = {parameter.name for parameter in said}
    kept = [known for known in errand.record.parameters if known.name not in names]
    return msgspec.structs.replace(errand.record, parameters=(*kept, *said))


def _names(errands: Sequence[Errand]) -> tuple[Parameter, ...]:
    """Their names in both languages; where one has no name in either, a word for a child is all."""
    given = [{one.name: one.value for one in errand.record.parameters} for errand in errands]
    if not all("child_name_ar" in names and "child_name_en" in names for names in given):
        return (Parameter("siblings", ("unnamed",)),)
    return tuple(
        Parameter(f"siblings_{language}", join_texts(_named(given, language), language))
        for language in LANGUAGES
    )


def _named(given: Iterable[Mapping[str, object]], language: Language) -> tuple[str, ...]:
    return tuple(str(names[f"child_name_{language}"]) for names in given)
