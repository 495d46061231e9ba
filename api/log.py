"""Logs: one JSON line an event, ids and codes only; a key not on the list does not pass."""

import logging
from collections.abc import Iterator, MutableMapping
from traceback import walk_tb
from types import TracebackType
from typing import Any, TypeAlias  # Any: structlog's event dictionary

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
        "session_id",
        "command_id",
        "channel",
        "count",
        "error",
        "code",
        "attempt",
        "version",
        "port",
        "rows",
        "request_id",
        "today",
    }
)


SysExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def configure_logs() -> None:
    """Sets up structlog, and quiets libraries that would log arguments, queries or addresses."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed_keys,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(WithoutValues())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("arq", "strawberry", "uvicorn.access", "sqlalchemy", "http_message_signatures"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class WithoutValues(logging.Formatter):
    """Libraries' own lines: level and logger, and of exceptions the types and where they arose.

    No message and no exception's text: either may quote what it was about.
    """

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another formatter may have left its own text there
        line = super().format(record)
        record.exc_text = None
        return line

    def formatException(self, ei: SysExcInfo) -> str:  # logging's name
        return "\n".join(_types_and_places(ei[1]))


def _types_and_places(error: BaseException | None) -> Iterator[str]:
    """Each exception of a chain, the first cause last: its type, then `file:line` of each frame."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield type(error).__name__
        for frame, line in walk_tb(error.__traceback__):
            yield f"  {frame.f_code.co_filename}:{line}"
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _types_and_places(one)
        error = error.__cause__ or error.__context__


def only_allowed_keys(
    _: object, __: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drops every key that is not on the list: what is not foreseen cannot leak."""
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}
