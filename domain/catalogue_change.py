"""What a new version of the catalogue can change for a circle: which of its starts are concerned.

Pure, over documents as they are published. Words change no record: a phone shows the highest
revision it has. Whatever is not known to be harmless counts as a change of rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import msgspec

from domain.projection import Projection

Document = Mapping[str, object]

# What says where a rule comes from, who signed it or how often it was corrected changes no rule.
_WORDS = frozenset({"revision", "sources", "sign_off", "draft", "source", "sure"})
_LANGUAGES = frozenset({"ar", "en"})
# Kinds that no evaluation reads, and kinds that count where a service names the entry.
_UNREAD = frozenset({"agency", "article", "message", "bundle"})
_NAMED = frozenset({"figure", "scope", "exchange_policy"})


class RuleChange(msgspec.Struct, frozen=True):
    """Which starts are concerned; with `is_everything` every circle is."""

    starts: frozenset[str] = frozenset()
    is_everything: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether every circle's records are what they were."""
        return not self.starts and not self.is_everything

    def joined(self, other: "RuleChange") -> "RuleChange":
        """What either concerns."""
        is_everything = self.is_everything or other.is_everything
        return RuleChange(self.starts | other.starts, is_everything)

    def concerns(self, projections: Iterable[Projection]) -> bool:
        """Whether a circle with these members can see anything else than before."""
        return self.is_everything or any(
            one.has_more or bool(one.starts & self.starts) for one in projections
        )


EVERYTHING = RuleChange(is_everything=True)


def find_rule_change(before: Mapping[str, Document], after: Mapping[str, Document]) -> RuleChange:
    """What differs between two published versions, by their documents' ids."""
    starts: set[str] = set()
    for entry_id in before.keys() | after.keys():
        old, new = before.get(entry_id), after.get(entry_id)
        if old == new:
            continue  # most of a catalogue, medical tables among it, whose copies take long
        if old is not None and new is not None and _rules(old) == _rules(new):
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
    return RuleChange(frozenset(starts))


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
