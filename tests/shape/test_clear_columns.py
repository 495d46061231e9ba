"""Law 6, at rest: every column that is not sealed stands here, with the reason why it may be clear.

A column that is added without a line here fails, and so does a line whose column is gone.
"""

import asyncpg
import pytest
from sqlmodel import SQLModel

from store import circle_tables, notice_tables, person_tables, reference_tables  # noqa: F401  # every table

SEALED = "sealed"
ID = "an opaque id that says nothing by itself"
HASH = "a keyed hash: nobody can guess it back"
NUMBER = "a number that orders or counts rows"
WAKING = "a day on which something is looked at again, no day of a life"
STATE = "a state of delivery or of work"
PUBLISHED = "published: it belongs to no family"

CLEAR: dict[str, dict[str, str]] = {
    "circle": {
        "circle_id": ID,
        "facts_version": NUMBER,
        "refreshed_version": NUMBER,
        "refreshed_catalogue": NUMBER,
        "refreshed_on": "the day of the last refresh",
        "next_change_on": WAKING,
        "refresh_count": NUMBER,
    },
    "membership": {
        "circle_id": ID,
        "person_id": ID,
        "ended_on": "the day a stream was closed, so that a phone is told; no day of a life",
    },
    "fact": {"circle_id": ID, "facts_version": NUMBER, "fact_key": HASH},
    "stream": {
        "circle_id": ID,
        "person_id": ID,
        "stream_id": ID,
        "incarnation": ID,
        "head": NUMBER,
        "digest": "of keys and numbers, which are clear themselves",
        "live_count": NUMBER,
        "key_epoch": NUMBER,
        "tombstone_floor": NUMBER,
    },
    "stream_key": {"circle_id": ID, "person_id": ID, "key_epoch": NUMBER},
    "stream_record": {
        "circle_id": ID,
        "person_id": ID,
        "record_key": HASH,
        "number": NUMBER,
        "rank": "a small number by which a first page is cut; many cards share one",
        "content": HASH,
        "removed_on": "the day a tombstone was made, for its clearing after 90 days",
    },
    "effect": {
        "circle_id": ID,
        "act_key": HASH,
        "kind": "which feature carries it out",
        "state": STATE,
        "not_before_on": WAKING,
        "not_after_on": WAKING,
        "content": HASH,
        "lease_id": ID,
        "lease_until": "an instant of work",
    },
    "registry_call": {
        "circle_id": ID,
        "act_key": HASH,
        "state": STATE,
        "attempt_count": NUMBER,
        "reason": "a code of the closed list in gov/registry/error.py",
        "attempted_at": "an instant of work",
    },
    "outcome": {"circle_id": ID, "command_id": HASH},
    "audience": {"circle_id": ID, "person_id": ID, "epoch": NUMBER, "content": HASH},
    "service_number": {"entry_id": PUBLISHED, "number": NUMBER},
    "funnel_count": {
        "entry_id": "a service of the public catalogue",
        "emirate": "an emirate, of nobody in particular",
        "stage": NUMBER,
        "count": "how many; never shown under ten",
    },
    "projection_epoch": {
        "epoch": NUMBER,
        "begun_at": "an instant of work",
        "ended_at": "an instant of work",
        "through": ID,
        "circle_count": NUMBER,
    },
    "population_read": {"read_id": ID, "done_at": "an instant of work"},
    "refresh_log": {
        "circle_id": ID,
        "refresh_number": NUMBER,
        "facts_version": NUMBER,
        "catalogue_version": NUMBER,
        "engine_version": NUMBER,
        "evaluated_on": "the day of the refresh",
        "written_at": "the instant of the refresh",
    },
    "person": {"person_id": ID, "profile_version": NUMBER},
    "person_circle": {"person_id": ID, "circle_id": ID, "member": "whether a stream is there"},
    "person_outcome": {"person_id": ID, "command_id": HASH},
    "account": {"person_id": ID},
    "session": {
        "person_id": ID,
        "session_id": ID,
        "generation": NUMBER,
        "refreshed_at": "an instant of use: whether the token before may come once more",
        "expires_at": "an instant after which nothing counts",
        "ended_at": STATE,
    },
    "signing_key": {"period": NUMBER},
    "staff_session": {
        "session_hash": HASH,
        "used_at": "an instant of use: whether it was left alone for too long",
        "expires_at": "an instant after which nothing counts",
        "ended_at": STATE,
    },
    "device": {
        "person_id": ID,
        "device_id": ID,
        "signing_key": "a public key",
        "agreement_key": "a public key",
        "app": "the app's name and version; every family shares them",
        "enrolled_at": "the instant a phone was enrolled",
    },
    "command_counter": {
        "person_id": ID,
        "device_id": ID,
        "last_sequence": NUMBER,
        "failing_count": NUMBER,
        "failing_kind": "the type of an error of ours, never its words",
        "failing_since": "an instant of work",
    },
    "device_outcome": {
        "person_id": ID,
        "device_id": ID,
        "sequence": NUMBER,
        "command_id": ID,
    },
    "notice": {
        "person_id": ID,
        "notice_id": HASH,
        "circle_id": ID,
        "state": STATE,
        "reason": "a code of the closed lists in push/plan.py and push/standing.py",
        "made_at": "an instant of work",
        "due_at": "an instant of work",
        "told_at": "an instant of work",
        "read_at": "an instant of work",
        "told_with": HASH,
        "delivered_at": "an instant of work",
        "acted_at": "an instant of work",
        "counted": NUMBER,
    },
    "delivery": {
        "person_id": ID,
        "notice_id": HASH,
        "channel": "push, SMS, e-mail or the withdrawal of a push",
        "device_id": ID,
        "state": STATE,
        "reason": "a code of the closed list in push/answer.py",
        "attempt_count": NUMBER,
        "made_at": "an instant of work",
        "next_at": "an instant of work",
        "lease_id": ID,
        "begun": STATE,
        "settled_at": "an instant of work",
    },
    "registration": {
        "person_id": ID,
        "device_id": ID,
        "token_hash": HASH,
        "counter": NUMBER,
        "confirmed_at": "an instant of use",
    },
    "push_token": {"token_hash": HASH, "person_id": ID, "device_id": ID},
    "notice_preference": {"person_id": ID, "version": NUMBER},
    "suspected_duplicate": {
        "person_id": ID,
        "other_id": ID,
        "state": STATE,
        "found_at": "an instant of work",
        "decided_at": "an instant of work",
    },
    "blob": {
        "circle_id": ID,
        "blob_id": ID,
        "person_id": ID,
        "size_bytes": "a size; what the sealed chunks show anyway",
        "complete": STATE,
        "touched_at": "the instant of the last chunk, for the sweep of orphans",
        "claimed_at": "the instant a command named it",
    },
    "blob_chunk": {"circle_id": ID, "blob_id": ID, "chunk_number": NUMBER},
    "identifier": {"identifier_hash": HASH, "person_id": ID},
    "dispute": {"dispute_hash": HASH, "circle_id": ID},
    "catalogue_version": {
        "version": PUBLISHED,
        "published_at": PUBLISHED,
        "digest": PUBLISHED,
        "base": PUBLISHED,
        "candidate": PUBLISHED,
        "percent": PUBLISHED,
        "scope": PUBLISHED,
        "salt": "draws circles by chance; it opens nothing",
    },
    "catalogue_entry": {"version": PUBLISHED, "entry_id": PUBLISHED, "document": PUBLISHED},
    "agency": {
        "agency_id": PUBLISHED,
        "name_ar": PUBLISHED,
        "name_en": PUBLISHED,
        "rights": PUBLISHED,
    },
    "agency_key": {
        "key_id": PUBLISHED,
        "agency_id": PUBLISHED,
        "public_key": PUBLISHED,
        "added_at": PUBLISHED,
        "revoked_at": PUBLISHED,
        "valid_from": PUBLISHED,
        "valid_until": PUBLISHED,
    },
    "operation": {"operation_id": ID, "done_at": "the instant of an operator's deed"},
    "channel_pause": {
        "channel": "push, SMS or e-mail",
        "until_at": "an instant of work",
        "reason": "a code of the closed list in push/answer.py",
    },
    "inbox": {
        "inbox_id": ID,
        "message_hash": HASH,
        "body_hash": HASH,
        "agency_id": "which agency sent it; hundreds of thousands of families share one",
        "month": "the name of the month's key; null once it is sealed for circles",
        "state": STATE,
        "reason": "a code of the closed list in gov/reason.py",
        "attempt_count": NUMBER,
        "waits_for": HASH,
        "resource_hash": HASH,
        "received_at": "the instant it came",
        "settled_at": "the instant it was settled",
    },
}
KEY_STORE = {
    "wrapped_key": {
        "name": "shard, index, month, or circle and person by their opaque ids",
        "wrapped": "a key, wrapped under the master's",
        "made_at": "the instant it was made",
    }
}
OF_ALEMBIC = {"alembic_version": {"version_num": "the schema's own version"}}


