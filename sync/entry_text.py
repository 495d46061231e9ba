"""What a phone is sent of the entries that are no service: articles, figures of law, bundles.

Beside `sync/catalogue.py`, which says when. Texts are ICU messages in one language; days are text.
"""

from datetime import date

import msgspec

from domain.catalogue import Catalogue, Service
from domain.entry import Article, Figure
from domain.rule.reading import read_condition
from domain.text.article import reading_minutes
from domain.text.message import Language


class ArticleText(msgspec.Struct, frozen=True):
    """An article: its body is an ICU message that gives Markdown, and names figures alone."""

    id: str
    version: int
    revision: int
    draft: bool
    stage: str
    topic: str
    audience: list[str]
    agency: str
    title: str
    summary: str
    body: str
    figures: list[str]
    minutes: int


class FigureSaid(msgspec.Struct, frozen=True):
    """A figure of law with its days, so that a phone offline says the one of the day."""

    id: str
    name: str
    unit: str
    draft: bool
    values: list[tuple[int, str | None, str | None]]


def article_text(article: Article, language: Language) -> ArticleText:
    """An article in one language."""
    words = article.words_ar if language == "ar" else article.words_en
    return ArticleText(
        id=article.id,
        version=article.version,
        revision=article.revision,
        draft=article.draft,
        stage=article.stage,
        topic=article.topic,
        audience=list(article.audience),
        agency=article.agency,
        title=article.title.message(language).source,
        summary=article.summary.message(language).source,
        body=article.body.message(language).source,
        figures=sorted(article.figures),
        minutes=reading_minutes(words),
    )


def figure_said(figure: Figure, language: Language) -> FigureSaid:
    """A figure with the days of its values."""
    return FigureSaid(
        id=figure.id,
        name=figure.name.message(language).source,
        unit=figure.unit,
        draft=figure.draft,
        values=[(one.value, _day(one.valid_from), _day(one.valid_to)) for one in figure.values],
    )


def readings_of(service: Service, language: Language) -> dict[str, str]:
    """Each line of a service as its rule reads."""
    return {
        line.id: read_condition(line.when, language, service.figures)
        for line in service.eligibility
    }


def bundle_names(catalogue: Catalogue, language: Language) -> dict[str, str]:
    """What each bundle is called."""
    bundles = catalogue.entries.bundles.values()
    return {bundle.id: bundle.name.message(language).source for bundle in bundles}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
