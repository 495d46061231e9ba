"""A person's names from FHIR's: in each script the one that is in use, given before family.

FHIR orders nothing: `text` may begin with the family name, `family` and `given` may be filled the
wrong way about, and a name in Arabic may be a name of its own or an extension of the Latin one.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from unicodedata import category, normalize

from gov.event.person import is_refused_in_names
from gov.fhir.day import find_day
from gov.fhir.element import Extension, HumanName

NAME_CHARACTERS_MAX = 200  # as events have it
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
# Better first. What is old, a maiden name or a nickname is not what a person is called.
_USES = ("official", "usual", None, "temp")


def read_names(names: Iterable[HumanName], *, on: date) -> tuple[str | None, str | None]:
    """What the person is called on that day, in Arabic and in Latin script; None: not said."""
    in_use = [name for name in names if name.use in _USES and not _has_ended(name, on)]
    found: dict[str, str] = {}
    for name in sorted(in_use, key=lambda one: _USES.index(one.use)):
        for written in _written(name):
            script, sound = _script(written), _sound(written)
            if script is not None and sound is not None:
                found.setdefault(script, sound)
    return found.get("ar"), found.get("en")


def _has_ended(name: HumanName, on: date) -> bool:
    ended_on = find_day(name.period.end) if name.period is not None else None
    return ended_on is not None and ended_on < on


def _written(name: HumanName) -> Iterator[str]:
    """The name itself and each translation of it. Parts are surer than `text`: their order is
    known."""
    given = [part for part in name.given if part]
    if name.family is not None and given:
        yield " ".join((*given, name.family))
    elif name.text is not None:
        yield name.text
    elif name.family is not None or given:
        yield " ".join((*given, *((name.family,) if name.family else ())))
    for beside in (name.text_beside, name.family_beside):
        yield from _translations(beside.extension if beside is not None else ())
    yield from _translations(name.extension)


def _translations(extensions: Iterable[Extension]) -> Iterator[str]:
    for extension in extensions:
        if extension.url == TRANSLATION:
            for part in extension.extension:
                if part.url == "content" and part.value_string is not None:
                    yield part.value_string


def _script(written: str) -> str | None:
    """By its letters, not by what is claimed: a language tag is wrong more often than a letter."""
    letters = [char for char in written if category(char).startswith("L")]
    if not letters:
        return None
    arabic = sum("\u0600" <= char <= "\u08ff" or "\ufb50" <= char <= "\ufefc" for char in letters)
    return "ar" if arabic * 2 > len(letters) else "en"


def _sound(written: str) -> str | None:
    """In NFC, one space between words; None for what would show as another name, or is too long."""
    name = " ".join(normalize("NFC", written).split())
    if len(name) > NAME_CHARACTERS_MAX or any(is_refused_in_names(char) for char in name):
        return None
    return name
