"""The shipped articles: alike in both languages, long enough to help, and found from a card."""

import pytest

from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue
from domain.entry import Article
from domain.text.article import read_blocks, reading_minutes
from domain.text.message import Language

WORDS_WANTED = range(180, 331)  # two minutes of a parent's time; fewer say too little to help
AMBULANCE = "[998](tel:998)"  # a phone calls it when it is touched
LANGUAGES: tuple[Language, ...] = ("ar", "en")

CATALOGUE = compile_catalogue(read_catalogue(SHIPPED_PACK), version=1)
ARTICLES = sorted(CATALOGUE.entries.articles.values(), key=lambda one: one.id)


def shape_of(article: Article, language: Language) -> list[tuple[str, int]]:
    blocks = read_blocks(article.body.message(language).source)
    return [(block.kind, len(block.items)) for block in blocks]


@pytest.mark.parametrize("article", ARTICLES, ids=lambda one: one.id)
def test_an_article_says_as_much_in_arabic_as_in_english(article: Article) -> None:
    assert shape_of(article, "ar") == shape_of(article, "en")
    assert article.words_ar in WORDS_WANTED
    assert article.words_en in WORDS_WANTED
    assert reading_minutes(article.words_ar) == reading_minutes(article.words_en) == 2


@pytest.mark.parametrize("article", ARTICLES, ids=lambda one: one.id)
def test_an_article_is_a_draft_until_somebody_has_signed_it(article: Article) -> None:
    assert article.draft
    assert article.sign_off is not None


@pytest.mark.parametrize(
    "article",
    [one for one in ARTICLES if one.topic in ("health", "nutrition", "growth", "wellbeing")],
    ids=lambda one: one.id,
)
def test_where_health_is_the_matter_it_says_whom_to_call(article: Article) -> None:
    for language in LANGUAGES:
        assert AMBULANCE in article.body.message(language).source


def test_every_article_is_named_by_a_service_for_its_readers() -> None:
    def is_found(article: Article, catalogue: Catalogue) -> bool:
        return any(
            article.id in service.articles and set(article.audience) & set(service.audience)
            for service in catalogue.services.values()
        )

    assert [one.id for one in ARTICLES if not is_found(one, CATALOGUE)] == []


def test_every_stage_of_family_life_has_something_to_read() -> None:
    assert {one.stage for one in ARTICLES} == {
        *("marriage_preparation", "marriage"),
        *("pregnancy_first", "pregnancy_second", "pregnancy_third"),
        *("newborn", "infant", "child", "school"),
        *("separation", "bereavement"),
    }
    assert {one.topic for one in ARTICLES} >= {
        *("preparation", "finances", "rights", "health", "nutrition", "growth", "wellbeing"),
    }
