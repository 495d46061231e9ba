"""What of an exception reaches whoever asked: a refusal's words and code, and of a bug nothing.

A bug is logged by its type alone; never by its message, the query or its variables, which may hold
what families told us.
"""

import structlog
from graphql import FieldNode, GraphQLError

from domain.error import OsratiError, TryLater
from domain.text.message import Language

BUG_CODE = "internal_error"
INVALID_CODE = "graphql.invalid"

_BUG = {
    "ar": "حدث خطأ من جهتنا ولم يضع شيء. أعد المحاولة بعد قليل.",
    "en": "Something went wrong on our side and nothing was lost. Try again shortly.",
}

_log = structlog.get_logger("osrati.schema")


def show_error(error: GraphQLError, language: Language) -> GraphQLError:
    """The error as it may be shown, in `language`.

    What GraphQL itself says of a query (a syntax error, a value of the wrong type) stays as it is,
    under the code INVALID_CODE. What it says of a value that a resolver gave is a bug of ours.
    """
    cause = error.original_error
    if (cause is None or isinstance(cause, GraphQLError)) and not _is_about_our_value(error):
        return _said(error, error.message, {"code": INVALID_CODE})
    if isinstance(cause, OsratiError):
        extensions: dict[str, object] = {"code": cause.code}
        if cause.detail:
            extensions["detail"] = cause.detail
        if isinstance(cause, TryLater):
            extensions["retryAfterSeconds"] = cause.retry_after_seconds
        return _said(error, cause.ar if language == "ar" else cause.en, extensions)
    _log.error("graphql_failed", code=BUG_CODE, error=type(cause or error).__name__)
    return _said(error, _BUG[language], {"code": BUG_CODE})


def _is_about_our_value(error: GraphQLError) -> bool:
    """A field's value could not be shown: its message quotes the value. One about an argument or a
    variable points at that."""
    return error.path is not None and all(isinstance(node, FieldNode) for node in error.nodes or ())


def _said(error: GraphQLError, words: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        words,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
