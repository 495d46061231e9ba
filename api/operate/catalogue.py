"""`osrati catalogue`: check a pack, publish it, compare, preview, export, read, withdraw.

`check` and `read --pack` need no database; what changes the catalogue is recorded with its operator
and the reason.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from api.operate.command import DONE, REFUSED, Wrong, operate, operator, table
from api.operate.preview import add_preview, preview
from api.operate.service_rules import print_rules, published_line
from api.wire import House
from content.change import Change, list_changes
from content.export import NotEmpty, write_pack
from content.pack import SHIPPED_PACK
from content.place import with_lines
from content.publish import publish_documents, read_version
from content.rollout import close_rollout, open_rollout, take_back, widen_rollout
from content.schedule_entries import Document, read_catalogue
from content.withdraw import NoSuchEntry, withdraw
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue
from domain.compile.document import CatalogueError, Problem
from domain.ids import EntryId
from gov.operation import Operation, check_purpose, record_operation
from store.clock import SystemClock
from store.scope import ReferenceScope
from store.session import Reading, Unit
from timeline.side import PERCENT_MAX, Sides, read_sides

PATHS_SHOWN_MAX = 8  # of one entry in a comparison; the rest is counted

Given = argparse.Namespace


def catalogue(arguments: Sequence[str]) -> int:
    """`osrati catalogue check|load|diff|preview|export|read|rollout|withdraw`; 1 is refused."""
    given = _parser().parse_args(arguments)
    if given.action == "check":
        return _check(given.pack, as_json=given.json)
    if given.action == "read" and given.pack is not None:
        today = SystemClock().today()
        return _with_pack(given.pack, lambda made: print_rules(made, given.entry, today))
    return operate(lambda house: _ACTIONS[given.action](house, given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="osrati catalogue", description=catalogue.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    check = actions.add_parser("check", help="what is wrong with a pack: file, line, word, mend")
    check.add_argument("pack", type=Path, nargs="?", default=SHIPPED_PACK)
    check.add_argument("--json", action="store_true", help="as JSON, for an editor")
    load = actions.add_parser("load", help="publish a pack as the next version")
    load.add_argument("pack", type=Path)
    load.add_argument("--reason", required=True, help="why: recorded with your name")
    diff = actions.add_parser("diff", help="what a pack, or a version, would change")
    diff.add_argument("pack", type=Path, nargs="?")
    diff.add_argument("--from", dest="from_", type=int, metavar="VERSION")
    diff.add_argument("--to", type=int, metavar="VERSION")
    add_preview(actions)
    export = actions.add_parser("export", help="write a version as YAML files")
    export.add_argument("directory", type=Path)
    export.add_argument("--version", type=int)
    read = actions.add_parser("read", help="the rules of a service in plain words")
    read.add_argument("entry")
    read.add_argument("--pack", type=Path, help="of a pack, not of the version in force")
    rollout = actions.add_parser("rollout", help="a candidate for some circles first")
    steps = rollout.add_subparsers(dest="step", required=True)
    opened = steps.add_parser("open", help="a pack for a percent of circles, or of a scope's")
    opened.add_argument("pack", type=Path)
    widened = steps.add_parser("widen", help="another percent, or another scope")
    for step in (opened, widened):
        step.add_argument("--percent", type=int, default=PERCENT_MAX, metavar="N")
        step.add_argument("--scope", metavar="ENTRY", help="an entry of kind scope")
        step.add_argument("--reason", required=True)
    closed = steps.add_parser("close", help="the candidate is everybody's")
    back = steps.add_parser("back", help="out of the roll-out, else the version before")
    for step in (closed, back):
        step.add_argument("--reason", required=True)
    steps.add_parser("show", help="what is in force")
    gone = actions.add_parser("withdraw", help="publish an entry no more")
    gone.add_argument("entry")
    gone.add_argument("--reason", required=True, help="why: recorded with your name")
    return parser


# Without a database


def _check(pack: Path, *, as_json: bool) -> int:
    problems: Sequence[Problem] = ()
    made = None
    try:
        made = compile_catalogue(read_catalogue(pack), version=0)
    except CatalogueError as error:
        problems = with_lines(error.errors, pack)
    if as_json:
        print(json.dumps([_as_json(problem) for problem in problems], ensure_ascii=False, indent=2))
    elif made is None:
        print("\n".join(str(problem) for problem in problems))
        print(f"\n{len(problems)} to mend; nothing was published.")
    else:
        print(f"{pack.name}: {_counted(made)}; nothing to mend.")
    return DONE if made is not None else REFUSED


def _as_json(problem: Problem) -> dict[str, object]:
    file, _, line = problem.where.partition(":")
    return {
        "file": file,
        "line": int(line) if line.isdecimal() else None,
        "path": problem.path,
        "message": problem.message,
    }


def _counted(made: Catalogue) -> str:
    kinds = {"services": len(made.services), "schedules": len(made.schedules)}
    for name in made.entries.__struct_fields__:
        kinds[name] = len(getattr(made.entries, name))
    return ", ".join(f"{count} {name}" for name, count in kinds.items() if count)


def _with_pack(pack: Path, work: Callable[[Catalogue], int]) -> int:
    try:
        made = compile_catalogue(read_catalogue(pack), version=0)
    except CatalogueError as error:
        print("\n".join(str(one) for one in with_lines(error.errors, pack)), file=sys.stderr)
        return REFUSED
    return work(made)


# With the databases


async def _load(house: House, given: Given) -> int:
    reason = check_purpose(given.reason)
    try:
        documents = read_catalogue(given.pack)
        compile_catalogue(documents, version=0)
        async with house.ground.database.unit(ReferenceScope("publish")) as unit:
            before = (await read_sides(unit)).version
            version = await publish_documents(unit, house.ground.clock, documents)
            if version != before:
                await _record(unit, house, "catalogue.load", f"version {version}", reason)
    except CatalogueError as error:
        print("\n".join(str(one) for one in with_lines(error.errors, given.pack)), file=sys.stderr)
        return REFUSED
    said = "is in force" if version != before else "was in force already: nothing changed"
    print(f"Version {version} {said}.")
    return DONE


async def _diff(house: House, given: Given) -> int:
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        sides = await read_sides(session)
        in_force = sides.candidate or sides.base
        from_ = given.from_ if given.from_ is not None else in_force
        before = await _known_version(session, from_)
        after: Mapping[str, Document]
        if given.pack is None and given.to is None:
            raise Wrong("Give a pack, or --to VERSION, to compare with.")
        if given.pack is not None:
            after = {str(document["id"]): document for _, document in read_catalogue(given.pack)}
        else:
            after = await _known_version(session, given.to)
    changes = list_changes(before, after)
    print(_shown(changes) if changes else f"Nothing differs from version {from_}.")
    return REFUSED if changes else DONE


async def _export(house: House, given: Given) -> int:
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        version = given.version or (await read_sides(session)).base
        documents = await _known_version(session, version)
    try:
        count = write_pack(documents, given.directory)
    except NotEmpty:
        raise Wrong(f"{given.directory} holds something: name an empty directory.") from None
    print(f"Version {version}: {count} documents written to {given.directory}.")
    return DONE


async def _read(house: House, given: Given) -> int:
    made, today = await house.ground.catalogues.current(), house.ground.clock.today()
    service = made.services.get(EntryId(given.entry))
    published = [await published_line(house, service)] if service is not None else []
    return print_rules(made, given.entry, today, published)


async def _withdraw(house: House, given: Given) -> int:
    reason = check_purpose(given.reason)
    try:
        async with house.ground.database.unit(ReferenceScope("publish")) as unit:
            version = await withdraw(unit, house.ground.clock, EntryId(given.entry))
            await _record(unit, house, "catalogue.withdraw", given.entry, reason)
    except NoSuchEntry:
        raise Wrong(f"There is no entry {given.entry!r} in force to withdraw.") from None
    except CatalogueError as error:
        print("\n".join(str(problem) for problem in error.errors), file=sys.stderr)
        return REFUSED
    print(f"{given.entry} is withdrawn; version {version} is in force.")
    return DONE


async def _rollout(house: House, given: Given) -> int:
    if given.step == "show":
        async with house.ground.database.read(ReferenceScope("operate")) as session:
            print(_sides_shown(await read_sides(session)))
        return DONE
    reason, clock = check_purpose(given.reason), house.ground.clock
    scope = EntryId(given.scope) if getattr(given, "scope", None) else None
    percent = getattr(given, "percent", PERCENT_MAX)
    if not 0 <= percent <= PERCENT_MAX:
        raise Wrong(f"--percent is from 0 to {PERCENT_MAX}.")
    try:
        async with house.ground.database.unit(ReferenceScope("publish")) as unit:
            match given.step:
                case "open":
                    documents = read_catalogue(given.pack)
                    compile_catalogue(documents, version=0)
                    sides = await open_rollout(unit, clock, documents, percent=percent, scope=scope)
                case "widen":
                    sides = await widen_rollout(unit, clock, percent=percent, scope=scope)
                case "close":
                    sides = await close_rollout(unit, clock)
                case _:
                    sides = await take_back(unit, clock)
            shown = _sides_shown(sides)
            await _record(unit, house, f"catalogue.rollout.{given.step}", shown, reason)
    except CatalogueError as error:
        print("\n".join(str(one) for one in with_lines(error.errors, given.pack)), file=sys.stderr)
        return REFUSED
    print(shown)
    return DONE


def _sides_shown(sides: Sides) -> str:
    if sides.candidate is None:
        return f"Version {sides.base} is in force for everybody (step {sides.version})."
    whom = f"{sides.percent} % of circles" + (f" within {sides.scope}" if sides.scope else "")
    return (
        f"Version {sides.candidate} for {whom}, version {sides.base} for the others"
        f" (step {sides.version})."
    )


async def _known_version(session: Reading[ReferenceScope], version: int) -> Mapping[str, Document]:
    found = await read_version(session, version)
    if not found:
        raise Wrong(f"There is no version {version}.")
    return found


async def _record(
    unit: Unit[ReferenceScope], house: House, action: str, subject: str, reason: str
) -> None:
    deed = Operation(operator(), action, subject, purpose=reason)
    await record_operation(unit, house.ground, deed)


def _shown(changes: Sequence[Change]) -> str:
    rows = [("entry", "change", "where")]
    for change in changes:
        shown = ", ".join(change.paths[:PATHS_SHOWN_MAX])
        more = len(change.paths) - PATHS_SHOWN_MAX
        rows.append(
            (change.entry_id, change.how, shown + (f" and {more} more" if more > 0 else ""))
        )
    counted = Counter(change.how for change in changes)
    total = ", ".join(f"{count} {how}" for how, count in sorted(counted.items()))
    return f"{table(rows)}\n{total}"


_ACTIONS: dict[str, Callable[[House, Given], Awaitable[int]]] = {
    "load": _load,
    "diff": _diff,
    "preview": preview,
    "export": _export,
    "read": _read,
    "rollout": _rollout,
    "withdraw": _withdraw,
}
