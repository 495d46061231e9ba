"""Pushes: registering for them, opening one, showing each notice once, and saying that it came.

A push shows what it says when its notice was not shown yet, and the phone's own reminder of the
same card and moment was not either. What came, was opened and was acted on is an act like any
other: kept, numbered when it is sent, told with the next round trip.
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import cbor2
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from phone import outbox
from phone.exchange import DEVICE, NotEnrolled
from phone.exchange import RECEIPTS as SEEN
from phone.removal import notice_name, take_off
from phone.store import Store
from phone.wire import Registration

RECEIPTS_MAX = 100  # of each kind in one act
CONTEXT = b"osrati/1/push"
VERSION, HEADER_BYTES, NONCE_BYTES, KEY_BYTES = 1, 13, 12, 32

Receipt = Literal["delivered", "opened", "acted"]

_KEY = "push/key"


class PushBroken(Exception):
    """Not a push for this phone: another key, damage, or a form still to come."""


class Wake(msgspec.Struct, frozen=True):
    """What a push says. `act` and `record` name what a reminder of the phone's own would be."""

    id: bytes
    count: int = 1
    record: bytes = b""
    title: str = ""
    act: str = ""
    removed: tuple[bytes, ...] = ()


def plan_registration(
    store: Store, token: str, *, platform: str = "android", language: str = "ar"
) -> Registration:
    """What to register, under a key of the phone's own that is made once. Raises: NotEnrolled."""
    with store.transaction():
        device, key = store.find_setting(DEVICE), store.find_setting(_KEY)
        if device is None:
            raise NotEnrolled("sign in first")
        if key is None:
            key = secrets.token_bytes(KEY_BYTES)
            store.set_setting(_KEY, key)
    said = urlsafe_b64encode(key).rstrip(b"=").decode()
    return Registration(str(UUID(bytes=device)), token, platform, said, language)


def open_push(store: Store, payload: bytes) -> Wake:
    """What a push says. Raises: PushBroken."""
    key = store.find_setting(_KEY)
    header, nonce = payload[:HEADER_BYTES], payload[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
    if key is None or len(header) < HEADER_BYTES or header[0] != VERSION:
        raise PushBroken("no key, or another form")
    if header[1:5] != hashlib.sha256(CONTEXT + key).digest()[:4]:
        raise PushBroken("sealed under another key")
    try:
        padded = AESGCM(key).decrypt(nonce, payload[HEADER_BYTES + NONCE_BYTES :], CONTEXT + header)
        length = int.from_bytes(padded[:2], "big")
        said = cbor2.loads(padded[2 : 2 + length])
        return msgspec.convert(said, type=Wake, builtin_types=(bytes,))
    except (InvalidTag, ValueError, msgspec.ValidationError, cbor2.CBORDecodeError):
        raise PushBroken("it does not open") from None


def take_push(store: Store, payload: bytes, *, today: date, now: datetime) -> Wake | None:
    """What to show of a push, once; None when its notice, or a reminder of the same, was shown
    before, or there is nothing to show. That it came is said either way. Raises: PushBroken.
    """
    wake = open_push(store, payload)
    if wake.removed:
        take_off(store, wake.removed, today)
    if wake.count == 0:
        return None
    with store.transaction():
        is_new = _show(store, notice_name(wake.id), today)
        if is_new:
            _note(store, "delivered", wake.id, now)
        if wake.record and wake.act:
            is_new = _show(store, wake.record + wake.act.encode(), today) and is_new
    return wake if is_new else None


def note(store: Store, receipt: Receipt, notice_id: bytes, *, now: datetime) -> None:
    """Its owner opened a notice, or acted on it: told with the next round trip."""
    with store.transaction():
        _note(store, receipt, notice_id, now)


def _show(store: Store, name: bytes, today: date) -> bool:
    kept = store.connection.execute(
        "INSERT INTO shown VALUES (?, ?) ON CONFLICT DO NOTHING", (name, today.isoformat())
    )
    return kept.rowcount == 1


def _note(store: Store, receipt: Receipt, notice_id: bytes, now: datetime) -> None:
    """Into the receipts that wait, while they have room; else into new ones."""
    for act in reversed(outbox.list_unsettled(store)):
        if act.name == SEEN and act.state == "waiting":
            said = _with(act.payload, receipt, notice_id)
            if len(said[receipt]) <= RECEIPTS_MAX:
                outbox.amend(store, act, said)
                return
            break
    outbox.put(store, SEEN, _with({}, receipt, notice_id), made_at=now)


def _with(payload: dict[str, Any], receipt: Receipt, notice_id: bytes) -> dict[str, Any]:
    held = list(payload.get(receipt, []))
    return {**payload, receipt: held if notice_id in held else [*held, notice_id]}
