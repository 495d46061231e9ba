"""The published schema is the one that runs, and the published operations are operations of it."""

from pathlib import Path

import pytest
from graphql import build_schema as parse_sdl
from graphql import parse, validate

from domain.fact import Payload
from schema.act import NEXT_STEPS, REFUSAL_TYPES
from schema.build import build_schema
from schema.limit import WithinLimits
from schema.print_sdl import SDL_PATH, sdl
from timeline.source import FACT_NAMES

OPERATIONS = sorted((SDL_PATH.parent / "operations").glob("*.graphql"))


def test_the_published_schema_is_the_one_that_runs() -> None:
    assert SDL_PATH.read_text(encoding="utf-8") == sdl(), (
        "mobile-contract/schema.graphql is not the schema that runs. Write it anew with"
        " `.venv/bin/python -m schema.print_sdl` and add a line to mobile-contract/CHANGELOG.md."
    )


def test_development_and_production_have_one_schema() -> None:
    assert build_schema(production=False).as_str() + "\n" == sdl()


def test_the_operations_are_all_there() -> None:
    assert [path.stem for path in OPERATIONS] == [
        "AcknowledgeCard",
        "AttachPhoto",
        "Card",
        "ChangeNoticeWishes",
        "DismissCard",
        "DisputeFact",
        "GrowthChart",
        "NoticeWishes",
        "Notices",
        "Sessions",
        "SignOut",
        "SignOutEverywhere",
        "SnoozeCard",
        "Timeline",
        "UndoCard",
        "VaccinationDocument",
        "VaccinationRecords",
        "WithdrawDispute",
    ]


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_a_published_operation_is_valid_and_within_limits(path: Path) -> None:
    schema = parse_sdl(SDL_PATH.read_text(encoding="utf-8"))
    document = parse(path.read_text(encoding="utf-8"))
    assert validate(schema, document) == []
    assert validate(schema, document, [WithinLimits]) == []


def test_every_refusal_has_words_and_a_next_step() -> None:
    assert NEXT_STEPS.keys() == REFUSAL_TYPES.keys()
    for kind in REFUSAL_TYPES.values():
        assert kind.ar
        assert kind.en


def test_every_kind_of_fact_has_words() -> None:
    tags = {kind.__struct_config__.tag for kind in Payload.__args__}
    assert tags == FACT_NAMES.keys()
