"""What differs between two states of the catalogue: which entries, and whether rules or words.

`version` counts an entry's rules and `revision` its words. Publishing checks that each was raised
where it had to be: a family's record names the version its rules had.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from domain.compile.document import Problem

Document = Mapping[str, object]
How = Literal["added", "gone", "withdrawn", "restored", "rules", "words"]

# What says where a rule comes from and who has signed it changes no rule.
_WORDS = frozenset({"version", "revision", "sources", "sign_off", "draft", "source", "sure"})
_LANGUAGES = frozenset({"ar", "en"})


class Change(msgspec.Struct, frozen=True):
    """How one entry differs, and the paths at which it does."""

    entry_id: str
    how: How
    paths: tuple[str, ...] = ()


def list_changes(
    before: Mapping[str, Document], after: Mapping[str, Document]
) -> tuple[Change, ...]:
    """Every entry that differs, by id."""
    changes: list[Change] = []
    for entry_id in sorted(before.keys() | after.keys()):
        old, new = before.get(entry_id), after.get(entry_id)
        if old is None or new is None:
            changes.append(Change(entry_id, "added" if old is None else "gone"))
        elif old != new:
            paths = tuple(_paths(old, new, ""))
            changes.append(Change(entry_id, _how(old, new), paths))
    return tuple(changes)


def check_numbers(
    before: Mapping[str, Document], after: Sequence[tuple[str, Document]]
) -> list[Problem]:
    """What of `after` (file, document) changed and was not numbered anew."""
    problems: list[Problem] = []
    for where, new in after:
        old = before.get(str(new.get("id")))
        if old is None or old == new or "version" not in old or "version" not in new:
            continue
        version, revision = _number(old, "version"), _number(old, "revision")
        if rules_of(old) != rules_of(new) and _number(new, "version") <= version:
            said = f"its rules are not those published as version {version}: raise it"
            problems.append(Problem(where, "version", f"{said} to {version + 1}"))
        elif _number(new, "version") < version:
            said = f"version {version} is published already: a version never falls"
            problems.append(Problem(where, "version", said))
        elif _number(new, "version") == version and _number(new, "revision") <= revision:
            said = f"its words are not those published as revision {revision}: raise it"
            problems.append(Problem(where, "revision", f"{said} to {revision + 1}"))
    return problems


def rules_of(value: object) -> object:
    """A document without its words: what decides who sees what, and when."""
    if isinstance(value, Mapping):
        if value.keys() == _LANGUAGES:
            return "words"
        return {key: rules_of(inner) for key, inner in value.items() if key not in _WORDS}
    if isinstance(value, list | tuple):
        return [rules_of(inner) for inner in value]
    return value


def _how(old: Document, new: Document) -> How:
    was, now = bool(old.get("withdrawn")), bool(new.get("withdrawn"))
    if was != now:
        return "withdrawn" if now else "restored"
    return "words" if rules_of(old) == rules_of(new) else "rules"


def _number(document: Document, key: str) -> int:
    value = document.get(key)
    return value if isinstance(value, int) else 0


def _paths(old: object, new: object, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                below = f"{path}.{key}" if path else str(key)
                yield from _paths(old.get(key), new.get(key), below)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            if one != other:
                yield from _paths(one, other, f"{path}[{index}]")
    else:
        yield path
