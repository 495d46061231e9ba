"""An operation parsed, measured and validated once, however often it is sent.

One extension does what strawberry has four for (token limit, parser cache, added rules, validation
cache): each extension is made anew for a request and hung into four phases of it, so that four
took a tenth of a millisecond of each answer.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    parse,
    specified_rules,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from schema.limit import TOKENS_MAX, OperationRefused, TooDeep, TooManyTokens

# What graphql-core's parser says, which has no types for it: of its own recursion, too.
_LIMITS: tuple[tuple[str, type[OperationRefused]], ...] = (
    (f"more than {TOKENS_MAX} tokens", TooManyTokens),
    ("nested too deeply", TooDeep),
)
OPERATIONS_KEPT_MAX = 128  # apps have six; a body of 64 KB each makes 8 MB of text at most


class Prepared(NamedTuple):
    """A document, and what validation says of it."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]


Prepare: TypeAlias = Callable[[GraphQLSchema, str], Prepared]


def preparing(
    rules: tuple[type[ASTValidationRule], ...], *, kept_max: int = OPERATIONS_KEPT_MAX
) -> Prepare:
    """A function that prepares the text of an operation, with GraphQL's own rules and `rules`.

    It remembers the last `kept_max`. It raises GraphQLError for what cannot be parsed or
    has too many tokens, and remembers nothing of that.
    """
    every = (*specified_rules, *rules)

    @lru_cache(maxsize=kept_max)
    def prepare(schema: GraphQLSchema, query: str) -> Prepared:
        document = _parsed(query)
        return Prepared(document, tuple(validate_document(schema, document, every)))

    return prepare


def _parsed(query: str) -> DocumentNode:
    try:
        return parse(query, max_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as error:
        kind = next((kind for words, kind in _LIMITS if words in error.message), None)
        if kind is None:
            raise
        raise GraphQLError(kind.en, original_error=kind()) from None


class PrepareOnce(SchemaExtension):
    """Gives a request its document and errors before strawberry looks for them."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context
        if context.query:  # strawberry refuses a request without one
            prepared = self._prepare(context.schema._schema, context.query)
            context.graphql_document = prepared.document
            context.pre_execution_errors = list(prepared.errors)  # a list that its reader may edit
        yield
