"""Composing: claimed letters become what their channel is handed.

A push is sealed for its phone here, with the phone's next number; SMS and e-mail get their open
words, which name nobody, and a link that says nothing. What cannot be composed is answered, not
sent.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import cbor2
import msgspec

from domain.calendar_date import DUBAI
from domain.ids import ActKey, PersonId
from push.answer import Answer
from push.contract_copy import copy_contract
from push.deliver import Composed
from push.instant import local_now
from push.lease import Claimed
from push.letter import Letter
from push.mime import read_address
from push.outgoing import Attachment, EmailMessage, PushMessage, SmsMessage
from push.registration import Addressed, take_numbers
from push.retract import REMOVED_MAX, list_removed
from push.seal_push import Wake, fits, seal_push
from push.sms_text import SMS_PARTS_MAX, count_segments
from push.words import EMAIL_SUBJECT, EMAIL_TEXT, LINK, SMS
from timeline.ground import Ground

TITLE_CHARACTERS_MAX = 200
TTL_SECONDS_MAX = 2_419_200  # FCM's own limit: four weeks
CLINICAL_KEYS = 2  # with "notice" and "remove" the four collapse keys that FCM keeps for a phone
LINK_PATH = "/n/"


class Composer:
    """Composes for each channel. `public_origin` is what the world calls the server."""

    def __init__(self, ground: Ground, *, public_origin: str) -> None:
        self._ground = ground
        self._origin = public_origin

    async def pushes(self, claimed: Sequence[Claimed]) -> list[Composed[PushMessage]]:
        """Sealed pushes; a phone that has no registration any more is a dead address."""
        addressed = await take_numbers(
            self._ground, [(each.person_id, each.device_id) for each in claimed]
        )
        now = local_now(self._ground.clock)
        return [
            Composed(_push(each, to, now))
            if to is not None
            else Composed(answer=Answer("dead_address", "unregistered"))
            for each, to in zip(claimed, addressed, strict=True)
        ]

    async def removals(self, claimed: Sequence[Claimed]) -> list[Composed[PushMessage]]:
        """Sealed pushes that show nothing, and say what to take off the screen."""
        phones = [(each.person_id, each.device_id) for each in claimed]
        removed = await list_removed(self._ground, phones)
        addressed = await take_numbers(self._ground, phones)
        now = local_now(self._ground.clock)
        return [
            Composed(_removal(each, to, also, now))
            if to is not None
            else Composed(answer=Answer("dead_address", "unregistered"))
            for each, to, also in zip(claimed, addressed, removed, strict=True)
        ]

    async def texts(self, claimed: Sequence[Claimed]) -> list[Composed[SmsMessage]]:
        """SMS of a few parts at most."""
        return [self._text(each) for each in claimed]

    async def emails(self, claimed: Sequence[Claimed]) -> list[Composed[EmailMessage]]:
        """E-mails with what they are said to carry: one whose document is not there is not sent."""
        return [await self._email(each) for each in claimed]

    def _text(self, each: Claimed) -> Composed[SmsMessage]:
        words = each.letter.text or SMS[each.letter.language]
        text = words.replace(LINK, self.link(each.person_id, each.notice_id))
        if count_segments(text).count > SMS_PARTS_MAX:
            return Composed(answer=Answer("refused", "too_big"))
        if not each.letter.address:
            return Composed(answer=Answer("refused", "address_invalid"))
        return Composed(SmsMessage(each.notice_id.hex(), each.letter.address, text))

    async def _email(self, each: Claimed) -> Composed[EmailMessage]:
        letter, link = each.letter, self.link(each.person_id, each.notice_id)
        if read_address(letter.address) is None:
            return Composed(answer=Answer("refused", "address_invalid"))
        attachment = None
        if letter.attachment is not None:
            attachment = await self._document(letter)
            if attachment is None:
                return Composed(answer=Answer("refused", "document_missing"))
        words = letter.text or EMAIL_TEXT[letter.language]
        if LINK not in words:
            words = f"{words}\n\n{LINK}"
        return Composed(
            EmailMessage(
                each.notice_id.hex(),
                letter.address,
                letter.language,
                letter.title or EMAIL_SUBJECT[letter.language],
                words.replace(LINK, link),
                link,
                attachment,
            )
        )

    async def _document(self, letter: Letter) -> Attachment | None:
        """What an e-mail carries, by its kind; None for a kind that nobody makes here."""
        if letter.attachment == "marriage_contract":
            circle_id = letter.parts[0].circle_id
            return await copy_contract(self._ground, circle_id, letter.language)
        return None

    def link(self, person_id: PersonId, notice_id: ActKey) -> str:
        """An address that leads to the sign-in, and says nothing before it."""
        opaque = self._ground.keys.hash("notice_link", person_id.bytes, notice_id)
        return f"{self._origin}{LINK_PATH}{urlsafe_b64encode(opaque).decode().rstrip('=')}"


def _push(each: Claimed, to: Addressed, now: datetime) -> PushMessage:
    letter = each.letter
    clinical = letter.notice_class == "clinical"
    slot = each.notice_id[-1] % CLINICAL_KEYS
    return PushMessage(
        token=to.registration.token,
        platform=to.registration.platform,
        payload=seal_push(to.registration.key, to.counter, encode_wake(each.notice_id, letter)),
        collapse_key=f"clinical-{slot}" if clinical else "notice",
        urgent=clinical,
        ttl_seconds=_ttl_seconds(letter.until_on, now),
        language=letter.language,
    )


def _removal(each: Claimed, to: Addressed, also: Sequence[ActKey], now: datetime) -> PushMessage:
    others = [notice_id for notice_id in also if notice_id != each.notice_id]
    wake = Wake(each.notice_id, 0, removed=(each.notice_id, *others[: REMOVED_MAX - 1]))
    return PushMessage(
        token=to.registration.token,
        platform=to.registration.platform,
        payload=seal_push(to.registration.key, to.counter, _encode(wake)),
        collapse_key="remove",
        urgent=False,
        ttl_seconds=_ttl_seconds(each.letter.until_on, now),
        language=to.registration.language,
        silent=True,
    )


def encode_wake(notice_id: ActKey, letter: Letter) -> bytes:
    """What the phone reads: CBOR. A title that is too long for the larger size is cut."""
    card = letter.parts[0].record_key
    wake = Wake(notice_id, len(letter.parts), card, letter.title, letter.act)
    title = letter.title[:TITLE_CHARACTERS_MAX]
    while True:
        text = _encode(msgspec.structs.replace(wake, title=title))
        if fits(text):
            return text
        title = title[: len(title) // 2]


def _encode(wake: Wake) -> bytes:
    return cbor2.dumps(msgspec.to_builtins(wake, builtin_types=(bytes,)), canonical=True)


def _ttl_seconds(until_on: date, now: datetime) -> int:
    """Until its last day is over; FCM keeps nothing longer than four weeks."""
    end = datetime.combine(until_on + timedelta(days=1), time(0), DUBAI)
    return max(0, min(int((end - now).total_seconds()), TTL_SECONDS_MAX))
