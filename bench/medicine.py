"""The calculators: immunization forecasts, z-scores of growth, and the memory of their tables.

A forecast is for a child of five with 20 doses, over every vaccine group of CDC's schedule. Its
baseline is decoding the same history from JSON: the least that must be done with it. The z-scores
stand beside `pygrowup2` on the same rows.
"""

import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from statistics import quantiles

import msgspec
from pygrowup import Observation

from bench.rate import compare_rates
from bench.result import Goal, Result, compare, value_below
from content.growth.packed import SHIPPED_WHO, read_growth_tables
from content.schedule.packed import SHIPPED_CDSI, read_supporting_data
from domain.growth.assess import assess_growth
from domain.growth.child import Child, Measurement
from domain.growth.standard import make_standard
from domain.immunization.forecast import forecast
from domain.immunization.history import GivenDose, History
from domain.immunization.schedule import make_schedule

SECONDS = 3.0
CALLS = 1_000  # so that ten lie beyond the 99th percentile
MS_PER_SECOND = 1_000.0
BYTES_PER_MB = 1e6
P50_GOAL_MS, P99_GOAL_MS = 10.0, 30.0

BORN_ON = date(2020, 3, 1)
TODAY = date(2025, 11, 10)
# Hepatitis B, rotavirus, DTaP, Hib, PCV, IPV at 2, 4 and 6 months; boosters, MMR, varicella, HepA.
_GIVEN = (
    (0, "08"),
    *((days, cvx) for days in (61, 122, 184) for cvx in ("116", "20", "48", "133", "10")),
    (366, "03"),
    (367, "21"),
    (460, "20"),
    (550, "83"),
)


def five_year_old() -> History:
    """A child of five with 20 doses."""
    doses = tuple(
        GivenDose(id=str(place), cvx=cvx, administered_on=BORN_ON + timedelta(days=days))
        for place, (days, cvx) in enumerate(_GIVEN)
    )
    return History(born_on=BORN_ON, sex="female", doses=doses)


def measure_forecasts(*, seconds: float = SECONDS, calls: int = CALLS) -> list[Result]:
    """Three figures: forecasts a second, and how long one takes."""
    history, schedule = five_year_old(), make_schedule(read_supporting_data())
    body, decoder = msgspec.json.encode(history), msgspec.json.Decoder(History)
    what = f"decoding the same {len(history.doses)} doses"

    def forecasting(count: int) -> None:
        for _ in range(count):
            forecast(history, schedule, on=TODAY)

    def decoding(count: int) -> None:
        for _ in range(count):
            decoder.decode(body)

    ours, bare = compare_rates(forecasting, decoding, seconds=seconds)
    results = [
        compare("forecast", ours, "forecasts/s per core", baseline=what, baseline_value=bare)
    ]
    spent_ms = quantiles((_spend_ms(forecasting) for _ in range(calls)), n=100)
    bare_ms = MS_PER_SECOND / bare
    goals: tuple[tuple[str, float, Goal], ...] = (
        ("forecast-p50", spent_ms[49], value_below(P50_GOAL_MS)),
        ("forecast-p99", spent_ms[98], value_below(P99_GOAL_MS)),
    )
    for name, value, goal in goals:
        results.append(compare(name, value, "ms", baseline=what, baseline_value=bare_ms, goal=goal))
    return results


def measure_tables() -> list[Result]:
    """Two figures: the memory of each calculator's tables, beside the text they are packed from."""
    loads: tuple[tuple[str, Callable[[], object], bytes], ...] = (
        (
            "schedule-memory",
            lambda: make_schedule(read_supporting_data()),
            SHIPPED_CDSI.read_bytes(),
        ),
        ("growth-memory", lambda: make_standard(read_growth_tables()), SHIPPED_WHO.read_bytes()),
    )
    return [
        compare(
            name,
            _held_bytes(load) / BYTES_PER_MB,
            "MB",
            baseline="their JSON, unpacked",
            baseline_value=len(zlib.decompress(packed, wbits=zlib.MAX_WBITS | 16)) / BYTES_PER_MB,
        )
        for name, load, packed in loads
    ]


def measure_growth(*, seconds: float = SECONDS) -> list[Result]:
    """One figure: z-scores a second, of four indicators of girls under two."""
    standard = make_standard(read_growth_tables())
    ages = range(1, 700, 7)
    girl = Child(born_on=BORN_ON, sex="female")
    rows = [
        (age, round(3.2 + age / 90, 2), round(50 + age / 20, 1), round(35 + age / 60, 1))
        for age in ages
    ]
    visits = [
        Measurement(
            measured_on=BORN_ON + timedelta(days=age),
            weight_kg=weight,
            length_cm=length,
            head_cm=head,
        )
        for age, weight, length, head in rows
    ]
    written = [
        (age, Decimal(str(weight)), Decimal(str(length)), Decimal(str(head)))
        for age, weight, length, head in rows
    ]
    scores_per_row = len(assess_growth(girl, visits[0], standard).findings)

    def ours(count: int) -> None:
        for _ in range(count):
            for visit in visits:
                assess_growth(girl, visit, standard)

    def theirs(count: int) -> None:
        for _ in range(count):
            for age, weight, length, head in written:
                observation = Observation(Observation.FEMALE, age_in_days=age)
                observation.weight_for_age(weight)
                observation.length_or_height_for_age(length)
                observation.bmi_for_age(weight / (length / 100) ** 2)
                observation.head_circumference_for_age(head)
                observation.weight_for_length(weight, length)

    value, baseline_value = compare_rates(ours, theirs, seconds=seconds)
    scores = len(rows) * scores_per_row
    return [
        compare(
            "z-scores",
            value * scores,
            "z-scores/s per core",
            baseline="pygrowup2, same rows",
            baseline_value=baseline_value * scores,
        )
    ]


def _spend_ms(work: Callable[[int], None]) -> float:
    begun = time.process_time()
    work(1)
    return (time.process_time() - begun) * MS_PER_SECOND


def _held_bytes(load: Callable[[], object]) -> float:
    """What stays allocated while the tables are held."""
    load()  # what is made once, such as decoders, is not the tables'
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        held = load()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held is not None
    return after - before
