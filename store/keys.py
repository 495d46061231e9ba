"""The key ring: master key -> 1,024 shard keys in memory -> circle and person keys; the index key;
and the keys that sign.

Wrapped keys lie in a database of their own (`KEYSTORE_URL`), outside the backups: destroying a
circle's key there erases the family. A key is committed there before the first row sealed under
it, because the ring gives a key out only after its commit. Made once by `api/wire.py`; only
`store` and `timeline` hold it.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Literal
from uuid import UUID

from sqlalchemy import LargeBinary, String, column, select, table
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import CircleId, PersonId
from store.key_keeper import KeyKeeper
from store.scope import LookupScope
from store.seal import (
    KEY_BYTES,
    PLACE_KEY_BYTES,
    Place,
    SealBroken,
    SealingKey,
    expand,
    new_key,
    open_,
    seal,
    sealing_key,
)
from store.session import Database, passing_faults
from store.signing import SigningKey, signing_key

SHARD_COUNT = 1_024
KEY_CACHE_MAX = 4_096  # owners; x about 13 KiB with five purposes prepared = 53 MiB a process
HASH_BYTES = 16

Signer = Literal["registry", "publisher"]

_wrapped_key = table("wrapped_key", column("name", String), column("wrapped", LargeBinary))
# One text for any number of names, prepared once: with IN each number of them was another.
_NAMED = "SELECT name, wrapped FROM wrapped_key WHERE name = ANY($1::text[])"


class KeyErased(Exception):
    """The owner's key was destroyed: what was sealed under it is gone for good."""


class OwnerKeys:
    """One owner's sealing keys (circle, person or month): one a purpose, all from one secret."""

    __slots__ = ("_digest_secret", "_ready", "_secret", "owner")

    def __init__(self, owner: UUID, secret: bytes) -> None:
        self.owner = owner
        self._secret = secret
        self._digest_secret: bytes | None = None
        self._ready: dict[str, SealingKey] = {}

    def for_(self, purpose: str) -> SealingKey:
        """The key of one purpose: a table's name, or "digest" and the like."""
        ready = self._ready.get(purpose)
        if ready is None:
            ready = self._ready[purpose] = sealing_key(self._secret, purpose)
        return ready

    def of_shard(self, purpose: str, circle_id: UUID) -> SealingKey:
        """The key of one purpose for the circles of one shard."""
        return self.for_(f"{purpose}/{shard_of(circle_id)}")

    def digest(self, body: bytes) -> bytes:
        """A keyed digest (16 bytes): tells equal content without telling what it is."""
        if self._digest_secret is None:
            self._digest_secret = expand(self._secret, "digest")
        return hmac.digest(self._digest_secret, body, "sha256")[:HASH_BYTES]

    def derive(self, purpose: str, length: int) -> bytes:
        """So many secret bytes for one purpose: always the same."""
        return expand(self._secret, purpose, length)


