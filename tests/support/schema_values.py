"""Values that a published schema accepts, and such values spoilt in one place.

Only the words of JSON Schema that our contract uses; another one is an error, not ignored.
"""

import json
from copy import deepcopy
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any  # JSON, and JSON Schema

from hypothesis import strategies as st

Json = dict[str, Any]
DAYS = st.dates(min_value=date(1900, 1, 1)).map(lambda day: day.isoformat())
TEXTS: dict[str, st.SearchStrategy[str]] = {
    "\\p{L}": st.text(min_size=1, max_size=40).filter(lambda text: any(map(str.isalpha, text))),
    "^[+\\uFF0B]?[\\p{Nd}() .-]+$": st.one_of(
        st.from_regex(r"\A(\+971|0)5[024568][0-9]{7}\Z"),
        st.text("0123456789٠١٢٣٤٥٦٧٨٩۰۱۲ +().-", min_size=5, max_size=32).filter(
            lambda text: "+" not in text[1:]
        ),
    ),
}
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    " ",
    "x" * 5000,
    "\u0000",
    "\u202eabc",
    "٢٠٢٦-١١-٢٠",
    "9999-12-31",
    "0000-00-00",
    "2026-02-30",
    "9999-12-31T23:59:59+14:00",
    "784-2026-1234567-1",
    [],
    [[]],
    {},
    {"x": {}},
]


class ContractSchemas:
    """The schemas of a directory, and a strategy of the values each accepts."""

    def __init__(self, directory: Path) -> None:
        self._files = {
            path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in directory.glob("*.schema.json")
        }

    def data_of(self, kind: str) -> st.SearchStrategy[Json]:
        """What `data` of a kind may be."""
        name = f"{kind}.schema.json"
        return self._values(self._files[name]["properties"]["data"], name)

    def _values(self, schema: Any, file: str) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            return self._values(*self._resolve(schema["$ref"], file))
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        match schema["type"]:
            case "object":
                return self._objects(schema, file)
            case "string":
                return _texts(schema)
            case "boolean":
                return st.booleans()
            case "integer":
                return st.integers(schema["minimum"], schema["maximum"])
            case "number":
                return st.floats(
                    schema["exclusiveMinimum"], schema["maximum"], exclude_min=True, width=32
                )
            case other:
                raise AssertionError(f"no values of type {other} are made here")

    def _resolve(self, ref: str, file: str) -> tuple[Any, str]:
        path, _, pointer = ref.partition("#")
        node = self._files[path or file]
        for part in filter(None, pointer.split("/")):
            node = node[part]
        return node, path or file

    def _objects(self, schema: Json, file: str) -> st.SearchStrategy[Json]:
        if (
            "if" in schema and "system" in schema["properties"]
        ):  # an identifier: two shapes, told apart by its system
            return _IDENTIFIERS
        fields = {
            name: self._values(said, file) for name, said in schema.get("properties", {}).items()
        }
        needed = set(schema.get("required", ()))
        values = st.fixed_dictionaries(
            {name: fields[name] for name in needed},
            optional={name: fields[name] for name in fields.keys() - needed},
        )
        if "if" in schema:
            values = values.filter(partial(_follows, schema=schema))
        if schema.get("minProperties"):
            values = values.filter(bool)
        for word, count in (("anyOf", None), ("oneOf", 1)):
            either = [set(one["required"]) for one in schema.get(word, ())]
            if either:
                values = values.filter(partial(_meets, either=either, count=count))
        return values


def _follows(value: Json, *, schema: Json) -> bool:
    """Whether a value has what `then` needs, or lacks what `else` forbids."""
    consts = {name: said["const"] for name, said in schema["if"]["properties"].items()}
    if consts.items() <= value.items():
        return set(schema["then"]["required"]) <= value.keys()
    return not {name for name, said in schema["else"]["properties"].items() if said is False} & (
        value.keys()
    )


def _meets(value: Json, *, either: list[set[str]], count: int | None) -> bool:
    met = sum(one <= value.keys() for one in either)
    return met >= 1 if count is None else met == count


def _texts(schema: Json) -> st.SearchStrategy[str]:
    if schema.get("format") == "date":
        return DAYS.filter(lambda day: day < "2101")
    if schema.get("format") == "date-time":
        return DAYS.filter(lambda day: day < "2100").map(lambda day: f"{day}T09:30:00+04:00")
    pattern, longest = schema["pattern"], schema.get("maxLength", 64)
    found = TEXTS.get(pattern)
    if found is None:
        found = st.from_regex(pattern.replace("$", r"\Z").replace("^", r"\A"), fullmatch=True)
    return found.filter(lambda text: schema.get("minLength", 0) <= len(text) <= longest)


_IDENTIFIERS: st.SearchStrategy[Json] = st.one_of(
    st.from_regex(r"\A784-?[0-9]{4}-?[0-9]{7}-?[0-9]\Z", fullmatch=True).map(
        lambda value: {"system": "emirates_id", "value": value}
    ),
    st.builds(
        lambda system, value, assigner: {"system": system, "value": value, "assigner": assigner},
        st.sampled_from(["hospital_number", "temporary_number"]),
        st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9./-]{0,20}\Z", fullmatch=True),
        st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._:-]{0,20}\Z", fullmatch=True),
    ),
)


@st.composite
def spoilt(draw: st.DrawFn, documents: st.SearchStrategy[Json]) -> Json:
    """A document with one to three places replaced by junk, removed or added."""
    document, junk = json.loads(json.dumps(draw(documents))), st.sampled_from(JUNK)
    for _ in range(draw(st.integers(1, 3))):
        holder = draw(st.sampled_from(list(_holders(document))))
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace" if holder:
                holder[draw(st.sampled_from(sorted(holder)))] = deepcopy(draw(junk))
            case "remove" if holder:
                del holder[draw(st.sampled_from(sorted(holder)))]
            case _:
                holder[draw(st.text(max_size=8))] = deepcopy(draw(junk))
    found: Json = document
    return found


def _holders(node: Any) -> list[Json]:
    if not isinstance(node, dict):
        return []
    return [node, *(holder for part in node.values() for holder in _holders(part))]
