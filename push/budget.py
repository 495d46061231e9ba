"""The attention budget: how much a person is told, over all circles, senders and channels. Pure.

Counted over messages, not notices: a digest of five is one. What is clinical is never held back by
a cap: a missed vaccination costs more than one message too many.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from types import MappingProxyType

import msgspec

from domain.calendar_date import DUBAI
from push.notice import NoticeClass

WEEK_DAYS = 7


class Cap(msgspec.Struct, frozen=True):
    """How many messages of a class a person gets in a local day, and in seven days."""

    day_max: int
    week_max: int


# Drafts, for the owner to confirm: the field's advice is to stay near one message a day.
CAPS: Mapping[NoticeClass, Cap] = MappingProxyType(
    {
        "service": Cap(3, 10),
        "information": Cap(1, 3),
        "campaign": Cap(1, 2),
    }
)


class Told(msgspec.Struct, frozen=True):
    """One message that a person got: of which class, and when (local)."""

    notice_class: NoticeClass
    at: datetime


def free_again_at(
    notice_class: NoticeClass, history: Iterable[Told], local: datetime
) -> datetime | None:
    """The local midnight from which a class has room again; None when it has room now."""
    cap = CAPS.get(notice_class)
    if cap is None:
        return None
    days = sorted(told.at.date() for told in history if told.notice_class == notice_class)
    today = local.date()
    this_week = [day for day in days if (today - day).days < WEEK_DAYS]
    if len(this_week) >= cap.week_max:  # room when the oldest that fills the week has left it
        leaving = this_week[len(this_week) - cap.week_max]
        return datetime.combine(leaving + timedelta(days=WEEK_DAYS), time(0), DUBAI)
    if sum(day == today for day in this_week) >= cap.day_max:
        return datetime.combine(today + timedelta(days=1), time(0), DUBAI)
    return None
