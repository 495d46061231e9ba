"""Writes a published version as a pack: YAML files that `osrati catalogue load` reads again."""

from collections.abc import Mapping
from pathlib import Path

import yaml

_DIRECTORIES = {
    "agency": "agencies",
    "article": "articles",
    "bundle": "bundles",
    "exchange_policy": "policies",
    "figure": "figures",
    "holiday": "holidays",
    "message": "messages",
    "questionnaire": "questionnaires",
    "ramadan": "holidays",
    "scope": "scopes",
    "service": "",
}
# Those lead a document, in this order; then what it says, as it was authored or by name.
_FIRST = (
    *("kind", "format", "id", "version", "revision", "withdrawn", "draft", "sign_off", "sources"),
    *("nature", "criterion", "agency", "name", "starts_with", "audience"),
)


class NotEmpty(Exception):
    """The directory holds something: an export is written beside nothing else."""


def write_pack(documents: Mapping[str, Mapping[str, object]], directory: Path) -> int:
    """Writes every document but the medical tables; how many. Raises: NotEmpty, OSError."""
    if directory.exists() and any(directory.iterdir()):
        raise NotEmpty(str(directory))
    count = 0
    for entry_id, document in sorted(documents.items()):
        below = _DIRECTORIES.get(str(document["kind"]))
        if below is None:
            continue  # a schedule: it is made from the tables of `content/packs/`
        file = directory / below / f"{entry_id}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(to_yaml(document), encoding="utf-8")
        count += 1
    return count


def to_yaml(document: Mapping[str, object]) -> str:
    """One document as its author would read it: heads first, Arabic as it is."""
    first = {key: document[key] for key in _FIRST if key in document}
    rest = {key: value for key, value in document.items() if key not in first}
    return yaml.dump(
        {**first, **rest},
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=100,
        default_flow_style=False,
    )


class _Dumper(yaml.SafeDumper):
    """Writes a text so that a reader of any YAML takes it for one: a day, a number, `no`."""

    def ignore_aliases(self, data: object) -> bool:
        return True
