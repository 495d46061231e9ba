"""One text in both languages: what every entry of the catalogue says is made of these."""

import msgspec

from domain.text.message import Language, Message


class Bilingual(msgspec.Struct, frozen=True):
    """One text in both languages. Arabic comes first everywhere."""

    ar: Message
    en: Message

    def message(self, language: Language) -> Message:
        """The text in `language`."""
        return self.ar if language == "ar" else self.en

    def sources(self) -> tuple[str, str]:
        """Both texts as they were written."""
        return self.ar.source, self.en.source
