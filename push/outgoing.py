"""What a channel is handed, and what it is: messages ready to go, and the port of a sender.

A sender knows nothing of families: it takes messages, and says of each what became of it.
"""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar, runtime_checkable

import msgspec

from domain.text.message import Language
from push.answer import Answer
from push.registration import Platform

M_contra = TypeVar("M_contra", contravariant=True)


class PushMessage(msgspec.Struct, frozen=True):
    """One push: sealed bytes and how FCM is to carry them. `collapse_key` says which earlier one it
    replaces on the phone; nothing here is legible. A `silent` one shows nothing by itself.
    """

    token: str
    platform: Platform
    payload: bytes
    collapse_key: str
    urgent: bool
    ttl_seconds: int
    language: Language
    silent: bool = False


class SmsMessage(msgspec.Struct, frozen=True):
    """One SMS. `reference` is ours and opaque; `number` is E.164."""

    reference: str
    number: str
    text: str


class Attachment(msgspec.Struct, frozen=True):
    """A document that an e-mail carries: a whole page of HTML, and the name of its file."""

    file_name: str
    html: str


class EmailMessage(msgspec.Struct, frozen=True):
    """One e-mail, in one language. `reference` is ours and opaque; `text` has `link` in it."""

    reference: str
    address: str
    language: Language
    subject: str
    text: str
    link: str
    attachment: Attachment | None = None


class Sender(Protocol, Generic[M_contra]):
    """A channel. Answers come in the order of the messages, one each; it never raises, and ends
    within its deadline.
    """

    async def send(self, messages: Sequence[M_contra]) -> Sequence[Answer]: ...


@runtime_checkable
class EachSender(Protocol, Generic[M_contra]):
    """A channel that says each answer as it comes, so that no slow one keeps another in doubt."""

    async def send_each(
        self, messages: Sequence[M_contra], said: Callable[[int, Answer], None]
    ) -> None:
        """Says of each message, by its place and once, what became of it; returns after the last.
        It never raises, and ends within its deadline.
        """
        ...
