"""Commands that need no server: CDC's and WHO's case files against the calculators, and importing
their tables. `api/cli.py` hands over what follows the command's name.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from content.growth.cases import run_growth_cases
from content.growth.packed import GrowthTablesError, read_growth_tables
from content.schedule import import_cdsi
from content.schedule.cases import run_cases
from content.schedule.packed import read_supporting_data
from content.schedule.xml_text import ScheduleError


def forecast(arguments: Sequence[str]) -> int:
    """`osrati forecast --cases FILE.csv`: each difference, a table, then `N of M cases`."""
    parser = argparse.ArgumentParser(prog="osrati forecast", description=forecast.__doc__)
    parser.add_argument("--cases", required=True, type=Path, metavar="FILE.csv")
    given = parser.parse_args(arguments)
    try:
        print(run_cases(given.cases, read_supporting_data()).render())
    except (ScheduleError, OSError) as refused:
        print(f"osrati: {refused}", file=sys.stderr)
        return 1
    return 0


def schedule(arguments: Sequence[str]) -> int:
    """`osrati schedule import DIRECTORY FILE`: packs the tables that CDC publishes as XML."""
    parser = argparse.ArgumentParser(prog="osrati schedule", description=schedule.__doc__)
    parser.add_argument("action", choices=["import"])
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    return import_cdsi.main(parser.parse_args(arguments).rest)


def growth(arguments: Sequence[str]) -> int:
    """`osrati growth --cases FILE.csv`: each difference, then `N of M values`."""
    parser = argparse.ArgumentParser(prog="osrati growth", description=growth.__doc__)
    parser.add_argument("--cases", required=True, type=Path, metavar="FILE.csv")
    given = parser.parse_args(arguments)
    try:
        print(run_growth_cases(given.cases, read_growth_tables()).render())
    except (GrowthTablesError, OSError) as refused:
        print(f"osrati: {refused}", file=sys.stderr)
        return 1
    return 0
