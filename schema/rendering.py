"""One card's words, rendered once a language however many of its fields are asked."""

from domain.card_text import RenderedCard, render_record
from domain.catalogue import Service
from domain.record import Record
from domain.text import Language
from schema.language import LanguageName, chosen
from schema.source import AgencyNames


class Rendering:
    """A record with its service; `language` is its reader's."""

    __slots__ = ("_said", "agencies", "language", "record", "service")

    def __init__(
        self, record: Record, service: Service, language: Language, agencies: AgencyNames
    ) -> None:
        self.record = record
        self.service = service
        self.language = language
        self.agencies = agencies
        self._said: dict[Language, RenderedCard] = {}

    def say(self, language: LanguageName | None) -> RenderedCard:
        """The card's words in the language asked for, else in its reader's."""
        spoken = chosen(language, self.language)
        if spoken not in self._said:
            self._said[spoken] = render_record(self.service, self.record, spoken)
        return self._said[spoken]
