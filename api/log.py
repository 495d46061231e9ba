"""Logs: one JSON line an event, ids and codes only; a key not on the list does not pass."""

import logging
from collections.abc import MutableMapping
from typing import Any  # structlog's event dictionary

import structlog

ALLOWED_KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "job",
        "inbox_id",
        "circle_id",
        "count",
        "error",
        "code",
        "attempt",
        "version",
        "port",
        "rows",
        "today",
    }
)


def configure_logs() -> None:
    """Sets up structlog, and quiets libraries that would log arguments, queries or addresses."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed_keys,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s")
    for name in ("arq", "strawberry", "uvicorn.access", "sqlalchemy", "http_message_signatures"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def only_allowed_keys(
    _: object, __: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drops every key that is not on the list: what is not foreseen cannot leak."""
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}
