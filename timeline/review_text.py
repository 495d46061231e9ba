"""Words for a fact under review, in both languages: for GraphQL here, for phones in the catalogue.

A phone gets the messages as they are and says them from the record it holds, with no network.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Literal

from domain.card.record import FactReview
from domain.text.message import LANGUAGES, Language, Message, ParameterValue, compile_message
from timeline.source import AgencyNames, Named, source_name

Saying = Literal[
    "open",
    "overdue",
    "upheld",
    "corrected",
    "draft",
    "mine_not_so",
    "mine_other_day",
    "mine_other",
    "mine_words",
]

REVIEW_TEXTS: Mapping[Saying, Named] = MappingProxyType(
    {
        "open": Named(
            "قيد المراجعة لدى {registry} منذ {since, date, long}، والرد مستحق حتى "
            "{due, date, long}.",
            "Under review at {registry} since {since, date, long}; an answer is due by "
            "{due, date, long}.",
        ),
        "overdue": Named(
            "قيد المراجعة لدى {registry} منذ {since, date, long}. تأخر الرد: كان مستحقًا حتى "
            "{due, date, long}.",
            "Under review at {registry} since {since, date, long}. The answer is overdue: it was "
            "due by {due, date, long}.",
        ),
        "upheld": Named(
            "أجابت الجهة ({registry}) في {answered, date, long} بأن المسجَّل صحيح.",
            "{registry} answered on {answered, date, long} that the record is right.",
        ),
        "corrected": Named(
            "أجابت الجهة ({registry}) في {answered, date, long} بأن المسجَّل خطأ وأنها تصحِّحه.",
            "{registry} answered on {answered, date, long} that the record is wrong and that it "
            "corrects it.",
        ),
        "draft": Named("مدة الرد مسودة لم تُعتمد بعد.", "The time to answer is a draft."),
        "mine_not_so": Named(
            "تقول: لم يحدث هذا، أو لا يخصنا.", "You say: this did not happen, or is not about us."
        ),
        "mine_other_day": Named(
            "تقول: كان ذلك في {says_on, date, long}.", "You say: it was on {says_on, date, long}."
        ),
        "mine_other": Named("تقول: في المسجَّل خطأ.", "You say: the record is wrong."),
        "mine_words": Named("بكلماتك: {words}", "In your words: {words}"),
    }
)

_MESSAGES: Mapping[Language, Mapping[Saying, Message]] = MappingProxyType(
    {
        language: {
            saying: compile_message(named.say(language), language)
            for saying, named in REVIEW_TEXTS.items()
        }
        for language in LANGUAGES
    }
)
_CLAIMS: Mapping[str, Saying] = MappingProxyType(
    {"not_so": "mine_not_so", "other_day": "mine_other_day", "other": "mine_other"}
)


def say_review(
    review: FactReview, *, agencies: AgencyNames, today: date, language: Language
) -> str:
    """A review in words: how it stands today, then what the reader said, if it was the reader."""
    values: dict[str, ParameterValue] = {
        "registry": source_name(agencies, review.registry, language),
        "since": review.since_on,
        "due": review.due_on,
    }
    if review.answered_on is not None:
        values["answered"] = review.answered_on
    is_overdue = review.state == "open" and today > review.due_on
    sayings: list[Saying] = ["overdue" if is_overdue else review.state]
    if review.state == "open" and review.is_draft:
        sayings.append("draft")
    said = review.said
    if said is not None:
        sayings.append(_CLAIMS[said.claim])
        if said.on is not None:
            values["says_on"] = said.on
        if said.words is not None:
            values["words"] = said.words
            sayings.append("mine_words")
    messages = _MESSAGES[language]
    return " ".join(messages[saying].render(values) for saying in sayings)