def clear_in_models() -> dict[str, set[str]]:
    return {
        name: {column.name for column in table.columns} - {SEALED}
        for name, table in SQLModel.metadata.tables.items()
    }


async def columns_in(url: str) -> dict[str, set[str]]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    finally:
        await connection.close()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["table_name"], set()).add(row["column_name"])
    return found


def listed(*groups: dict[str, dict[str, str]]) -> dict[str, set[str]]:
    return {table: set(columns) for group in groups for table, columns in group.items()}


def test_every_clear_column_of_the_models_is_listed_with_its_reason() -> None:
    assert clear_in_models() == listed(CLEAR)
    assert all(reason for table in CLEAR.values() for reason in table.values())


async def test_every_clear_column_of_the_migrated_databases_is_listed(
    databases: tuple[str, str],
) -> None:
    main, keys = [await columns_in(url) for url in databases]
    clear = {table: columns - {SEALED} for table, columns in main.items()}
    assert clear == listed(CLEAR, OF_ALEMBIC)
    assert keys == listed(KEY_STORE, OF_ALEMBIC)


def test_what_holds_a_body_is_sealed_and_is_bytes() -> None:
    """One `sealed` column at most (a name can stand once), always bytes, and no text beside it but
    codes."""
    unsealed = {"membership", "stream", "registry_call", "person_circle", "identifier", "dispute"}
    unsealed |= {"device", "command_counter"}
    unsealed |= {"suspected_duplicate", "push_token", "service_number", "projection_epoch"}
    unsealed |= {"catalogue_version", "catalogue_entry", "agency", "agency_key", "channel_pause"}
    unsealed |= {"funnel_count"}
    for name, table in SQLModel.metadata.tables.items():
        assert (SEALED in table.columns) == (name not in unsealed), name
        texts = {column.name for column in table.columns if column.type.python_type is str}
        if SEALED in table.columns:
            assert table.columns[SEALED].type.python_type is bytes
            assert texts <= {"agency_id", "month", "reason"}, name


@pytest.mark.parametrize("table", ["fact", "person"])
async def test_a_planted_column_would_be_seen(databases: tuple[str, str], table: str) -> None:
    connection = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    try:
        await connection.execute(f"ALTER TABLE {table} ADD COLUMN name text")
    finally:
        await connection.close()
    assert (await columns_in(databases[0]))[table] - {SEALED} - set(CLEAR[table]) == {"name"}
