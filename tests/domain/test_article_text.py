"""Articles: a small Markdown, written as HTML in which nothing of the author's is markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text.article import (
    LINK_CHARACTERS_MAX,
    Block,
    count_words,
    find_faults,
    read_blocks,
    reading_minutes,
    render_html,
)
from domain.text.sms_length import sms_parts

OURS = re.compile(
    r"</?(?:div|h2|h3|p|ul|ol|li|strong|em)>|</a>"
    r'|<div lang="(?:ar|en)" dir="(?:rtl|ltr)">'
    r'|<a href="(?:https://|tel:)[^"<>]*" rel="noopener noreferrer">'
)


def test_blocks_are_headings_paragraphs_and_lists() -> None:
    source = "## One\ntext of\none\n\n- a\n- b\n  more\n\n1. first\n2. second\n### Two\n\nlast"
    assert read_blocks(source) == (
        Block("heading", ("One",)),
        Block("paragraph", ("text of one",)),
        Block("bullets", ("a", "b more")),
        Block("numbers", ("first", "second")),
        Block("subheading", ("Two",)),
        Block("paragraph", ("last",)),
    )


def test_marks_become_html_in_the_direction_of_the_language() -> None:
    said = render_html("**نص** *و* [رابط](https://u.ae/a?b=1&c=2)", "ar")
    assert said == (
        '<div lang="ar" dir="rtl"><p><strong>نص</strong> <em>و</em> '
        '<a href="https://u.ae/a?b=1&amp;c=2" rel="noopener noreferrer">رابط</a></p></div>'
    )
    assert render_html("call [us](tel:+97180012)", "en").count('href="tel:+97180012"') == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        '[x](https://a.b/"onclick="x)',
        "[<img src=x onerror=y>](https://a.b)",
        "**<b>**",
        "[x](data:text/html,y)",
        "[x](HTTPS://a.b)",
        "&lt;b&gt; <!-- x -->",
    ],
)
def test_what_an_author_writes_is_never_markup(hostile: str) -> None:
    said = render_html(hostile, "en")
    assert not re.search("[<>]", OURS.sub("", said)), said


@given(st.text(alphabet="<>&\"'*[]()#-1. \nahtps:/\\", max_size=80))
def test_nothing_at_all_becomes_markup_but_our_own(source: str) -> None:
    for language in ("ar", "en"):
        said = render_html(source, language)
        assert not re.search('[<>"]', OURS.sub("", said)), said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a <b>x</b>", "HTML is shown as it is written"),
        ("![x](https://a.b)", "pictures"),
        ("```\ncode\n```", "code is not"),
        ("| a | b |", "tables"),
        ("# Title", "headings are ## and ###"),
        ("#### Deep", "headings are ## and ###"),
        ("[x](http://a.b)", "write https://… or tel:…"),
        ("[x](/relative)", "write https://… or tel:…"),
        ("[x](https://" + "a" * LINK_CHARACTERS_MAX + ")", "is not allowed"),
    ],
)
def test_what_is_not_this_markdown_is_said(source: str, said: str) -> None:
    (fault,) = find_faults(source)
    assert said in fault


def test_ordinary_prose_has_no_faults() -> None:
    source = "## عنوان\n\nنص *مهم* و**أهم**: 3 < 5.\n\n- [موقع](https://mohap.gov.ae)"
    assert not list(find_faults(source))


def test_reading_length_is_counted_by_words() -> None:
    assert count_words("## Two words\n\nand [three more](https://a.b/c) here") == 6
    assert count_words("نص عربي") == 2
    assert count_words("تتكوّن مُدّةً هٰذا") == 3, "a mark on a letter ends no word"
    assert [reading_minutes(words) for words in (0, 180, 181)] == [1, 1, 2]


# 3GPP TS 23.038 and 23.040: 160 septets alone, 153 in each of several; 70 units and 67.
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # two septets each
        ("€" * 81, 2),
        ("ا" * 70, 1),
        ("ا" * 71, 2),
        ("ا" * 134, 2),
        ("ا" * 135, 3),
        ("a" * 69 + "ا", 1),
        ("a" * 70 + "ا", 2),  # one Arabic letter makes all of it UCS-2
        ("😀" * 35, 1),  # two units each
        ("😀" * 36, 2),
    ],
)
def test_a_text_message_is_sent_in_so_many_parts(text: str, parts: int) -> None:
    assert sms_parts(text) == parts
