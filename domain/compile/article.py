"""Compiles articles and messages: what is read at length, and what a notice says."""

from collections.abc import Mapping
from typing import get_args

from domain.catalogue import Role
from domain.compile.document import Node
from domain.compile.entry import fields_of
from domain.compile.head import read_head
from domain.compile.text import Scope, compile_bilingual, read_terms
from domain.entry import (
    Article,
    Channel,
    ChannelText,
    Figure,
    MessageEntry,
    Stage,
    Topic,
)
from domain.ids import EntryId
from domain.rule.variable import PARAMETERS
from domain.text.article import count_words, find_faults
from domain.text.bilingual import Bilingual
from domain.text.message import ParameterType
from domain.text.sms_length import sms_parts

BODY_CHARACTERS_MAX = 12_000  # of an article in one language: some ten minutes
WORDS_MAX = 1_500  # the same, counted as a reader counts
SUMMARY_CHARACTERS_MAX = 300  # two lines of a phone
PUSH_TITLE_CHARACTERS_MAX = 100  # a lock screen shows about fifty
PUSH_BODY_CHARACTERS_MAX = 400  # what fits a padded push of 1,024 bytes in Arabic, with its title
SMS_PARTS_MAX = 3  # 201 letters of Arabic
LINK_CHARACTERS = 40  # what stands for {link} when a message's parts are counted

LINK_PARAMETER = "link"
"""What a text message and an e-mail name: the address at which the platform says the rest."""

_LINKED: Mapping[str, ParameterType] = {LINK_PARAMETER: "text"}
_NAMED: Mapping[str, ParameterType] = {
    name: kind for known in PARAMETERS.values() for name, kind in known.items()
}


def read_article(root: Node, figures: Mapping[EntryId, Figure]) -> Article:
    """An article; it may name any figure of law."""
    node = fields_of(
        root,
        ("stage", "topic", "audience", "agency", "title", "summary", "body"),
        ("review_on",),
    )
    scope = Scope(parameters=dict.fromkeys(figures, "number"))
    audience = [item.choice(get_args(Role)) for item in node["audience"].items(minimum=1)]
    if len(set(audience)) < len(audience):
        node["audience"].refuse("a role stands twice: remove one")
    body = compile_bilingual(node["body"], scope, characters_max=BODY_CHARACTERS_MAX)
    used = {name: figures[name] for name in figures if name in body.ar.placeholders}
    _check_body(node["body"], body)
    if node["draft"].value is False and any(figure.draft for figure in used.values()):
        node["draft"].refuse("it names a figure that nobody has signed: so it is a draft")
    arabic, english = body.sources()
    return Article(
        **read_head(node),
        stage=node["stage"].choice(get_args(Stage)),
        topic=node["topic"].choice(get_args(Topic)),
        audience=tuple(audience),
        agency=node["agency"].refers_to("agency"),
        title=compile_bilingual(node["title"], Scope()),
        summary=compile_bilingual(node["summary"], Scope(), characters_max=SUMMARY_CHARACTERS_MAX),
        body=body,
        figures=used,
        words_ar=count_words(arabic),
        words_en=count_words(english),
        review_on=node["review_on"].day() if "review_on" in node else None,
    )


def read_message(root: Node) -> MessageEntry:
    """The words of a notice. What leaves by SMS or e-mail names the link alone: others read it."""
    node = fields_of(root, ("texts",), ("terms",))
    terms = read_terms(node.get("terms"))
    texts: dict[Channel, ChannelText] = {}
    for name, item in node["texts"].entries().items():
        channel = item.at_key(name).choice(get_args(Channel))
        fields = item.fields(
            required=("body",) if channel == "sms" else ("title", "body"),
        )
        is_open = channel != "push"
        scope = Scope(parameters=_LINKED if is_open else _NAMED, terms=terms)
        title = compile_bilingual(fields["title"], scope) if "title" in fields else None
        text = ChannelText(title, compile_bilingual(fields["body"], scope))
        _check_length(channel, fields, text)
        texts[channel] = text
    if not texts:
        node["texts"].refuse("says nothing: add push, sms or email")
    return MessageEntry(**read_head(node), texts=texts, terms=terms)


def _check_body(node: Node, body: Bilingual) -> None:
    inner = node.entries() if isinstance(node.value, Mapping) else {}
    for language, source in zip(("ar", "en"), body.sources(), strict=True):
        at = inner.get(language, node)
        for fault in find_faults(source):
            at.refuse(fault)
        words = count_words(source)
        if words > WORDS_MAX:
            at.refuse(f"has {words} words; at most {WORDS_MAX} are read: split it in two")


def _check_length(channel: Channel, fields: Mapping[str, Node], text: ChannelText) -> None:
    for source in text.body.sources():
        if channel == "sms":
            parts = sms_parts(source.replace(f"{{{LINK_PARAMETER}}}", "x" * LINK_CHARACTERS))
            if parts > SMS_PARTS_MAX:
                fields["body"].refuse(
                    f"{source[:30]!r}… is sent in {parts} parts; at most {SMS_PARTS_MAX}:"
                    " shorten it"
                )
        elif channel == "push" and len(source) > PUSH_BODY_CHARACTERS_MAX:
            fields["body"].refuse(
                f"has {len(source)} characters; a push has {PUSH_BODY_CHARACTERS_MAX}: shorten it"
            )
    for source in text.title.sources() if text.title is not None else ():
        if channel == "push" and len(source) > PUSH_TITLE_CHARACTERS_MAX:
            fields["title"].refuse(
                f"has {len(source)} characters; a push's title has {PUSH_TITLE_CHARACTERS_MAX}:"
                " shorten it"
            )
