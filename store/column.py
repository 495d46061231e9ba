"""Column shapes that several tables share."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, LargeBinary, SmallInteger, false


def big(*, primary_key: bool = False, default: int | None = None) -> Column[int]:
    """A 64-bit number, never null."""
    server: Any = None if default is None else str(default)
    return Column(
        BigInteger,
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        server_default=server,
    )


def small(*, primary_key: bool = False, default: int | None = None) -> Column[int]:
    """A 16-bit number, never null."""
    server: Any = None if default is None else str(default)
    return Column(
        SmallInteger,
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
        server_default=server,
    )


def binary(*, primary_key: bool = False, nullable: bool = False) -> Column[bytes]:
    """Bytes: a keyed hash or a sealed body."""
    return Column(LargeBinary, primary_key=primary_key, nullable=nullable)


def instant(*, nullable: bool = False) -> Column[datetime]:
    """An aware instant."""
    return Column(DateTime(timezone=True), nullable=nullable)


def flag() -> Column[bool]:
    """Yes or no, and no unless it is said."""
    return Column(Boolean, nullable=False, server_default=false())
