"""Whose word counts of two: the registry that owns a thing, else the later assertion.

Agencies' facts arrive in any order; this order depends on what they say alone, so that everywhere
the same one counts. Why so, and who signs the owners off: docs/decisions/0018.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, TypeAlias

from domain.fact import IDENTITY_SOURCE, OWN_SOURCES, Fact
from domain.facts.person import PersonDescribed

Owned = Literal["name", "sex", "birth", "nationality"]
Precedence: TypeAlias = tuple[int, tuple[datetime, str, str, str]]

# ICP keeps the population register. Draft, until the data-exchange policy names each owner.
OWNERS: Mapping[Owned, tuple[str, ...]] = MappingProxyType(
    {"name": ("icp",), "sex": ("icp",), "birth": ("icp",), "nationality": ("icp",)}
)
"""For what agencies say of a person, the registries that own it, the foremost last."""

_SAID: Mapping[str, Owned] = MappingProxyType(
    {"nationality": "nationality", "born_on": "birth", "born_in": "birth", "sex": "sex"}
)
"""Which owned thing a field of `PersonDescribed` says; any other is a name."""


def registry_of(fact: Fact) -> str | None:
    """The agency that answers for a fact which is said to be wrong: the registry that owns what it
    says, else the agency that said it; None where no agency did (what a member did).
    """
    if isinstance(fact.payload, PersonDescribed):
        said = [owned for field, owned in _SAID.items() if getattr(fact.payload, field) is not None]
        owners = OWNERS[said[0] if said else "name"]
        return fact.source if fact.source in owners else owners[-1]
    if fact.source in OWN_SOURCES:
        return OWNERS["name"][-1] if fact.source == IDENTITY_SOURCE else None
    return fact.source


def decided_precedence(fact: Fact) -> tuple[date, tuple[datetime, str, str, str]]:
    """The order in which decisions about one thing are read: the later day counts, whenever it was
    told; of one day the later assertion.
    """
    return fact.occurred_on, fact.precedence


def owned_precedence(fact: Fact, owned: Owned) -> Precedence:
    """The order in which facts about one thing of one person are read; the last one counts."""
    owners = OWNERS[owned]
    rank = owners.index(fact.source) + 1 if fact.source in owners else 0
    return rank, fact.precedence
