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
from content.schedule_entries import Document, read_catalogue
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
# The sixteen of the journey; the others shipped are their variants, and the second bundle.
JOURNEY = (
    *("marriage_contract", "family_book", "marriage_grant", "housing_support"),
    *("pregnancy_followup", "medical_appointments", "newborn_bundle", "maternity_leave"),
    *("paternity_leave", "child_allowance", "school_seat", "vaccination"),
    *("growth_questionnaire", "nursery", "school_registration", "content_child"),
)


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
    """One figure: the same family by 160 services, ten copies of each of sixteen."""
    family = family_of_five(TODAY)
    members = couple_members(family.husband, family.wife)
    circle = Circle(CircleId(family.husband), "couple", members)
    shipped = shipped_catalogue()
    sixteen = [shipped.services[EntryId(name)] for name in JOURNEY]
    one = msgspec.structs.replace(shipped, services={one.id: one for one in sixteen})
    ten = msgspec.structs.replace(
        shipped,
        services={
            EntryId(f"{service.id}_{copy}"): msgspec.structs.replace(
                service, id=EntryId(f"{service.id}_{copy}")
            )
            for service in sixteen
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
            baseline=f"the {len(one.services)} services of the journey",
            baseline_value=bare,
        )
    ]


def shipped_catalogue() -> Catalogue:
    """The shipped pack, compiled."""
    return compile_catalogue(shipped_documents(), version=1)


def shipped_documents() -> list[tuple[str, Document]]:
    """The shipped pack's documents, with their files."""
    return list(read_catalogue(SHIPPED_PACK))
