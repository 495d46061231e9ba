"""Whether what an author wrote of who must sign is in both languages.

Entries that were published when English alone was asked for are read on (`domain/compile/head.py`);
a pack is refused, so that whoever reads in Arabic is told in Arabic.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.compile.document import CatalogueError, Problem

_MEND = "is in one language: write it as ar and en, so that each reader has it in theirs"


def refuse_one_sided(documents: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """Raises: CatalogueError with every sign-off, of an entry or of a value, that is one text."""
    problems = [
        Problem(where, path, _MEND) for where, one in documents for path in _one_sided(one, "")
    ]
    if problems:
        raise CatalogueError(problems)


def _one_sided(value: object, path: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            below = f"{path}.{key}" if path else str(key)
            if key == "sign_off" and not isinstance(inner, Mapping):
                yield below
            else:
                yield from _one_sided(inner, below)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for place, inner in enumerate(value):
            yield from _one_sided(inner, f"{path}[{place}]")
