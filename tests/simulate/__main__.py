"""`python -m tests.simulate [--runs N] [--seconds S] [--seed SEED] [--bug NAME]`: phones survive.

Thousands of seeded runs of the model; one line a run, the seed first, or, for one `--seed`, one
line an event. Ends at the time limit. Exit code 1 when a law was broken.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence

from tests.simulate.planted import BUGS
from tests.simulate.world import WEIGHTED, Violation, World

STEPS = 60
MakeWorld = Callable[[], World]


def run(seed: int, make: MakeWorld, say: Callable[[str], None] = lambda line: None) -> str | None:
    """One run; the law that was broken, or None. `say` hears one line an event."""
    chance = random.Random(seed)
    world = make()
    step = 0
    try:
        for step in range(STEPS):
            name = chance.choice(WEIGHTED)
            a, b = chance.randrange(64), chance.randrange(64)
            say(f"{seed:>10} {step:>4}  {name:<16} {world.happen(name, a, b):<20}")
        world.settle()
    except Violation as violation:
        say(f"{seed:>10} {step:>4}  {'VIOLATION':<16} {violation}")
        return str(violation)
    return None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, help="one run, one line an event")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    parser.add_argument("--bug", choices=sorted(BUGS), help="plant a known bug")
    chosen = parser.parse_args(arguments)
    make = BUGS[chosen.bug] if chosen.bug else World
    if chosen.seed is not None:
        return 0 if run(chosen.seed, make, print) is None else 1
    ends = time.monotonic() + chosen.seconds
    broken = done = 0
    for seed in range(chosen.first, chosen.first + chosen.runs):
        if time.monotonic() > ends:
            break
        law = run(seed, make)
        done += 1
        broken += law is not None
        if law is not None or seed % 100 == 0:
            print(f"{seed:>10}  {'ok' if law is None else law:<50}", flush=True)
    print(f"{done} runs of {STEPS} events, {broken} broke a law")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
