"""The keys that sign access tokens: one P-256 key a period, made ahead and published before use.

The one writer of `signing_key`. The row of a period is claimed with ON CONFLICT, so that two
processes at the turn of a period end with one key.
"""

from datetime import UTC, datetime
from uuid import UUID

from joserfc.jwk import ECKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from store.reference_tables import SigningKeyRow
from store.scope import ReferenceScope
from store.seal import Place, open_, seal
from timeline.ground import Ground

PERIOD_DAYS = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SigningKeys:
    """The keys of the last period, this one and the next, read once a period."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._sealing = ground.keys.house("signing_key")
        self._period = -1
        self._keys: dict[int, ECKey] = {}

    async def current(self) -> ECKey:
        """The key that signs now; its `kid` names it."""
        period = await self._ready()
        return self._keys[period]

    async def find(self, kid: object) -> ECKey | None:
        """A published key by its id, else None."""
        await self._ready()
        return next((key for key in self._keys.values() if key.kid == kid), None)

    async def published(self) -> list[dict[str, object]]:
        """The public keys as JWKs, the next period's too."""
        await self._ready()
        return [
            {**key.as_dict(private=False), "use": "sig", "alg": "ES256"}
            for _, key in sorted(self._keys.items())
        ]

    async def _ready(self) -> int:
        period = (self._ground.clock.now_utc() - _EPOCH).days // PERIOD_DAYS
        if period != self._period:
            keys = {number: await self._key(number) for number in (period - 1, period, period + 1)}
            self._keys, self._period = keys, period
        return period

    async def _key(self, period: int) -> ECKey:
        place = Place(UUID(int=0), number=period)
        fresh = ECKey.generate_key("P-256", auto_kid=True)
        async with self._ground.database.unit(ReferenceScope("identify")) as unit:
            await unit.execute(
                insert(SigningKeyRow)
                .values(
                    period=period, sealed=seal(self._sealing, place, fresh.as_der(private=True))
                )
                .on_conflict_do_nothing()
            )
            found = await unit.execute(
                select(col(SigningKeyRow.sealed)).where(col(SigningKeyRow.period) == period)
            )
            key = ECKey.import_key(open_(self._sealing, place, bytes(found.scalar_one())))
        key.ensure_kid()
        return key
