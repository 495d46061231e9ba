"""Limits of one operation, as validation rules made once: a rule made anew for each request would
defeat the validation cache.

Strawberry's own limiters walk a fragment again wherever it is spread: a hundred fragments that each
spread the next twice would keep them busy for ever. Here each fragment is measured once.
"""

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)

TOKENS_MAX = 1_000  # the longest operation of the contract has about 200; GraphiQL's own about 400
DEPTH_MAX = 10  # me > timeline > edges > node > why > facts > name is 7
ALIASES_MAX = 15  # each may be a timeline of 100 cards
OPERATIONS_MAX = 10  # in one document


class WithinLimits(ValidationRule):
    """Refuses an operation that is too deep, has too many aliases, or too many neighbours."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        definitions = context.document.definitions
        fragments = {
            definition.name.value: definition
            for definition in definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        operations = [item for item in definitions if isinstance(item, OperationDefinitionNode)]
        measured = _Measuring(fragments)
        totals = [measured.selections(operation.selection_set) for operation in operations]
        self._refuse("operations", len(operations), OPERATIONS_MAX)
        self._refuse("levels", max((depth for depth, _ in totals), default=0), DEPTH_MAX)
        self._refuse("aliases", sum(aliases for _, aliases in totals), ALIASES_MAX)

    def _refuse(self, what: str, count: int, allowed: int) -> None:
        if count > allowed:
            # No count: of spread fragments it may have more digits than may be printed.
            self.report_error(GraphQLError(f"Too many {what}: at most {allowed} are allowed."))


class _Measuring:
    """Depth and aliases of selections; each fragment is measured once. A cycle or a missing
    fragment counts nothing here: other rules refuse it."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, tuple[int, int]] = {}

    def selections(self, selected: SelectionSetNode | None) -> tuple[int, int]:
        deepest = aliases = 0
        for node in selected.selections if selected else ():
            if isinstance(node, FieldNode):
                depth, inner = self._field(node)
            elif isinstance(node, InlineFragmentNode):
                depth, inner = self.selections(node.selection_set)
            else:
                assert isinstance(node, FragmentSpreadNode)
                depth, inner = self._fragment(node.name.value)
            deepest, aliases = max(deepest, depth), aliases + inner
        return deepest, aliases

    def _field(self, node: FieldNode) -> tuple[int, int]:
        if node.name.value.startswith("__"):  # introspection is deep by nature; production has none
            return 0, 0
        depth, aliases = self.selections(node.selection_set)
        return depth + 1, aliases + (node.alias is not None)

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = (0, 0)
            fragment = self._fragments.get(name)
            self._known[name] = self.selections(fragment.selection_set if fragment else None)
        return self._known[name]
