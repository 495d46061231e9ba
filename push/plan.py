"""When a person is told of what, and by which channel. Pure: notices, preferences, hours, history
and the instant in, steps out; the same again gives the same.

Called by `push/tell.py` when a notice is due, with those that still stand (`push/standing.py`). It
never reads a clock, and it decides nothing about one person from another's notices.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Literal

import msgspec

from domain.calendar_date import DUBAI
from domain.ids import ActKey
from push.budget import Told, free_again_at
from push.hours import Hours
from push.notice import Channel, Notice, NoticeClass
from push.preference import Preferences

DIGEST_AT = time(18)  # what can wait is told once a day, after work, before the quiet
# How long a push may lie unread before the same is said by SMS; what is only to be read never is.
PATIENCE_HOURS: Mapping[NoticeClass, int] = MappingProxyType({"clinical": 24, "service": 72})
UNREACHABLE_RETRY_HOURS = 24

HoldReason = Literal["not_yet", "quiet_hours", "cap", "digest", "unreachable"]
CloseReason = Literal["window_closed", "opted_out", "unreachable", "capped"]


class Waiting(msgspec.Struct, frozen=True):
    """A notice that still stands, and how far it has come.

    `pushed_at` is when it was told by push and is not known to be read; `held_for` why it waited
    last.
    """

    notice: Notice
    pushed_at: datetime | None = None
    held_for: HoldReason | None = None


class Reach(msgspec.Struct, frozen=True):
    """How a person can be reached at all."""

    app: bool
    mobile: bool
    email: bool


class Send(msgspec.Struct, frozen=True):
    """One message about one or several notices, the weightiest first, by these channels.

    `look_again_at` is when to see whether the push was read; None when nothing follows.
    """

    notices: tuple[ActKey, ...]
    channels: tuple[Channel, ...]
    look_again_at: datetime | None


class Hold(msgspec.Struct, frozen=True):
    """Not now: looked at again at an instant, and the reason, which its reader may see."""

    notice: ActKey
    until: datetime
    reason: HoldReason


class Close(msgspec.Struct, frozen=True):
    """Never: and why, which its reader may see."""

    notice: ActKey
    reason: CloseReason


class Finish(msgspec.Struct, frozen=True):
    """Told, and nothing follows any more."""

    notice: ActKey


Step = Send | Hold | Close | Finish


def plan(
    waiting: Iterable[Waiting],
    *,
    preferences: Preferences,
    hours: Hours,
    history: Iterable[Told],
    reach: Reach,
    local: datetime,
) -> tuple[Step, ...]:
    """What to do with each notice at a local instant (Asia/Dubai): each is in exactly one step.

    The order of `waiting` is irrelevant. What is sent now counts for what is looked at after it.
    """
    ordered = sorted(waiting, key=_weight)
    spent = list(history)
    steps: list[Step] = []
    digests: dict[tuple[Channel, ...], list[Waiting]] = {}
    for each in ordered:
        if each.pushed_at is not None:
            steps.append(_follow_up(each, preferences, hours, reach, local))
            continue
        channels = _channels(each.notice, reach, preferences)
        step = _hindrance(each, preferences, hours, spent, channels, local)
        if step is not None:
            steps.append(step)
        elif each.notice.notice_class == "information":
            digests.setdefault(channels, []).append(each)
        else:
            steps.append(_send((each,), channels, reach, preferences, local))
            spent.append(Told(each.notice.notice_class, local))
    for channels, digest in digests.items():  # several where a service may not come by each
        steps.append(_send(tuple(digest), channels, reach, preferences, local))
    return tuple(steps)


def _weight(each: Waiting) -> tuple[int, int, bytes]:
    """Clinical first, then what closes soonest."""
    notice = each.notice
    classes: tuple[NoticeClass, ...] = ("clinical", "service", "information", "campaign")
    return (classes.index(notice.notice_class), notice.not_after_on.toordinal(), notice.id)


def _channels(notice: Notice, reach: Reach, preferences: Preferences) -> tuple[Channel, ...]:
    """The first way that is open: the app, else an SMS at once, else an e-mail; and besides it what
    the notice's service chose, whatever the app shows.
    """
    ways: tuple[tuple[Channel, bool], ...] = (
        ("push", reach.app),
        ("sms", reach.mobile),
        ("email", reach.email),
    )
    is_open = [
        channel for channel, there in ways if there and preferences.allows_by(notice, channel)
    ]
    return tuple(channel for channel in is_open if channel in (is_open[0], *notice.channels))


def _hindrance(
    each: Waiting,
    preferences: Preferences,
    hours: Hours,
    spent: list[Told],
    channels: tuple[Channel, ...],
    local: datetime,
) -> Hold | Close | None:
    """Why a notice is not told now, or None when nothing stands in its way."""
    notice = each.notice
    if not preferences.allows(notice):
        return Close(notice.id, "opted_out")
    if local.date() > notice.not_after_on:
        return Close(notice.id, _why_never(each.held_for))
    if local.date() < notice.not_before_on:
        return Hold(notice.id, hours.opens_on(notice.not_before_on), "not_yet")
    if not channels:
        return Hold(notice.id, local + timedelta(hours=UNREACHABLE_RETRY_HOURS), "unreachable")
    quiet_until = hours.quiet_until(local)
    if quiet_until is not None and not _would_be_late(notice, quiet_until):
        return Hold(notice.id, quiet_until, "quiet_hours")
    free_at = free_again_at(notice.notice_class, spent, local)
    if free_at is not None:
        return Hold(notice.id, hours.opens_on(free_at.date()), "cap")
    digest_at = datetime.combine(local.date(), DIGEST_AT, DUBAI)
    # Who is not to be disturbed at that hour has it as soon as they may be: else they never would.
    is_for_digest = notice.notice_class == "information" and hours.quiet_until(digest_at) is None
    if is_for_digest and local < digest_at:
        return Hold(notice.id, digest_at, "digest")
    return None


def _would_be_late(notice: Notice, quiet_until: datetime) -> bool:
    """A clinical notice whose last day ends before the quiet does is told all the same."""
    return notice.notice_class == "clinical" and quiet_until.date() > notice.not_after_on


def _why_never(held_for: HoldReason | None) -> CloseReason:
    match held_for:
        case "cap":
            return "capped"
        case "unreachable":
            return "unreachable"
        case _:
            return "window_closed"


def _send(
    group: tuple[Waiting, ...],
    channels: tuple[Channel, ...],
    reach: Reach,
    preferences: Preferences,
    local: datetime,
) -> Send:
    patience = PATIENCE_HOURS.get(group[0].notice.notice_class)
    may_sms = _may_sms(group[0].notice, reach, preferences)
    follows = patience is not None and channels == ("push",) and may_sms
    return Send(
        tuple(each.notice.id for each in group),
        channels,
        local + timedelta(hours=patience) if follows and patience is not None else None,
    )


def _follow_up(
    each: Waiting, preferences: Preferences, hours: Hours, reach: Reach, local: datetime
) -> Step:
    """What becomes of a push that nobody is known to have read."""
    notice, pushed_at = each.notice, each.pushed_at
    assert pushed_at is not None
    patience = PATIENCE_HOURS.get(notice.notice_class)
    if (
        patience is None
        or not preferences.allows(notice)
        or not _may_sms(notice, reach, preferences)
        or local.date() > notice.not_after_on
    ):
        return Finish(notice.id)
    if "sms" in notice.channels:  # wanted beside the push: only withdrawn to be made anew
        patience = 0
    due_at = pushed_at + timedelta(hours=patience)
    if local < due_at:
        return Hold(notice.id, due_at, "not_yet")
    quiet_until = hours.quiet_until(local)
    if quiet_until is not None and not _would_be_late(notice, quiet_until):
        return Hold(notice.id, quiet_until, "quiet_hours")
    return Send((notice.id,), ("sms",), None)


def _may_sms(notice: Notice, reach: Reach, preferences: Preferences) -> bool:
    return reach.mobile and preferences.allows_by(notice, "sms")
