"""The engine's version is raised with every change after which the same facts give other records:
a replay of a past day names it.
"""

import msgspec

from domain.evaluate import ENGINE_VERSION
from tests.domain.record_golden import may_record, outcomes, recorded

MEND = (
    "what the engine makes of the frozen family changed: raise ENGINE_VERSION in"
    " domain/evaluate.py, then run python -m tests.domain.record_golden"
)


def test_the_engine_makes_what_its_version_made() -> None:
    golden = recorded()
    assert outcomes() == golden.outcomes, MEND
    assert len(set(golden.outcomes.values())) > len(golden.outcomes) // 2
    assert golden.engine_version <= ENGINE_VERSION


def test_another_outcome_is_recorded_under_a_higher_version_alone() -> None:
    was = recorded()
    other = was.outcomes | {next(iter(was.outcomes)): "other"}
    assert not may_record(was, other, was.engine_version)
    assert may_record(was, other, was.engine_version + 1)
    assert may_record(was, dict(was.outcomes), was.engine_version)
    assert msgspec.json.decode(msgspec.json.encode(was), type=type(was)) == was
