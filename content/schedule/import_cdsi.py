"""`osrati schedule import cdsi DIRECTORY FILE`: packs the XML that CDC publishes.

osrati schedule import cdsi cdsi-4.64/ cdsi-4.64.json.gz --version 4.64 --published 2025-11-10
"""

from datetime import date
from pathlib import Path

from content.schedule.packed import pack_supporting_data
from content.schedule.read_cdsi import read_cdsi
from content.write_tables import write_tables


def import_cdsi(
    directory: Path,
    file: Path,
    *,
    version: str,
    published_on: date,
    expected_sha256: str | None = None,
) -> str:
    """Packs what `directory` holds into `file`; the answer says what was packed, and from what.

    The same XML gives the same bytes; a file that has them already is left alone.

    Raises: ScheduleError, ImportRefused, OSError; `file` is then as it was.
    """
    data = read_cdsi(directory, version=version, published_on=published_on)
    packed = pack_supporting_data(data)
    series_count = sum(len(antigen.series) for antigen in data.antigens)
    sources = tuple(sorted(directory.glob("*.xml")))
    written = write_tables(file, packed, sources=sources, expected_sha256=expected_sha256)
    return (
        f"{file.name}: CDSi {version}, {len(data.antigens)} antigens, {series_count} series, "
        f"{len(data.vaccines)} vaccine types, {len(packed)} bytes; {written}"
    )
