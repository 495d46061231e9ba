"""The Markdown of articles: a small part of it, read into blocks and written as safe HTML.

Headings (`## `, `### `), paragraphs, lists (`- `, `1. `), **strong**, *emphasis*, [links](https://…).
Nothing else is markup: what looks like HTML is text, and is escaped. A parser of its own, because
the part is closed, so that a phone can read it too (`mobile-contract/text/README.md`), and because
what cannot be written needs no cleaning.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Literal

import msgspec

from domain.text.message import Language

WORDS_PER_MINUTE = 180  # silent reading of plain prose; slower than the 238 of Brysbaert (2019)
LINK_CHARACTERS_MAX = 500

BlockKind = Literal["heading", "subheading", "paragraph", "bullets", "numbers"]

_LINK = re.compile(r"\[(?P<words>[^\[\]]+)\]\((?P<url>[^()\s]*)\)")
_SAFE_URL = re.compile(r"(?:https://[A-Za-z0-9][^\s\"'<>]*|tel:\+?[0-9]{3,15})")
_STRONG = re.compile(r"\*\*(?=\S)(?P<words>.{1,300}?)(?<=\S)\*\*")
_EMPHASIS = re.compile(r"\*(?=\S)(?P<words>[^*]+?)(?<=\S)\*")
_BULLET = re.compile(r"-\s+(?P<item>\S.*)")
_NUMBER = re.compile(r"[0-9]{1,3}\.\s+(?P<item>\S.*)")
_HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<words>\S.*)")
# A mark over or under an Arabic letter is part of its word: a shadda splits none in two.
_WORD = re.compile(r"\w[\w\u0610-\u061a\u064b-\u065f\u0670'’-]*")
_FOREIGN = (
    (re.compile(r"<[A-Za-z/!]"), "HTML is shown as it is written: say it in Markdown"),
    (re.compile(r"!\["), "pictures are not part of an article's text: remove it"),
    (re.compile(r"^\s*(?:```|~~~)", re.M), "code is not part of an article: remove it"),
    (re.compile(r"^\s*\|", re.M), "tables are not read: write a list"),
)


class Block(msgspec.Struct, frozen=True):
    """One block; a list has several items, everything else one."""

    kind: BlockKind
    items: tuple[str, ...]


def read_blocks(source: str) -> tuple[Block, ...]:
    """The blocks of an article, in order; lines of one paragraph are joined by a space."""
    return tuple(block for part in re.split(r"\n\s*\n", source.strip()) for block in _blocks(part))


def find_faults(source: str) -> Iterator[str]:
    """What of the source is not this Markdown, each with how to mend it."""
    for pattern, said in _FOREIGN:
        if found := pattern.search(source):
            yield f"{found.group().strip()!r}: {said}"
    for link in _LINK.finditer(source):
        url = link["url"]
        if not _SAFE_URL.fullmatch(url) or len(url) > LINK_CHARACTERS_MAX:
            yield f"the link {url[:60]!r} is not allowed: write https://… or tel:…"
    for line in source.splitlines():
        heading = _HEADING.fullmatch(line.strip())
        if heading and len(heading["marks"]) not in (2, 3):
            yield f"{line.strip()[:40]!r}: headings are ## and ###, the title is the article's own"


def render_html(source: str, language: Language) -> str:
    """The article as HTML that holds no markup but ours, in the direction of its language."""
    direction = "rtl" if language == "ar" else "ltr"
    inner = "".join(_html(block) for block in read_blocks(source))
    return f'<div lang="{language}" dir="{direction}">{inner}</div>'


def count_words(source: str) -> int:
    """How many words a reader reads."""
    plain = (_LINK.sub(r"\g<words>", item) for block in read_blocks(source) for item in block.items)
    return sum(len(_WORD.findall(words)) for words in plain)


def reading_minutes(words: int) -> int:
    """How long that takes to read, at least a minute."""
    return max(1, -(-words // WORDS_PER_MINUTE))


def _blocks(part: str) -> Iterator[Block]:
    """Of the lines between two blank ones: a heading may stand over a paragraph or a list."""
    kind: BlockKind = "paragraph"
    items: list[str] = []
    for line in (line.strip() for line in part.splitlines()):
        found, words = _of_line(line)
        goes_on = found == "paragraph" and items
        if not goes_on and (found != kind or found in ("heading", "subheading")):
            if items:
                yield Block(kind, tuple(items))
            kind, items = found, []
        if goes_on and kind not in ("heading", "subheading"):
            items[-1] = f"{items[-1]} {words}"
        elif goes_on:
            yield Block(kind, tuple(items))
            kind, items = found, [words]
        else:
            items.append(words)
    if items:
        yield Block(kind, tuple(items))


def _of_line(line: str) -> tuple[BlockKind, str]:
    if heading := _HEADING.fullmatch(line):
        return ("heading" if len(heading["marks"]) <= 2 else "subheading"), heading["words"]
    if bullet := _BULLET.fullmatch(line):
        return "bullets", bullet["item"]
    if number := _NUMBER.fullmatch(line):
        return "numbers", number["item"]
    return "paragraph", line


def _html(block: Block) -> str:
    words = [_inline(item) for item in block.items]
    match block.kind:
        case "heading":
            return f"<h2>{words[0]}</h2>"
        case "subheading":
            return f"<h3>{words[0]}</h3>"
        case "bullets":
            return "<ul>" + "".join(f"<li>{item}</li>" for item in words) + "</ul>"
        case "numbers":
            return "<ol>" + "".join(f"<li>{item}</li>" for item in words) + "</ol>"
        case _:
            return f"<p>{words[0]}</p>"


def _inline(text: str) -> str:
    """Escaped first, then our own marks: nothing an author writes can become a tag."""
    written: list[str] = []
    place = 0
    for link in _LINK.finditer(text):
        written.append(_marked(text[place : link.start()]))
        words, url = _marked(link["words"]), link["url"]
        if _SAFE_URL.fullmatch(url) and len(url) <= LINK_CHARACTERS_MAX:
            written.append(f'<a href="{escape(url)}" rel="noopener noreferrer">{words}</a>')
        else:
            written.append(words)
        place = link.end()
    written.append(_marked(text[place:]))
    return "".join(written)


def _marked(text: str) -> str:
    strong = _STRONG.sub(r"<strong>\g<words></strong>", escape(text, quote=True))
    return _EMPHASIS.sub(r"<em>\g<words></em>", strong)
