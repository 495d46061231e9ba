"""`osrati catalogue preview`: whom a pack would touch and tell, in counts; nothing is published."""

import argparse
import sys
from pathlib import Path

from api.operate.command import DONE, REFUSED, Wrong, operator, table
from api.wire import House
from content.place import with_lines
from content.preview import preview_publication
from content.schedule_entries import read_catalogue
from domain.compile.document import CatalogueError
from gov.operation import check_purpose
from timeline.population import HIDDEN_UNDER
from timeline.preview import SAMPLE_DEFAULT, Impact

WAITING = "(waiting)"


def add_preview(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command's arguments."""
    preview = actions.add_parser("preview", help="whom a pack would touch and tell, in counts")
    preview.add_argument("pack", type=Path, help="the directory of the pack")
    preview.add_argument("--reason", required=True, help="why: recorded with your name")
    circles = preview.add_mutually_exclusive_group()
    circles.add_argument(
        "--circles", type=int, default=SAMPLE_DEFAULT, metavar="N", help="of how many circles"
    )
    circles.add_argument("--all", action="store_true", help="of every circle it can touch")


async def preview(house: House, given: argparse.Namespace) -> int:
    """Prints the counts; nothing is published."""
    reason = check_purpose(given.reason)
    if given.circles < 1:
        raise Wrong("--circles is at least 1.")
    try:
        impact = await preview_publication(
            house.ground,
            read_catalogue(given.pack),
            purpose=reason,
            reader=operator(),
            sample=None if given.all else given.circles,
        )
    except CatalogueError as error:
        print("\n".join(str(one) for one in with_lines(error.errors, given.pack)), file=sys.stderr)
        return REFUSED
    print(_shown(impact))
    return DONE


def _shown(impact: Impact) -> str:
    touched = impact.touched
    lines = [
        f"It can touch {_said(touched.circles)} circles, {_said(touched.people)} people.",
        f"Of {_said(impact.looked_at)} circles looked at"
        f"{' (a sample)' if impact.is_sample else ''}, {_said(impact.told)} people would be told.",
    ]
    if impact.cards:
        heading = ("service", "card", "coming", "going", "changing", "people told")
        counts = [
            (
                one.entry,
                one.card or WAITING,
                *map(_said, (one.coming, one.going, one.changing, one.told)),
            )
            for one in impact.cards
        ]
        lines += ["", table([heading, *counts])]
    else:
        lines.append("No card would come, go or change.")
    return "\n".join(lines)


def _said(count: int | None) -> str:
    return f"under {HIDDEN_UNDER}" if count is None else f"{count:,}"
