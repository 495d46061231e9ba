"""The key ring: one key for one owner whoever asks first, and an erased one for nobody ever."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.ids import CircleId, PersonId
from store.key_keeper import FileKeyKeeper
from store.keys import SHARD_COUNT, KeyErased, KeyRing
from store.seal import KEY_BYTES, Place, SealBroken, open_, seal
from store.session import Database
from tests.support.builders import born
from tests.support.house import TestHouse, person
from timeline.apply import apply_facts

CIRCLE = CircleId(UUID(int=77))
PLACE = Place(UUID(int=1))


@asynccontextmanager
async def ring(databases: tuple[str, str], directory: Path) -> AsyncIterator[KeyRing]:
    """The ring of a process that has just started."""
    keystore = Database(databases[1], pool_connections=4)
    try:
        yield await KeyRing.unlock(keystore, FileKeyKeeper(directory / "master.key"))
    finally:
        await keystore.close()


async def stored(databases: tuple[str, str]) -> dict[str, bytes]:
    connection = await asyncpg.connect(databases[1].replace("+asyncpg", ""))
    try:
        rows = await connection.fetch("SELECT name, wrapped FROM wrapped_key")
    finally:
        await connection.close()
    return {row["name"]: row["wrapped"] for row in rows}


async def test_two_processes_that_start_at_once_have_one_set_of_keys(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    FileKeyKeeper(tmp_path / "master.key")
    async with asyncio.TaskGroup() as group:
        opened = [group.create_task(_hash(databases, tmp_path)) for _ in range(4)]
    assert len({task.result() for task in opened}) == 1
    assert len(await stored(databases)) == SHARD_COUNT + 2  # and the index and signing secrets


async def _hash(databases: tuple[str, str], directory: Path) -> bytes:
    async with ring(databases, directory) as keys:
        return keys.hash("event", b"a") + keys.record_secret()


async def test_two_processes_that_race_for_an_owner_get_one_key(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    async with ring(databases, tmp_path) as one, ring(databases, tmp_path) as other:
        for _ in range(10):
            circle_id = CircleId(uuid4())
            got = await asyncio.gather(*(keys.circle(circle_id) for keys in [one, other] * 4))
            sealed = seal(got[0].for_("fact"), PLACE, b"a body")
            assert {open_(keys.for_("fact"), PLACE, sealed) for keys in got} == {b"a body"}
            assert len({keys.digest(b"x") for keys in got}) == 1


async def test_a_key_is_there_again_after_a_restart(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    async with ring(databases, tmp_path) as keys:
        sealed = seal((await keys.circle(CIRCLE)).for_("fact"), PLACE, b"a body")
        assert f"circle/{CIRCLE}" in await stored(databases), "committed before it is used"
    async with ring(databases, tmp_path) as keys:
        assert open_((await keys.circle(CIRCLE)).for_("fact"), PLACE, sealed) == b"a body"


async def test_owners_purposes_and_kinds_have_keys_of_their_own(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    async with ring(databases, tmp_path) as keys:
        circle = await keys.circle(CIRCLE)
        sealed = seal(circle.for_("fact"), PLACE, b"a body")
        for other in (
            (await keys.circle(CircleId(UUID(int=78)))).for_("fact"),
            (await keys.person(PersonId(UUID(int=77)))).for_("fact"),
            (await keys.month("2026-11")).for_("fact"),
            circle.for_("effect"),
        ):
            with pytest.raises(SealBroken):
                open_(other, PLACE, sealed)
        assert circle.digest(b"x") != (await keys.person(PersonId(CIRCLE))).digest(b"x")


async def test_an_erased_circle_is_erased_for_good(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    async with ring(databases, tmp_path) as keys:
        await keys.circle(CIRCLE)
        await keys.erase_circle(CIRCLE)
        for _ in range(2):
            with pytest.raises(KeyErased):
                await keys.circle(CIRCLE)
        await keys.erase_circle(CIRCLE)
    async with ring(databases, tmp_path) as keys:
        with pytest.raises(KeyErased) as caught:
            await keys.circle(CIRCLE)
        assert str(CIRCLE) not in str(caught.value)
    assert (await stored(databases))[f"circle/{CIRCLE}"] == b""


async def test_a_circle_erased_before_it_had_a_key_never_gets_one(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    async with ring(databases, tmp_path) as keys:
        await keys.erase_circle(CIRCLE)
        with pytest.raises(KeyErased):
            await keys.circle(CIRCLE)


async def test_what_an_erased_family_left_opens_for_nobody(house: TestHouse) -> None:
    facts = (born(person(3), person(1), house.clock.today()),)
    (circle_id, *_) = sorted(await apply_facts(house.ground, facts))
    await house.ground.keys.erase_circle(circle_id)
    with pytest.raises(KeyErased):
        await house.ground.keys.circle(circle_id)


async def test_a_hash_keeps_its_parts_and_purposes_apart(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    async with ring(databases, tmp_path) as keys:
        hashes = [
            keys.hash("event", b"ab", b"c"),
            keys.hash("event", b"a", b"bc"),
            keys.hash("event", b"abc"),
            keys.hash("event", b"abc", b""),
            keys.hash("body", b"abc"),
        ]
        assert len(set(hashes)) == len(hashes)
        assert {len(one) for one in hashes} == {16}
        assert keys.hash("event", b"abc") == hashes[2]


async def test_a_key_store_of_another_master_key_does_not_open(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    async with ring(databases, tmp_path):
        pass
    (tmp_path / "other").mkdir()
    with pytest.raises(SealBroken):
        async with ring(databases, tmp_path / "other"):
            pass


async def test_a_wrapped_key_put_under_another_name_does_not_open(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    other = CircleId(UUID(int=78))
    async with ring(databases, tmp_path) as keys:
        await keys.circle(CIRCLE)
        wrapped = (await stored(databases))[f"circle/{CIRCLE}"]
        connection = await asyncpg.connect(databases[1].replace("+asyncpg", ""))
        try:
            await connection.execute(
                "INSERT INTO wrapped_key (name, wrapped) VALUES ($1, $2)",
                f"circle/{other}",
                wrapped,
            )
        finally:
            await connection.close()
        with pytest.raises(SealBroken, match="belong together"):
            await keys.circle(other)


# The development master key


def test_the_master_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "below" / "master.key"
    name = bytes(16)
    wrapped = FileKeyKeeper(path).wrap(name, b"k" * KEY_BYTES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == KEY_BYTES
    assert FileKeyKeeper(path).unwrap(name, wrapped) == b"k" * KEY_BYTES
    with pytest.raises(SealBroken):
        FileKeyKeeper(path).unwrap(b"x" * 16, wrapped)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_master_key_that_others_may_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    FileKeyKeeper(path)
    path.chmod(mode)
    with pytest.raises(PermissionError, match="chmod 600"):
        FileKeyKeeper(path)


@pytest.mark.parametrize("length", [0, KEY_BYTES - 1, KEY_BYTES + 1])
def test_a_file_that_is_no_key_is_refused_and_left_as_it_is(tmp_path: Path, length: int) -> None:
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_bytes(b"x" * length)
    with pytest.raises(ValueError, match="not a master key"):
        FileKeyKeeper(path)
    assert path.read_bytes() == b"x" * length
