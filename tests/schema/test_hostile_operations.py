"""What a hostile internet sends to the public endpoint: refused by a code, at once, and not logged.

The whole application over loopback, as development has it: production takes no text at all.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from schema.documents import document_id
from schema.http import BODY_BYTES_MAX
from schema.node import encode_id
from store.embedded import free_port
from store.embedded_valkey import EmbeddedValkey
from tests.schema.asking import Json, operation
from tests.shape.test_nothing_in_clear import process
from tests.support.house import TestHouse, person
from tests.support.served import app_of, served

ACT_AS = {"x-osrati-act-as": str(person(1))}
JSON = {"content-type": "application/json", "accept": "application/graphql-response+json"}


@pytest.fixture
async def http(house: TestHouse) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        served(app_of(house, "development")) as origin,
        httpx2.AsyncClient(base_url=origin, headers={**ACT_AS, **JSON}) as client,
    ):
        yield client


async def codes(http: httpx2.AsyncClient, query: str, **variables: object) -> tuple[int, set[str]]:
    """The status and the codes of every error; nothing was executed."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    answer = await http.post("/graphql", content=body)
    said = answer.json()
    assert "data" not in said, answer.text
    errors = said.get("errors")
    return answer.status_code, (
        {said["code"]} if errors is None else {one["extensions"]["code"] for one in errors}
    )


async def test_a_query_of_one_megabyte(http: httpx2.AsyncClient) -> None:
    query = "{ me { today } } #" + "x" * 1_048_576
    assert await codes(http, query) == (413, {"graphql.body_too_large"})
    as_long_as_allowed = "{ me { today } } #" + "x" * (BODY_BYTES_MAX - 100)
    answer = await http.post("/graphql", json={"query": as_long_as_allowed})
    assert answer.json()["data"]["me"] is not None
    one_string = f'{{ node(id: "{"x" * (BODY_BYTES_MAX - 100)}") {{ id }} }}'
    answer = await http.post("/graphql", json={"query": one_string})
    assert answer.json() == {"data": {"node": None}}


async def test_ten_thousand_aliases(http: httpx2.AsyncClient) -> None:
    apart = " ".join(f"a{number}: me {{ today }}" for number in range(10_000))
    assert await codes(http, f"{{ {apart} }}") == (413, {"graphql.body_too_large"})
    short = " ".join(f"a{number}:me{{today}}" for number in range(4_000))  # as many as a body holds
    assert await codes(http, f"{{{short}}}") == (400, {"graphql.too_many_tokens"})
    spread = " ".join(f"fragment F{n} on Query {{ {f'...F{n + 1} ' * 10} }}" for n in range(4))
    through_fragments = f"{{ ...F0 }} {spread} fragment F4 on Query {{ a: me {{ today }} }}"
    status, said = await codes(http, through_fragments)
    assert (status, "graphql.too_many_aliases" in said) == (400, True)


async def test_a_query_two_hundred_levels_deep(http: httpx2.AsyncClient) -> None:
    for levels in (20, 80, 200, 300):  # the parser itself gives up at some depth of its own
        status, said = await codes(http, "{ me " * levels + "{ today }" + "}" * levels)
        assert (status, "graphql.too_deep" in said) == (400, True), levels
    chain = " ".join(f"fragment F{n} on Me {{ a {{ ...F{n + 1} }} }}" for n in range(80))
    status, said = await codes(http, f"{{ me {{ ...F0 }} }} {chain} fragment F80 on Me {{ today }}")
    assert (status, "graphql.too_deep" in said) == (400, True)
    endless = "{a" * 30_000  # as deep as a body is long
    assert await codes(http, endless) == (400, {"graphql.too_deep"})
    in_a_value = "[" * 450 + "]" * 450
    status, said = await codes(http, f"{{ node(id: {in_a_value}) {{ id }} }}")
    assert (status, said) in ((400, {"graphql.invalid"}), (400, {"graphql.too_deep"}))
    nested: object = "x"
    for _ in range(200):
        nested = {"a": [nested]}
    status, said = await codes(http, "query($id: ID!) { node(id: $id) { id } }", id=nested)
    assert (status, said) == (400, {"graphql.invalid"})


async def test_ten_thousand_directives(http: httpx2.AsyncClient) -> None:
    known = "@skip(if:false)" * 10_000
    assert await codes(http, f"{{ me {known} {{ today }} }}") == (413, {"graphql.body_too_large"})
    shorter = "@a" * 10_000
    assert await codes(http, f"{{me{shorter}{{today}}}}") == (400, {"graphql.too_many_tokens"})
    spread = " ".join(f"fragment F{n} on Query {{ {f'...F{n + 1} ' * 10} }}" for n in range(4))
    leaf = "fragment F4 on Query { me @skip(if: false) { today } }"
    assert await codes(http, f"{{ ...F0 }} {spread} {leaf}") == (
        400,
        {"graphql.too_many_directives"},
    )


