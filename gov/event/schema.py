"""The published schemas of events, compiled once; what does not match is told by JSON pointer.

`api/wire.py` loads them from `mobile-contract/intake/`: what agencies read is what runs.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs

from gov.event.error import DigitsRefused, SchemaMismatch

ENVELOPE_FILE = "envelope.schema.json"
_SUFFIX = ".schema.json"


class EventSchemas:
    """One compiled validator for the envelope and one for each kind. Immutable; safe to share."""

    def __init__(
        self, *, envelope: jsonschema_rs.Validator, kinds: Mapping[str, jsonschema_rs.Validator]
    ) -> None:
        self._envelope = envelope
        self._kinds = dict(kinds)

    @classmethod
    def load(cls, directory: Path) -> "EventSchemas":
        """Read and compile every `*.schema.json` of `directory`. Blocking; once, at start.

        A file whose `kind` is a constant is the schema of that kind. The registry fetches nothing.

        Raises: OSError, ValueError when the directory or a schema is not sound: a broken install.
        """
        schemas = {
            path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(directory.glob("*" + _SUFFIX))
        }
        if ENVELOPE_FILE not in schemas:
            raise ValueError(f"no {ENVELOPE_FILE} among the intake schemas")
        registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas.values()])
        return cls(
            envelope=_compile(schemas[ENVELOPE_FILE], registry),
            kinds={
                kind: _compile(schema, registry)
                for schema in schemas.values()
                if (kind := _kind_of(schema)) is not None
            },
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that are understood."""
        return frozenset(self._kinds)

    # Any, here and below: JSON whose shape is being proven.
    def check_envelope(self, document: dict[str, Any]) -> None:
        """Raises: SchemaMismatch, DigitsRefused."""
        _refuse_first(self._envelope.iter_errors(document))

    def check_kind(self, kind: str, document: dict[str, Any]) -> None:
        """`kind` is one of `kinds`. Raises: SchemaMismatch, DigitsRefused."""
        _refuse_first(self._kinds[kind].iter_errors(document))


def pointer_to(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path; the document itself is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _compile(schema: dict[str, Any], registry: jsonschema_rs.Registry) -> jsonschema_rs.Validator:
    """Formats stay unasserted: an impossible date has its own code, given by `gov/event/read.py`.

    The linear-time regex engine: no text of an agency can make a pattern slow.
    """
    return jsonschema_rs.Draft202012Validator(
        schema,
        registry=registry,
        validate_formats=False,
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def _kind_of(schema: dict[str, Any]) -> str | None:
    kind = schema.get("properties", {}).get("kind", {}).get("const")
    return kind if isinstance(kind, str) else None


def _refuse_first(errors: Iterable[jsonschema_rs.ValidationError]) -> None:
    """Refuse by the first error in the order of pointers, foreign digits before all others.

    Only paths that the schema itself names can appear: an unexpected member is told by its parent.
    """
    found = sorted(
        (not _has_foreign_digits(error), pointer_to(_path(error)), error.kind.name)
        for error in errors
    )
    if not found:
        return
    without_digits, pointer, keyword = found[0]
    if not without_digits:
        raise DigitsRefused(pointer)
    raise SchemaMismatch(f"{pointer} {keyword}".strip())


def _path(error: jsonschema_rs.ValidationError) -> list[str | int]:
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return [*error.instance_path, kind.property]
    return error.instance_path


def _has_foreign_digits(error: jsonschema_rs.ValidationError) -> bool:
    """Whether a pattern failed for digits of another script (Arabic-Indic, Persian, full width)."""
    value = error.instance
    return (
        error.kind.name == "pattern"
        and isinstance(value, str)
        and any(char.isdecimal() and not char.isascii() for char in value)
    )
