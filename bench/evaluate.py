"""`evaluate`: evaluations of a family of five by the shipped catalogue, a second of one core.

Baseline: decoding the same facts from the bytes in which they lie: the least that any refresh does
with them before it can think. The ratio says how often a family is evaluated in the time in which
its facts are decoded.
"""

from datetime import date

from bench.family import family_of_five
from bench.rate import compare_rates
from bench.result import Result, compare
from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.catalogue import Catalogue
from domain.circle import Circle, couple_members
from domain.compile_catalogue import compile_catalogue
from domain.evaluate import evaluate
from domain.fact import decode_fact, encode_fact
from domain.ids import CircleId

SECONDS = 5.0
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


def shipped_catalogue() -> Catalogue:
    """The shipped pack, compiled."""
    return compile_catalogue(read_catalogue(SHIPPED_PACK), version=1)
