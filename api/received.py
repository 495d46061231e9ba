"""What the demonstration's phones, numbers and addresses received, as the simulators of the outside
world kept it: each push opened with the key of the phone that it was sealed for.

Development only; called by the page of it. It reads a push by the contract, as a phone does
(`mobile-contract/push/README.md`).
"""

import asyncio
import base64
from collections.abc import Sequence
from typing import Any  # JSON of the simulators

import cbor2
import httpx2
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.settings import Simulators
from push.seal_push import CONTEXT, NONCE_BYTES

ANSWER_SECONDS = 3.0
HEADER_BYTES, LENGTH_BYTES = 13, 2
RECEIVED_SHOWN_MAX = 50  # of each phone, number and address: the latest


class PushReceived(msgspec.Struct, frozen=True):
    """A push as its phone reads it. `opened` is False for one sealed for another key; `taken_back`
    says that it was on the screen, and was taken off.
    """

    opened: bool
    title: str = ""
    count: int = 1
    taken_back: bool = False


class SmsReceived(msgspec.Struct, frozen=True):
    number: str
    text: str
    parts: int


class EmailReceived(msgspec.Struct, frozen=True):
    """An e-mail: `attachments` are the names of files."""

    address: str
    subject: str
    text: str
    language: str
    attachments: tuple[str, ...]


class Received(msgspec.Struct, frozen=True):
    """All that the simulators kept, each in the order in which it came. `silent` names those that
    did not answer.
    """

    pushes: tuple[tuple[str, bytes], ...] = ()  # token, sealed
    texts: tuple[SmsReceived, ...] = ()
    emails: tuple[EmailReceived, ...] = ()
    silent: tuple[str, ...] = ()


async def read_received(simulators: Simulators) -> Received:
    """What they say; whoever does not answer in time is named instead."""
    names = ("fcm", "sms", "email")
    async with httpx2.AsyncClient(timeout=ANSWER_SECONDS) as client:
        said = await asyncio.gather(
            *(_ask(client, url) for url in (simulators.fcm, simulators.sms, simulators.email))
        )
    pushes, texts, emails = (answer or [] for answer in said)
    return Received(
        tuple(
            (each["message"]["token"], base64.b64decode(each["message"]["data"]["osrati"]))
            for each in pushes
        ),
        tuple(SmsReceived(f"+{each['to']}", each["text"], each["parts"]) for each in texts),
        tuple(_email(each) for each in emails),
        tuple(name for name, answer in zip(names, said, strict=True) if answer is None),
    )


async def _ask(client: httpx2.AsyncClient, url: str | None) -> list[Any] | None:
    if url is None:
        return None
    try:
        answer: list[Any] = (await client.get(f"{url}/received")).raise_for_status().json()
    except (httpx2.HTTPError, ValueError):
        return None
    return answer


def _email(said: dict[str, Any]) -> EmailReceived:
    return EmailReceived(
        said["to"][0],
        said["headers"]["subject"],
        said["text"],
        said["headers"].get("content-language", ""),
        tuple(each["name"] for each in said["attachments"]),
    )


def read_screen(key: bytes, sealed: Sequence[bytes]) -> tuple[PushReceived, ...]:
    """What a phone made of its pushes, the latest first: each notice once, and what was taken back
    marked so.
    """
    shown: dict[bytes, PushReceived] = {}
    removed: set[bytes] = set()
    unreadable = 0
    for payload in sealed:
        wake = _open(key, payload)
        if wake is None:
            unreadable += 1
            continue
        removed |= set(wake.get("removed", ()))
        if wake.get("count", 1) and wake["id"] not in shown:
            shown[wake["id"]] = PushReceived(True, wake.get("title", ""), wake.get("count", 1))
    screen = [
        msgspec.structs.replace(push, taken_back=notice_id in removed)
        for notice_id, push in shown.items()
    ]
    unread = [PushReceived(opened=False)] * unreadable
    return tuple(reversed([*unread, *screen]))[:RECEIVED_SHOWN_MAX]


def _open(key: bytes, payload: bytes) -> dict[str, Any] | None:
    header, nonce = payload[:HEADER_BYTES], payload[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
    try:
        sealed = payload[HEADER_BYTES + NONCE_BYTES :]
        padded = AESGCM(key).decrypt(nonce, sealed, CONTEXT + header)
    except (InvalidTag, ValueError):
        return None
    length = int.from_bytes(padded[:LENGTH_BYTES], "big")
    wake: dict[str, Any] = cbor2.loads(padded[LENGTH_BYTES : LENGTH_BYTES + length])
    return wake
