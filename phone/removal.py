"""Taking notices off the screen: what a push with `removed` says.

Pushes come late, twice and out of order, so what was taken back counts as shown: a push of it that
comes after is passed over. Source: `mobile-contract/push/README.md`.
"""

from collections.abc import Sequence
from datetime import date

from phone.reminder import show_once
from phone.store import Store


def notice_name(notice_id: bytes) -> bytes:
    """By which the phone remembers that it showed a notice of the server's."""
    return b"notice" + notice_id


def take_off(store: Store, removed: Sequence[bytes], today: date) -> None:
    """Remembers that none of these notices is to be shown any more. Whoever holds the screen takes
    off those that stand on it.
    """
    for notice_id in removed:
        show_once(store, notice_name(notice_id), today)
