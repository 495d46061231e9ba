"""The access walk over GraphQL, generated from a schema: every field selected, every argument tried
with everything that belongs to others.

Nothing here names a field or an argument: a new one is walked by itself. A new scalar or kind of id
stops the walk until it is taught what to try.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias  # Any: variables and answers as JSON
from uuid import uuid4

import httpx2
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from api.app import ACT_AS_HEADER
from domain.citation import CITATION_BYTES
from domain.ids import PersonId
from identity.access_token import AccessTokens
from identity.session import SessionDetail, open_session
from schema.node import NodeType, encode_fact, encode_id
from tests.access.world import World
from tests.schema.test_statements import counted

OK, UNAUTHORIZED = 200, 401

Json: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str, ...]
"""Where a value goes: the variable's name, then the fields of input objects down to it."""

IdKind: TypeAlias = NodeType | Literal["Fact"]
NODES: tuple[NodeType, ...] = ("Card", "Notice", "Person", "Session")
KINDS: tuple[IdKind, ...] = (*NODES, "Fact")
EXAMPLES: Mapping[str, Callable[[], object]] = {
    "Boolean": lambda: True,
    "Date": lambda: "2026-11-25",
    "Float": lambda: 1.5,
    "ID": lambda: missing("Card"),
    "Int": lambda: 1,
    "String": lambda: "text",
    "Time": lambda: "21:30:00",
    "UUID": lambda: str(uuid4()),
}


def missing(kind: IdKind) -> str:
    """An id of nothing."""
    if kind == "Fact":
        return str(encode_fact(uuid4().bytes[:CITATION_BYTES]))
    return str(encode_id(kind, uuid4().bytes))


@dataclass(frozen=True, slots=True)
class Operation:
    """One root field with every field beneath it, and every argument as a variable."""

    name: str
    text: str
    arguments: Mapping[str, GraphQLInputType]
    fields: frozenset[str]  # `Type.field` of everything selected

    def example(self) -> Json:
        """Variables with which it can be sent: what is required, nothing else."""
        return {
            name: example(kind)
            for name, kind in self.arguments.items()
            if isinstance(kind, GraphQLNonNull)
        }

    def places(self) -> Iterator[tuple[Place, GraphQLInputType]]:
        """Every place that takes a value, with the type it takes."""
        for name, kind in self.arguments.items():
            yield from _places((name,), kind)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how many statements it took."""

    body: Json
    text: str
    statement_count: int


def operations(schema: GraphQLSchema) -> list[Operation]:
    """One for each field of Query and Mutation."""
    found = []
    for root, word in ((schema.query_type, "query"), (schema.mutation_type, "mutation")):
        assert root is not None
        for name, field in root.fields.items():
            selecting = _Selecting(schema)
            chosen = selecting.field(root, name, field)
            named = ", ".join(f"${each}: {kind}" for each, kind in selecting.arguments.items())
            text = f"{word} {f'({named})' if named else ''} {{ {chosen} }}"
            found.append(Operation(name, text, selecting.arguments, frozenset(selecting.fields)))
    return found


class _Selecting:
    """Selects everything beneath a field, turning each argument into a variable of its own."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.arguments: dict[str, GraphQLInputType] = {}
        self.fields: set[str] = set()

    def field(self, parent: GraphQLObjectType, name: str, field: GraphQLField) -> str:
        self.fields.add(f"{parent.name}.{name}")
        given = [self._argument(each, argument) for each, argument in field.args.items()]
        arguments = f"({', '.join(given)})" if given else ""
        return f"{name}{arguments} {self._beneath(field.type)}"

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        variable = name if name not in self.arguments else f"{name}{len(self.arguments)}"
        self.arguments[variable] = argument.type
        return f"{name}: ${variable}"

    def _beneath(self, kind: GraphQLOutputType) -> str:
        named = get_named_type(kind)
        if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
            each = self._schema.get_possible_types(named)
            parts = [f"... on {one.name} {self._object(one)}" for one in each]
            return f"{{ __typename {' '.join(parts)} }}"
        return self._object(named) if isinstance(named, GraphQLObjectType) else ""

    def _object(self, kind: GraphQLObjectType) -> str:
        return f"{{ {' '.join(self.field(kind, *each) for each in kind.fields.items())} }}"


