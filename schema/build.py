"""The schema with its limits. `schema/http.py` serves it, the page and the tests ask it in process.

An extension is given as a class or a factory: strawberry shares an instance between requests.
"""

from graphql import ASTValidationRule, GraphQLError
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry import Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from schema.act import Mutation as ActMutation
from schema.card import Card
from schema.context import LANGUAGE_BEFORE_SIGN_IN, RequestContext
from schema.dispute import DisputeMutation
from schema.documents import NO_DOCUMENTS, DocumentsDamaged, TrustedDocuments
from schema.error import show_error
from schema.growth_chart import GrowthQuery
from schema.limit import WithinLimits
from schema.notices import NoticesQuery
from schema.plan.executor import planned_executor
from schema.prepare import OPERATIONS_KEPT_MAX, PrepareOnce, preparing
from schema.session import SessionMutation, SessionQuery
from schema.timeline import Query as TimelineQuery
from schema.vaccination_document import VaccinationDocumentQuery
from schema.vaccinations import VaccinationRecordQuery
from schema.wishes import NoticeWishesMutation, NoticeWishesQuery

_RULES: tuple[type[ASTValidationRule], ...] = (WithinLimits,)
_PRODUCTION_RULES = (*_RULES, NoSchemaIntrospectionCustomRule)


_QUERIES = (
    TimelineQuery,
    VaccinationDocumentQuery,
    VaccinationRecordQuery,
    GrowthQuery,
    SessionQuery,
    NoticeWishesQuery,
    NoticesQuery,
)
Query = merge_types("Query", _QUERIES)
Mutation = merge_types(
    "Mutation", (ActMutation, DisputeMutation, SessionMutation, NoticeWishesMutation)
)


class OsratiSchema(Schema):
    """A schema whose errors are made fit to be shown. Strawberry's own log of them, which has the
    raw message, is not called.
    """

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Replaces the errors in place: every way out of an execution passes here first."""
        context = execution_context.context if execution_context else None
        asked = context if isinstance(context, RequestContext) else None
        language = asked.language if asked else LANGUAGE_BEFORE_SIGN_IN
        errors[:] = [show_error(error, language) for error in errors]


def build_schema(
    *, production: bool, documents: TrustedDocuments = NO_DOCUMENTS, planned: bool = True
) -> OsratiSchema:
    """The one schema. Production has neither introspection nor suggestions of field names.

    `planned` is whether plain selections are compiled (`schema/plan/`). `documents` are parsed and
    validated now, and never again. Raises: DocumentsDamaged for one that is no operation of this
    schema.
    """
    rules = _PRODUCTION_RULES if production else _RULES
    prepare = preparing(rules, kept_max=OPERATIONS_KEPT_MAX + len(documents))
    schema = OsratiSchema(
        query=Query,
        mutation=Mutation,
        types=[Card],
        config=StrawberryConfig(disable_field_suggestions=production),
        extensions=[
            lambda: PrepareOnce(prepare),
        ],
        execution_context_class=planned_executor() if planned else None,
    )
    for name, text in documents.items():
        if errors := prepare(schema._schema, text).errors:
            raise DocumentsDamaged(f"{name} is no operation of this schema: {errors[0].message}")
    return schema
