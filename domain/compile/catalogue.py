"""Makes the catalogue from authored documents, or says everything that is wrong with them.

`content` calls it before it publishes, `timeline` when it loads a published version. It reads no
file: a document is what a YAML or JSON parser gave. The published form of a document of each kind
is `mobile-contract/catalogue/KIND.schema.json`; what a schema cannot say is checked here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeVar, get_args

from domain.catalogue import Catalogue, ScheduleTables
from domain.compile.article import read_article, read_message
from domain.compile.document import CatalogueError, Node, Problem, Reference
from domain.compile.entry import (
    read_agency,
    read_bundle,
    read_figure,
    read_holidays,
    read_policy,
    read_questionnaire,
    read_ramadan,
    read_reach,
)
from domain.compile.reference import check_references
from domain.compile.schedule import read_schedule
from domain.compile.service import read_service
from domain.entry import Entries, Head
from domain.ids import EntryId

Kind = Literal[
    "agency",
    "article",
    "bundle",
    "exchange_policy",
    "figure",
    "holiday",
    "message",
    "questionnaire",
    "ramadan",
    "schedule",
    "scope",
    "service",
]

_Entry = TypeVar("_Entry", bound=Head)


def compile_catalogue(
    documents: Iterable[tuple[str, Mapping[str, object]]], *, version: int
) -> Catalogue:
    """The catalogue of these (where, document) pairs, as one published version.

    A withdrawn entry is read like any other, and left out. Raises: CatalogueError with every
    problem of every document, of every reference between them, and for two with one id.
    """
    roots = _Roots()
    order: dict[str, int] = {}
    for where, document in documents:
        order.setdefault(where, len(order))
        roots.add(where, document)
    schedules: dict[EntryId, ScheduleTables] = {}
    for root in roots.of("schedule"):
        schedule_id, tables = read_schedule(root)
        if tables is not None:
            schedules[EntryId(schedule_id)] = tables
    entries = _read_entries(roots)
    services = (read_service(root, schedules, entries) for root in roots.of("service"))
    catalogue = Catalogue(version, {one.id: one for one in services}, schedules, entries)
    check_references(catalogue, roots.references, roots.owners)
    if roots.problems:
        raise CatalogueError(sorted(roots.problems, key=lambda found: order[found.where]))
    return catalogue.without(entries.withdrawn)


class _Roots:
    """The documents by kind, and what is noted of them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.references: list[Reference] = []
        self.owners: dict[str, EntryId] = {}  # which entry a file is
        self.withdrawn: set[EntryId] = set()
        self._first_seen: dict[str, str] = {}
        self._by_kind: dict[str, list[Node]] = {}

    def of(self, kind: Kind) -> Sequence[Node]:
        """The documents of one kind, in order."""
        return self._by_kind.get(kind, ())

    def add(self, where: str, document: Mapping[str, object]) -> None:
        """Files a document under its kind; one of no kind is noted and read no further."""
        root = Node(document, where, self.problems, references=self.references)
        if "kind" not in document:
            root.refuse("the key 'kind' is missing: add it")
            return
        kind = root.entries()["kind"]
        if kind.value not in get_args(Kind):
            kind.choice(get_args(Kind))
            return
        self._by_kind.setdefault(str(kind.value), []).append(root)
        entry_id = document.get("id")
        if not isinstance(entry_id, str):
            return
        if entry_id in self._first_seen:
            found = f"{entry_id!r} is {self._first_seen[entry_id]}'s: rename one"
            self.problems.append(Problem(where, "id", found))
        self._first_seen.setdefault(entry_id, where)
        self.owners[where] = EntryId(entry_id)
        if "withdrawn" in document and root.entries()["withdrawn"].boolean():
            self.withdrawn.add(EntryId(entry_id))


def _read_entries(roots: _Roots) -> Entries:
    """Every entry but services and schedules. Articles and services name figures: those first."""
    figures = _by_id(map(read_figure, roots.of("figure")))
    return Entries(
        agencies=_by_id(map(read_agency, roots.of("agency"))),
        bundles=_by_id(map(read_bundle, roots.of("bundle"))),
        figures=figures,
        articles=_by_id(read_article(root, figures) for root in roots.of("article")),
        messages=_by_id(map(read_message, roots.of("message"))),
        policies=_by_id(map(read_policy, roots.of("exchange_policy"))),
        questionnaires=_by_id(map(read_questionnaire, roots.of("questionnaire"))),
        holidays=_by_id(map(read_holidays, roots.of("holiday"))),
        ramadans=_by_id(map(read_ramadan, roots.of("ramadan"))),
        scopes=_by_id(map(read_reach, roots.of("scope"))),
        withdrawn=frozenset(roots.withdrawn),
    )


def _by_id(entries: Iterable[_Entry]) -> dict[EntryId, _Entry]:
    return {entry.id: entry for entry in entries}
