"""`osrati replay --member … --on DATE --purpose …`: what a member saw on a day, and whether it is
made the same again.

The member is named by their id, or by a number that is read from standard input (`--member -`), so
that no number lies in a shell's history. Recorded with who asked and why, before anything is shown.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from api.operate.command import DONE, REFUSED, Wrong, operate, operator, table
from api.wire import House
from domain.card.state import card_state
from domain.error import NotFound
from domain.ids import PersonId
from gov.operation import Operation, check_purpose, record_operation
from store.scope import ReferenceScope
from timeline.people import find_person
from timeline.replay import Replayed, replay_member

Given = argparse.Namespace
NUMBER_CHARACTERS_MAX = 64


def replay(arguments: Sequence[str]) -> int:
    """`osrati replay`: exit code 0 where all is exact, 1 where something differs."""
    parser = argparse.ArgumentParser(prog="osrati replay", description=__doc__)
    parser.add_argument("--member", required=True, metavar="ID", help="or - to read a number")
    parser.add_argument("--system", default="emirates_id", help="of the number that is read")
    parser.add_argument("--on", required=True, metavar="DATE", help="the day, as 2026-11-21")
    parser.add_argument("--purpose", default="", help="why you look: recorded with your name")
    given = parser.parse_args(arguments)
    return operate(lambda house: _replay(house, given))


async def _replay(house: House, given: Given) -> int:
    purpose = check_purpose(given.purpose)
    on = _day(given.on, house.ground.clock.today())
    person_id = await _person(house, given)
    async with house.ground.database.unit(ReferenceScope("audit")) as unit:
        deed = Operation(operator(), "replay", str(person_id), f"on {on}", purpose)
        await record_operation(unit, house.ground, deed)
    reader, replayed = await replay_member(house.ground, person_id, on=on)
    if reader != person_id:
        print(f"on that day {person_id} was read as {reader}")
    if not replayed:
        print(f"{reader} saw nothing on {on}: no circle of theirs had been refreshed by then")
    for one in replayed:
        _show(one, on)
    is_exact = all(one.is_exact for one in replayed)
    print("exact" if is_exact else "not exact")
    return DONE if is_exact else REFUSED


def _show(one: Replayed, on: date) -> None:
    logged = one.logged
    if logged is not None:
        print(
            f"circle {one.circle_id}: refresh {logged.number} of {logged.evaluated_on}, "
            f"facts {logged.facts_version}, catalogue {logged.catalogue_version}, "
            f"engine {logged.engine_version}"
        )
    rows = [
        (
            record.entry,
            record.occurrence.rpartition("/")[2] or record.card,
            card_state(record, on) if record.is_card else record.kind,
            f"{record.window.due_from}" if record.window else "-",
            f"{record.version}",
        )
        for record in sorted(one.records, key=lambda record: (record.rank, record.key))
    ]
    if rows:
        print(table([("service", "occurrence", "state", "due", "version"), *rows]))
    for differs in one.differences:
        named = [str(part) for part in (differs.member, differs.detail) if part]
        key = [differs.record.hex()] if differs.record else []
        print(f"differs: {' '.join([differs.kind, *named, *key])}")


async def _person(house: House, given: Given) -> PersonId:
    if given.member != "-":
        try:
            return PersonId(UUID(given.member))
        except ValueError:
            raise Wrong(
                "--member is the id of a person, or - to read a number from standard input."
            ) from None
    value = sys.stdin.readline(NUMBER_CHARACTERS_MAX + 1).strip()
    if not value or len(value) > NUMBER_CHARACTERS_MAX:
        raise Wrong(f"Write one number of at most {NUMBER_CHARACTERS_MAX} characters, and a line.")
    # As `gov/person_number.py` has it: a number of no assigner, without its hyphens.
    found = await find_person(house.ground, system=given.system, value=f"/{value.replace('-', '')}")
    if found is None:
        raise NotFound
    return found


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Wrong(f"{text!r} is no day: write 2026-11-21.") from None
    if day > today:
        raise Wrong(f"{text} has not come: a replay is of a day that was.")
    return day