async def test_an_unknown_operation_hash(http: httpx2.AsyncClient) -> None:
    known = document_id(operation("Sessions"))
    forms = [
        f"sha256:{'0' * 64}",
        known[:-1],
        f"{known} ",
        known.upper(),
        known[7:],
        "sha256:",
        "🏃",
    ]
    forms += [
        "__proto__",
        "../trusted-documents.json",
        "sha256:" + "a" * 60_000,
        "\x00",
        "' OR 1=1",
    ]
    for name in forms:
        answer = await http.post("/graphql", json={"documentId": name})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (
            400,
            "graphql.document_unknown",
        )
        assert name not in answer.text or name == ""
    answer = await http.post("/graphql", json={"documentId": known})
    assert answer.json() == {"data": {"sessions": []}}


WRONG: tuple[object, ...] = (
    *(True, 1, 1.5, -1, 2**31, 2**63, 10**40, "", "نص", "x" * 10_000, [], [[]], {}, {"a": 1}),
    *(None, [None], {"": None}, "2026-02-30", "0000-00-00", "9999-12-31", "NaN", "\ud83c\udf19"),
)
TYPES = ("Int", "String", "ID!", "Date", "UUID!", "Language", "[CardState!]", "TimelineFilter")


async def test_variables_of_the_wrong_type(http: httpx2.AsyncClient) -> None:
    places = {
        "Int": "me { timeline(first: $v) { totalCount } }",
        "String": "me { timeline(after: $v) { totalCount } }",
        "ID!": "node(id: $v) { id }",
        "Date": "me { timeline(filter: {dueFrom: $v}) { totalCount } }",
        "UUID!": 'acknowledgeCard(input: {commandId: $v, cardId: "x"}) { __typename }',
        "Language": 'node(id: "x", language: $v) { id }',
        "[CardState!]": "me { timeline(filter: {states: $v}) { totalCount } }",
        "TimelineFilter": "me { timeline(filter: $v) { totalCount } }",
    }
    refused = set()
    for kind, place in places.items():
        word = "mutation" if "input" in place else "query"
        for value in WRONG:
            body = {"query": f"{word} Q($v: {kind}) {{ {place} }}", "variables": {"v": value}}
            content = json.dumps(body).encode()  # orjson has no number past 64 bits
            answer = await http.post("/graphql", content=content)
            said = answer.json()
            assert answer.status_code in (200, 400), (body, answer.text)
            if "code" in said:  # no JSON that we read: a number past 64 bits
                assert said["code"] == "graphql.malformed", answer.text
                continue
            found = {error["extensions"]["code"] for error in said.get("errors", ())}
            assert "internal_error" not in found, (body, answer.text)
            if "graphql.invalid" in found:
                refused.add(kind)
                assert (answer.status_code, "data" in said) == (400, False)
    assert refused == set(TYPES), "each type refuses some of them"


LIST = "query Q($v: [CardState!]) { me { timeline(filter: {states: $v}) { totalCount } } }"
INPUT = "query Q($v: TimelineFilter) { me { timeline(filter: $v) { totalCount } } }"
NODE = "query Q($v: ID!) { node(id: $v) { id } }"


@pytest.mark.parametrize(
    ("query", "value"),
    [
        *((NODE, text) for text in ("NaN", "Infinity", "-Infinity", "0x1", "01", "1_000", "'a'")),
        *(
            (NODE, text)
            for text in ("1e400", "-1e400", "9" * 5_000, "\\ud83c", '"\\ud83c"', '"\t"')
        ),
        (NODE, "[" * 5_000 + "]" * 5_000),
        (INPUT, '{"states":' * 2_000 + "null" + "}" * 2_000),
    ],
)
async def test_variables_that_are_no_json(http: httpx2.AsyncClient, query: str, value: str) -> None:
    content = f'{{"query": {json.dumps(query)}, "variables": {{"v": {value}}}}}'
    answer = await http.post("/graphql", content=content.encode())
    assert (answer.status_code, answer.json()["code"]) == (400, "graphql.malformed"), answer.text


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (LIST, "[" * 900 + "]" * 900),
        (INPUT, '{"states":' * 900 + "null" + "}" * 900),
        (INPUT, '{"__proto__": {}, "constructor": 1}'),
        (INPUT, '{"states": ["DUE"], "states": ["due"]}'),  # of two alike the last counts
        (LIST, "[" + ",".join(['"DU\u0395"'] * 500) + "]"),  # its last letter is Greek
    ],
)
async def test_variables_that_are_json_and_nothing_else(
    http: httpx2.AsyncClient, query: str, value: str
) -> None:
    content = f'{{"query": {json.dumps(query)}, "variables": {{"v": {value}}}}}'
    answer = await http.post("/graphql", content=content.encode())
    said = answer.json()
    assert (answer.status_code, list(said)) == (400, ["errors"]), answer.text
    assert {one["extensions"]["code"] for one in said["errors"]} == {"graphql.invalid"}


