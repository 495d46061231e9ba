"""The shipped medical tables as entries of the catalogue, of kind `schedule`.

`publish.py` adds them to the services of a pack, so that a published version holds everything its
families' cards are made from, and a replay of an old day finds the tables of that day.
"""

from functools import cache
from pathlib import Path

import msgspec

from content.growth.care_tables import read_development_table, read_pregnancy_tables
from content.growth.packed import read_packed_growth
from content.pack import read_pack
from content.schedule.packed import read_supporting_data
from content.schedule.read_programme import read_programme
from content.sign_off import refuse_one_sided
from domain.compile.schedule import FORMAT, Tables, pack_tables
from domain.immunization.packed_programme import pack_programme

Document = dict[str, object]


def read_catalogue(directory: Path) -> list[tuple[str, Document]]:
    """The services of the pack in `directory`, and the shipped schedules they may refer to.

    Raises: CatalogueError, and what `read_schedule_entries` raises.
    """
    documents = read_pack(directory)
    refuse_one_sided(documents)
    return [*documents, *read_schedule_entries()]


@cache
def read_schedule_entries() -> tuple[tuple[str, Document], ...]:
    """Every shipped schedule with the name of what it was read from; read once a process.

    Raises: ScheduleError, CareTableError, GrowthTablesError, CatalogueError for a file that does
    not hold.
    """
    return (
        _entry("uae_programme", "programme", pack_programme(read_programme())),
        _entry("who_antenatal", "pregnancy", read_pregnancy_tables()),
        _entry("development_ages", "development", read_development_table()),
        _entry("who_growth", "growth", read_packed_growth()),
        _entry("cdsi", "cdsi", read_supporting_data()),
    )


def _entry(entry_id: str, tables: Tables, value: msgspec.Struct) -> tuple[str, Document]:
    body = msgspec.json.encode(value, order="deterministic")
    document: Document = {
        "kind": "schedule",
        "format": FORMAT,
        "id": entry_id,
        "tables": tables,
        "packed": pack_tables(body),
    }
    return f"schedule {entry_id}", document
