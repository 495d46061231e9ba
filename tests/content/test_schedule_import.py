"""CDC's XML becomes supporting data, and what cannot be understood is refused with its place."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from api.tools import schedule
from content.schedule import packed
from content.schedule.packed import pack_supporting_data, read_supporting_data
from content.schedule.read_cdsi import read_cdsi
from content.schedule.xml_text import ScheduleError
from domain.immunization.duration import Duration
from domain.immunization.supporting_data import Interval, SupportingData

PUBLISHED = date(2026, 1, 1)

SCHEDULE = """<scheduleSupportingData>
<liveVirusConflicts><liveVirusConflict>
<previous><cvx>3</cvx></previous><current><cvx>21</cvx></current>
<conflictBeginInterval>1 day</conflictBeginInterval>
<minConflictEndInterval>24 days</minConflictEndInterval>
<conflictEndInterval>28 days</conflictEndInterval>
</liveVirusConflict></liveVirusConflicts>
<vaccineGroups><vaccineGroup><name>MMR</name>
<administerFullVaccineGroup>Yes</administerFullVaccineGroup></vaccineGroup></vaccineGroups>
<vaccineGroupToAntigenMap><vaccineGroupMap><name>MMR</name><antigen>Measles</antigen>
</vaccineGroupMap></vaccineGroupToAntigenMap>
<cvxToAntigenMap><cvxMap><cvx>3</cvx><shortDescription>MMR</shortDescription>
<association><antigen>Measles</antigen><associationBeginAge/><associationEndAge>50 years
</associationEndAge></association></cvxMap></cvxToAntigenMap>
<observations><observation><observationCode>018</observationCode>
<observationTitle>Measles immune</observationTitle></observation></observations>
</scheduleSupportingData>"""

ANTIGEN = """<antigenSupportingData><immunity><dateOfBirth>
<immunityBirthDate>01/01/1957</immunityBirthDate><birthCountry>U.S.</birthCountry>
<exclusion><exclusionCode>055</exclusionCode></exclusion></dateOfBirth></immunity>
<contraindications/>
<series><seriesName>one</seriesName><targetDisease>Measles</targetDisease>
<vaccineGroup>MMR</vaccineGroup><seriesType>Standard</seriesType>
<equivalentSeriesGroups/><requiredGender>Female</requiredGender><selectSeries>
<defaultSeries>Yes</defaultSeries><productPath>No</productPath>
<seriesGroupName>Standard</seriesGroupName><seriesGroup>1</seriesGroup>
<seriesPriority>A</seriesPriority><seriesPreference>n/a</seriesPreference>
</selectSeries><indication/>
<seriesDose><doseNumber>Dose 1</doseNumber><age><absMinAge>12 months - 4 days</absMinAge></age>
<interval><fromPrevious>N</fromPrevious><fromMostRecent>3; 94</fromMostRecent>
<minInt>16 months + 4 weeks</minInt><intervalPriority>override</intervalPriority>
<effectiveDate>20161216</effectiveDate></interval>
<preferableVaccine><cvx>3</cvx><volume>0.5</volume></preferableVaccine>
<recurringDose>No</recurringDose></seriesDose></series></antigenSupportingData>"""


def publish(directory: Path, *, schedule: str = SCHEDULE, antigen: str = ANTIGEN) -> SupportingData:
    (directory / "ScheduleSupportingData.xml").write_text(schedule)
    (directory / "AntigenSupportingData- Measles-508.xml").write_text(antigen)
    return read_cdsi(directory, version="1", published_on=PUBLISHED)


def test_each_row_becomes_a_typed_value(tmp_path: Path) -> None:
    data = publish(tmp_path)
    (antigen,) = data.antigens
    (series,) = antigen.series
    (dose,) = series.doses
    assert dose.ages[0].absolute_minimum == Duration(months=12, days=-4)
    assert dose.intervals == (
        Interval(
            from_vaccines=frozenset({"03", "94"}),
            minimum=Duration(months=16, days=28),
            overrides=True,
            effective_on=date(2016, 12, 16),
        ),
    )
    assert dose.preferable[0].cvx == "03"
    assert series.sexes == {"female"}
    assert (series.preference, series.is_default) == (None, True)
    assert antigen.birth_date_immunities[0].before_on == date(1957, 1, 1)
    assert data.groups[0].whole
    assert data.vaccines[0].associations[0].end_age == Duration(years=50)
    assert data.conflicts[0].minimum_end == Duration(days=24)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("12 months - 4 days", "a year or so", "absMinAge"),
        ("<seriesType>Standard", "<seriesType>Sometimes", "sometimes"),
        ("20161216", "20161316", "effectiveDate"),
        ("<defaultSeries>Yes", "<defaultSeries>Perhaps", "defaultSeries"),
        ("Dose 1", "Dose one", "doseNumber"),
        ("<cvx>3</cvx><volume>", "<cvx/><volume>", "cvx"),
        ("</series>", "", "not XML"),
        ("<antigenSupportingData>", "<!DOCTYPE x><antigenSupportingData>", "document type"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in ANTIGEN
    with pytest.raises(ScheduleError, match=said) as refusal:
        publish(tmp_path, antigen=ANTIGEN.replace(old, new, 1))
    assert "Measles" in str(refusal.value)


def test_the_command_packs_a_directory_and_refuses_an_empty_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = publish(tmp_path)
    file = tmp_path / "out.json.gz"
    options = ["--version", "1", "--published", "2026-01-01"]
    command = ["import", "cdsi", str(tmp_path), str(file), *options]
    assert schedule(command) == 0
    said = capsys.readouterr().out
    assert "1 antigens, 1 series" in said
    assert "written, sha-256" in said
    assert schedule(command) == 0
    assert "unchanged, sha-256" in capsys.readouterr().out
    assert schedule([*command, "--sha256", "0" * 64]) == 1
    assert "is not written" in capsys.readouterr().err
    assert read_supporting_data(file) == data
    empty = tmp_path / "empty"
    empty.mkdir()
    assert schedule(["import", "cdsi", str(empty), str(file), *options]) == 1
    assert "antigen files" in capsys.readouterr().err
    assert read_supporting_data(file) == data


def test_the_shipped_file_is_whole_small_and_canonical() -> None:
    data = read_supporting_data()
    assert data.version == "4.64"
    counts = (len(data.antigens), len(data.vaccines), len(data.conflicts), len(data.observations))
    assert counts == (30, 218, 625, 277)
    assert sum(len(antigen.series) for antigen in data.antigens) == 143
    assert packed.SHIPPED_CDSI.stat().st_size < 100_000
    assert gzip.decompress(pack_supporting_data(data)) == gzip.decompress(
        packed.SHIPPED_CDSI.read_bytes()
    )


@pytest.mark.parametrize(
    "spoil", [lambda body: body[:-20], lambda body: b"x" + body, lambda _: b""]
)
def test_a_spoilt_file_is_refused(tmp_path: Path, spoil: object) -> None:
    file = tmp_path / "spoilt.json.gz"
    file.write_bytes(spoil(packed.SHIPPED_CDSI.read_bytes()))  # type: ignore[operator]  # a lambda
    with pytest.raises(ScheduleError, match=r"spoilt\.json\.gz"):
        read_supporting_data(file)
