"""What a message says: the words that its service chose for the channel, else the card's own by
push, and nothing by SMS and e-mail, which then say the neutral words (`push/words.py`).

Called by `push/tell.py`. What cannot be said whole is not said at all.
"""

import msgspec

from domain.card.record import Record
from domain.card.text import render_record, render_text
from domain.catalogue import Catalogue, Service
from domain.entry import ChannelText
from domain.text.message import Language, MessageError
from push.notice import Channel, Notice
from push.words import LINK


class Said(msgspec.Struct, frozen=True):
    """The words of one message; empty where the neutral ones are to be said."""

    title: str = ""
    text: str = ""


def find_words(
    notice: Notice,
    record: Record,
    service: Service,
    catalogue: Catalogue,
    *,
    channel: Channel,
    language: Language,
) -> Said | None:
    """What a notice says by a channel; None where its words name what nobody knows, or are missing
    in the language: then nothing of it may be sent.
    """
    message = catalogue.entries.messages.get(notice.message)
    chosen = message.texts.get(channel) if message is not None else None
    try:
        if message is None or chosen is None:
            if channel == "push":
                return Said(render_record(service, record, language).title)
            return Said()
        if channel != "push":
            return Said(_linked(chosen, language, title=True), _linked(chosen, language))
        text = chosen.title or chosen.body
        return Said(render_text(text, record, message.terms, language))
    except (MessageError, KeyError):
        return None


def _linked(chosen: ChannelText, language: Language, *, title: bool = False) -> str:
    """An open text with its `{link}` still standing, and without the marks that isolate it: in an
    English SMS they alone would make every part half as long.
    """
    text = chosen.title if title else chosen.body
    if text is None:
        return ""
    words = text.message(language).render({"link": LINK})
    return words.replace("\u2068", "").replace("\u2069", "")
