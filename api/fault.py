"""What a command says of a fault of its surroundings: the thing, the cause, the next step.

Database errors are told by their kind alone: their text may quote a statement and its values.
"""

import errno
import socket

from asyncpg.exceptions import InterfaceError as AsyncpgInterfaceError
from asyncpg.exceptions import PostgresError
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from api.settings import Settings
from domain.error import TryLater
from store.seal import SealBroken

POSTGRES_AWAY = (
    "PostgreSQL did not answer ({}): start it, or correct DATABASE_URL and KEYSTORE_URL; "
    "`osrati run` without them starts its own."
)
POSTGRES_REFUSED = (
    "PostgreSQL refused ({}): check DATABASE_URL and KEYSTORE_URL, and run `osrati migrate` first."
)
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)
QUEUE_AWAY = "The queue did not answer ({}): start it, or correct REDIS_URL."


def explain(error: Exception, settings: Settings | None) -> str | None:
    """One sentence on a fault that the surroundings are at; None for a bug."""
    if isinstance(error, SealBroken):
        place = f" in {settings.data_dir}" if settings else ""
        return (
            f"The master key{place} does not open the key store: they do not belong together. "
            "Put back the master.key that this database was begun with, or set OSRATI_DATA_DIR or "
            "KEYSTORE_URL to the other's companion."
        )
    if isinstance(error, TryLater) or (isinstance(error, OSError) and _is_connecting(error)):
        return POSTGRES_AWAY.format(_kind(error))
    if isinstance(error, DBAPIError | PostgresError | AsyncpgInterfaceError):
        return POSTGRES_REFUSED.format(_kind(error))
    if isinstance(error, RedisError):
        return QUEUE_AWAY.format(_kind(error))
    if isinstance(error, OSError):
        hint = "Set OSRATI_DATA_DIR to a directory that this user may write."
        return f"{error}. {hint}" if error.filename else str(error)
    return None


def _is_connecting(error: OSError) -> bool:
    """Whether a server was not reached. Where its name has several addresses, no cause is given."""
    if isinstance(error, BrokenPipeError) or error.filename is not None:
        return False
    return (
        isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
        or error.errno is None
        or error.errno in UNREACHABLE
    )


def _kind(error: BaseException) -> str:
    """The name of the first cause's kind."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
