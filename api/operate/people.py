"""`osrati people duplicates`: people who may be one, by ids alone; a person decides.

Each decision is recorded with its operator, and what was joined can be taken back like any saying.
"""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from api.operate.command import DONE, Wrong, operate, operator, table
from api.wire import House
from domain.ids import PersonId
from gov.operation import Operation, record_operation
from store.person_tables import DUPLICATE_DISMISSED, DUPLICATE_JOINED, DUPLICATE_OPEN
from store.scope import ReferenceScope
from timeline.apply import apply_facts
from timeline.duplicate import (
    NotSuspected,
    Suspected,
    confirm_suspicion,
    dismiss_suspicion,
    list_suspected,
)
from timeline.refresh import refresh

Given = argparse.Namespace
STATES = {DUPLICATE_OPEN: "open", DUPLICATE_JOINED: "joined", DUPLICATE_DISMISSED: "dismissed"}


def people(arguments: Sequence[str]) -> int:
    """`osrati people duplicates list|show|join|dismiss`."""
    parser = argparse.ArgumentParser(prog="osrati people", description=people.__doc__)
    about = parser.add_subparsers(dest="about", required=True).add_parser("duplicates")
    actions = about.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="suspected and not decided, the oldest first")
    listing.add_argument("--all", action="store_true", help="those decided, too")
    for name, one, other, words in (
        ("show", "person", "other", "how two people stand"),
        ("join", "stays", "joins", "they are one: the first named stays"),
        ("dismiss", "person", "other", "they are two, and are not suspected again"),
    ):
        action = actions.add_parser(name, help=words)
        action.add_argument("one", metavar=one.upper())
        action.add_argument("other", metavar=other.upper())
    given = parser.parse_args(arguments)
    return operate(lambda house: _ACTIONS[given.action](house, given))


async def _list(house: House, given: Given) -> int:
    found = await list_suspected(house.ground, open_only=not given.all)
    print(table([("person", "other", "state", "found", "decided"), *map(_row, found)]))
    return DONE


async def _show(house: House, given: Given) -> int:
    asked = {_person(given.one), _person(given.other)}
    for one in await list_suspected(house.ground, open_only=False):
        if {one.person_id, one.other_id} == asked:
            print(table([("person", "other", "state", "found", "decided"), _row(one)]))
            return DONE
    raise NotSuspected


async def _join(house: House, given: Given) -> int:
    stays, joins = _person(given.one), _person(given.other)
    saying = await confirm_suspicion(house.ground, stays=stays, joins=joins)
    await _record(house, "people.duplicates.join", stays, joins)
    for circle_id in sorted(await apply_facts(house.ground, (saying,))):
        await refresh(house.ground, circle_id)
    print(f"{joins} is {stays} from now on")
    return DONE


async def _dismiss(house: House, given: Given) -> int:
    one, other = _person(given.one), _person(given.other)
    await dismiss_suspicion(house.ground, one, other)
    await _record(house, "people.duplicates.dismiss", one, other)
    print(f"{one} and {other} are two")
    return DONE


async def _record(house: House, action: str, one: PersonId, other: PersonId) -> None:
    async with house.ground.database.unit(ReferenceScope("audit")) as unit:
        deed = Operation(operator(), action, subject=str(one), detail=str(other))
        await record_operation(unit, house.ground, deed)


def _person(text: str) -> PersonId:
    try:
        return PersonId(UUID(text))
    except ValueError:
        raise Wrong(f"{text!r} is no id of a person: take it from the list.") from None


def _row(one: Suspected) -> tuple[str, ...]:
    decided = f"{one.decided_at:%Y-%m-%d}" if one.decided_at else "-"
    ids = (str(one.person_id), str(one.other_id))
    return (*ids, STATES[one.state], f"{one.found_at:%Y-%m-%d}", decided)


_ACTIONS: dict[str, Callable[[House, Given], Awaitable[int]]] = {
    "list": _list,
    "show": _show,
    "join": _join,
    "dismiss": _dismiss,
}