def example(kind: GraphQLInputType) -> Any:
    """A value that the type takes."""
    if isinstance(kind, GraphQLNonNull):
        return example(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [example(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return {
            name: example(field.type)
            for name, field in kind.fields.items()
            if isinstance(field.type, GraphQLNonNull)
        }
    assert isinstance(kind, GraphQLScalarType)
    assert kind.name in EXAMPLES, f"teach the walk what to try for the scalar {kind.name}"
    return EXAMPLES[kind.name]()


def _one(kind: GraphQLInputType) -> Any:
    """A value that the type takes; of a list, one of its items."""
    value = example(kind)
    while isinstance(value, list):
        (value,) = value
    return value


def _places(place: Place, kind: GraphQLInputType) -> Iterator[tuple[Place, GraphQLInputType]]:
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from _places((*place, name), field.type)
    else:
        yield place, kind


def put(variables: Json, place: Place, kind: GraphQLInputType, value: object) -> Json:
    """The variables with a value put into its place; into a list of it where a list is taken."""
    kept = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    laid: object = [value] if isinstance(kept, GraphQLList) else value
    for name in reversed(place[1:]):
        laid = {name: laid}
    first = place[0]
    if isinstance(laid, dict):
        laid = _merged(variables.get(first) or {}, laid)
    return {**variables, first: laid}


def _merged(one: Json, other: Json) -> Json:
    return {
        **one,
        **{
            name: _merged(one.get(name) or {}, value) if isinstance(value, dict) else value
            for name, value in other.items()
        },
    }


class SignedIn:
    """A session and an access token of everybody, as a sign-in gives them."""

    def __init__(self, world: World, tokens: AccessTokens) -> None:
        self._ground = world.house.ground
        self._tokens = tokens
        self._held: dict[PersonId, str] = {}

    async def of(self, role: PersonId) -> str:
        """The token of one person."""
        if role not in self._held:
            await self.renew(role)
        return self._held[role]

    async def renew(self, role: PersonId) -> None:
        """Signs in once more."""
        detail = SessionDetail("osrati-app", "walk", "SOP3", self._ground.clock.now_utc())
        session = await open_session(self._ground, role, uuid4(), detail)
        assert session is not None
        self._held[role] = await self._tokens.make(session.access(role))


class Walk:
    """Sends operations as each role, and notes whatever came back that should not have."""

    def __init__(
        self, world: World, http: httpx2.AsyncClient, tokens: "SignedIn | None" = None
    ) -> None:
        self.world = world
        self.http = http
        self._tokens = tokens
        self.found: list[str] = []
        self.told: set[str] = set()  # `Type.field` that somebody got a value of
        self._statement_count = 0
        self._twins: dict[tuple[str, str], str] = {}
        self.live: set[tuple[str, Place]] = set()  # where an id of one's own makes a difference

    async def ask(
        self, role: PersonId | None, text: str, variables: Json, headers: Mapping[str, str]
    ) -> Answer:
        """One operation over HTTP."""
        answer = await self._post(role, text, variables, headers)
        if answer.status_code == UNAUTHORIZED and role is not None and self._tokens is not None:
            await self._tokens.renew(role)  # the walk signed itself out
            answer = await self._post(role, text, variables, headers)
        assert answer.status_code == OK, answer.text
        return Answer(answer.json(), answer.text, self._statement_count)

    async def _post(
        self, role: PersonId | None, text: str, variables: Json, headers: Mapping[str, str]
    ) -> httpx2.Response:
        acting = {}
        if role is not None and self._tokens is None:
            acting = {ACT_AS_HEADER: str(role)}
        elif role is not None and self._tokens is not None:
            acting = {"authorization": f"Bearer {await self._tokens.of(role)}"}
        with counted() as sent:
            answer = await self.http.post(
                "/graphql",
                content=json.dumps({"query": text, "variables": variables}),
                headers={"content-type": "application/json", **acting, **headers},
            )
        self._statement_count = len(sent)
        return answer

    async def walk_foreign(
        self,
        role_name: str,
        role: PersonId | None,
        operation: Operation,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Every id of others in every place for an id: as if it were of nothing, word for word and
        by as many statements.
        """
        asking = _Asking(self, role_name, role, operation, headers or {})
        for place, kind in operation.places():
            for tried in _tried_in(get_named_type(kind).name):
                made = tried in ("Command", "Photo")  # by phones, not by us
                nothing = missing(tried) if tried in KINDS else str(uuid4())
                await asking.send(place, kind, nothing)  # what is read once is read by this
                missed = await asking.send(place, kind, nothing)
                for own in self.world.of(tried):
                    if role in own.readers:
                        continue
                    if made:  # one that is sent when, and as often as, the other's
                        twin = self._twins.setdefault((role_name, own.id), str(uuid4()))
                        missed = await asking.send(place, kind, twin)
                    answer = await asking.send(place, kind, own.id)
                    what = f"{role_name}: {operation.name} {place} {own.kind} of {own.name}"
                    if answer.body != missed.body:
                        self.found.append(f"{what}: {answer.text[:200]}")
                    if answer.statement_count != missed.statement_count:
                        counts = f"{answer.statement_count}, missing {missed.statement_count}"
                        self.found.append(f"{what}: statements {counts}")

    async def walk_own(
        self,
        role_name: str,
        role: PersonId | None,
        operation: Operation,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Every other argument with every kind of value, and every id of one's own."""
        asking = _Asking(self, role_name, role, operation, headers or {})
        self._note(operation, await asking.send())
        await self._walk_pairs(role, operation, asking)
        for place, kind in operation.places():
            named = get_named_type(kind)
            if named.name != "ID":
                values = named.values if isinstance(named, GraphQLEnumType) else [_one(kind)]
                for value in values:
                    self._note(operation, await asking.send(place, kind, value))
                continue
            for id_kind in KINDS:
                missed = await asking.send(place, kind, missing(id_kind))
                for own in self.world.of(id_kind):
                    if role in own.readers:
                        answer = await asking.send(place, kind, own.id)
                        self._note(operation, answer)
                        if answer.body != missed.body:
                            self.live.add((operation.name, place))

    async def _walk_pairs(
        self, role: PersonId | None, operation: Operation, asking: "_Asking"
    ) -> None:
        """An operation that takes two ids: a card of one's own with a fact of its why."""
        places = [each for each in operation.places() if get_named_type(each[1]).name == "ID"]
        if len(places) != 2:
            return
        ids = next((each for who, *each in self.world.cited if who == role), None)
        if ids is None:
            return
        nothing = [missing("Card"), missing("Fact")]
        missed = await asking.send_all(places, nothing)
        answer = await asking.send_all(places, ids)
        self._note(operation, answer)
        if answer.body != missed.body:
            self.live.update((operation.name, place) for place, _ in places)

    def _note(self, operation: Operation, answer: Answer) -> None:
        """Which of an operation's fields somebody got a value of."""
        said = answer.body.get("data")
        for name in operation.fields - self.told:
            if _has_value(said, name.partition(".")[2]):
                self.told.add(name)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One operation as one role; whatever of others stands in an answer is noted."""

    walk: Walk
    role_name: str
    role: PersonId | None
    operation: Operation
    headers: Mapping[str, str]

    async def send(
        self, place: Place | None = None, kind: GraphQLInputType | None = None, value: object = None
    ) -> Answer:
        variables = self.operation.example()
        if place is not None and kind is not None:
            variables = put(variables, place, kind, value)
        return await self._sent(variables, place)

    async def send_all(
        self, places: Sequence[tuple[Place, GraphQLInputType]], values: Sequence[object]
    ) -> Answer:
        """With a value in each of several places."""
        variables = self.operation.example()
        for (place, kind), value in zip(places, values, strict=True):
            variables = put(variables, place, kind, value)
        return await self._sent(variables, None)

    async def _sent(self, variables: Json, place: Place | None) -> Answer:
        answer = await self.walk.ask(self.role, self.operation.text, variables, self.headers)
        errors = answer.body.get("errors", [])
        coded = all("code" in error.get("extensions", {}) for error in errors)
        assert coded, (self.operation.text, variables, answer.text)
        for leak in self.walk.world.leaks(self.role, answer.text):
            self.walk.found.append(f"{self.role_name}: {self.operation.name} {place}: {leak}")
        return answer


def _tried_in(type_name: str) -> tuple[IdKind | Literal["Command", "Photo"], ...]:
    """Of which kinds an id of others' goes into a place of this type."""
    if type_name == "ID":
        return KINDS
    return ("Command", "Photo") if type_name == "UUID" else ()


def _has_value(body: object, name: str) -> bool:
    if isinstance(body, list):
        return any(_has_value(one, name) for one in body)
    if not isinstance(body, dict):
        return False
    return body.get(name) is not None or any(_has_value(one, name) for one in body.values())
