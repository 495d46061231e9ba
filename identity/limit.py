"""How often something may be tried: counted in Valkey for every process, by address and by session.

Never by account alone for somebody who has not proven to be that person: else anybody could lock
anybody out. When Valkey is away each process counts for itself: limits get wider, nothing breaks.
"""

import ipaddress
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from starlette.requests import Request

from domain.error import TryLater

KEY_PREFIX = "osrati-limit"
VALKEY_SECONDS_MAX = 1.0  # then this process counts for itself
IPV6_NETWORK_BITS = 64  # one household or phone has that many addresses

_log = structlog.get_logger("osrati.identity")


class TooManyAttempts(TryLater):
    code = "sign_in.too_many"
    status = 429
    retry_after_seconds = 60
    ar = "محاولات كثيرة في وقت قصير. انتظر دقيقة ثم أعد المحاولة."
    en = "Too many attempts in a short time. Wait a minute, then try again."


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in each window of `minutes`, under one name."""

    name: str
    times: int
    minutes: int = 1

    def item(self) -> RateLimitItem:
        return RateLimitItemPerMinute(self.times, self.minutes, namespace=self.name)


SIGN_INS_PER_ADDRESS = Limit("sign-in", 30)  # a family, or a ward, behind one address
TOKENS_PER_ADDRESS = Limit("token", 120)
REVOCATIONS_PER_ADDRESS = Limit("revoke", 120)
REFRESHES_PER_SESSION = Limit("refresh", 20)  # one in five minutes is needed
PROOF_ONCE = Limit("proof", 1, minutes=10)


class Counters:
    """Counts in Valkey, and by itself while Valkey is away."""

    def __init__(self, redis_url: str | None) -> None:
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared: FixedWindowRateLimiter | None = None
        self._pool: ConnectionPool | None = None
        if redis_url is not None:
            self._pool = ConnectionPool.from_url(
                redis_url,
                socket_connect_timeout=VALKEY_SECONDS_MAX,
                socket_timeout=VALKEY_SECONDS_MAX,
            )
            storage = RedisStorage(
                redis_url,
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix=KEY_PREFIX,
                connection_pool=self._pool,  # type: ignore[arg-type]  # an option it documents
            )
            self._shared = FixedWindowRateLimiter(storage)

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def take(self, limit: Limit, key: str) -> None:
        """Counts one. Raises: TooManyAttempts past the limit."""
        if not await self._hit(limit, key):
            raise TooManyAttempts(limit.name)

    async def first(self, limit: Limit, key: str) -> bool:
        """Whether this is within the limit; counts it."""
        return await self._hit(limit, key)

    async def _hit(self, limit: Limit, key: str) -> bool:
        if self._shared is not None:
            try:
                return await self._shared.hit(limit.item(), key)
            except StorageError as error:
                _log.warning("limits_alone", error=type(error).__name__)
        return await self._own.hit(limit.item(), key)


def address_of(request: Request) -> str:
    """The address to count by; of IPv6 its network."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))
    return str(address)
