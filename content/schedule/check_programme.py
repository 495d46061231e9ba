"""Checks that an authored programme names only what it defines, before it is compiled."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from content.schedule.authored import AuthoredGroup, AuthoredProgramme, AuthoredVaccines, Scope


class EditionSource(msgspec.Struct, frozen=True, kw_only=True):
    programme: AuthoredProgramme
    vaccines: AuthoredVaccines
    groups: tuple[AuthoredGroup, ...]


def list_scopes(groups: Iterable[AuthoredGroup]) -> Iterable[Scope]:
    for group in groups:
        for series in group.series:
            yield series.scope
            yield from (dose.scope for dose in series.doses)


def check_programme(source: EditionSource) -> None:
    """Raises: ValueError for a name that is defined nowhere, or twice."""
    known = {vaccine.cvx for vaccine in source.vaccines.vaccines}
    products = {product.cvx for product in source.programme.products}
    observations = {item.code for item in source.programme.observations}
    emirates = set(source.programme.emirates)
    _unique("vaccine", [vaccine.cvx for vaccine in source.vaccines.vaccines])
    _unique("group", [group.group for group in source.groups])
    _unique("antigen", [antigen for group in source.groups for antigen in group.antigens])
    antigens = {antigen for group in source.groups for antigen in group.antigens}
    for vaccine in source.vaccines.vaccines:
        _within(f"vaccine {vaccine.cvx}", vaccine.antigens, antigens)
    _within("products", products, known)
    for codes in source.programme.repeats.same_codes:
        _within("repeats", codes, known)
    for scope in list_scopes(source.groups):
        _within("scope", scope.emirates | scope.not_emirates, emirates)
    for group in source.groups:
        _unique(f"{group.group} series", [series.name for series in group.series])
        named = {rule.observation for rule in group.contraindicated_by} | group.immune_by
        _within(group.group, named, observations)
        for series in group.series:
            for dose in series.doses:
                _within(f"{group.group}, {dose.visit}, give", dose.give, products)
                _within(f"{group.group}, {dose.visit}, accept", dose.accept or (), known)


def _within(where: str, named: Iterable[str], known: set[str]) -> None:
    unknown = sorted(set(named) - known)
    if unknown:
        raise ValueError(f"{where}: {', '.join(unknown)} is not defined")


def _unique(what: str, names: list[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"{what} {', '.join(twice)} is defined twice")
