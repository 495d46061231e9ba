"""Commands that need no server: CDC's and WHO's case files against the calculators, and importing
their tables. `api/cli.py` hands over what follows the command's name.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from content.growth.cases import run_growth_cases
from content.growth.import_who import import_who
from content.growth.packed import read_growth_tables
from content.schedule.cases import run_cases
from content.schedule.import_cdsi import import_cdsi
from content.schedule.packed import read_supporting_data
from content.schedule.xml_text import ScheduleError
from content.write_tables import ImportRefused
from domain.growth.packed_growth import GrowthTablesError


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
    """`osrati schedule import cdsi DIRECTORY FILE` or `... who SOURCE FILE`: packs the tables that
    CDC and WHO publish.
    """
    parser = argparse.ArgumentParser(prog="osrati schedule", description=schedule.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    importing = actions.add_parser("import", help="pack published tables into FILE")
    kinds = importing.add_subparsers(dest="kind", required=True)
    cdsi = kinds.add_parser("cdsi", help="CDC's supporting data: a directory of XML")
    who = kinds.add_parser("who", help="WHO's growth tables: a directory of text, or a wheel")
    for kind, source in ((cdsi, "DIRECTORY"), (who, "SOURCE")):
        kind.add_argument("source", type=Path, metavar=source)
        kind.add_argument("file", type=Path, metavar="FILE")
        kind.add_argument("--sha256", help="refuse what does not give tables with this hash")
    cdsi.add_argument("--version", required=True)
    cdsi.add_argument("--published", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
    given = parser.parse_args(arguments)
    try:
        print(_import_tables(given))
    except (ScheduleError, GrowthTablesError, ImportRefused, OSError) as refused:
        print(f"osrati: {refused}", file=sys.stderr)
        return 1
    return 0


def _import_tables(given: argparse.Namespace) -> str:
    if given.kind == "who":
        return import_who(given.source, given.file, expected_sha256=given.sha256)
    return import_cdsi(
        given.source,
        given.file,
        version=given.version,
        published_on=given.published,
        expected_sha256=given.sha256,
    )


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
