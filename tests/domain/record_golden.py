"""`python -m tests.domain.record_golden`: what the engine makes of a family by a frozen catalogue.

The catalogue is a published version as it lay; it is frozen, so that a change of what comes out is
one of the engine. Recording another outcome under the same ENGINE_VERSION is refused.
"""

import gzip
import hashlib
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson

from domain.card.record import effect_image, record_image
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue
from domain.evaluate import ENGINE_VERSION, evaluate
from tests.domain.test_law_purity import CIRCLES, SECRET, STORY_TODAY, life_story

HERE = Path(__file__).parent / "golden"
CATALOGUE, OUTPUTS = HERE / "catalogue.json.gz", HERE / "outputs.json"
DAYS_AHEAD = (0, 45, 120, 300)


class Golden(msgspec.Struct, frozen=True):
    """The engine's version, and a digest of each case's outcome."""

    engine_version: int
    outcomes: dict[str, str]


def frozen_catalogue() -> Catalogue:
    documents: list[tuple[str, Any]] = orjson.loads(gzip.decompress(CATALOGUE.read_bytes()))
    return compile_catalogue([(name, said) for name, said in documents], version=1)


def outcomes() -> dict[str, str]:
    """Every circle of the life story, on some days."""
    catalogue, found = frozen_catalogue(), {}
    for circle in CIRCLES:
        for ahead in DAYS_AHEAD:
            day = STORY_TODAY + timedelta(days=ahead)
            seen = evaluate(circle, life_story(), catalogue, day, SECRET)
            digest = hashlib.sha256()
            for image in (*map(record_image, seen.records), *map(effect_image, seen.effects)):
                digest.update(image)
            digest.update(repr((seen.next_change_on or date.max, seen.members)).encode())
            found[f"{circle.id} {day}"] = digest.hexdigest()
    return found


def recorded() -> Golden:
    return msgspec.json.decode(OUTPUTS.read_bytes(), type=Golden)


def may_record(was: Golden, now: dict[str, str], engine_version: int) -> bool:
    """Whether this outcome may take the place of the one recorded."""
    return now == was.outcomes or engine_version > was.engine_version


def main() -> int:
    now = outcomes()
    if OUTPUTS.exists() and not may_record(recorded(), now, ENGINE_VERSION):
        print(f"the outcome changed: raise ENGINE_VERSION above {ENGINE_VERSION}", file=sys.stderr)
        return 1
    golden = Golden(ENGINE_VERSION, now)
    OUTPUTS.write_bytes(msgspec.json.format(msgspec.json.encode(golden), indent=2) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
