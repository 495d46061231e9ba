"""What one delivery carries, sealed: which cards it tells of, and the words, already chosen.

The words of a push name the child and the matter, and travel sealed to the phone. SMS and e-mail
say neither: a sentence that names nobody, and a link.
"""

from datetime import date

import msgspec

from domain.ids import ActKey
from domain.text.message import Language
from push.notice import Channel, NoticeClass
from push.standing import Part
from store.keys import OwnerKeys
from store.seal import Place, SealBroken, open_


class Letter(msgspec.Struct, frozen=True):
    """One message. `title` is for a push and an e-mail; `text` is what an SMS or an e-mail says in
    its service's own words, `{link}` standing for the address; empty: the neutral words.
    `address` is a number or an e-mail address, and empty for a push, whose phone has a
    registration. An e-mail may carry a document (`attachment`). `act` is what the phone's own
    reminder of the same would be called. Past `until_on` there is nothing
    to say.
    """

    channel: Channel
    notice_class: NoticeClass
    parts: tuple[Part, ...]
    language: Language
    until_on: date
    title: str = ""
    address: str = ""
    text: str = ""
    attachment: str | None = None
    act: str = ""


def encode_letter(letter: Letter) -> bytes:
    """A letter as it is sealed."""
    return msgspec.msgpack.encode(letter)


_letters = msgspec.msgpack.Decoder(Letter)


def decode_letter(body: bytes) -> Letter:
    """The letter that `encode_letter` wrote."""
    return _letters.decode(body)


def find_letter(keys: OwnerKeys, notice_id: ActKey, sealed: bytes) -> Letter | None:
    """The letter of a row of its reader's; None for one that nobody can open."""
    try:
        return decode_letter(open_(keys.for_("delivery"), Place(keys.owner, notice_id), sealed))
    except (SealBroken, msgspec.DecodeError):
        return None
