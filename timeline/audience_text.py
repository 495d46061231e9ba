"""The rule of a service's audience in words: who is told of its cards, and who in their stead."""

from collections.abc import Sequence

from domain.catalogue import Role, Service
from domain.rule.variable_name import ROLE_NAMES
from domain.text.message import Language


def audience_words(service: Service, language: Language) -> str:
    """Who is told, as a sentence."""
    told = _joined(service.audience, language)
    instead = _joined(service.otherwise, language)
    if language == "ar":
        return f"يُبلَّغ بها: {told}." + (f" وعند التعذّر: {instead}." if instead else "")
    return f"Told: {told}." + (f" Where there is none: {instead}." if instead else "")


def _joined(roles: Sequence[Role], language: Language) -> str:
    between = " و" if language == "ar" else " and "
    return between.join(ROLE_NAMES[role].say(language) for role in roles)
