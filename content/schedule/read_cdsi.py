"""Makes supporting data out of the XML that CDC publishes for CDSi: one schedule file and one
file for each antigen.

The command `osrati schedule import` calls it; the product itself reads only what was packed.
"""

from datetime import date
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from content.schedule import xml_text as xml
from content.schedule.read_series import read_series, read_vaccine
from domain.immunization.supporting_data import (
    Antigen,
    Association,
    BirthDateImmunity,
    Conflict,
    Contraindication,
    Observation,
    SupportingData,
    VaccineGroup,
    VaccineType,
)

FILE_BYTES_MAX = 4 * 1024 * 1024  # the largest published has 0.5 MB
FILES_MAX = 100  # 30 antigens are published
SCHEDULE_FILE = "ScheduleSupportingData.xml"
SOURCE = "CDC Clinical Decision Support for Immunization (CDSi), supporting data"


def read_cdsi(directory: Path, *, version: str, published_on: date) -> SupportingData:
    """The supporting data in `directory`, antigens sorted by name.

    Raises: ScheduleError naming the file for anything that cannot be read or is not understood.
    """
    files = sorted(directory.glob("AntigenSupportingData*.xml"))
    if not 1 <= len(files) <= FILES_MAX:
        raise xml.ScheduleError(
            f"{directory.name} has {len(files)} antigen files: 1 to {FILES_MAX}"
        )
    schedule = _root(directory / SCHEDULE_FILE)
    antigens = sorted((_antigen(file) for file in files), key=lambda antigen: antigen.name)
    return SupportingData(
        version=version,
        published_on=published_on,
        source=SOURCE,
        antigens=tuple(antigens),
        groups=_groups(schedule),
        vaccines=tuple(
            sorted(map(_vaccine_type, schedule.findall("cvxToAntigenMap/cvxMap")), key=_by_cvx)
        ),
        conflicts=tuple(map(_conflict, schedule.findall("liveVirusConflicts/liveVirusConflict"))),
        observations=tuple(map(_observation, schedule.findall("observations/observation"))),
    )


def _by_cvx(vaccine: VaccineType) -> str:
    return vaccine.cvx


def _root(file: Path) -> Element:
    with file.open("rb") as source:
        body = source.read(FILE_BYTES_MAX + 1)
    if len(body) > FILE_BYTES_MAX:
        raise xml.ScheduleError(f"{file.name} is larger than {FILE_BYTES_MAX} bytes")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:  # entities can swell without end
        raise xml.ScheduleError(f"{file.name} declares a document type, which is not read")
    try:
        return ElementTree.fromstring(body)  # noqa: S314 -- without entities, as seen above
    except ElementTree.ParseError as error:
        raise xml.ScheduleError(f"{file.name} is not XML: {error}") from error


def _antigen(file: Path) -> Antigen:
    root = _root(file)
    first = root.find("series")
    if first is None:
        raise xml.ScheduleError(f"{file.name} has no <series>")
    try:
        return Antigen(
            name=xml.words(first, "targetDisease"),
            group=xml.words(first, "vaccineGroup"),
            series=tuple(read_series(child) for child in root.findall("series")),
            contraindications=_contraindications(root, "vaccineGroup"),
            vaccine_contraindications=_contraindications(root, "vaccine"),
            immunity_observations=frozenset(
                xml.words(child, "guidelineCode")
                for child in xml.children(root, "immunity/clinicalHistory")
            ),
            birth_date_immunities=tuple(
                _birth_date_immunity(child) for child in xml.children(root, "immunity/dateOfBirth")
            ),
        )
    except KeyError as error:
        raise xml.ScheduleError(f"{file.name}: {error} is not a word that is understood") from error
    except xml.ScheduleError as error:
        raise xml.ScheduleError(f"{file.name}: {error}") from error


def _contraindications(root: Element, level: str) -> tuple[Contraindication, ...]:
    return tuple(
        Contraindication(
            observation=xml.words(child, "observationCode"),
            text=xml.text(child, "contraindicationText") or "",
            guidance=xml.text(child, "contraindicationGuidance") or "",
            begin_age=xml.duration(child, "beginAge"),
            end_age=xml.duration(child, "endAge"),
            vaccines=tuple(read_vaccine(e) for e in xml.children(child, "contraindicatedVaccine")),
        )
        for child in xml.children(root, f"contraindications/{level}/contraindication")
    )


def _birth_date_immunity(element: Element) -> BirthDateImmunity:
    before_on = xml.day(element, "immunityBirthDate")
    if before_on is None:
        raise xml.ScheduleError("<dateOfBirth> has no <immunityBirthDate>")
    return BirthDateImmunity(
        before_on=before_on,
        country=xml.text(element, "birthCountry"),
        exclusions=frozenset(
            xml.words(child, "exclusionCode") for child in xml.children(element, "exclusion")
        ),
    )


def _groups(schedule: Element) -> tuple[VaccineGroup, ...]:
    antigens = {
        xml.words(child, "name"): tuple((e.text or "").strip() for e in child.findall("antigen"))
        for child in schedule.findall("vaccineGroupToAntigenMap/vaccineGroupMap")
    }
    return tuple(
        VaccineGroup(
            name=(name := xml.words(child, "name")),
            antigens=antigens[name],
            whole=xml.flag(child, "administerFullVaccineGroup"),
        )
        for child in schedule.findall("vaccineGroups/vaccineGroup")
    )


def _vaccine_type(element: Element) -> VaccineType:
    return VaccineType(
        cvx=xml.code(element),
        name=xml.text(element, "shortDescription") or "",
        associations=tuple(
            Association(
                antigen=xml.words(child, "antigen"),
                begin_age=xml.duration(child, "associationBeginAge"),
                end_age=xml.duration(child, "associationEndAge"),
            )
            for child in xml.children(element, "association")
        ),
    )


def _conflict(element: Element) -> Conflict:
    begin, minimum_end, end = (
        xml.duration(element, tag)
        for tag in ("conflictBeginInterval", "minConflictEndInterval", "conflictEndInterval")
    )
    if begin is None or minimum_end is None or end is None:
        raise xml.ScheduleError("<liveVirusConflict> lacks an interval")
    return Conflict(
        previous=xml.code(element, "previous/cvx"),
        current=xml.code(element, "current/cvx"),
        begin=begin,
        minimum_end=minimum_end,
        end=end,
    )


def _observation(element: Element) -> Observation:
    return Observation(
        code=xml.words(element, "observationCode"),
        title=xml.text(element, "observationTitle") or "",
        codes=tuple(
            (xml.text(child, "codeSystem") or "", xml.text(child, "code") or "")
            for child in xml.children(element, "codedValues/codedValue")
        ),
    )
