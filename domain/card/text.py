"""What a card says: its record's parameters put into its service's texts.

schema, push and the demonstration page call it. The phone does the same from the published texts;
`mobile-contract/` tells it how.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.card.record import Record, Truth
from domain.catalogue import Service
from domain.rule.shortfall import say_gap
from domain.rule.variable import DATE_PARAMETERS
from domain.text.bilingual import Bilingual
from domain.text.message import Language, Message, ParameterValue, join_texts


class RenderedLine(msgspec.Struct, frozen=True):
    """One eligibility line in words, and how it stood; of one not met, what would change it."""

    id: str
    text: str
    truth: Truth
    gaps: tuple[str, ...] = ()
    met_from: date | None = None


class RenderedCard(msgspec.Struct, frozen=True):
    """A card in one language: for a waiting one, what it waits for."""

    title: str
    body: str


def render_record(service: Service, record: Record, language: Language) -> RenderedCard:
    """The record's words in `language`. `service` has the record's entry and version.

    A waiting card offers nothing yet: it says the service's name and the lines that are not met.

    Raises: MessageError or KeyError when the record lacks what the texts name: a defect, since the
    compiler of catalogues lets texts name only what `evaluate` gives.
    """
    say = _Saying(record, service.terms, language)
    if record.waiting:
        texts = _line_texts(service)
        unmet = [say(texts[line.id]) for line in record.why.lines if line.truth != "met"]
        return RenderedCard(say(service.name), "\n".join(unmet))
    rule = service.card(record.card)
    return RenderedCard(say(rule.title), say(rule.body))


def render_lines(service: Service, record: Record, language: Language) -> tuple[RenderedLine, ...]:
    """The record's eligibility lines in `language`: more words than its title and body, and few
    who read a timeline ask for them.

    Raises: as `render_record`.
    """
    say, texts = _Saying(record, service.terms, language), _line_texts(service)
    return tuple(
        RenderedLine(
            line.id,
            say(texts[line.id]),
            line.truth,
            tuple(say_gap(gap, language) for gap in line.gaps),
            line.met_from,
        )
        for line in record.why.lines
    )


def render_text(
    text: Bilingual,
    record: Record,
    terms: Mapping[str, Bilingual],
    language: Language,
) -> str:
    """A text of another entry about the record: what a message says of it.

    Raises: MessageError or KeyError when the record lacks what the text names, as above.
    """
    return _Saying(record, terms, language)(text)


class _Saying:
    """Texts about one record in one language."""

    def __init__(self, record: Record, terms: Mapping[str, Bilingual], language: Language) -> None:
        self._given = {parameter.name: parameter.value for parameter in record.parameters}
        self._terms, self._language = terms, language

    def __call__(self, text: Bilingual) -> str:
        message = text.message(self._language)
        return message.render(_values(message, self._given, self._terms, self._language))


def _line_texts(service: Service) -> Mapping[str, Bilingual]:
    return {line.id: line.text for line in service.eligibility}


def _values(
    message: Message,
    given: Mapping[str, str | int | tuple[str, ...]],
    terms: Mapping[str, Bilingual],
    language: Language,
) -> dict[str, ParameterValue]:
    """The message's parameters: by name, else by name and language; terms in words, as a list."""
    values: dict[str, ParameterValue] = {}
    for name in message.placeholders:
        value = given.get(name)
        if value is None:
            value = given.get(f"{name}_{language}")
        if value is None:
            continue
        if isinstance(value, str) and name in DATE_PARAMETERS:
            values[name] = date.fromisoformat(value)
        elif not isinstance(value, tuple):
            values[name] = value
        elif message.selects(name):
            (values[name],) = value
        else:
            words = tuple(terms[term].message(language).render({}) for term in value)
            values[name] = join_texts(words, language)
    return values
