"""The authored programme becomes tables by birth cohort and emirate; what does not fit is refused
with its place."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from content.schedule.read_programme import SHIPPED_UAE, read_programme
from content.schedule.xml_text import ScheduleError
from domain.compile.document import CatalogueError
from domain.immunization.duration import Duration
from domain.immunization.programme import find_edition
from domain.immunization.supporting_data import SeriesDose

UAE = read_programme()


def doses(antigen: str, born_on: date, emirate: str | None = None) -> tuple[SeriesDose, ...]:
    edition = find_edition(UAE, born_on=born_on, emirate=emirate)
    return edition.schedule.antigens[antigen].series[0].doses


def test_it_is_a_draft_with_sources_and_words_in_both_languages() -> None:
    assert UAE.draft
    assert UAE.sign_off
    assert {source.sure for source in UAE.sources} >= {"verified", "secondary", "memory"}
    for words in (*UAE.vaccine_names.values(), *UAE.group_names.values()):
        assert words.ar
        assert words.en
    for edition in UAE.editions:
        assert {group.name for group in edition.schedule.data.groups} == set(UAE.group_names)


def test_minimum_ages_have_the_grace_and_live_vaccines_have_none() -> None:
    (first, second) = doses("Measles", date(2024, 1, 1))
    assert first.ages[0].absolute_minimum == Duration(months=12, days=-4)
    assert second.intervals[0].absolute_minimum == Duration(days=28)
    conflicts = find_edition(UAE, born_on=date(2024, 1, 1)).schedule.data.conflicts
    assert {(c.minimum_end, c.end) for c in conflicts} == {(Duration(days=28), Duration(days=28))}
    assert {c.current for c in conflicts} >= {"03", "21", "94"}
    assert not {"178", "119", "116", "19"} & {c.current for c in conflicts}


@pytest.mark.parametrize(
    ("born_on", "emirate", "count"),
    [
        # The booster ended in November 2019: at 15 months in Dubai, at 18 elsewhere.
        (date(2018, 4, 30), None, 4),
        (date(2018, 5, 1), None, 3),
        (date(2018, 5, 1), "dubai", 4),
        (date(2018, 7, 31), "dubai", 4),
        (date(2018, 8, 1), "dubai", 3),
        (date(2018, 4, 30), "sharjah", 4),
    ],
)
def test_the_pneumococcal_booster_ends_with_a_birth_cohort(
    born_on: date, emirate: str | None, count: int
) -> None:
    assert len(doses("Pneumococcal", born_on, emirate)) == count


def test_the_booster_is_at_15_months_in_dubai_and_at_18_elsewhere() -> None:
    born_on = date(2018, 1, 1)
    ages = [
        doses("Pneumococcal", born_on, e)[3].ages[0].earliest_recommended for e in (None, "dubai")
    ]
    assert ages == [Duration(months=18), Duration(months=15)]


def test_polio_by_mouth_at_4_months_ends_with_the_children_of_july_2019() -> None:
    assert len(doses("Oral polio", date(2019, 6, 30))) == 4
    assert len(doses("Oral polio", date(2019, 7, 1))) == 3


@pytest.mark.parametrize(
    ("born_on", "names"),
    [
        (date(2004, 8, 31), set()),
        (date(2004, 9, 1), {"HPV: girls"}),
        (date(2009, 8, 31), {"HPV: girls"}),
        (date(2009, 9, 1), {"HPV: girls", "HPV: boys"}),
    ],
)
def test_hpv_begins_with_birth_cohorts_of_girls_and_boys(born_on: date, names: set[str]) -> None:
    edition = find_edition(UAE, born_on=born_on)
    assert {series.name for series in edition.schedule.antigens["HPV"].series} == names
    assert edition.voluntary == {"HPV: boys"}


def test_every_birthday_has_one_edition() -> None:
    for emirate in (None, "dubai"):
        ends = [
            (edition.born_from, edition.born_before)
            for edition in UAE.editions
            if edition.emirate == emirate
        ]
        assert ends[0][0] is None
        assert ends[-1][1] is None
        assert [end for _, end in ends[:-1]] == [start for start, _ in ends[1:]]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("bcg.yaml", 'give: ["19"]', 'give: ["20"]', "BCG, birth, give: 20 is not defined"),
        ("bcg.yaml", "maximum: 5 years", "maximum: five years", "'five years' is not an age"),
        ("bcg.yaml", "default: true", "defualt: true", "bcg.yaml"),
        ("bcg.yaml", "format: 1", "format: 2", "bcg.yaml"),
        ("bcg.yaml", "kind: schedule_group", "kind: schedule", "kind is not one of"),
        ("bcg.yaml", "group: BCG", "group: MMR", "group MMR is defined twice"),
        ("bcg.yaml", "antigens: [Tuberculosis]", "antigens: [HPV]", "antigen HPV is defined twice"),
        ("bcg.yaml", 'observation: "013"', 'observation: "999"', "999 is not defined"),
        ("opv.yaml", "{from_age: 6 months}", "{when: both}", "a skip says neither"),
        ("pcv.yaml", "not_emirates: [dubai]", "not_emirates: [dubay]", "dubay is not defined"),
        ("pcv.yaml", "born_before: 2018-05-01", "born_before: 2018-05-32", "pcv.yaml"),
        ("programme.yaml", '- ["133", "152", "109"]', '- ["133", "7"]', "7 is not defined"),
        ("vaccines.yaml", 'cvx: "01"', 'cvx: "02"', "vaccine 02 is defined twice"),
        ("vaccines.yaml", "kind: schedule_vaccines", "kind: schedule_group", "write one"),
        ("vaccines.yaml", "antigens: [HPV]", "antigens: [HVP]", "HVP is not defined"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    pack = tmp_path / "uae"
    shutil.copytree(SHIPPED_UAE, pack)
    text = (pack / file).read_text()
    assert old in text
    (pack / file).write_text(text.replace(old, new))
    with pytest.raises(ScheduleError, match=words):
        read_programme(pack)


def test_a_missing_programme_and_no_yaml_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError):
        read_programme(tmp_path)
    (tmp_path / "a.yaml").write_text("kind: schedule_group\n")
    with pytest.raises(ScheduleError, match="write one"):
        read_programme(tmp_path)
