"""The executor that takes a plan where there is one: strawberry's own in everything else."""

from collections import OrderedDict
from typing import Any, ClassVar, NamedTuple  # Any: graphql-core's own signatures

from graphql import (
    BREAK,
    GraphQLObjectType,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.plan.leaf import Write
from schema.plan.selection import compile_selection

OPERATIONS_PLANNED_MAX = 256  # more than are prepared; each has a few closures for every field


class _Planned(NamedTuple):
    """One operation's plans, by type and nodes; None where a selection has none.

    It holds the nodes, so that no other node can have the identity of one of them meanwhile.
    """

    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    plans: dict[tuple[GraphQLObjectType, tuple[int, ...]], Write | None]
    is_plain: bool


class PlannedExecutor(StrawberryGraphQLCoreExecutionContext):
    """Made by `planned_executor`, one class a schema, since plans are of a schema's types."""

    _kept: ClassVar[OrderedDict[int, _Planned]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._planned = self._find_planned()

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if self._planned is not None:
            write = self._find_plan(self._planned, return_type, field_details_list)
            if write is not None:
                try:
                    return write(result)
                except Exception:  # whatever it is, GraphQL's own algorithm says it, and where
                    self._planned = None  # not once a level: the whole answer takes twice at most
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _find_planned(self) -> _Planned | None:
        """Where plans of this operation are kept; None where it is not plain."""
        kept, name = self._kept, id(self.operation)
        found = kept.get(name)
        if found is None or found.operation is not self.operation:
            found = _Planned(self.operation, self.fragments, {}, _is_plain(self))
            kept[name] = found
            if len(kept) > OPERATIONS_PLANNED_MAX:
                kept.popitem(last=False)
        kept.move_to_end(name)
        return found if found.is_plain else None

    def _find_plan(
        self, planned: _Planned, parent: GraphQLObjectType, details: FieldDetailsList
    ) -> Write | None:
        key = (parent, tuple([id(detail.node) for detail in details]))
        if key not in planned.plans:
            planned.plans[key] = compile_selection(self, parent, details)
        return planned.plans[key]


def planned_executor() -> type[PlannedExecutor]:
    """The executor of one schema, which remembers the plans of the operations last executed."""
    return type("PlannedExecutor", (PlannedExecutor,), {"_kept": OrderedDict()})


def _is_plain(executor: PlannedExecutor) -> bool:
    """Whether a selection is the same for all variables, and nothing stands round the resolvers."""
    manager = executor.middleware_manager
    if manager is not None and manager.middlewares:
        return False
    finding = _FindDirective()
    visit(executor.operation, finding)
    for fragment in executor.fragments.values():
        visit(fragment.definition, finding)
        finding.found |= bool(fragment.variable_signatures)
    return not finding.found


class _FindDirective(Visitor):
    """A directive may leave fields out by a variable, or change what becomes of nulls."""

    found = False

    def enter_directive(self, *_: Any) -> Any:
        self.found = True
        return BREAK
