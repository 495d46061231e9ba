"""Texts of the catalogue, rendered on the phone: ICU messages in Arabic and English.

The contract's vectors (`mobile-contract/text/`) say what must come out. Plurals, numbers, dates
and lists are CLDR's, by Babel; the syntax is read here, and only the option that is chosen is
followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

LOCALES = {"ar": "ar_AE", "en": "en_GB"}
DEPTH_MAX = 8  # the catalogue allows 4; a phone only must not be led astray

ISOLATE, POP = "\u2068", "\u2069"  # a name keeps its own direction
_FOREIGN_CONTROLS = {
    ord(mark): None
    for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\n\r\x85\u2028\u2029"
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of a service's terms: chosen by its one id, printed in words."""

    ids: tuple[str, ...]
    words: str


Value = str | int | date | Listed


class Unrenderable(ValueError):
    """A text that this phone cannot say: a newer syntax, or a parameter that is missing."""


def render(source: str, language: str, values: Mapping[str, Value]) -> str:
    """The message in its language with its values. Raises: Unrenderable."""
    return _Renderer(Locale.parse(LOCALES[language]), values).say(source)


def join(words: tuple[str, ...], language: str) -> str:
    """The words as a list of the language: "A, B and C"."""
    return format_list(words, locale=LOCALES[language])


class _Renderer:
    def __init__(self, locale: Locale, values: Mapping[str, Value]) -> None:
        self.locale = locale
        self.values = values

    def say(self, source: str, counted: str | None = None, depth: int = 0) -> str:
        """`source` in words; `#` is the number `counted` where a plural stands around it."""
        if depth > DEPTH_MAX:
            raise Unrenderable("nested too deep")
        said: list[str] = []
        place = 0
        while place < len(source):
            mark = source[place]
            if mark == "'":
                words, place = quoted(source, place, plural=counted is not None)
                said.append(words)
            elif mark == "{":
                end = closing(source, place)
                said.append(self._argument(source[place + 1 : end], depth + 1))
                place = end + 1
            elif mark == "#" and counted is not None:
                said.append(self._plain(counted))
                place += 1
            else:
                said.append(mark)
                place += 1
        return "".join(said)

    def _argument(self, inner: str, depth: int) -> str:
        name, _, rest = inner.partition(",")
        name = name.strip()
        if not rest:
            return self._plain(name)
        kind, _, style = rest.partition(",")
        kind = kind.strip()
        if kind == "date":
            return self._date(name, style.strip())
        options = options_of(style)
        if kind == "plural":
            return self.say(self._plural(options, self._number(name)), name, depth)
        if kind == "select":
            return self.say(options.get(self._choice(name), options["other"]), None, depth)
        raise Unrenderable(f"an argument of the unknown kind {kind}")

    def _plural(self, options: Mapping[str, str], count: int) -> str:
        form = self.locale.plural_form(abs(count))
        return options.get(f"={count}", options.get(form, options["other"]))

    def _value(self, name: str) -> Value:
        try:
            return self.values[name]
        except KeyError:
            raise Unrenderable(f"no value for {name}") from None

    def _choice(self, name: str) -> str:
        value = self._value(name)
        return value.ids[0] if isinstance(value, Listed) and value.ids else str(value)

    def _number(self, name: str) -> int:
        value = self._value(name)
        if not isinstance(value, int):
            raise Unrenderable(f"{name} is no number")
        return value

    def _date(self, name: str, style: str) -> str:
        value = self._value(name)
        if not isinstance(value, date) or style not in ("long", "short"):
            raise Unrenderable(f"{name} is no date in the style {style}")
        return format_date(value, style, locale=self.locale)

    def _plain(self, name: str) -> str:
        value = self._value(name)
        if isinstance(value, date):
            return format_date(value, "long", locale=self.locale)
        if isinstance(value, int):
            return format_decimal(value, locale=self.locale)
        if isinstance(value, Listed):
            value = value.words
        return f"{ISOLATE}{value.translate(_FOREIGN_CONTROLS)}{POP}"


def quoted(source: str, place: int, *, plural: bool) -> tuple[str, int]:
    """What the apostrophe at `place` stands for, and where the text goes on."""
    following = source[place + 1 : place + 2]
    if following == "'":
        return "'", place + 2
    if not following or following not in ("{}#" if plural else "{}"):
        return "'", place + 1
    words: list[str] = []
    place += 1
    while place < len(source):
        if source[place] != "'":
            words.append(source[place])
            place += 1
        elif source[place + 1 : place + 2] == "'":
            words.append("'")
            place += 2
        else:
            return "".join(words), place + 1
    raise Unrenderable("a quotation is not closed")


def closing(source: str, place: int) -> int:
    """The place of the brace that closes the one at `place`."""
    depth = 0
    while place < len(source):
        mark = source[place]
        if mark == "'":
            # Inside an argument a quoted `#` is skipped alike: only braces matter here.
            _, place = quoted(source, place, plural=True)
            continue
        depth += {"{": 1, "}": -1}.get(mark, 0)
        if depth == 0:
            return place
        place += 1
    raise Unrenderable("a brace is not closed")


def options_of(style: str) -> dict[str, str]:
    """The options of a plural or a select: selector -> message. Raises: Unrenderable."""
    options: dict[str, str] = {}
    place = 0
    while (start := style.find("{", place)) >= 0:
        end = closing(style, start)
        options[style[place:start].strip()] = style[start + 1 : end]
        place = end + 1
    if "other" not in options:
        raise Unrenderable("a choice without other")
    return options
