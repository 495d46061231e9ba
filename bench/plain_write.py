"""What a refresh or a command wrote, written again by plain SQL: the baseline of both.

The rows are taken from the tables after its commit (they carry the transaction of the
circle's own row) and written as they are, the same bytes, into copies of the tables, in one
transaction.
"""

from dataclasses import dataclass
from typing import Any  # asyncpg is untyped
from uuid import UUID

SCHEMA = "plain"
KEYS = {
    "circle": ("circle_id",),
    "fact": ("circle_id", "facts_version"),
    "outcome": ("circle_id", "command_id"),
    "stream": ("circle_id", "person_id"),
    "stream_record": ("circle_id", "person_id", "record_key"),
    "effect": ("circle_id", "act_key"),
    "refresh_log": ("circle_id", "refresh_number"),
}
"""The tables that a refresh or a command writes, each with its key."""


@dataclass(frozen=True, slots=True)
class Written:
    """The rows of one table that were written, and the statement that writes them again."""

    statement: str
    rows: list[tuple[Any, ...]]


async def copy_tables(connection: Any) -> None:
    """Makes the copies, with their indexes, as the tables stand now."""
    await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    for table in KEYS:
        await connection.execute(
            f"CREATE TABLE {SCHEMA}.{table} (LIKE public.{table} INCLUDING ALL);"
            f"INSERT INTO {SCHEMA}.{table} SELECT * FROM public.{table}"
        )
    await connection.execute("ANALYZE")


async def take_written(connection: Any, circle_id: UUID) -> list[Written]:
    """The rows of the transaction that wrote the circle's row last."""
    written = []
    for table, key in KEYS.items():
        rows = await connection.fetch(
            f"SELECT * FROM public.{table} WHERE circle_id = $1"
            " AND xmin = (SELECT xmin FROM public.circle WHERE circle_id = $1)",
            circle_id,
        )
        if rows:
            written.append(
                Written(_upsert(table, key, list(rows[0].keys())), list(map(tuple, rows)))
            )
    return written


async def write_plainly(connection: Any, written: list[Written]) -> None:
    """Writes those rows into the copies, in one transaction."""
    async with connection.transaction():
        for table in written:
            await connection.executemany(table.statement, table.rows)


def _upsert(table: str, key: tuple[str, ...], columns: list[str]) -> str:
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return (
        f"INSERT INTO {SCHEMA}.{table} ({', '.join(columns)}) VALUES ({places})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
    )
