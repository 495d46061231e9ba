"""`osrati notice`: messages that did not go, and notices that were closed, by codes and ids alone;
letting what failed go again.
"""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from api.operate.command import DONE, Wrong, operate, operator, read_instant, table
from api.wire import House
from domain.calendar_date import DUBAI
from domain.error import NotFound
from domain.ids import ActKey
from gov.operation import Operation, check_purpose, record_operation
from push.closed import CLOSED_LISTED_MAX, count_closed, list_closed, list_closed_texts
from push.dead import (
    DEAD_LISTED_MAX,
    DeadCount,
    DeadLetter,
    count_dead,
    list_dead,
    retry_batch,
    retry_one,
)
from push.reason import REASONS
from push.set_aside import FAILING
from store.notice_tables import CHANNEL_EMAIL, CHANNEL_PUSH, CHANNEL_REMOVE, CHANNEL_SMS
from store.scope import ReferenceScope
from timeline.population import HIDDEN_UNDER

LISTED_DEFAULT = 50
CLOSED_DAYS = 30  # looked back, unless asked
NOTHING = "-"
NOTICE_ID_BYTES = 16
CHANNEL_NAMES = {
    CHANNEL_PUSH: "push",
    CHANNEL_SMS: "sms",
    CHANNEL_EMAIL: "email",
    CHANNEL_REMOVE: "remove",
}

Given = argparse.Namespace


def notice(arguments: Sequence[str]) -> int:
    """`osrati notice dead count|list|retry`, `osrati notice closed count|list|texts`."""
    parser = argparse.ArgumentParser(prog="osrati notice", description=notice.__doc__)
    things = parser.add_subparsers(dest="thing", required=True)
    dead = things.add_parser("dead", help="what failed, may have gone, or cannot be told")
    actions = dead.add_subparsers(dest="action", required=True)
    actions.add_parser("count", help="how many, by channel and reason")
    shown = actions.add_parser("list", help="the latest, by their notices' ids")
    shown.add_argument("--reason", metavar="CODE")
    shown.add_argument("--limit", type=int, default=LISTED_DEFAULT, metavar="N")
    again = actions.add_parser(
        "retry", help="send again: one notice's, or all that failed for a reason"
    )
    again.add_argument("id", nargs="?", help="also one that is in doubt: it may come twice")
    again.add_argument("--reason", metavar="CODE")
    again.add_argument("--purpose", default="", help="why: recorded with your name")
    _add_closed(things.add_parser("closed", help="notices that will not be told, and why"))
    given = parser.parse_args(arguments)
    return operate(lambda house: _ACTIONS[given.thing, given.action](house, given))


def _add_closed(closed: argparse.ArgumentParser) -> None:
    actions = closed.add_subparsers(dest="action", required=True)
    counted = actions.add_parser("count", help="how many, by reason")
    shown = actions.add_parser("list", help="the latest of a reason, by their ids")
    shown.add_argument("--limit", type=int, default=LISTED_DEFAULT, metavar="N")
    texts = actions.add_parser("texts", help="of which services and texts they are; recorded")
    texts.add_argument("--purpose", default="", help="why: recorded with your name")
    for one in (shown, texts):
        one.add_argument("--reason", required=True, metavar="CODE", choices=sorted(REASONS))
    for each in (counted, shown, texts):
        each.add_argument(
            "--since", metavar="DAY", help=f"a day or an instant; else {CLOSED_DAYS} days ago"
        )


async def _count(house: House, _: Given) -> int:
    rows = [
        (
            _channel(one.channel),
            one.reason,
            _state(one),
            str(one.count),
            _local(one.oldest_at),
        )
        for one in await count_dead(house.ground)
    ]
    print(table([("channel", "reason", "state", "count", "oldest"), *rows]))
    return DONE


