"""`osrati scenarios`: runs the shipped scenarios against a pack, and draws their walks on request.

It needs no server and no database: a scenario is a story, and `evaluate` is pure.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from content.day_walk import draw_walk
from content.pack import SHIPPED_PACK
from content.scenario import SHIPPED_SCENARIOS, read_scenarios, run_scenario
from content.schedule_entries import read_catalogue
from domain.compile.catalogue import compile_catalogue
from domain.compile.document import CatalogueError


def scenarios(arguments: Sequence[str]) -> int:
    """Runs them all, or those named; 1 when one is otherwise than it says, 2 when one is unread."""
    parser = argparse.ArgumentParser(prog="osrati scenarios", description=__doc__)
    parser.add_argument("names", nargs="*", help="only these; all without")
    parser.add_argument("--walk", action="store_true", help="draw every day that changes something")
    parser.add_argument("--from", dest="directory", type=Path, default=SHIPPED_SCENARIOS)
    parser.add_argument("--pack", type=Path, default=SHIPPED_PACK)
    asked = parser.parse_args(arguments)
    try:
        found = read_scenarios(asked.directory)
        catalogue = compile_catalogue(read_catalogue(asked.pack), version=1)
    except CatalogueError as refused:
        print(f"osrati: {refused}", file=sys.stderr)
        return 2
    unknown = set(asked.names) - {scenario.name for scenario in found}
    if unknown:
        known = ", ".join(scenario.name for scenario in found)
        print(f"osrati: no scenario {', '.join(sorted(unknown))} (known: {known})", file=sys.stderr)
        return 2
    wrong = 0
    chosen = [one for one in found if not asked.names or one.name in asked.names]
    for scenario in chosen:
        differences = run_scenario(scenario, catalogue)
        wrong += bool(differences)
        if asked.walk:
            print(draw_walk(scenario, catalogue))
        print(f"{'FAILED' if differences else 'ok':<6} {scenario.name}: {scenario.title}")
        for difference in differences:
            print(f"       {difference}")
    print(f"{len(chosen) - wrong} of {len(chosen)} scenarios hold")
    return 1 if wrong else 0
