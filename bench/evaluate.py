"""`evaluate`, `evaluate-tenfold`: evaluations of a family of five, a second of one core.

Baseline: decoding the same facts from the bytes in which they lie: the least that any refresh does
with them before it can think. The ratio says how often a family is evaluated in the time in which
its facts are decoded.
"""

from collections.abc import Callable
from datetime import date

import msgspec

from bench.family import family_of_five
from bench.rate import compare_rates
from bench.result import Result, compare
from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue
from domain.evaluate import evaluate
from domain.fact import decode_fact, encode_fact
from domain.ids import CircleId, EntryId
from domain.people.circle import Circle, couple_members

SECONDS = 5.0
COPIES = 10
TODAY = date(2026, 11, 21)
RECORD_SECRET = bytes(32)


def measure_evaluate(*, seconds: float = SECONDS) -> list[Result]:
    """One figure."""
    family = family_of_five(TODAY)
    members = couple_members(family.husband, family.wife)
    circle = Circle(CircleId(family.husband), "couple", members)
    catalogue = shipped_catalogue()
    bodies = [encode_fact(fact) for fact in family.facts]

    def evaluating(count: int) -> None:
        for _ in range(count):
            evaluate(circle, family.facts, catalogue, TODAY, RECORD_SECRET)

    def decoding(count: int) -> None:
        for _ in range(count):
            for body in bodies:
                decode_fact(body)

    ours, bare = compare_rates(evaluating, decoding, seconds=seconds)
    return [
        compare(
            "evaluate",
            ours,
            "evaluations/s per core",
            baseline=f"decode_fact of the same {len(bodies)} facts",
            baseline_value=bare,
        )
    ]


def measure_tenfold(*, seconds: float = SECONDS) -> list[Result]:
    """One figure: the same family by ten copies of every service, beside one of each."""
    family = family_of_five(TODAY)
    members = couple_members(family.husband, family.wife)
    circle = Circle(CircleId(family.husband), "couple", members)
    one = shipped_catalogue()
    ten = msgspec.structs.replace(
        one,
        services={
            EntryId(f"{service.id}_{copy}"): msgspec.structs.replace(
                service, id=EntryId(f"{service.id}_{copy}")
            )
            for service in one.services.values()
            for copy in range(COPIES)
        },
    )

    def evaluating(catalogue: Catalogue) -> Callable[[int], None]:
        def evaluate_often(count: int) -> None:
            for _ in range(count):
                evaluate(circle, family.facts, catalogue, TODAY, RECORD_SECRET)

        return evaluate_often

    ours, bare = compare_rates(evaluating(ten), evaluating(one), seconds=seconds)
    return [
        compare(
            "evaluate-tenfold",
            ours,
            f"evaluations/s per core, {len(ten.services)} services",
            baseline=f"the {len(one.services)} services as shipped",
            baseline_value=bare,
        )
    ]


def shipped_catalogue() -> Catalogue:
    """The shipped pack, compiled."""
    return compile_catalogue(read_catalogue(SHIPPED_PACK), version=1)
