"""The rule of a service's audience in words: who is told of its cards, and who in their stead."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from domain.catalogue import Role, Service
from domain.text.message import Language
from timeline.source import Named

ROLE_NAMES: Mapping[Role, Named] = MappingProxyType(
    {
        "husband": Named("الزوج", "the husband"),
        "wife": Named("الزوجة", "the wife"),
        "mother": Named("الأم", "the mother"),
        "father": Named("الأب", "the father"),
        "self": Named("صاحب الشأن", "the person concerned"),
        "widowed": Named("الأرمل أو الأرملة", "the widowed spouse"),
        "owner": Named("مالك المنشأة", "the owner of the business"),
    }
)


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
