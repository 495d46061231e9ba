"""`osrati notice`: messages that did not go, by codes and ids alone, and letting them go again."""

import argparse
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from api.operate.command import DONE, Wrong, operate, operator, table
from api.wire import House
from domain.calendar_date import DUBAI
from domain.error import NotFound
from domain.ids import ActKey
from gov.operation import Operation, check_purpose, record_operation
from push.dead import DEAD_LISTED_MAX, count_dead, list_dead, retry_batch, retry_one
from store.notice_tables import CHANNEL_EMAIL, CHANNEL_PUSH, CHANNEL_REMOVE, CHANNEL_SMS
from store.scope import ReferenceScope

LISTED_DEFAULT = 50
NOTICE_ID_BYTES = 16
CHANNEL_NAMES = {
    CHANNEL_PUSH: "push",
    CHANNEL_SMS: "sms",
    CHANNEL_EMAIL: "email",
    CHANNEL_REMOVE: "remove",
}

Given = argparse.Namespace


def notice(arguments: Sequence[str]) -> int:
    """`osrati notice dead count|list|retry`."""
    parser = argparse.ArgumentParser(prog="osrati notice", description=notice.__doc__)
    things = parser.add_subparsers(dest="thing", required=True)
    dead = things.add_parser("dead", help="messages that failed, or may have gone")
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
    given = parser.parse_args(arguments)
    return operate(lambda house: _ACTIONS[given.action](house, given))


async def _count(house: House, _: Given) -> int:
    rows = [
        (
            CHANNEL_NAMES[one.channel],
            one.reason,
            "in doubt" if one.is_doubtful else "failed",
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
            CHANNEL_NAMES[one.channel],
            one.reason,
            "in doubt" if one.is_doubtful else "failed",
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


_ACTIONS: dict[str, Callable[[House, Given], Awaitable[int]]] = {
    "count": _count,
    "list": _list,
    "retry": _retry,
}
