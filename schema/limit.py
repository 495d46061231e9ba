"""Limits of one operation, as a validation rule made once: a rule made anew for each request would
defeat the validation cache. `schema/measure.py` measures.
"""

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    ValidationContext,
    ValidationRule,
)

from domain.error import Refusal
from schema.measure import Measure, Measuring

TOKENS_MAX = 1_000  # the longest operation of the contract has about 200; GraphiQL's own about 400
DEPTH_MAX = 10  # me > timeline > edges > node > why > facts > name is 7
ALIASES_MAX = 15  # each may be a timeline of 100 cards
DIRECTIVES_MAX = 20  # the contract's operations have none; an app may leave out parts of a screen
OPERATIONS_MAX = 10  # in one document
# Pages multiplied down the tree: a page of 100 cards with all of each why is 5,701, every child's
# vaccination record 14,520.
LIST_COST_MAX = 20_000


class OperationRefused(Refusal):
    """An operation that is larger than it may be; nothing of it was executed."""


class TooManyTokens(OperationRefused):
    code = "graphql.too_many_tokens"
    ar = f"العملية أطول من المسموح ({TOKENS_MAX} رمز). قسِّمها إلى عمليات أقصر."
    en = f"The operation is longer than {TOKENS_MAX} tokens. Split it into shorter ones."


class TooDeep(OperationRefused):
    code = "graphql.too_deep"
    ar = f"العملية أعمق من المسموح ({DEPTH_MAX} مستويات). اطلب المستويات الأعمق بعملية أخرى."
    en = f"The operation has more than {DEPTH_MAX} levels. Ask for deeper ones by another."


class TooManyAliases(OperationRefused):
    code = "graphql.too_many_aliases"
    ar = f"في العملية أسماء بديلة أكثر من المسموح ({ALIASES_MAX}). قسِّمها إلى عمليات."
    en = f"The operation has more than {ALIASES_MAX} aliases. Split it into several."


class TooManyDirectives(OperationRefused):
    code = "graphql.too_many_directives"
    ar = f"في العملية توجيهات أكثر من المسموح ({DIRECTIVES_MAX}). احذف ما لا تحتاج إليه منها."
    en = f"The operation has more than {DIRECTIVES_MAX} directives. Leave out those not needed."


class TooManyOperations(OperationRefused):
    code = "graphql.too_many_operations"
    ar = f"في النص عمليات أكثر من المسموح ({OPERATIONS_MAX}). أرسل العملية المطلوبة وحدها."
    en = f"The text has more than {OPERATIONS_MAX} operations. Send the one you mean alone."


class TooCostly(OperationRefused):
    code = "graphql.too_costly"
    ar = "تطلب العملية بيانات أكثر من المسموح دفعة واحدة. اطلب صفحات أصغر أو حقولًا أقل."
    en = "The operation asks for too much at once. Ask for smaller pages, or for fewer fields."


class WithinLimits(ValidationRule):
    """Refuses an operation that is too deep, asks for too much, or has too many of anything."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        definitions = context.document.definitions
        fragments = {
            definition.name.value: definition
            for definition in definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        operations = [item for item in definitions if isinstance(item, OperationDefinitionNode)]
        measuring = Measuring(context.schema, fragments)
        total = Measure()
        for operation in operations:
            total = total.beside(measuring.operation(operation))
        self._refuse(TooManyOperations, len(operations), OPERATIONS_MAX)
        self._refuse(TooDeep, total.levels, DEPTH_MAX)
        self._refuse(TooManyAliases, total.aliases, ALIASES_MAX)
        self._refuse(TooManyDirectives, total.directives, DIRECTIVES_MAX)
        self._refuse(TooCostly, total.objects, LIST_COST_MAX)

    def _refuse(self, kind: type[OperationRefused], count: int, allowed: int) -> None:
        """No count is said: of spread fragments it may have more digits than may be printed."""
        if count > allowed:
            self.report_error(GraphQLError(kind.en, original_error=kind()))
