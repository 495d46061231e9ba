"""Sessions: one unit of work is one commit, and `commit(` stands nowhere else.

A read session cannot write (PostgreSQL refuses it too); a function that writes asks for a `Unit`,
and mypy refuses the other. No session is held across the network.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Generic, TypeVar

import asyncpg
from asyncpg.exceptions import InterfaceError as AsyncpgInterfaceError
from asyncpg.exceptions import PostgresError
from sqlalchemy import CursorResult, Executable, text
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from domain.error import Busy
from store.glance import Glances
from store.scope import Scope

POOL_CONNECTIONS = 12  # a process; PostgreSQL's own limit is 100 for API, worker and tools together
STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 5_000
# Beside the pool, for statements of one round trip: an idle poll through SQLAlchemy's pool cost
# twice what the statement did.
GLANCE_CONNECTIONS = 4
GLANCE_SECONDS_MAX = 5
# The same for statements that write: a unit of one statement took five round trips, and SQLAlchemy.
STROKE_CONNECTIONS = 4
RANDOM_PAGE_COST = "1.1"  # no disk here turns; PostgreSQL's own 4 would rather sort than follow
# SQLSTATE classes that may pass: connection, resources, operator intervention (a restart, a
# statement cancelled by its limit), serialisation and deadlock, a lock not had in time.
PASSING_STATES = ("08", "53", "57", "40", "55P03")

_SERVER_SETTINGS = {
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    "application_name": "osrati",
    "jit": "off",
}

_GLANCE_SETTINGS = {
    "default_transaction_read_only": "on",
    # Of a stream's page the index gives the order: without it the rows are sorted.
    "random_page_cost": RANDOM_PAGE_COST,
}

S_co = TypeVar("S_co", bound=Scope, covariant=True)
T = TypeVar("T", bound=Scope)


class Reading(Generic[S_co]):
    """A session that reads within its scope."""

    def __init__(self, connection: AsyncConnection, scope: S_co) -> None:
        self._connection = connection
        self.scope = scope

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | list[dict[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Runs one statement. Any: a row's types are the statement's, which Core does not carry."""
        result: CursorResult[Any] = await self._connection.execute(statement, parameters)
        return result

    def within(self, scope: T) -> "Reading[T]":
        """The same snapshot or unit, read in a narrower scope that the caller may already see."""
        return Reading(self._connection, scope)

    async def raw(self) -> Any:
        """The asyncpg connection beneath, for statements over arrays. Any: untyped driver."""
        driver: Any = (await self._connection.get_raw_connection()).driver_connection
        if not driver.is_in_transaction():  # it begins with SQLAlchemy's statements, not with ours
            await self._connection.execute(text("SELECT 1"))
        return driver


class Unit(Reading[S_co]):
    """A unit of work: everything written through it is committed together, or not at all."""


class Glance(Generic[S_co]):
    """One reading statement of the driver within its scope, outside any transaction. PostgreSQL
    refuses it to write.
    """

    def __init__(self, connection: Any, scope: S_co) -> None:
        self._connection = connection
        self.scope = scope

    async def raw(self) -> Any:
        """The asyncpg connection. Any: untyped driver."""
        return self._connection


class Stroke(Generic[S_co]):
    """One writing statement of the driver within its scope: a unit of work of its own, committed
    by PostgreSQL as it ends.
    """

    def __init__(self, connection: Any, scope: S_co) -> None:
        self._connection = connection
        self._is_done = False
        self.scope = scope

    async def fetch(self, statement: str, *values: Any) -> Any:
        """The rows it returns. Any: untyped driver."""
        assert not self._is_done, "a second statement would be a second commit"
        self._is_done = True
        return await self._connection.fetch(statement, *values)


class Database:
    """The one engine of a process and its kinds of session."""

    def __init__(self, url: str, *, pool_connections: int = POOL_CONNECTIONS) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_connections,
            max_overflow=0,
            # No ping before each use: it was 40 % of all round trips. A connection that a
            # restart cut fails once, as Busy, and SQLAlchemy then drops the rest of the pool.
            pool_pre_ping=False,
            connect_args={"server_settings": _SERVER_SETTINGS},
        )
        self._glances = Glances(
            lambda: self._connect(_GLANCE_SETTINGS),
            connections=GLANCE_CONNECTIONS,
            seconds_max=GLANCE_SECONDS_MAX,
        )
        self._strokes = Glances(
            lambda: self._connect({}),
            connections=STROKE_CONNECTIONS,
            seconds_max=GLANCE_SECONDS_MAX,
        )
        self._snapshots = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @asynccontextmanager
    async def read(self, scope: T) -> AsyncIterator[Reading[T]]:
        """One snapshot (REPEATABLE READ, read only) of what the scope may see.

        Raises: Busy when the database is away or too slow to answer.
        """
        with passing_faults():
            async with self._snapshots.connect() as connection:
                yield Reading(connection, scope)

    @asynccontextmanager
    async def unit(self, scope: T) -> AsyncIterator[Unit[T]]:
        """One unit of work: committed at the end, rolled back by any exception.

        Raises: Busy when a lock, a statement or a connection was not had in time; nothing is
        written.
        """
        with passing_faults():
            async with self.engine.connect() as connection:
                yield Unit(connection, scope)
                await connection.commit()

    @asynccontextmanager
    async def glance(self, scope: T) -> AsyncIterator["Glance[T]"]:
        """One statement, which is its own snapshot, in one round trip: for the idle poll.

        Raises: Busy when the database is away or too slow to answer.
        """
        with passing_faults():
            async with self._glances.lend() as connection:
                yield Glance(connection, scope)

    @asynccontextmanager
    async def stroke(self, scope: T) -> AsyncIterator["Stroke[T]"]:
        """One writing statement, committed by itself in one round trip: for what is done for every
        message or window. What must be committed with anything else wants a unit.

        Raises: Busy as `unit` does; where the connection was lost it may have been written.
        """
        with passing_faults():
            async with self._strokes.lend() as connection:
                yield Stroke(connection, scope)

    async def ping(self) -> None:
        """Raises: Busy when the database does not answer."""
        with passing_faults():
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._glances.close()
        await self._strokes.close()
        await self.engine.dispose()

    async def _connect(self, settings: Mapping[str, str]) -> Any:
        """A connection of the driver beside the pool."""
        _, found = self.engine.dialect.create_connect_args(self.engine.url)
        named = ("host", "port", "user", "password", "database", "ssl")
        return await asyncpg.connect(
            **{name: found[name] for name in named if name in found},
            server_settings={**_SERVER_SETTINGS, **settings},
        )


@contextmanager
def passing_faults() -> Iterator[None]:
    """Turns what may pass to Busy: a lock not had, a server restarting, no connection free."""
    try:
        yield
    except (DBAPIError, PostgresError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(cause, "sqlstate", None) or ""
        if state.startswith(PASSING_STATES) or isinstance(error, InterfaceError):
            raise Busy(state) from error
        raise
    except (PoolTimeout, OSError, AsyncpgInterfaceError) as error:
        raise Busy(type(error).__name__) from error
