"""What a new version of the catalogue can change for a circle: which of its starts are concerned.

Pure, over documents as they are published. Words change no record: a phone shows the highest
revision it has. Whatever is not known to be harmless counts as a change of rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import msgspec

from domain.compile.document import Node, Problem
from domain.compile.entry import read_reach
from domain.entry import Reach
from domain.projection import Projection

Document = Mapping[str, object]

# What says where a rule comes from, who signed it or how often it was corrected changes no rule.
_WORDS = frozenset({"revision", "sources", "sign_off", "draft", "source", "sure"})
_LANGUAGES = frozenset({"ar", "en"})
# Kinds that no evaluation reads, and kinds that count where a service names the entry.
_UNREAD = frozenset({"agency", "article", "message", "bundle"})
_NAMED = frozenset({"figure", "scope", "exchange_policy"})


class RuleChange(msgspec.Struct, frozen=True):
    """Which starts are concerned; with `is_everything` every circle is. `reached` are starts that
    are concerned within a reach alone: that of a service before the change, or after it.
    """

    starts: frozenset[str] = frozenset()
    is_everything: bool = False
    reached: tuple[tuple[str, Reach], ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether every circle's records are what they were."""
        return not (self.starts or self.reached or self.is_everything)

    def joined(self, other: "RuleChange") -> "RuleChange":
        """What either concerns."""
        is_everything = self.is_everything or other.is_everything
        return RuleChange(self.starts | other.starts, is_everything, self.reached + other.reached)

    def concerns(self, projections: Iterable[Projection]) -> bool:
        """Whether a circle with these members can see anything else than before."""
        projections = tuple(projections)
        return self.concerns_anywhere(projections) or bool(self.reaches_of(projections))

    def concerns_anywhere(self, projections: Iterable[Projection]) -> bool:
        """Whether it can by what these members are, wherever and whose they may be."""
        return self.is_everything or any(
            one.has_more or bool(one.starts & self.starts) for one in projections
        )

    def reaches_of(self, projections: Iterable[Projection]) -> tuple[Reach, ...]:
        """The reaches of which one must hold for the circle, where it can by nothing else."""
        starts = {start for one in projections for start in one.starts}
        return tuple(reach for start, reach in self.reached if start in starts)


EVERYTHING = RuleChange(is_everything=True)


def find_rule_change(before: Mapping[str, Document], after: Mapping[str, Document]) -> RuleChange:
    """What differs between two published versions, by their documents' ids."""
    starts: set[str] = set()
    reached: list[tuple[str, Reach]] = []

    def add_service(old: Document | None, new: Document | None) -> None:
        """Those it is for by either: everybody whom its start concerns, or a reach of them."""
        for service, documents in ((old, before), (new, after)):
            if service is None or service.get("withdrawn"):
                continue
            start, reach = str(service.get("starts_with")), _reach_of(service, documents)
            if reach is None:
                starts.add(start)
            else:
                reached.append((start, reach))

    for entry_id in before.keys() | after.keys():
        old, new = before.get(entry_id), after.get(entry_id)
        if old == new:
            continue  # most of a catalogue, medical tables among it, whose copies take long
        if old is not None and new is not None and _rules(old) == _rules(new):
            continue
        if all(one is None or one.get("kind") == "service" for one in (old, new)):
            add_service(old, new)
            continue
        if _is_scope_of_services(old, new) and not _is_named_elsewhere(before, after, entry_id):
            for service_id in before.keys() | after.keys():
                pair = before.get(service_id), after.get(service_id)
                if any(one is not None and one.get("scope") == entry_id for one in pair):
                    add_service(*(one if _is_service(one) else None for one in pair))
            continue
        for document in (old, new):
            if document is None:
                continue
            kind = document.get("kind")
            if kind == "service":
                starts.add(str(document.get("starts_with")))
            elif kind == "schedule":
                starts |= set(_starts(before, after, lambda service: "calculator" in service))
            elif kind in _NAMED and not _is_named_elsewhere(before, after, entry_id):
                starts |= set(_starts(before, after, partial(_names, entry_id)))
            elif kind not in _UNREAD:
                return EVERYTHING
    return RuleChange(frozenset(starts), reached=tuple(dict.fromkeys(reached)))


def _reach_of(service: Document, documents: Mapping[str, Document]) -> Reach | None:
    """Whom a service is for by these documents; None is everybody, or whoever cannot be told."""
    scope = documents.get(str(service.get("scope")))
    if scope is None or scope.get("withdrawn"):
        return None
    problems: list[Problem] = []
    reach = read_reach(Node(scope, "", problems))
    return None if problems else reach


def _is_scope_of_services(old: Document | None, new: Document | None) -> bool:
    return all(one is None or one.get("kind") == "scope" for one in (old, new))


def _is_service(document: Document | None) -> bool:
    return document is not None and document.get("kind") == "service"


def _starts(
    before: Mapping[str, Document],
    after: Mapping[str, Document],
    meant: Callable[[Document], bool],
) -> Iterator[str]:
    """What the services that are meant start with, in either version."""
    for documents in (before, after):
        for document in documents.values():
            if document.get("kind") == "service" and meant(document):
                yield str(document.get("starts_with"))


def _is_named_elsewhere(
    before: Mapping[str, Document], after: Mapping[str, Document], entry_id: str
) -> bool:
    """Whether anything but a service leads to an entry: then it may count anywhere."""
    return any(
        other != entry_id and document.get("kind") in _NAMED and _names(entry_id, document)
        for documents in (before, after)
        for other, document in documents.items()
    )


def _names(entry_id: str, value: object) -> bool:
    """Whether a document names an entry anywhere, in a condition too."""
    if isinstance(value, Mapping):
        return any(_names(entry_id, inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_names(entry_id, inner) for inner in value)
    return isinstance(value, str) and entry_id in value


def _rules(value: object) -> object:
    """A document without its words: what decides who sees what, and when. The version is part of
    it: a record names it.
    """
    if isinstance(value, Mapping):
        if value.keys() == _LANGUAGES:
            return "words"
        return {key: _rules(inner) for key, inner in value.items() if key not in _WORDS}
    if isinstance(value, list | tuple):
        return [_rules(inner) for inner in value]
    return value