async def _list(house: House, given: Given) -> int:
    if not 1 <= given.limit <= DEAD_LISTED_MAX:
        raise Wrong(f"--limit is from 1 to {DEAD_LISTED_MAX}.")
    rows = [
        (
            one.notice_id.hex(),
            _channel(one.channel),
            one.reason,
            _state(one),
            str(one.attempt_count),
            _local(one.settled_at),
        )
        for one in await list_dead(house.ground, reason=given.reason, limit=given.limit)
    ]
    print(table([("notice", "channel", "reason", "state", "attempts", "settled"), *rows]))
    return DONE


async def _retry(house: House, given: Given) -> int:
    """Recorded first: what was begun is known, also where it was cut off."""
    if (given.id is None) == (given.reason is None):
        raise Wrong("Say which: a notice's id, or --reason.")
    purpose = check_purpose(given.purpose)
    meant = _notice_id(given.id) if given.id is not None else None
    deed = Operation(
        operator(), "notice.retry", given.id or "all", given.reason or "", purpose=purpose
    )
    async with house.ground.database.unit(ReferenceScope("operate")) as unit:
        await record_operation(unit, house.ground, deed)
    if meant is not None:
        count = await retry_one(house.ground, meant)
        if not count:
            raise NotFound(given.id)
    else:
        count = 0
        while more := await retry_batch(house.ground, given.reason):
            count += more
    print(f"{count} to be sent again")
    return DONE


async def _count_closed(house: House, given: Given) -> int:
    rows = [
        (one.reason, str(one.count), str(one.told_count), _local(one.latest_at))
        for one in await count_closed(house.ground, since=_since(house, given))
    ]
    print(table([("reason", "count", "told before", "latest"), *rows]))
    return DONE


async def _list_closed(house: House, given: Given) -> int:
    if not 1 <= given.limit <= CLOSED_LISTED_MAX:
        raise Wrong(f"--limit is from 1 to {CLOSED_LISTED_MAX}.")
    found = await list_closed(
        house.ground, given.reason, since=_since(house, given), limit=given.limit
    )
    rows = [
        (one.notice_id.hex(), one.reason, _local(one.made_at), _local(one.looked_at))
        for one in found
    ]
    print(table([("notice", "reason", "made", "closed"), *rows]))
    return DONE


async def _texts(house: House, given: Given) -> int:
    found = await list_closed_texts(
        house.ground,
        given.reason,
        since=_since(house, given),
        purpose=check_purpose(given.purpose),
        reader=operator(),
    )
    rows = [
        (
            one.entry,
            one.card,
            one.message or NOTHING,
            f"under {HIDDEN_UNDER}" if one.count is None else f"{one.count:,}",
        )
        for one in found
    ]
    print(table([("service", "card", "message", "notices"), *rows]))
    return DONE


def _since(house: House, given: Given) -> datetime:
    if given.since is not None:
        return read_instant(given.since)
    return house.ground.clock.now_utc() - timedelta(days=CLOSED_DAYS)


def _channel(channel: int | None) -> str:
    return NOTHING if channel is None else CHANNEL_NAMES[channel]


def _state(one: DeadCount | DeadLetter) -> str:
    """What was closed waits for an operator; what fails now is tried again by itself."""
    if one.channel is None:
        return "tried again" if one.reason == FAILING else "closed"
    return "in doubt" if one.is_doubtful else "failed"


def _notice_id(text: str) -> ActKey:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != NOTICE_ID_BYTES:
        raise Wrong(f"{text!r} is no notice's id: `osrati notice dead list` shows them.")
    return ActKey(found)


def _local(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(DUBAI).isoformat(timespec="seconds")


_ACTIONS: dict[tuple[str, str], Callable[[House, Given], Awaitable[int]]] = {
    ("dead", "count"): _count,
    ("dead", "list"): _list,
    ("dead", "retry"): _retry,
    ("closed", "count"): _count_closed,
    ("closed", "list"): _list_closed,
    ("closed", "texts"): _texts,
}
