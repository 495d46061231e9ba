"""Delivering: takes messages whose time has come, asks once more whether they stand, sends, and
keeps what became of each.

Called by the worker, once a channel. Messages are claimed in one commit before any is weighed or
sent; answers are settled as they come, so that a slow one keeps no other in doubt. No session is
held in between. After a crash the lease runs out: a push is sent again under the same notice id,
and the phone shows it once; an SMS or an e-mail that was begun, and may have gone, is sent again
only where it is clinical, and is else shown as unknown. One that was claimed and not begun goes.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar  # Any: an awaitable of messages of some kind

import msgspec
import structlog

from domain.error import TryLater
from push.answer import Answer
from push.bell import Bell
from push.instant import local_now
from push.lease import NOTHING, Claimed, Claims, claim_due, give_back, note_begun
from push.outgoing import EachSender, Sender
from push.settling import Answered, OnDead, Settling
from push.standing import list_unchanged
from push.verdict import RETRY_SECONDS, resends
from push.window import Window
from timeline.ground import Ground

WINDOW_MAX = 100  # messages begun and not settled: what a crash may send twice
CLAIM_MAX = 50  # so that one claim is sent while the next is weighed
CLAIM_MIN = 25  # places of the window worth a claim
AHEAD_MAX = 50  # claimed while the window is on its way, and begun when it has places
CLAIM_PARTS = 4  # or a quarter of a smaller window: one slow answer must not hold all its places
SENDING_SECONDS_MIN = 30.0  # of its lease must be left: longer than any channel's deadline
LOOK_SECONDS = 1.0  # between two looks where nothing was due
OUTAGE_PAUSE_SECONDS = 5.0  # of this process alone: another may reach what it does not

_log = structlog.get_logger("osrati.push")

M = TypeVar("M")


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
        sender: Sender[M] | EachSender[M],
        on_dead: OnDead | None = None,
        resends_unknown: bool = False,
        together: int = WINDOW_MAX,
        window: int = WINDOW_MAX,
        ahead: int = 0,
    ) -> None:
        """`compose` makes messages of claimed letters; `on_dead` is told of an address that is no
        more. `resends_unknown`: what may have been sent is sent again (its reader sees it once).
        A sender that does not say each answer as it comes is handed so many messages `together`,
        and they wait for the slowest of them; at most `window` are begun and not settled, and
        `ahead` more claimed: for a channel that is fast, since they wait under their lease.
        """
        self._ground = ground
        self._channel = channel
        self._compose = compose
        self._sender = sender
        self._on_dead = on_dead
        self._resends_unknown = resends_unknown
        self._together = together
        self._claim_max = min(window, CLAIM_MAX)
        least = min(CLAIM_MIN, -(-window // CLAIM_PARTS))
        self._window = Window(window, least=least, ahead=ahead)
        self._is_out = False
        self._paused_until = local_now(ground.clock)
        self.bell = Bell()

    async def deliver(self, *, limit: int = WINDOW_MAX) -> int:
        """Sends what is due, at most a window of it; how many deliveries were settled."""
        _, claims = await self._claim(limit)
        await self._carry(claims)
        return claims.count

    async def deliver_until(self, stop: asyncio.Event) -> None:
        """Sends what is due until `stop`, the next claim while the last is on its way; looks again
        when the bell is rung, or after a while.
        """
        async with asyncio.TaskGroup() as carrying:
            while not stop.is_set():
                places, claims = self._claim_max, NOTHING
                try:
                    places, claims = await self._claim(self._claim_max)
                except TryLater as fault:
                    _log.warning("try_later", code=fault.code)
                except Exception as fault:
                    _log.error("claiming_failed", error=type(fault).__name__)
                if claims.count:
                    carrying.create_task(self._carry_or_log(claims))
                if self._is_out:
                    self._is_out = False
                    await self.bell.wait(OUTAGE_PAUSE_SECONDS)
                elif claims.count < places:
                    await self.bell.wait(LOOK_SECONDS)

    async def _claim(self, limit: int) -> tuple[int, Claims]:
        """As many as the window has places for: how many those were, and what was due."""
        places = await self._window.take(min(limit, WINDOW_MAX))
        claims = NOTHING
        try:
            now = local_now(self._ground.clock)
            claims = await claim_due(self._ground, self._channel, limit=places, now=now)
        finally:
            self._window.leave(places - claims.count)
        return places, claims

    async def _carry_or_log(self, claims: Claims) -> None:
        """One claim's fault ends no other: what of it is not settled, its lease sets free."""
        try:
            await self._carry(claims)
        except TryLater as fault:
            _log.warning("try_later", code=fault.code)
        except Exception as fault:
            _log.error("delivering_failed", channel=self._channel, error=type(fault).__name__)

    async def _carry(self, claims: Claims) -> None:
        """Sends what was claimed once there is room, and settles each as its answer comes."""
        settling = Settling(
            self._ground,
            self._channel,
            claims,
            window=self._window,
            resends_unknown=self._resends_unknown,
            on_dead=self._on_dead,
            on_pause=self._note_pause,
        )
        await self._window.enter(claims.count)
        try:
            await settling.keep_unreadable()
            until = self._rests_until(settling)
            if until is not None:
                await give_back(self._ground, self._channel, claims, until=until)
                return
            try:
                answered, sending = await self._prepare(claims)
            except Exception:  # nothing was sent
                until = local_now(self._ground.clock) + timedelta(seconds=RETRY_SECONDS)
                await give_back(self._ground, self._channel, claims, until=until)
                raise
            async with asyncio.TaskGroup() as tasks:
                if isinstance(self._sender, EachSender):
                    tasks.create_task(self._send_each(sending, settling, self._sender))
                else:
                    for place in range(0, len(sending), self._together):
                        part = sending[place : place + self._together]
                        tasks.create_task(self._send(part, settling, self._sender))
                await settling.keep(answered)
        finally:
            self._window.give(claims.count - settling.settled_count)
            self._is_out |= settling.is_out

    def _note_pause(self, until: datetime) -> None:
        self._paused_until = max(self._paused_until, until)

    def _rests_until(self, settling: Settling) -> datetime | None:
        """When what waited for room is due again instead of going now: after a pause that was said
        meanwhile; at once, where its lease might run out while it is on its way.
        """
        now = local_now(self._ground.clock)
        if now < self._paused_until:
            return self._paused_until
        return now if settling.seconds_left() < SENDING_SECONDS_MIN else None

    async def _prepare(self, claims: Claims) -> tuple[list[Answered], list[tuple[Claimed, M]]]:
        """What stands without being sent, and what is to be sent."""
        answered, sending = await self._weighed(claims.claimed)
        if self._resends_unknown or not sending:
            return answered, sending
        going = [each for each, _ in sending]
        begun = await note_begun(self._ground, self._channel, claims.lease_id, going)
        ours: list[tuple[Claimed, M]] = []
        for each, message in sending:
            if (each.person_id, each.notice_id, each.device_id) in begun:
                ours.append((each, message))
            else:  # another's by now, whose word counts: this one settles nothing
                answered.append((each, Answer("retry", "internal")))
        return answered, ours

    async def _weighed(
        self, claimed: Sequence[Claimed]
    ) -> tuple[list[Answered], list[tuple[Claimed, M]]]:
        """What is not to be sent, and the messages of what is."""
        if not claimed:
            return [], []
        parts = [(each.person_id, part) for each in claimed for part in each.letter.parts]
        unchanged = await list_unchanged(self._ground, parts)
        today = self._ground.clock.today()
        answered: list[Answered] = []
        going: list[Claimed] = []
        for each in claimed:
            if each.retaken and not resends(each, resends_unknown=self._resends_unknown):
                answered.append((each, Answer("unknown", "outcome_unknown")))
            elif not all(part.notice_id in unchanged for part in each.letter.parts):
                answered.append((each, Answer("refused", "changed")))
            elif each.letter.until_on < today:
                answered.append((each, Answer("refused", "too_late")))
            else:
                going.append(each)
        composed = await self._composed(going) if going else []
        sending: list[tuple[Claimed, M]] = []
        for each, made in zip(going, composed, strict=True):
            if made.message is None:
                assert made.answer is not None
                answered.append((each, made.answer))
            else:
                sending.append((each, made.message))
        return answered, sending

    async def _composed(self, going: Sequence[Claimed]) -> list[Composed[M]]:
        """The messages. One whose making fails keeps no other from going, and since nothing of it
        was sent it is tried again, up to its last attempt; it is never in doubt.

        Raises: TryLater.
        """
        try:
            composed: list[Composed[M]] = await self._compose(going)
        except TryLater:
            raise
        except Exception as fault:
            if len(going) > 1:
                return [made for each in going for made in await self._composed([each])]
            _log.error("compose_failed", channel=self._channel, error=type(fault).__name__)
            return [Composed(answer=Answer("retry", "internal"))]
        return composed

    async def _send_each(
        self, sending: Sequence[tuple[Claimed, M]], settling: Settling, sender: EachSender[M]
    ) -> None:
        left = set(range(len(sending)))

        def say(place: int, answer: Answer) -> None:
            left.remove(place)
            settling.say([(sending[place][0], answer)])

        try:
            await sender.send_each([message for _, message in sending], say)
        except Exception as fault:
            self._log_failed(fault)
        for place in sorted(left):
            say(place, Answer("unknown", "outcome_unknown"))

    async def _send(
        self, part: Sequence[tuple[Claimed, M]], settling: Settling, sender: Sender[M]
    ) -> None:
        try:
            answers = await sender.send([message for _, message in part])
        except Exception as fault:
            self._log_failed(fault)
            answers = [Answer("unknown", "outcome_unknown")] * len(part)
        settling.say([(each, answer) for (each, _), answer in zip(part, answers, strict=True)])

    def _log_failed(self, fault: Exception) -> None:
        """A sender never raises: what became of its messages nobody knows."""
        _log.error("sender_failed", channel=self._channel, error=type(fault).__name__)
