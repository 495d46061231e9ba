"""The small tables of care: what is shipped can be read, and what is unsound is refused."""

import json
from pathlib import Path
from typing import cast

import pytest

from content.growth.care_tables import (
    FILE_BYTES_MAX,
    SHIPPED,
    CareTableError,
    read_contact_plan,
    read_development_table,
    read_pregnancy_tables,
    read_redating,
)


def edited(directory: Path, name: str, **changes: object) -> Path:
    told = cast("dict[str, object]", json.loads((SHIPPED / name).read_text(encoding="utf-8")))
    file = directory / name
    file.write_text(json.dumps(told | changes), encoding="utf-8")
    return file


def test_the_shipped_tables_are_whole_and_say_who_must_confirm_them() -> None:
    tables = read_pregnancy_tables()
    assert [plan.id for plan in tables.plans] == ["who-2016"]
    assert tables.plans[0].sign_off
    assert len(tables.plans[0].rows) == 38
    assert [row.tolerance_days for row in tables.redating] == [5, 7, 10, 14, 21]
    assert read_redating(SHIPPED / "redating.json").sign_off
    assert read_development_table().sign_off


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"before_days": 63, "tolerance_days": 5}],
        [{"before_days": None, "tolerance_days": 5}, {"before_days": None, "tolerance_days": 7}],
        [
            {"before_days": 112, "tolerance_days": 5},
            {"before_days": 63, "tolerance_days": 7},
            {"before_days": None, "tolerance_days": 7},
        ],
        [{"before_days": None, "tolerance_days": -1}],
    ],
)
def test_unsound_thresholds_are_refused(tmp_path: Path, rows: list[object]) -> None:
    with pytest.raises(CareTableError, match=r"redating\.json"):
        read_redating(edited(tmp_path, "redating.json", rows=rows))


@pytest.mark.parametrize(
    "rows", [[], [[]], [[12, 10]], [[12, 20], [12, 24]], [[40, 45]], [[-1, 4]]]
)
def test_an_unsound_plan_of_contacts_is_refused(tmp_path: Path, rows: list[object]) -> None:
    with pytest.raises(CareTableError, match=r"antenatal-contacts\.json"):
        read_contact_plan(edited(tmp_path, "antenatal-contacts.json", rows=rows))


def form(name: str, months: int, until: int, last: int) -> dict[str, object]:
    ages = {"months": months, "until_months": until, "catch_up_until_months": last}
    return {"id": name, **ages}


@pytest.mark.parametrize(
    "forms",
    [[form("a", 9, 9, 12)], [form("a", 9, 12, 11)], [form("a", 2, 4, 4), form("a", 4, 6, 6)]],
)
def test_unsound_forms_are_refused(tmp_path: Path, forms: list[object]) -> None:
    with pytest.raises(CareTableError, match=r"development-ages\.json"):
        read_development_table(edited(tmp_path, "development-ages.json", forms=forms))


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "redating.json"
    for body in (b"", b"[]", b'{"rows": []}', b" " * (FILE_BYTES_MAX + 1)):
        file.write_bytes(body)
        with pytest.raises(CareTableError, match=r"redating\.json"):
            read_redating(file)
