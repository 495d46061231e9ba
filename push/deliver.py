"""Delivering: takes messages whose time has come, asks once more whether they stand, sends, and
keeps what became of each.

Called by the worker, one loop a channel. A batch is claimed in one commit before anything is sent
and settled in one after; no session is held in between. After a crash the lease runs out: a push
is sent again under the same notice id, and the phone shows it once; an SMS or an e-mail that may
have gone is sent again only where it is clinical, and is else shown as unknown.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar  # Any: the driver's rows are untyped
from uuid import UUID, uuid4

import msgspec
import structlog

from domain.ids import ActKey, PersonId
from push.answer import Answer
from push.instant import local_now
from push.letter import Letter, decode_letter
from push.outgoing import Sender
from push.reopen import reopen_notices
from push.standing import list_unchanged
from store.notice_tables import (
    DELIVERY_ACCEPTED,
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
    DELIVERY_WITHDRAWN,
)
from store.scope import SweepScope
from store.seal import Place, open_
from timeline.ground import Ground

WINDOW_MAX = 100  # messages in flight: what a crash may send twice
LEASE_SECONDS = 60  # longer than any channel's deadline
ATTEMPTS_MAX = 8
RETRY_SECONDS = 10  # doubled each time: given up after some twenty minutes
RETRY_SECONDS_MAX = 3_600
PROJECT_PAUSE_SECONDS = 300

_log = structlog.get_logger("osrati.push")

_FIND = """
SELECT person_id, notice_id, device_id, state FROM delivery
WHERE channel = $1 AND state = ANY($2::smallint[]) AND next_at <= $3
ORDER BY next_at LIMIT $4
"""

_CLAIM = """
UPDATE delivery AS row
SET state = $7, lease_id = $5, next_at = $6, attempt_count = row.attempt_count + 1
FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $8::smallint[])
    AS found(person_id, notice_id, device_id, state)
WHERE row.person_id = found.person_id AND row.notice_id = found.notice_id
    AND row.device_id = found.device_id AND row.channel = $9
    AND row.state = found.state AND row.next_at <= $4
RETURNING row.person_id, row.notice_id, row.device_id, row.attempt_count, row.sealed,
    found.state AS was
"""

_SETTLE = """
UPDATE delivery AS row
SET state = done.state, reason = done.reason, next_at = done.next_at, lease_id = NULL,
    settled_at = $8
FROM unnest($1::uuid[], $2::bytea[], $3::uuid[], $4::smallint[], $5::text[], $6::timestamptz[])
    AS done(person_id, notice_id, device_id, state, reason, next_at)
WHERE row.person_id = done.person_id AND row.notice_id = done.notice_id
    AND row.device_id = done.device_id AND row.channel = $9 AND row.lease_id = $7
"""

M = TypeVar("M")


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that is ours until its lease runs out. `retaken` says that somebody had it before
    and never said what became of it.
    """

    person_id: PersonId
    notice_id: ActKey
    device_id: UUID
    attempt: int
    retaken: bool
    letter: Letter


class Composed(msgspec.Struct, Generic[M], frozen=True):
    """A message, or the answer that stands without sending it."""

    message: M | None = None
    answer: Answer | None = None


Compose = Callable[[Sequence[Claimed]], Any]
"""Makes the messages of a batch: an awaitable of one Composed each, in order."""