class KeyRing:
    """Gives out keys; makes and commits them on first use."""

    def __init__(
        self,
        keystore: Database,
        shards: tuple[SealingKey, ...],
        index_secret: bytes,
        signing_secret: bytes,
    ) -> None:
        self._keystore = keystore
        self._shards = shards
        self._index_secret = index_secret
        self._signing_secret = signing_secret
        self._cache: OrderedDict[str, OwnerKeys] = OrderedDict()

    @classmethod
    async def unlock(cls, keystore: Database, keeper: KeyKeeper) -> "KeyRing":
        """The ring, with shard keys unwrapped once; makes them on the first start of all."""
        names = [*(f"shard/{number}" for number in range(SHARD_COUNT)), "index", "signing"]
        wrapped = await _read_wrapped(keystore, names)
        missing = [name for name in names if name not in wrapped]
        if missing:
            fresh = [{"name": n, "wrapped": keeper.wrap(_short(n), new_key())} for n in missing]
            async with _transaction(keystore) as connection:
                await connection.execute(upsert(_wrapped_key).on_conflict_do_nothing(), fresh)
            wrapped = await _read_wrapped(keystore, names)
        opened = {name: keeper.unwrap(_short(name), wrapped[name]) for name in names}
        shards = tuple(
            sealing_key(opened[f"shard/{number}"], "shard") for number in range(SHARD_COUNT)
        )
        return cls(keystore, shards, opened["index"], opened["signing"])

    def hash(self, purpose: str, *parts: bytes) -> bytes:
        """16 bytes of a keyed hash over length-prefixed parts: ids and lookups nobody can guess
        back.
        """
        framed = [b"%b%b" % (len(part).to_bytes(4, "big"), part) for part in parts]
        said = b"%b\0%b" % (purpose.encode(), b"".join(framed))
        return hmac.digest(self._index_secret, said, "sha256")[:HASH_BYTES]

    def record_secret(self) -> bytes:
        """The secret under which record and act keys are made: one for every circle, so that a
        child in two circles is one card.
        """
        return expand(self._index_secret, "record-key")

    def house(self, purpose: str) -> SealingKey:
        """The house's own sealing key of one purpose: for what belongs to no circle or person."""
        return sealing_key(expand(self._index_secret, "house"), purpose)

    def signer(self, name: Signer) -> SigningKey:
        """The key that signs: wraps to devices ("registry") or the catalogue ("publisher")."""
        return signing_key(expand(self._signing_secret, f"signing/{name}", 48))

    async def circle(self, circle_id: CircleId) -> OwnerKeys:
        """A circle's keys. Raises: KeyErased when they were destroyed."""
        return await self._owner(f"circle/{circle_id}", circle_id)

    async def circles(self, circle_ids: Collection[CircleId]) -> Mapping[CircleId, OwnerKeys]:
        """The keys of several circles, with one look into the key store for those not held.

        Raises: KeyErased when those of any were destroyed.
        """
        found = await self._owners({f"circle/{circle_id}": circle_id for circle_id in circle_ids})
        return {circle_id: found[f"circle/{circle_id}"] for circle_id in circle_ids}

    async def joint(self, circle_ids: Collection[CircleId]) -> OwnerKeys:
        """Keys that follow from those of all these circles: gone as soon as one is destroyed.

        Raises: KeyErased.
        """
        ordered = sorted(set(circle_ids))
        found = await self.circles(ordered)
        parts = [found[circle_id].derive("joint", KEY_BYTES) for circle_id in ordered]
        owner = self.hash("joint", *(circle_id.bytes for circle_id in ordered))
        return OwnerKeys(UUID(bytes=owner), hashlib.sha256(b"".join(parts)).digest())

    async def person(self, person_id: PersonId) -> OwnerKeys:
        """A person's keys. Raises: KeyErased."""
        return await self._owner(f"person/{person_id}", person_id)

    async def people(self, person_ids: Collection[PersonId]) -> Mapping[PersonId, OwnerKeys]:
        """The keys of several persons, with one look into the key store for those not held.

        Raises: KeyErased when those of any were destroyed.
        """
        found = await self._owners({f"person/{person_id}": person_id for person_id in person_ids})
        return {person_id: found[f"person/{person_id}"] for person_id in person_ids}

    async def find_people(self, person_ids: Collection[PersonId]) -> Mapping[PersonId, OwnerKeys]:
        """The keys of those of several persons who still have any that open."""
        try:
            return await self.people(person_ids)
        except (KeyErased, SealBroken):
            found: dict[PersonId, OwnerKeys] = {}
            for person_id in person_ids:
                with suppress(KeyErased, SealBroken):
                    found[person_id] = await self.person(person_id)
            return found

    async def month(self, month: str) -> OwnerKeys:
        """The keys of a month ("2026-11"), under which raw messages wait."""
        return await self._owner(f"month/{month}", UUID(bytes=self.hash("month", month.encode())))

    async def projection(self, epoch: int) -> OwnerKeys:
        """The keys of one generation of the audience projection. Raises: KeyErased."""
        name = f"projection/{epoch}"
        return await self._owner(name, UUID(bytes=self.hash("projection", name.encode())))

    async def erase_projection(self, epoch: int) -> None:
        """Destroys a generation's keys for good: what lies under them is read by nobody."""
        await self._erase(f"projection/{epoch}")

    async def issuer(self, purpose: str, generation: int) -> OwnerKeys:
        """The keys under which documents of a purpose are signed; made when first asked for."""
        name = f"issuer/{purpose}/{generation}"
        return await self._owner(name, UUID(bytes=self.hash("issuer", name.encode())))

    async def list_issuer_generations(self, purpose: str) -> tuple[int, ...]:
        """The generations of a purpose's keys that were ever made, rising: few, one a renewal."""
        prefix = f"issuer/{purpose}/"
        async with _transaction(self._keystore) as connection:
            found = await connection.execute(
                select(_wrapped_key.c.name).where(_wrapped_key.c.name.startswith(prefix))
            )
            return tuple(sorted(int(name.removeprefix(prefix)) for name in found.scalars()))

    async def list_months(self) -> tuple[str, ...]:
        """The months whose key was made and is not destroyed, in order: a few."""
        async with _transaction(self._keystore) as connection:
            found = await connection.execute(
                select(_wrapped_key.c.name).where(
                    _wrapped_key.c.name.startswith("month/"), _wrapped_key.c.wrapped != b""
                )
            )
            return tuple(sorted(name.removeprefix("month/") for name in found.scalars()))

    async def erase_month(self, month: str) -> None:
        """Destroys a month's key for good, once nothing is sealed under it."""
        await self._erase(f"month/{month}")

    async def erase_circle(self, circle_id: CircleId) -> None:
        """Destroys a circle's key for good: it is never made again.

        Other processes hold what they opened until they end: end them with the last step of an
        erasure.
        """
        await self._erase(f"circle/{circle_id}")

    async def _erase(self, name: str) -> None:
        async with _transaction(self._keystore) as connection:
            statement = upsert(_wrapped_key).values(name=name, wrapped=b"")
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"wrapped": b""})
            )
        self._cache.pop(name, None)

    async def _owner(self, name: str, owner: UUID) -> OwnerKeys:
        return (await self._owners({name: owner}))[name]

    async def _owners(self, owners: Mapping[str, UUID]) -> dict[str, OwnerKeys]:
        """The keys of named owners; what nobody has yet is made and committed first."""
        held: dict[str, OwnerKeys] = {}
        for name in owners:
            if (keys := self._cache.get(name)) is not None:
                self._cache.move_to_end(name)
                held[name] = keys
        absent = [name for name in owners if name not in held]
        if not absent:
            return held
        wrapped = await _read_wrapped(self._keystore, absent)
        if len(wrapped) < len(absent):
            new = {name: owners[name] for name in absent if name not in wrapped}
            wrapped |= await self._make(new)
        for name in absent:
            held[name] = self._unwrap(name, owners[name], wrapped[name])
            self._keep(name, held[name])
        return held

    async def _make(self, owners: Mapping[str, UUID]) -> dict[str, bytes]:
        """The wrapped keys of owners who had none, committed; another's where it came first."""
        fresh = [
            {
                "name": name,
                "wrapped": seal(self._shard(owner), Place(owner, _short(name)), new_key()),
            }
            for name, owner in sorted(owners.items())  # in one order, so that no two wait crosswise
        ]
        async with _transaction(self._keystore) as connection:
            await connection.execute(upsert(_wrapped_key).on_conflict_do_nothing(), fresh)
        return await _read_wrapped(self._keystore, list(owners))

    def _unwrap(self, name: str, owner: UUID, wrapped: bytes) -> OwnerKeys:
        if not wrapped:
            raise KeyErased(name.split("/", maxsplit=1)[0])
        try:
            return OwnerKeys(owner, open_(self._shard(owner), Place(owner, _short(name)), wrapped))
        except SealBroken as broken:
            raise SealBroken(f"key store and master key do not belong together: {broken}") from None

    def _shard(self, owner: UUID) -> SealingKey:
        return self._shards[shard_of(owner)]

    def _keep(self, name: str, keys: OwnerKeys) -> None:
        self._cache[name] = keys
        if len(self._cache) > KEY_CACHE_MAX:
            self._cache.popitem(last=False)


def shard_of(owner: UUID) -> int:
    """The shard in which an owner lies."""
    return int.from_bytes(owner.bytes[:2], "big") % SHARD_COUNT


def _short(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:PLACE_KEY_BYTES]


@asynccontextmanager
async def _transaction(keystore: Database) -> AsyncIterator[AsyncConnection]:
    """One transaction in the key store. Raises: Busy when it is away: to be tried later."""
    with passing_faults():
        async with keystore.engine.begin() as connection:
            yield connection


async def _read_wrapped(keystore: Database, names: list[str]) -> dict[str, bytes]:
    """In one round trip. Raises: Busy when it is away: to be tried later."""
    async with keystore.glance(LookupScope()) as session:
        connection = await session.raw()
        found = await connection.fetch(_NAMED, names)
    return {row["name"]: row["wrapped"] for row in found}
