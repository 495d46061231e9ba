"""`osrati schedule import DIRECTORY FILE`: packs the XML that CDC publishes.

    python -m content.schedule.import_cdsi cdsi-4.64/ cdsi-4.64.json.gz --version 4.64 \
        --published 2025-11-10
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from content.schedule.packed import pack_supporting_data
from content.schedule.read_cdsi import read_cdsi
from content.schedule.xml_text import ScheduleError


def import_cdsi(directory: Path, file: Path, *, version: str, published_on: date) -> str:
    """Packs what `directory` holds into `file`; the answer says what was packed.

    Raises: ScheduleError, OSError; `file` is then as it was.
    """
    data = read_cdsi(directory, version=version, published_on=published_on)
    packed = pack_supporting_data(data)
    file.write_bytes(packed)
    series_count = sum(len(antigen.series) for antigen in data.antigens)
    return (
        f"{file.name}: CDSi {version}, {len(data.antigens)} antigens, {series_count} series, "
        f"{len(data.vaccines)} vaccine types, {len(packed)} bytes"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="osrati schedule import", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--published", required=True, type=date.fromisoformat)
    given = parser.parse_args(arguments)
    try:
        summary = import_cdsi(
            given.directory, given.file, version=given.version, published_on=given.published
        )
    except (ScheduleError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
