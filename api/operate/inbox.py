"""`osrati inbox`: what agencies sent, how it stands, and replaying it after a mapping was mended.

Ids and codes alone are shown; a body only with `--body` and a purpose, which is recorded.
"""

import argparse
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from api.operate.command import DONE, Wrong, operate, operator, table
from api.wire import House
from api.worker import interpret_message
from domain.calendar_date import DUBAI
from domain.error import NotFound
from domain.ids import InboxId
from gov.inbox.known import list_known
from gov.inbox.list import (
    LIST_BATCH_MAX,
    STATE_NAMES,
    STATES,
    Chosen,
    Listed,
    count_rows,
    find_row,
    kinds_of,
    list_rows,
)
from gov.inbox.row import reopen
from gov.inbox.seal import open_body
from gov.operation import Operation, check_purpose, record_operation
from gov.reason import REASONS, Erased
from store.keys import KeyErased
from store.reference_tables import INBOX_APPLIED, INBOX_HELD, INBOX_WAITING
from store.scope import ReferenceScope

REPLAY_BATCH_MAX = 100
AGE_DAYS_MAX = 36_500
LISTED_DEFAULT = 50

Given = argparse.Namespace


def inbox(arguments: Sequence[str]) -> int:
    """`osrati inbox count|list|show|replay`."""
    given = _parser().parse_args(arguments)
    return operate(lambda house: _ACTIONS[given.action](house, given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="osrati inbox", description=inbox.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    count = actions.add_parser("count", help="how many rows stand how")
    _add_filters(count)
    count.add_argument("--by-kind", action="store_true", help="opens every row that is meant")
    shown = actions.add_parser("list", help="rows, oldest first, by ids and codes")
    _add_filters(shown)
    shown.add_argument("--limit", type=int, default=LISTED_DEFAULT, metavar="N")
    show = actions.add_parser("show", help="one row")
    show.add_argument("id", type=UUID)
    show.add_argument("--body", action="store_true", help="with what was sent, as it came")
    show.add_argument("--purpose", default="", help="why you look: recorded with your name")
    replay = actions.add_parser("replay", help="interpret again, one row or all that are meant")
    replay.add_argument("id", type=UUID, nargs="?")
    _add_filters(replay)
    replay.add_argument(
        "--whole",
        action="store_true",
        help="take every step again, also for events whose facts are all there: needed when it"
        " was changed which circles facts belong to",
    )
    return parser


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=sorted(STATES))
    parser.add_argument("--reason", choices=sorted(REASONS))
    parser.add_argument("--agency", metavar="ID")
    parser.add_argument("--kind", help="opens every row that is meant otherwise")
    parser.add_argument("--older-than-days", type=int, metavar="N")


def _chosen(house: House, given: Given, states: tuple[int, ...] = ()) -> Chosen:
    before = None
    if given.older_than_days is not None:
        if not 0 <= given.older_than_days <= AGE_DAYS_MAX:
            raise Wrong(f"--older-than-days is from 0 to {AGE_DAYS_MAX}.")
        before = house.ground.clock.now_utc() - timedelta(days=given.older_than_days)
    named = (STATES[given.state],) if given.state else states
    return Chosen(named, given.reason, given.agency, before)


async def _batches(house: House, given: Given, chosen: Chosen) -> AsyncIterator[list[Listed]]:
    """The rows that are meant, in batches, each once, whatever becomes of them meanwhile."""
    after = None
    while True:
        async with house.ground.database.read(ReferenceScope("operate")) as session:
            rows = await list_rows(session, chosen, after=after, limit=REPLAY_BATCH_MAX)
        if not rows:
            return
        after = (rows[-1].received_at, rows[-1].inbox_id)
        meant = list(rows)
        if given.kind is not None:
            kinds = await kinds_of(house.ground, rows)
            meant = [row for row, kind in zip(rows, kinds, strict=True) if kind == given.kind]
        yield meant


async def _count(house: House, given: Given) -> int:
    chosen = _chosen(house, given)
    if given.by_kind or given.kind is not None:
        counts: Counter[tuple[str, str, str]] = Counter()
        async for rows in _batches(house, given, chosen):
            for row, kind in zip(rows, await kinds_of(house.ground, rows), strict=True):
                counts[STATE_NAMES[row.state], row.reason or "", kind] += 1
        lines = [(*group, str(count)) for group, count in sorted(counts.items())]
        print(table([("state", "reason", "kind", "count"), *lines]))
        return DONE
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        found = await count_rows(session, chosen)
    rows_ = [
        (STATE_NAMES[one.state], one.reason or "", one.agency_id, one.month, str(one.count))
        for one in found
    ]
    print(table([("state", "reason", "agency", "month", "count"), *rows_]))
    return DONE


async def _list(house: House, given: Given) -> int:
    if not 1 <= given.limit <= LIST_BATCH_MAX:
        raise Wrong(f"--limit is from 1 to {LIST_BATCH_MAX}.")
    lines = [("id", "state", "reason", "agency", "received", "attempts")]
    async for rows in _batches(house, given, _chosen(house, given)):
        lines += [
            (
                str(row.inbox_id),
                STATE_NAMES[row.state],
                row.reason or "",
                row.agency_id,
                _local(row),
                str(row.attempt_count),
            )
            for row in rows
        ]
        if len(lines) > given.limit:
            break
    print(table(lines[: given.limit + 1]))
    return DONE


async def _show(house: House, given: Given) -> int:
    purpose = check_purpose(given.purpose) if given.body else ""
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        row = await find_row(session, given.id)
    if row is None:
        raise NotFound(str(given.id))
    reason = REASONS[row.reason] if row.reason else None
    print(
        f"id        {row.inbox_id}\nagency    {row.agency_id}\nstate     {STATE_NAMES[row.state]}"
    )
    print(f"received  {_local(row)}\nattempts  {row.attempt_count}")
    print(f"sealed    {'for month ' + row.month if row.month else 'for the circles it concerns'}")
    if reason is not None:
        print(f"reason    {reason.code}\n          {reason.en}\n          {reason.ar}")
    if given.body:
        async with house.ground.database.unit(ReferenceScope("operate")) as unit:
            seen = Operation(operator(), "inbox.show_body", str(row.inbox_id), purpose=purpose)
            await record_operation(unit, house.ground, seen)  # before it is seen
        try:
            body = await open_body(house.ground, row.inbox_id, row.month, row.sealed)
        except KeyErased:
            raise Erased from None
        print(f"\n{body.decode()}")
    return DONE


async def _replay(house: House, given: Given) -> int:
    """Each row is opened, interpreted and settled by itself: cut off, it goes on where it was.

    Of rows meant by a filter, those that state nothing new are passed over, a batch at a time.
    """
    one = given.id is not None
    named = given.state or given.reason or given.kind or given.agency or given.older_than_days
    if not one and named is None:
        raise Wrong("Say which: an id, or --reason, --kind, --state, --agency, --older-than-days.")
    done: Counter[str] = Counter()
    async with house.ground.database.unit(ReferenceScope("operate")) as unit:
        meant = str(given.id) if one else "all that are meant"
        filters = (given.state, given.reason, given.kind, given.agency, given.older_than_days)
        detail = " ".join(str(part) for part in filters if part is not None)
        await record_operation(
            unit, house.ground, Operation(operator(), "inbox.replay", meant, detail)
        )
    if one:
        done[await _replay_one(house, given.id)] += 1
    else:
        chosen = _chosen(house, given, (INBOX_HELD, INBOX_WAITING))
        async for rows in _batches(house, given, chosen):
            ground, schemas = house.ground, house.schemas
            known = frozenset() if given.whole else await list_known(ground, schemas, rows)
            done["applied"] += len(known)
            for row in rows:
                if row.inbox_id not in known:
                    done[await _replay_one(house, row.inbox_id)] += 1
            print(f"{sum(done.values())} replayed: {_said(done)}", flush=True)
    print(f"done: {_said(done) or 'nothing was meant'}")
    return DONE


async def _replay_one(house: House, inbox_id: UUID) -> str:
    """How the row stands afterwards, in words."""
    await reopen(house.ground, inbox_id)
    await interpret_message(house, InboxId(inbox_id), again=True)
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        row = await find_row(session, inbox_id)
    if row is None:
        raise NotFound(str(inbox_id))
    if row.state != INBOX_APPLIED and row.reason:
        return f"{STATE_NAMES[row.state]} {row.reason}"
    return STATE_NAMES[row.state]


def _said(done: Counter[str]) -> str:
    return ", ".join(f"{count} {how}" for how, count in sorted(done.items()) if count)


def _local(row: Listed) -> str:
    return row.received_at.astimezone(DUBAI).isoformat(timespec="seconds")


_ACTIONS: dict[str, Callable[[House, Given], Awaitable[int]]] = {
    "count": _count,
    "list": _list,
    "show": _show,
    "replay": _replay,
}
