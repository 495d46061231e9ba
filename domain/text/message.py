"""Texts of the catalogue: ICU messages, compiled once for a language and rendered with parameters.

The compiler of catalogues makes them; schema, push, content and the phone's vectors render them.
A message that its language cannot say (an Arabic plural without its six forms) is refused when
compiled.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from domain.text.message_syntax import (
    Choice,
    Dated,
    Hash,
    MessageSyntaxError,
    Node,
    Plain,
    Words,
    parse_message,
)

MESSAGE_CHARACTERS_MAX = 2_000  # a card's body is a paragraph; longer words are an article
# A version of the catalogue has some 900, and the next one nearly all of them again: reading them
# anew took most of its compiling, while families waited for it.
MESSAGES_KEPT = 4_096
NUMBERS_KEPT = 1_024  # of doses, weeks, days and ages, nearly every one is below it

Language = Literal["ar", "en"]
ParameterType = Literal["text", "number", "date"]
ParameterValue = str | int | date
Use = Literal["plain", "plural", "select", "date"]

LANGUAGES: tuple[Language, ...] = ("ar", "en")
# Both write Latin digits and put the day first.
_LOCALES: Mapping[Language, str] = {"ar": "ar_AE", "en": "en_GB"}

_FIRST_STRONG_ISOLATE = "\u2068"
_POP_DIRECTIONAL_ISOLATE = "\u2069"
# With these a name could reach out of its isolate: embeddings, overrides, isolates, line ends.
_REACHING_OUT = dict.fromkeys(
    [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x0A, 0x0D, 0x85, 0x2028, 0x2029]
)


class MessageError(ValueError):
    """A message that cannot be published, or rendered with what it was given."""


@dataclass(frozen=True, slots=True)
class Message:
    """A compiled message. Two are equal when their language and source are.

    `uses` says how each placeholder is used: one of a `select` is never printed, so its value is a
    bare word of the rules, not a text.
    """

    source: str
    language: Language
    placeholders: frozenset[str] = field(compare=False)
    uses: frozenset[tuple[str, Use]] = field(compare=False, repr=False)
    _nodes: tuple[Node, ...] = field(compare=False, repr=False)

    def render(self, parameters: Mapping[str, ParameterValue]) -> str:
        """The text with its parameters in it; each inserted string is isolated for its direction.

        A bare `{name}` prints a number by the language's rules and a date in the long style.

        Raises: MessageError when a parameter is missing or of a type its placeholder cannot use.
        """
        written: list[str] = []
        self._write(self._nodes, parameters, written)
        return "".join(written)

    def selects(self, name: str) -> bool:
        """Whether `name` chooses among options here; the catalogue lets none be printed as well."""
        return (name, "select") in self.uses

    def _write(
        self,
        nodes: tuple[Node, ...],
        parameters: Mapping[str, ParameterValue],
        written: list[str],
    ) -> None:
        for node in nodes:
            if isinstance(node, Words):
                written.append(node.text)
                continue
            if node.name not in parameters:
                raise MessageError(f"{self.source!r} needs the parameter {node.name!r}")
            value = parameters[node.name]
            if isinstance(node, Choice):
                self._write(self._chosen(node, value), parameters, written)
            elif isinstance(node, Dated):
                written.append(self._date(node.name, value, node.style))
            else:
                written.append(_plain(value, self.language))

    def _chosen(self, node: Choice, value: ParameterValue) -> tuple[Node, ...]:
        options = dict(node.options)
        if node.kind == "select":
            if not isinstance(value, str):
                raise MessageError(f"{self.source!r} chooses by {node.name!r}, which is {value!r}")
            return options.get(value, options["other"])
        if not isinstance(value, int):
            raise MessageError(f"{self.source!r} counts {node.name!r}, which is {value!r}")
        exact = options.get(f"={value}")
        return exact if exact is not None else options[plural_category(value, self.language)]

    def _date(self, name: str, value: ParameterValue, style: Literal["long", "short"]) -> str:
        if not isinstance(value, date):
            raise MessageError(f"{self.source!r} needs a date for {name!r}, got {value!r}")
        return format_date(value, style, locale=_locale(self.language))


def compile_message(
    source: str, language: Language, *, characters_max: int = MESSAGE_CHARACTERS_MAX
) -> Message:
    """The message that `source` is in `language`.

    Raises: MessageError when it is empty, too long, not ICU MessageFormat, or has a plural that
    lacks or invents a form of the language (Arabic: zero, one, two, few, many, other; English:
    one, other).
    """
    if not source.strip():
        raise MessageError("a text is empty: write it, or leave its card out")
    if len(source) > characters_max:
        raise MessageError(
            f"{source[:40]!r}… has {len(source)} characters; at most {characters_max} are"
            " allowed: shorten it"
        )
    return _compile(source, language)


@lru_cache(maxsize=MESSAGES_KEPT)
def _compile(source: str, language: Language) -> Message:
    try:
        nodes = parse_message(source)
    except MessageSyntaxError as error:
        raise MessageError(f"{source!r}: {error}") from error
    uses = frozenset(_uses(nodes))
    for choice in _plurals(nodes):
        _check_plural(choice, source, language)
    return Message(source, language, frozenset(name for name, _ in uses), uses, nodes)


def join_texts(texts: tuple[str, ...], language: Language) -> str:
    """The texts as one list of the language: "A, B and C"."""
    return format_list(texts, locale=_locale(language))


@lru_cache(maxsize=NUMBERS_KEPT)
def plural_category(count: int, language: Language) -> str:
    """The CLDR plural category of `count`, such as "few" for 3 in Arabic."""
    return _locale(language).plural_form(abs(count))


@lru_cache(maxsize=len(LANGUAGES))  # Babel parses a name each time, as long as it writes
def _locale(language: Language) -> Locale:
    return Locale.parse(_LOCALES[language])


def _plain(value: ParameterValue, language: Language) -> str:
    if isinstance(value, str):
        cleaned = value.translate(_REACHING_OUT)
        return f"{_FIRST_STRONG_ISOLATE}{cleaned}{_POP_DIRECTIONAL_ISOLATE}"
    if isinstance(value, date):
        return format_date(value, "long", locale=_locale(language))
    return _number(value, language)


@lru_cache(maxsize=NUMBERS_KEPT)
def _number(value: int, language: Language) -> str:
    return format_decimal(value, locale=_locale(language))


def _uses(nodes: tuple[Node, ...]) -> Iterator[tuple[str, Use]]:
    for node in nodes:
        if isinstance(node, Choice):
            yield node.name, node.kind
            for _, inner in node.options:
                yield from _uses(inner)
        elif isinstance(node, Dated):
            yield node.name, "date"
        elif isinstance(node, Plain):
            yield node.name, "plain"
        else:
            assert isinstance(node, Words | Hash)


def _plurals(nodes: tuple[Node, ...]) -> Iterator[Choice]:
    for node in nodes:
        if isinstance(node, Choice):
            if node.kind == "plural":
                yield node
            for _, inner in node.options:
                yield from _plurals(inner)


def _check_plural(choice: Choice, source: str, language: Language) -> None:
    """Raises: MessageError unless the plural has the language's forms, all and no others."""
    forms = _locale(language).plural_form.tags | {"other"}
    given = {selector for selector, _ in choice.options if not selector.startswith("=")}
    if missing := forms - given:
        raise MessageError(
            f"{source!r}: the plural of {choice.name!r} lacks {', '.join(sorted(missing))};"
            f" {language!r} needs {', '.join(sorted(forms))}"
        )
    if invented := given - forms:
        raise MessageError(
            f"{source!r}: the plural of {choice.name!r} has {', '.join(sorted(invented))}, which"
            f" {language!r} never uses: remove it"
        )
