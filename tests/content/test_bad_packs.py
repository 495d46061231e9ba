"""What an author may get wrong: each is refused with the file, the line, the word and the mend."""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from content.pack import SHIPPED_PACK
from content.place import with_lines
from content.schedule_entries import read_catalogue
from domain.compile.catalogue import compile_catalogue
from domain.compile.document import CatalogueError, Problem

FEE = "figures/birth_certificate_fee.yaml"
SINCE = "    valid_from: 2024-01-01\n"
SIGNED = '{ar: "الوزارة", en: "The ministry"}'
SECOND = (
    f"  - {{value: 70, valid_from: 2025-02-01, source: s, sure: secondary, sign_off: {SIGNED}}}\n"
)


@dataclass(frozen=True)
class Slip:
    """A change of one file, the line of it that is named, and words of the message."""

    file: str
    change: Callable[[str], str]
    at: str
    words: tuple[str, ...]


def put(old: str, new: str) -> Callable[[str], str]:
    """Puts `new` in place of the first `old`."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def add(line: str) -> Callable[[str], str]:
    return lambda text: text + line


SLIPS = {
    "a service that leads to itself": Slip(
        "child_allowance.yaml",
        add("leads_to: [child_allowance]\n"),
        "leads_to:",
        ("child_allowance → child_allowance", "remove one of them"),
    ),
    "a name without Arabic": Slip(
        "newborn_bundle.yaml", put("  ar: مبروك ما ياك\n", ""), "name:", ("'ar'",)
    ),
    "a placeholder that is not known": Slip(
        "newborn_bundle.yaml",
        put("This service begins once", "This {service_nam} begins once"),
        "en: This {service_nam}",
        ("service_nam",),
    ),
    "an Arabic plural that lacks a form": Slip(
        "growth_questionnaire.yaml", put("few{# سنوات} ", ""), "ar:", ("few",)
    ),
    "a card that never ends": Slip(
        "newborn_bundle.yaml", put("      expires: {days: 120}\n", ""), "window:", ("'expires'",)
    ),
    "a figure of law with a gap": Slip(
        FEE,
        lambda text: put(SINCE, f"{SINCE}    valid_to: 2024-12-31\n")(text) + SECOND,
        "valid_from: 2025-02-01",
        ("from 2025-01-01 to 2025-01-31", "let it begin on"),
    ),
    "a figure of law whose values overlap": Slip(
        FEE, add(SECOND), "valid_from: 2025-02-01", ("no valid_to", "add the day")
    ),
    "a pack made for a newer format": Slip(
        "newborn_bundle.yaml",
        put("format: 1", "format: 2"),
        "format: 2",
        ("format 2", "reads up to 1", "upgrade it"),
    ),
    "an entry that says in English alone who must sign": Slip(
        "newborn_bundle.yaml",
        lambda text: re.sub(r"^sign_off:\n(?: .*\n)+", "sign_off: ICP\n", text, flags=re.MULTILINE),
        "sign_off: ICP",
        ("one language", "ar and en"),
    ),
    "a figure that says in English alone who must sign": Slip(
        FEE, add(SECOND.replace(SIGNED, "MOHAP")), "sign_off: MOHAP", ("one language", "ar and en")
    ),
    "an entry that has no Arabic of who must sign": Slip(
        "newborn_bundle.yaml",
        lambda text: re.sub(
            r"^sign_off:\n(?: .*\n)+", 'sign_off: {en: "ICP"}\n', text, flags=re.MULTILINE
        ),
        "sign_off:",
        ("'ar'",),
    ),
    "an entry that is withdrawn and still referred to": Slip(
        "agencies/icp.yaml",
        put("draft: true\n", "withdrawn: true\ndraft: true\n"),
        "",  # said where it is referred to
        ("'icp'", "withdrawn"),
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_of_an_author_is_named_with_file_line_word_and_mend(
    tmp_path: Path, name: str
) -> None:
    slip = SLIPS[name]
    pack = tmp_path / "pack"
    shutil.copytree(SHIPPED_PACK, pack)
    file = pack / slip.file
    text = slip.change(file.read_text("utf-8"))
    file.write_text(text, "utf-8")
    problems = problems_of(pack)
    said = [one for one in problems if all(word in one.message for word in slip.words)]
    assert said, "\n".join(map(str, problems))
    where, _, line = said[0].where.rpartition(":")
    assert line.isdecimal(), said[0]
    assert ": " in said[0].message or "," in said[0].message, "it says how to mend it"
    if slip.at:
        assert where == slip.file
        lines = text.splitlines()
        assert slip.at in "\n".join(lines[int(line) - 2 : int(line) + 1]), (line, said[0].message)


def problems_of(pack: Path) -> Sequence[Problem]:
    with pytest.raises(CatalogueError) as refused:
        compile_catalogue(read_catalogue(pack), version=0)
    return with_lines(refused.value.errors, pack)
