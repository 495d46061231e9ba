"""The guide for hospitals says what runs: every code, limit, type and unit of the FHIR intake."""

from pathlib import Path

import pytest

from domain.error import Refusal
from gov.fhir import error
from gov.fhir.capability import CAPABILITY
from gov.fhir.code import (
    CENTIMETRES,
    CHECK_UPS,
    DUE_DAYS,
    KILOGRAMS,
    MEASURES,
    NOT_DONE,
    PREGNANCY_ENDS,
    REFUSALS,
    VISITS,
)
from gov.fhir.element import LIST_ITEMS_MAX, TEXT_CHARACTERS_MAX
from gov.fhir.error import FhirRefusal
from gov.fhir.message import (
    FHIR_BRACKETS_MAX,
    FHIR_BYTES_MAX,
    FHIR_ENTRIES_MAX,
    FHIR_NESTING_MAX,
)
from gov.fhir.number import (
    EMIRATES_ID_SYSTEM,
    HOSPITAL_SYSTEM,
    NUMBER_CHARACTERS_MAX,
    TEMPORARY_SYSTEM,
)
from gov.fhir.read import UNDERSTOOD_TYPES
from gov.fhir.reason import FHIR_REASONS
from gov.fhir.receive import FHIR_BODY_SECONDS_MAX, FHIR_INTAKE_PATH
from gov.fhir.understand import AHEAD_DAYS_MAX

GUIDE = (Path(__file__).parents[3] / "mobile-contract" / "intake" / "fhir.md").read_text("utf-8")
SAID: list[type[Refusal]] = [
    *(
        kind
        for kind in vars(error).values()
        if isinstance(kind, type) and issubclass(kind, FhirRefusal) and kind is not FhirRefusal
    ),
    *FHIR_REASONS,
]
# FHIR R4, value set issue-type: those that fit a refusal.
ISSUE_TYPES = {
    "structure",
    "required",
    "value",
    "code-invalid",
    "invariant",
    "too-long",
    "not-supported",
    "duplicate",
}


@pytest.mark.parametrize("kind", SAID, ids=lambda kind: kind.code)
def test_each_code_is_in_the_guide_and_in_both_languages(kind: type[Refusal]) -> None:
    assert f"`{kind.code.removeprefix('intake.')}`" in GUIDE
    assert any("\u0600" <= char <= "\u06ff" for char in kind.ar)
    assert kind.en.isascii()
    if issubclass(kind, FhirRefusal):
        assert kind.issue in ISSUE_TYPES
        assert 400 <= kind.status < 500


def test_codes_are_not_used_twice() -> None:
    codes = [kind.code for kind in SAID]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    "row",
    [
        f"| body | {FHIR_BYTES_MAX} bytes, within {FHIR_BODY_SECONDS_MAX} seconds |",
        f"| entries of a Bundle | {FHIR_ENTRIES_MAX} |",
        f"| objects and lists | {FHIR_BRACKETS_MAX} |",
        f"| nesting | {FHIR_NESTING_MAX} |",
        f"| a text that is read | {TEXT_CHARACTERS_MAX} characters |",
        f"| a list that is read | {LIST_ITEMS_MAX} items |",
        f"| a number of a person | {NUMBER_CHARACTERS_MAX} characters |",
        f"| a day | at most {AHEAD_DAYS_MAX} day after it reached us |",
    ],
)
def test_each_limit_is_in_the_guide(row: str) -> None:
    assert row in GUIDE


def test_each_code_that_is_read_is_in_the_guide() -> None:
    groups = (MEASURES, DUE_DAYS, REFUSALS, NOT_DONE, PREGNANCY_ENDS, VISITS, CHECK_UPS)
    codes = {code for group in groups for code in group}
    units = {unit for units in (KILOGRAMS, CENTIMETRES) for unit in units if "[" in unit}
    assert not {code for code in codes | units if code not in GUIDE}


def test_addresses_of_numbers_and_types_are_in_the_guide() -> None:
    for address in (EMIRATES_ID_SYSTEM, HOSPITAL_SYSTEM, TEMPORARY_SYSTEM, FHIR_INTAKE_PATH):
        assert address in GUIDE
    assert not {kind for kind in UNDERSTOOD_TYPES if kind not in GUIDE}
    assert CAPABILITY["fhirVersion"] == "4.0.1"
