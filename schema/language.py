"""The language of an answer: asked for once, beside what is asked, and then that of every text in
it. Without it, the reader's own language is used.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated

import strawberry

from domain.text.message import Language


@strawberry.enum(name="Language", description="The two languages of every text.")
class LanguageName(Enum):
    AR = "ar"
    EN = "en"


LANGUAGE_OF: Mapping[LanguageName, Language] = MappingProxyType(
    {LanguageName.AR: "ar", LanguageName.EN: "en"}
)

InLanguage = Annotated[
    LanguageName | None,
    strawberry.argument(
        description="Of every text in the answer. Without it, that of the person signed in."
    ),
]


def chosen(language: LanguageName | None, otherwise: Language) -> Language:
    """The language asked for, else `otherwise`."""
    return otherwise if language is None else LANGUAGE_OF[language]