class Deliverer(Generic[M]):
    """One channel's deliveries. Several may run at once, in any number of processes."""

    def __init__(
        self,
        ground: Ground,
        *,
        channel: int,
        compose: Compose,
        sender: Sender[M],
        on_dead: Callable[[Claimed], Any] | None = None,
        resends_unknown: bool = False,
    ) -> None:
        """`compose` makes messages of claimed letters; `on_dead` is told of an address that is no
        more. `resends_unknown`: what may have been sent is sent again (its reader sees it once).
        """
        self._ground = ground
        self._channel = channel
        self._compose = compose
        self._sender = sender
        self._on_dead = on_dead
        self._resends_unknown = resends_unknown
        self._resume_at: datetime | None = None

    async def deliver(self, *, limit: int = WINDOW_MAX) -> int:
        """Sends what is due, at most a window of it; how many deliveries were settled."""
        now = local_now(self._ground.clock)
        if self._resume_at is not None and now < self._resume_at:
            return 0
        lease_id = uuid4()
        claimed = await self._claim(lease_id, now, min(limit, WINDOW_MAX))
        if not claimed:
            return 0
        answers = await self._answers(claimed)
        await self._settle(lease_id, claimed, answers)
        await self._follow_up(claimed, answers)
        return len(claimed)

    async def _claim(self, lease_id: UUID, now: datetime, limit: int) -> list[Claimed]:
        async with self._ground.database.unit(SweepScope()) as unit:
            connection = await unit.raw()
            open_states = [DELIVERY_QUEUED, DELIVERY_SENDING]
            found = await connection.fetch(_FIND, self._channel, open_states, now, limit)
            if not found:
                return []
            rows = await connection.fetch(
                _CLAIM,
                [row["person_id"] for row in found],
                [row["notice_id"] for row in found],
                [row["device_id"] for row in found],
                now,
                lease_id,
                now + timedelta(seconds=LEASE_SECONDS),
                DELIVERY_SENDING,
                [row["state"] for row in found],
                self._channel,
            )
        keys = await self._ground.keys.people([PersonId(row["person_id"]) for row in rows])
        return [
            Claimed(
                PersonId(row["person_id"]),
                ActKey(row["notice_id"]),
                row["device_id"],
                row["attempt_count"],
                row["was"] == DELIVERY_SENDING,
                decode_letter(
                    open_(
                        keys[row["person_id"]].for_("delivery"),
                        Place(row["person_id"], row["notice_id"]),
                        row["sealed"],
                    )
                ),
            )
            for row in rows
        ]

    async def _answers(self, claimed: Sequence[Claimed]) -> list[Answer]:
        """What becomes of each: not sent and why, or what the channel said."""
        unchanged = await list_unchanged(
            self._ground,
            [(each.person_id, part) for each in claimed for part in each.letter.parts],
        )
        answers: dict[int, Answer] = {}
        going: list[tuple[int, Claimed]] = []
        for place, each in enumerate(claimed):
            if each.retaken and not self._resends(each):
                answers[place] = Answer("unknown", "outcome_unknown")
            elif not all(part.notice_id in unchanged for part in each.letter.parts):
                answers[place] = Answer("refused", "changed")
            else:
                going.append((place, each))
        composed = await self._composed([each for _, each in going]) if going else []
        sending: list[tuple[int, M]] = []
        for (place, _), made in zip(going, composed, strict=True):
            if made.message is None:
                assert made.answer is not None
                answers[place] = made.answer
            else:
                sending.append((place, made.message))
        if sending:
            said = await self._sender.send([message for _, message in sending])
            answers.update(
                (place, answer) for (place, _), answer in zip(sending, said, strict=True)
            )
        return [answers[place] for place in range(len(claimed))]

    async def _composed(self, going: Sequence[Claimed]) -> list[Composed[M]]:
        """The messages. One whose making fails keeps no other from going, and since nothing of it
        was sent it is tried again, up to its last attempt; it is never in doubt.
        """
        try:
            composed: list[Composed[M]] = await self._compose(going)
        except Exception as fault:
            if len(going) > 1:
                return [made for each in going for made in await self._composed([each])]
            _log.error("compose_failed", channel=self._channel, error=type(fault).__name__)
            return [Composed(answer=Answer("retry", "internal"))]
        return composed

    def _resends(self, each: Claimed) -> bool:
        return self._resends_unknown or each.letter.notice_class == "clinical"

    async def _settle(
        self, lease_id: UUID, claimed: Sequence[Claimed], answers: Sequence[Answer]
    ) -> None:
        now = local_now(self._ground.clock)
        rows = []
        for each, answer in zip(claimed, answers, strict=True):
            state, reason, next_at = self._verdict(each, answer, now)
            rows.append((each.person_id, each.notice_id, each.device_id, state, reason, next_at))
        async with self._ground.database.unit(SweepScope()) as unit:
            connection = await unit.raw()
            columns = [list(column) for column in zip(*rows, strict=True)]
            await connection.execute(_SETTLE, *columns, lease_id, now, self._channel)

    def _verdict(
        self, each: Claimed, answer: Answer, now: datetime
    ) -> tuple[int, str | None, datetime]:
        """The state of a delivery after an answer, the reason that is kept, when it is due next."""
        match answer.kind:
            case "accepted":
                return DELIVERY_ACCEPTED, None, now
            case "refused" if answer.code == "changed":
                return DELIVERY_WITHDRAWN, answer.code, now
            case "refused" | "dead_address":
                return DELIVERY_FAILED, answer.code, now
            case "unknown" if not self._resends(each):
                return DELIVERY_UNKNOWN, answer.code, now
            case "project_fault":
                return DELIVERY_QUEUED, answer.code, now + timedelta(seconds=PROJECT_PAUSE_SECONDS)
            case "retry" | "unknown":
                if each.attempt >= ATTEMPTS_MAX:
                    return DELIVERY_FAILED, "gave_up", now
                own: int = min(RETRY_SECONDS * 2 ** (each.attempt - 1), RETRY_SECONDS_MAX)
                wait = max(own, answer.retry_after_seconds or 0)
                return DELIVERY_QUEUED, answer.code, now + timedelta(seconds=wait)

    async def _follow_up(self, claimed: Sequence[Claimed], answers: Sequence[Answer]) -> None:
        """What follows from answers beside the delivery itself."""
        now = local_now(self._ground.clock)
        again: dict[PersonId, set[ActKey]] = {}
        for each, answer in zip(claimed, answers, strict=True):
            if answer.code == "changed":
                again.setdefault(each.person_id, set()).update(
                    part.notice_id for part in each.letter.parts
                )
            elif answer.kind == "dead_address" and self._on_dead is not None:
                await self._on_dead(each)
                again.setdefault(each.person_id, set()).update(
                    part.notice_id for part in each.letter.parts
                )
            elif answer.kind == "project_fault":
                self._resume_at = now + timedelta(seconds=PROJECT_PAUSE_SECONDS)
            elif answer.code == "quota" and answer.retry_after_seconds:
                self._resume_at = now + timedelta(seconds=answer.retry_after_seconds)
        if self._resume_at is not None and self._resume_at > now:
            _log.error("channel_paused", channel=self._channel)
        for person_id, notices in again.items():
            await reopen_notices(self._ground, person_id, notices, now=now)
