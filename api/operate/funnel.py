"""`osrati funnel`: how far notices came, by service and emirate, and whether that is right."""

import argparse
from collections.abc import Sequence

from api.operate.command import DONE, REFUSED, operate, operator, table
from api.wire import House
from gov.operation import check_purpose
from push.funnel import STAGES, recount, show_funnel
from timeline.population import HIDDEN_UNDER

UNKNOWN = "-"
HIDDEN = f"under {HIDDEN_UNDER}"


def funnel(arguments: Sequence[str]) -> int:
    """`osrati funnel show|recount`."""
    parser = argparse.ArgumentParser(prog="osrati funnel", description=funnel.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("show", help="eligible, told, opened, approved, received; in tens")
    again = actions.add_parser("recount", help="opens every notice and compares; recorded")
    again.add_argument("--purpose", default="", help="recorded with your name")
    given = parser.parse_args(arguments)
    if given.action == "show":
        return operate(_show)
    return operate(lambda house: _recount(house, given.purpose))


async def _show(house: House) -> int:
    rows = [
        (row.entry, row.emirate or UNKNOWN, *(_said(row.counts[stage]) for stage in STAGES))
        for row in await show_funnel(house.ground)
    ]
    print(table([("service", "emirate", *STAGES), *rows]))
    return DONE


async def _recount(house: House, purpose: str) -> int:
    purpose = check_purpose(purpose)
    differences = await recount(house.ground, purpose=purpose, reader=operator())
    if not differences:
        print("the counts are what every notice says")
        return DONE
    rows = [
        (one.entry, one.emirate or UNKNOWN, one.stage, _said(one.kept), _said(one.recounted))
        for one in differences
    ]
    print(table([("service", "emirate", "stage", "kept", "recounted"), *rows]))
    return REFUSED


def _said(count: int | None) -> str:
    return HIDDEN if count is None else f"{count:,}"
