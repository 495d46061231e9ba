"""Operations that schemathesis makes up from the schema, to the real application over loopback.

Ids are now and then those of the families of `world.py`, whoever asks; so that something is found,
and nothing of others may come along.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias  # Any: of what kind of definition a case is made

import httpx2
import schemathesis
from graphql import StringValueNode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.graphql import nodes
from starlette.applications import Starlette

from api.app import ACT_AS_HEADER
from tests.access.world import ROLES, World
from tests.support.served import app_of, served

AnyCase: TypeAlias = Case[Any]
AnyOperation: TypeAlias = APIOperation[Any, Any, Any, Any]

CASES_COUNT = 2_000  # of both files together, shared by the fields of Query and Mutation
_WRONG_SHARE = 4  # one in so many has a value of the wrong type
_STATUSES = (200, 400)
_READER_CASES = 3  # of a field that has answered nobody, with each id as each who may read by it
# A role, and whether one who may read by an id in the query asks in its place.
_ANYBODY = st.tuples(st.sampled_from(list(ROLES)), st.booleans())


@dataclass
class Fuzz:
    """What was sent and what came back."""

    world: World
    origin: str
    codes: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)  # by root field: something with a value
    found: list[str] = field(default_factory=list)
    sent_count: int = 0

    def ids(self) -> SearchStrategy[StringValueNode]:
        """Ids of everybody's everything, and text that is none."""
        kinds = sorted({one.kind for one in self.world.own})
        known = {kind: [one.id for one in self.world.of(kind)] for kind in kinds}
        some = st.sampled_from(kinds).flatmap(lambda kind: st.sampled_from(known[kind]))
        return st.one_of(some, st.text(max_size=20)).map(nodes.String)

    def reader_of(self, query: str) -> str | None:
        """A role that may read by an id in the query."""
        return next((role for role, id_ in self.readable() if id_ in query), None)

    def readable(self) -> Iterator[tuple[str, str]]:
        """Each id, with each role that may read by it."""
        for one in self.world.own:
            for name, who in ROLES.items():
                if who in one.readers:
                    yield name, one.id

    def send(self, name: str, case: AnyCase, role_name: str, http: httpx2.Client) -> None:
        """One case as one role; notes a fault of ours, an uncoded error, and what is another's."""
        self.sent_count += 1
        role = ROLES[role_name]
        acting = {} if role is None else {ACT_AS_HEADER: str(role)}
        query = case.body
        assert isinstance(query, str)
        content = json.dumps({"query": query}).encode("utf-8", "surrogatepass")
        answer = http.post("/graphql", content=content, headers=acting)
        what = f"{role_name}: {query}\n{answer.status_code} {answer.text[:400]}"
        if answer.status_code not in _STATUSES:
            self.found.append(what)
            return
        said = answer.json()
        for error in said.get("errors", ()):
            code = error.get("extensions", {}).get("code", "no code")
            self.codes[code] += 1
            if code in ("no code", "internal_error"):
                self.found.append(what)
        if any(value is not None for value in (said.get("data") or {}).values()):
            self.answered[name] += 1
        text = answer.text
        for one in self.world.own:  # an error may quote the id that was sent
            text = text.replace(one.id, "") if one.id in query else text
        self.found += [f"{leak}: {what}" for leak in self.world.leaks(role, text)]


async def fuzz(
    world: World,
    names: Sequence[str],
    *,
    cases_count: int,
    app: Starlette | None = None,
    each_id: bool = False,
) -> Fuzz:
    """As many cases of the root fields named, as everybody; to the service, or to another app. With
    `each_id` each id by each who may not read by it as well, until something is found.
    """
    async with served(app or app_of(world.house, "development")) as origin:
        run = Fuzz(world, origin)
        await asyncio.to_thread(_run, run, names, cases_count, each_id)
    return run


def _run(run: Fuzz, names: Sequence[str], cases_count: int, each_id: bool) -> None:
    text = st.text(max_size=12).map(nodes.String)
    dates = st.dates().map(lambda day: nodes.String(day.isoformat()))
    uuids = st.uuids().map(lambda each: nodes.String(str(each)))
    for scalar, values in (("Date", dates), ("UUID", uuids), ("ID", run.ids()), ("String", text)):
        schemathesis.graphql.scalar(scalar, values)
    schema = schemathesis.graphql.from_url(f"{run.origin}/graphql")
    fields = {
        found.ok().label.partition(".")[2]: found.ok()
        for found in schema.get_all_operations()
        if isinstance(found, Ok)
    }
    assert fields.keys() >= set(names)
    each_count = -(-cases_count // len(names))
    with httpx2.Client(
        base_url=run.origin, headers={"content-type": "application/json"}, timeout=60
    ) as http:
        for name in names:
            wrong = each_count // _WRONG_SHARE
            sound = fields[name].as_strategy(generation_mode=GenerationMode.POSITIVE)
            spoilt = fields[name].as_strategy(generation_mode=GenerationMode.NEGATIVE)
            _send_many(run, name, spoilt, wrong, http)
            _send_many(run, name, sound, each_count - wrong, http)
            if not run.answered[name]:
                _send_to_readers(run, name, fields[name], http)
            if each_id:
                _send_as_strangers(run, name, fields[name], http)


def _send_to_readers(run: Fuzz, name: str, made: AnyOperation, http: httpx2.Client) -> None:
    """Each id alone, by each who may read by it, until one has an answer: that a case drawn from
    all ids and everybody meets both is chance.
    """
    for role, id_ in run.readable():
        schemathesis.graphql.scalar("ID", st.just(nodes.String(id_)))
        sound = made.as_strategy(generation_mode=GenerationMode.POSITIVE)
        _send_many(run, name, sound, _READER_CASES, http, st.just((role, False)))
        if run.answered[name]:
            break
    schemathesis.graphql.scalar("ID", run.ids())


def _send_as_strangers(run: Fuzz, name: str, made: AnyOperation, http: httpx2.Client) -> None:
    """Each id alone, once, by each who may not read by it."""
    for one in run.world.own:
        schemathesis.graphql.scalar("ID", st.just(nodes.String(one.id)))
        sound = made.as_strategy(generation_mode=GenerationMode.POSITIVE)
        for role, who in ROLES.items():
            if who not in one.readers and not run.found:
                _send_many(run, name, sound, 1, http, st.just((role, False)))
    schemathesis.graphql.scalar("ID", run.ids())


def _send_many(
    run: Fuzz,
    name: str,
    cases: SearchStrategy[AnyCase],
    count: int,
    http: httpx2.Client,
    asking: SearchStrategy[tuple[str, bool]] = _ANYBODY,
) -> None:
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases, asks=asking)
    def send(case: AnyCase, asks: tuple[str, bool]) -> None:  # hypothesis'
        role, or_reader = asks
        reader = run.reader_of(str(case.body)) if or_reader else None
        run.send(name, case, reader or role, http)

    send()
