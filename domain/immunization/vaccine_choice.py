"""Chooses the vaccines of one visit: all that is due, as few injections as can be.

First nothing that is not due, then the fewest injections, then the fewest vaccines, then the
programme's order of preference. A vaccine with a forbidden part is never chosen.
"""

from collections.abc import Iterator, Mapping
from datetime import date

import msgspec

from domain.immunization.duration import add_duration
from domain.immunization.programme import Product
from domain.immunization.schedule import Schedule
from domain.immunization.supporting_data import Cvx

_Cost = tuple[int, int, int, int, int]


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """The programme's products for one person; `groups` says what each has in it."""

    born_on: date
    products: tuple[Product, ...]
    groups: Mapping[Cvx, frozenset[str]]
    forbidden: frozenset[str]


class Choice(msgspec.Struct, frozen=True):
    vaccines: tuple[Cvx, ...]
    injections: int


def make_shelf(
    products: tuple[Product, ...],
    schedule: Schedule,
    *,
    born_on: date,
    forbidden: frozenset[str],
) -> Shelf:
    groups = {
        product.cvx: frozenset(
            schedule.antigens[association.antigen].group
            for association in schedule.vaccines[product.cvx].associations
        )
        for product in products
    }
    return Shelf(
        born_on=born_on,
        products=tuple(p for p in products if not groups[p.cvx] & forbidden),
        groups=groups,
        forbidden=forbidden,
    )


def is_for_age(product: Product, shelf: Shelf, day: date) -> bool:
    return (product.from_age is None or add_duration(shelf.born_on, product.from_age) <= day) and (
        product.until_age is None or day < add_duration(shelf.born_on, product.until_age)
    )


def choose_vaccines(due: Mapping[str, frozenset[Cvx]], shelf: Shelf, *, day: date) -> Choice | None:
    """The vaccines for groups `due`, each with the codes that serve; None where one has none."""
    usable = [
        (rank, product)
        for rank, product in enumerate(shelf.products)
        if is_for_age(product, shelf, day)
    ]
    serving = {
        group: [(rank, product) for rank, product in usable if product.cvx in codes]
        for group, codes in due.items()
    }
    order = sorted(due, key=lambda group: (len(serving[group]), group))
    best = min(_list_covers(order, serving, ()), key=lambda c: _cost(c, due, shelf), default=None)
    if best is None:
        return None
    chosen = sorted(best, key=lambda item: item[0])
    return Choice(
        tuple(product.cvx for _, product in chosen),
        sum(product.route == "injection" for _, product in chosen),
    )


_Ranked = tuple[int, Product]


def _list_covers(
    order: list[str], serving: Mapping[str, list[_Ranked]], chosen: tuple[_Ranked, ...]
) -> Iterator[tuple[_Ranked, ...]]:
    if not order:
        yield chosen
        return
    group, rest = order[0], order[1:]
    if any(item in serving[group] for item in chosen):
        yield from _list_covers(rest, serving, chosen)
        return
    for item in serving[group]:
        yield from _list_covers(rest, serving, (*chosen, item))


def _cost(chosen: tuple[_Ranked, ...], due: Mapping[str, object], shelf: Shelf) -> _Cost:
    parts = [shelf.groups[product.cvx] for _, product in chosen]
    return (
        sum(len(groups - due.keys()) for groups in parts),
        sum(product.route == "injection" for _, product in chosen),
        len(chosen),
        sum(len(groups) for groups in parts),  # the same thing twice in one visit
        sum(rank for rank, _ in chosen),
    )
