"""Law 9, distributable: every key of a group leads with the group's key, in the database itself."""

import asyncpg
import pytest
from sqlmodel import SQLModel

from store import circle_tables, notice_tables, person_tables

LEADING = {
    circle_tables.__name__: "circle_id",
    notice_tables.__name__: "person_id",
    person_tables.__name__: "person_id",
}
# Lookups lead with the hash they are found by, and form a group of their own.
LOOKUPS = {
    "identifier": "identifier_hash",
    "push_token": "token_hash",
    "dispute": "dispute_hash",
}

UNIQUE_KEYS = """
SELECT index.relname AS name, attribute.attname AS first
FROM pg_index AS key
JOIN pg_class AS index ON index.oid = key.indexrelid
JOIN pg_class AS owner ON owner.oid = key.indrelid
JOIN pg_namespace AS place ON place.oid = owner.relnamespace
JOIN pg_attribute AS attribute
  ON attribute.attrelid = key.indrelid AND attribute.attnum = key.indkey[0]
WHERE place.nspname = 'public' AND owner.relname = $1 AND (key.indisunique OR key.indisprimary)
"""


def grouped() -> dict[str, str]:
    """The tables of the circle and person groups and of the lookups: what their keys lead with."""
    found = {}
    for mapper in SQLModel._sa_registry.mappers:  # every model there is
        table, module = str(mapper.local_table), mapper.class_.__module__
        if module in LEADING:
            found[table] = LOOKUPS.get(table, LEADING[module])
    return found


async def keys_of(url: str, table: str) -> dict[str, str]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return {row["name"]: row["first"] for row in await connection.fetch(UNIQUE_KEYS, table)}
    finally:
        await connection.close()


async def test_every_key_of_a_group_leads_with_the_groups_key(databases: tuple[str, str]) -> None:
    tables = grouped()
    assert {"circle", "fact", "stream_record", "effect", "person", "identifier"} <= tables.keys()
    for table, leading in tables.items():
        found = await keys_of(databases[0], table)
        assert found, f"{table} has no key"
        assert set(found.values()) == {leading}, table


async def test_no_foreign_key_or_trigger_ties_one_group_to_another(
    databases: tuple[str, str],
) -> None:
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    try:
        ties = await connection.fetch(
            "SELECT conname FROM pg_constraint WHERE contype = 'f'"
            " UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        sequences = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'S'")
    finally:
        await connection.close()
    assert ties == []
    # A sequence numbers across shards. SQLAlchemy makes one for a lone integer key of the
    # reference group; publishing numbers its versions itself.
    assert {row["relname"] for row in sequences} <= {"catalogue_version_version_seq"}


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE UNIQUE INDEX planted ON fact (fact_key)",
        "ALTER TABLE membership ADD CONSTRAINT planted UNIQUE (person_id, circle_id)",
    ],
)
async def test_a_planted_key_would_be_seen(databases: tuple[str, str], planted: str) -> None:
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    try:
        await connection.execute(planted)
    finally:
        await connection.close()
    table = "fact" if "fact" in planted else "membership"
    assert set((await keys_of(databases[0], table)).values()) != {"circle_id"}