async def test_an_id_is_read_in_one_writing_alone(http: httpx2.AsyncClient) -> None:
    """Another spelling of somebody's id would be another name to try limits and answers by."""
    subject = encode_id("Person", person(1).bytes)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in subject)
    for other in (wide, f"{subject}\u200b", f" {subject}", f"{subject}\n", subject.swapcase()):
        answer = await http.post("/graphql", json={"query": NODE, "variables": {"v": other}})
        assert answer.json() == {"data": {"node": None}}, other


MARKS = ("Qazuzaya", "قظوظة", "784-1918-6420813-0", "qzx-password", "1918-07-09")


async def test_logs_hold_no_personal_value_of_a_query(
    house: TestHouse, databases: tuple[str, str], valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    """A process of its own: everything that it writes, whatever goes wrong with a query."""
    port, log = free_port(), tmp_path / "api.log"
    environ = {
        "DATABASE_URL": databases[0].replace("+asyncpg", ""),
        "KEYSTORE_URL": databases[1].replace("+asyncpg", ""),
        "REDIS_URL": valkey.url,
        "OSRATI_DATA_DIR": str(tmp_path),
        "OSRATI_PORT": str(port),
    }
    with process("api", environ, log):
        base = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=base, headers={**ACT_AS, **JSON}) as http:
            await _until_ready(http)
            statuses = {await _ask(http, body) for mark in MARKS for body in _marked(mark)}
            for mark in MARKS:
                in_address = await http.get(f"/graphql?query={{{quote(mark)}}}")
                header = {"x-request-id": quote(mark), "authorization": f"Bearer {quote(mark)}"}
                header |= {"user-agent": quote(mark), "cookie": f"a={quote(mark)}"}
                in_header = await http.post("/graphql", json={"query": "{a}"}, headers=header)
                statuses |= {in_address.status_code, in_header.status_code}
    assert statuses == {200, 400, 405, 413}
    said = log.read_bytes()
    for mark in MARKS:
        for form in (mark, quote(mark), json.dumps(mark).strip('"')):
            assert form.encode() not in said, (form, said.decode())


def _marked(mark: str) -> list[Json]:
    """Operations with a personal value in every place that takes one, each going wrong."""
    node = "query Q($id: ID!) { node(id: $id) { id } }"
    return [
        {"query": f"{{ me {{ {mark} }} }}"},
        {"query": f'{{ node(id: "{mark}") {{ id }} }}'},
        {"query": f'{{ node(id: "{mark}"'},
        {"query": f"# {mark}\n{{ me {{ today"},
        {"query": f"query {mark} {{ me {{ today }} }}", "operationName": mark},
        {"query": node, "operationName": mark},
        {"query": node, "variables": {"id": mark}},
        {"query": node, "variables": {"id": {mark: mark}}},
        {"query": node, "variables": {mark: mark}},
        {"query": node, "variables": {"id": "x"}, "extensions": {mark: mark}},
        {"query": node, "variables": mark},
        {"query": "{ me { timeline(after: $x) { totalCount } } }", "variables": {"x": mark}},
        {"query": f'{{ me {{ timeline(after: "{mark}") {{ totalCount }} }} }}'},
        {"query": f'{{ me {{ timeline(filter: {{services: ["{mark}"]}}) {{ totalCount }} }} }}'},
        {"query": f'{{ me {{ timeline(filter: {{dueFrom: "{mark}"}}) {{ totalCount }} }} }}'},
        {"documentId": mark},
        {"documentId": mark, "query": mark},
        {mark: mark},
        {"query": mark * 10_000},
    ]


async def _ask(http: httpx2.AsyncClient, body: Json) -> int:
    return (await http.post("/graphql", json=body)).status_code


async def _until_ready(http: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await http.get("/health/ready")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.05)
