"""How large an operation is: its levels, aliases, directives, and the objects it may ask for.

`schema/limit.py` says how large it may be. Strawberry's own limiters walk a fragment again wherever
it is spread: a hundred fragments that each spread the next twice would keep them busy for ever.
Here each fragment is measured once. What is not of the schema counts no objects: other rules
refuse it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from schema.page import PAGE_DEFAULT, PAGE_MAX

LIST_ITEMS_ASSUMED = 10  # of a list without pages: a why has 3 to 8 lines, a child's record more
_PAGE_SIZES = ("first", "last")
_CONNECTION = "Connection"

_Directed: TypeAlias = (
    OperationDefinitionNode | VariableDefinitionNode | SelectionNode | FragmentDefinitionNode
)


class Measure(NamedTuple):
    """Of one operation, or of one part of it for one object that it is asked of."""

    levels: int = 0
    aliases: int = 0
    directives: int = 0
    objects: int = 0

    def beside(self, other: "Measure") -> "Measure":
        """Both, one after the other."""
        return Measure(
            max(self.levels, other.levels),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.objects + other.objects,
        )


class Measuring:
    """Measures the operations of one document; each fragment once. A cycle or a missing fragment
    counts nothing: other rules refuse it.
    """

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._known: dict[str, Measure] = {}

    def operation(self, node: OperationDefinitionNode) -> Measure:
        """Everything that one operation may ask for."""
        own = _directives(node, *(node.variable_definitions or ()))
        selected = self._selections(node.selection_set, self._schema.get_root_type(node.operation))
        return selected.beside(Measure(directives=own))

    def _selections(self, selected: SelectionSetNode | None, parent: object) -> Measure:
        total = Measure()
        for node in selected.selections if selected else ():
            if isinstance(node, FieldNode):
                inner = self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                inner = self._selections(node.selection_set, self._narrowed(node, parent))
            else:
                assert isinstance(node, FragmentSpreadNode)
                inner = self._fragment(node.name.value)
            total = total.beside(inner).beside(Measure(directives=_directives(node)))
        return total

    def _field(self, node: FieldNode, parent: object) -> Measure:
        if node.name.value.startswith("__"):  # introspection is deep by nature; production has none
            return Measure()
        field = _field_of(parent, node.name.value)
        shown = None if field is None else get_named_type(field.type)
        inner = self._selections(node.selection_set, shown)
        times = 1 if field is None else _items(node, field, parent)
        return Measure(
            levels=inner.levels + 1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
            objects=times * (inner.objects + 1) if is_composite_type(shown) else 0,
        )

    def _fragment(self, name: str) -> Measure:
        if name not in self._known:
            self._known[name] = Measure()
            fragment = self._fragments.get(name)
            if fragment is not None:
                measured = self._selections(fragment.selection_set, self._narrowed(fragment, None))
                own = Measure(directives=_directives(fragment))
                self._known[name] = measured.beside(own)
        return self._known[name]

    def _narrowed(
        self, node: InlineFragmentNode | FragmentDefinitionNode, parent: object
    ) -> object:
        condition = node.type_condition
        return parent if condition is None else self._schema.get_type(condition.name.value)


def _directives(*nodes: _Directed) -> int:
    return sum(len(node.directives or ()) for node in nodes)


def _field_of(parent: object, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        found: GraphQLField | None = parent.fields.get(name)
        return found
    return None


def _items(node: FieldNode, field: GraphQLField, parent: object) -> int:
    """How many objects stand for one of the parent: a page's size is taken where it is asked for,
    so the edges beneath it count once.
    """
    if "first" in field.args:
        return _page(node.arguments or ())
    if not is_list_type(get_nullable_type(field.type)):
        return 1
    paged = isinstance(parent, GraphQLObjectType) and parent.name.endswith(_CONNECTION)
    return 1 if paged else LIST_ITEMS_ASSUMED


def _page(arguments: Iterable[ArgumentNode]) -> int:
    """The size asked for. A variable may be the largest there is: the text is measured once, for
    whatever variables it is sent with.
    """
    asked = [
        _size(each)
        for each in arguments
        if each.name.value in _PAGE_SIZES and not isinstance(each.value, NullValueNode)
    ]
    return max(asked, default=PAGE_DEFAULT)


def _size(argument: ArgumentNode) -> int:
    value = argument.value
    if not isinstance(value, IntValueNode) or len(value.value) > len(str(PAGE_MAX)):
        return PAGE_MAX  # one past it is refused when it is asked for
    return min(max(int(value.value), 0), PAGE_MAX)
