"""`python -m bench [NAME]`: measures everything or one, prints the figures and writes
`bench/results.json`.

NAME is a benchmark, or any of its figures. Nothing here passes or fails by time: a goal that is
missed is said, and the exit code stays 0.
"""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from bench.access_share import measure_access_share
from bench.evaluate import measure_evaluate, measure_tenfold
from bench.event import measure_events
from bench.event_to_push import measure_event_to_push, measure_event_to_push_small
from bench.fhir import measure_fhir
from bench.graphql import measure_graphql
from bench.loop_wait import measure_loop_wait
from bench.medicine import measure_forecasts, measure_growth, measure_tables
from bench.notice_plan import measure_plan
from bench.notices import measure_fan_out, measure_fan_out_small
from bench.refresh import measure_many_circles, measure_one_circle
from bench.replay import measure_replay, measure_replay_small
from bench.request import measure_requests
from bench.result import RESULTS_PATH, Result, render_table, write_results
from bench.scale import measure_population_small, measure_population_whole
from bench.seal import measure_seal
from bench.sync import measure_sync
from bench.sync_kinto import measure_kinto
from bench.sync_large import measure_large_small, measure_large_whole

USAGE = 2


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One measurement and the names of the figures it gives.

    `measure_whole` is one that takes minutes: measured in its stead where it is asked for by name.
    One `by_name_alone` needs what is not in the project's environment.
    """

    name: str
    figures: tuple[str, ...]
    measure: Callable[[], list[Result]]
    measure_whole: Callable[[], list[Result]] | None = None
    by_name_alone: bool = False


BENCHMARKS = (
    Benchmark("graphql-timeline", ("graphql-timeline",), measure_graphql),
    Benchmark(
        "graphql-request",
        ("graphql-request", "graphql-request-mercurius", "graphql-sign-in-cost", "sign-in"),
        measure_requests,
    ),
    Benchmark(
        "access-share",
        (
            "access-share-token",
            "access-share-proof",
            "access-share-session",
            "access-share-scope",
            "access-share-all",
        ),
        measure_access_share,
    ),
    Benchmark("evaluate", ("evaluate",), measure_evaluate),
    Benchmark("evaluate-tenfold", ("evaluate-tenfold",), measure_tenfold),
    Benchmark("loop-wait", ("loop-wait-p50", "loop-wait-p99"), measure_loop_wait),
    Benchmark("seal", ("seal", "open"), measure_seal),
    Benchmark("forecast", ("forecast", "forecast-p50", "forecast-p99"), measure_forecasts),
    Benchmark("tables", ("schedule-memory", "growth-memory"), measure_tables),
    Benchmark("z-scores", ("z-scores",), measure_growth),
    Benchmark(
        "notices",
        (
            "notice-fan-out",
            "notice-fan-out-pyfcm",
            "notice-fan-out-core",
            "notice-fan-out-pyfcm-core",
        ),
        measure_fan_out_small,
        measure_fan_out,
    ),
    Benchmark("notice-plan", ("notice-plan",), measure_plan),
    Benchmark(
        "sync",
        ("idle-poll", "first-sync", "first-sync-bytes", "first-screen-bytes"),
        measure_sync,
    ),
    Benchmark(
        "sync-large",
        (
            "delta-circles",
            "poll-circles",
            "load-10",
            "load-1000",
            "clients-100-load",
            "clients-100-p99",
            "load-2000",
            "load-linear",
            "acts-one-circle",
            "acts-many-circles",
            "acts-alone",
            "seal-share",
            "open-share",
        ),
        measure_large_small,
        measure_large_whole,
    ),
    Benchmark(
        "sync-kinto",
        ("kinto-poll", "kinto-first-sync", "kinto-delta", "kinto-100", "kinto-100-p99"),
        measure_kinto,
        by_name_alone=True,
    ),
    Benchmark("refresh-one-circle", ("refresh-one-circle",), measure_one_circle),
    Benchmark("refresh-many-circles", ("refresh-many-circles",), measure_many_circles),
    Benchmark(
        "event-to-timeline",
        (
            "event-to-timeline-p50",
            "event-to-timeline-p99",
            "events-per-second",
            "resident-memory-api",
            "resident-memory-worker",
        ),
        measure_events,
    ),
    Benchmark(
        "event-to-push",
        (
            "event-to-push-idle-p50",
            "event-to-push-idle-p99",
            "event-to-push-p50",
            "event-to-push-p99",
            "event-to-push-rate",
        ),
        measure_event_to_push_small,
        measure_event_to_push,
    ),
    Benchmark(
        "fhir-to-timeline",
        ("fhir-to-timeline-p50", "fhir-to-timeline-p99", "fhir-resources-per-second"),
        measure_fhir,
    ),
    Benchmark(
        "inbox-replay",
        ("inbox-replay", "inbox-replay-whole", "inbox-replay-memory"),
        measure_replay_small,
        measure_replay,
    ),
    Benchmark(
        "population",
        ("correction-rows", "tick", "publish", "publish-read-p99"),
        measure_population_small,
        measure_population_whole,
    ),
)


class UnknownBenchmark(Exception):
    """No benchmark and no figure has that name; the message lists those there are."""


def choose(name: str | None) -> Sequence[Benchmark]:
    """The benchmark with this name or figure; for None all but those that are asked for by name.

    Raises: UnknownBenchmark.
    """
    if name is None:
        return [one for one in BENCHMARKS if not one.by_name_alone]
    found = [one for one in BENCHMARKS if name == one.name or name in one.figures]
    if not found:
        known = dict.fromkeys(n for one in BENCHMARKS for n in (one.name, *one.figures))
        raise UnknownBenchmark(f"No benchmark is named {name!r}. There are: {', '.join(known)}.")
    return found


def main(arguments: Sequence[str]) -> int:
    """Runs what the arguments name; the exit code."""
    try:
        if len(arguments) > 1:
            raise UnknownBenchmark("Name one benchmark, or none for all of them.")
        chosen = choose(arguments[0] if arguments else None)
    except UnknownBenchmark as unknown:
        print(f"bench: {unknown}", file=sys.stderr)
        return USAGE
    # Figures alone: a line a session would hide them.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    results: list[Result] = []
    _say_load("before")
    try:
        for benchmark in chosen:
            print(f"measuring {benchmark.name}", flush=True)
            whole = benchmark.measure_whole if arguments else None
            results += (whole or benchmark.measure)()
    finally:  # what was measured is not lost with what failed
        _say_load("after")
        print(render_table(results), flush=True)
        write_results(RESULTS_PATH, results)
    return 0


def _say_load(when: str) -> None:
    """A busy machine gives other figures: say how busy it was."""
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.2f} in the minute {when}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
