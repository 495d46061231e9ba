"""What of an exception reaches whoever asked: a refusal's words and code, and of a bug nothing.

A bug is logged by its type alone; never by its message, the query or its variables, which may hold
what families told us.
"""

import structlog
from graphql import GraphQLError

from domain.error import OsratiError, TryLater
from domain.text import Language

BUG_CODE = "internal_error"

_BUG = {
    "ar": "حدث خطأ من جهتنا ولم يضع شيء. أعد المحاولة بعد قليل.",
    "en": "Something went wrong on our side and nothing was lost. Try again shortly.",
}

_log = structlog.get_logger("osrati.schema")


def show_error(error: GraphQLError, language: Language) -> GraphQLError:
    """The error as it may be shown, in `language`.

    What GraphQL itself says of a query (a syntax error, a value of the wrong type) stays as it is.
    """
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return error
    if isinstance(cause, OsratiError):
        extensions: dict[str, object] = {"code": cause.code}
        if cause.detail:
            extensions["detail"] = cause.detail
        if isinstance(cause, TryLater):
            extensions["retryAfterSeconds"] = cause.retry_after_seconds
        return _said(error, cause.ar if language == "ar" else cause.en, extensions)
    _log.error("graphql_failed", code=BUG_CODE, error=type(cause).__name__)
    return _said(error, _BUG[language], {"code": BUG_CODE})


def _said(error: GraphQLError, words: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(words, nodes=error.nodes, path=error.path, extensions=extensions)
