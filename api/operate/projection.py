"""`osrati projection`: the audience projection: how it stands, who read it, and making it anew."""

import argparse
import time
from collections.abc import Awaitable, Callable, Sequence

from api.operate.command import DONE, operate, operator, table
from api.wire import House
from gov.operation import Operation, record_operation
from store.scope import ReferenceScope
from timeline.catch_up import count_behind
from timeline.population import list_reads
from timeline.rebuild import Progress, find_progress, rebuild

Given = argparse.Namespace


def projection(arguments: Sequence[str]) -> int:
    """`osrati projection status|rebuild|log`."""
    parser = argparse.ArgumentParser(prog="osrati projection", description=projection.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("status", help="the generation in force, and how far it is made")
    actions.add_parser("rebuild", help="under new keys, going on where it was ended")
    actions.add_parser("log", help="who read it, when, what for")
    given = parser.parse_args(arguments)
    return operate(lambda house: _ACTIONS[given.action](house, given))


async def _status(house: House, _: Given) -> int:
    print(f"{await count_behind(house.ground):,} circles are behind the rules in force")
    progress = await find_progress(house.ground)
    if progress is None:
        print("generation 1, made by refreshes alone")
        return DONE
    print(_said(progress))
    return DONE


async def _rebuild(house: House, _: Given) -> int:
    async with house.ground.database.unit(ReferenceScope("audit")) as unit:
        deed = Operation(operator(), "projection.rebuild", subject="projection")
        await record_operation(unit, house.ground, deed)
    begun, before = time.monotonic(), None
    async for progress in rebuild(house.ground):
        before = progress.circle_count if before is None else before
        seconds = time.monotonic() - begun
        rate = (progress.circle_count - before) / seconds if seconds else 0.0
        print(f"{_said(progress)}, {rate:,.0f} circles/s", flush=True)
    return DONE


async def _log(house: House, _: Given) -> int:
    rows = [
        (f"{one.done_at:%Y-%m-%d %H:%M}", one.read.reader, one.read.asked, one.read.purpose)
        for one in await list_reads(house.ground)
    ]
    print(table([("when (UTC)", "reader", "asked", "purpose"), *rows]))
    return DONE


def _said(progress: Progress) -> str:
    how = "made" if progress.ended_at else f"being made, through {progress.through or 'none yet'}"
    return f"generation {progress.epoch}: {progress.circle_count:,} circles, {how}"


_ACTIONS: dict[str, Callable[[House, Given], Awaitable[int]]] = {
    "status": _status,
    "rebuild": _rebuild,
    "log": _log,
}
