"""Settling what was claimed under one lease, as the answers come: a slow one keeps no other in
doubt, and each that is settled frees its place in the window.

Called by `push/deliver.py`, once a claim. What did not go out is settled together with having its
notices looked at again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from domain.error import TryLater
from push.answer import Answer
from push.instant import local_now
from push.lease import (
    LEASE_SECONDS,
    Claimed,
    Claims,
    Settled,
    pause_channel,
    settle,
    settle_and_reopen,
)
from push.verdict import pause_seconds, verdict_of
from push.window import Window
from store.notice_tables import DELIVERY_FAILED
from timeline.ground import Ground

SETTLE_SECONDS = 0.5  # answers are gathered so long, then settled together
SETTLE_AGAIN_SECONDS = 0.5  # where the database is away
UNREADABLE = "unreadable"

_log = structlog.get_logger("osrati.push")

Answered: TypeAlias = tuple[Claimed, Answer]
OnDead: TypeAlias = Callable[[Claimed], Awaitable[None]]


class Settling:
    """One lease's deliveries on their way to an end."""

    def __init__(
        self,
        ground: Ground,
        channel: int,
        claims: Claims,
        *,
        window: Window,
        resends_unknown: bool,
        on_dead: OnDead | None,
        on_pause: Callable[[datetime], None],
    ) -> None:
        """Made when the claim was: its lease runs from there. `on_pause` is told until when the
        channel is left alone.
        """
        self._ground, self._channel, self._claims = ground, channel, claims
        self._window = window
        self._resends_unknown, self._on_dead = resends_unknown, on_dead
        self._on_pause = on_pause
        self._until = asyncio.get_running_loop().time() + LEASE_SECONDS
        self._said: list[Answered] = []
        self._left = len(claims.claimed)
        self._some, self._all = asyncio.Event(), asyncio.Event()
        self.settled_count = 0
        self.is_out = False  # nothing of a batch could be sent at all

    def seconds_left(self) -> float:
        """Of the lease."""
        return self._until - asyncio.get_running_loop().time()

    async def keep_unreadable(self) -> None:
        """A letter that nobody can open ends here, alone, and its row says why."""
        now = local_now(self._ground.clock)
        await self._settle(
            [
                Settled(
                    *(each.person_id, each.notice_id, each.device_id),
                    state=DELIVERY_FAILED,
                    reason=UNREADABLE,
                    next_at=now,
                )
                for each in self._claims.unreadable
            ]
        )

    def say(self, answered: Sequence[Answered]) -> None:
        """Keeps in mind what became of some, for `keep` to settle."""
        if answered:
            self._said += answered
            self._left -= len(answered)
            self._some.set()
            if not self._left:
                self._all.set()

    async def keep(self, answered: Sequence[Answered]) -> None:
        """Settles what stands already, and what is said, until each has its answer."""
        self.say(answered)
        while self._left or self._said:
            await self._some.wait()
            with suppress(TimeoutError):  # who is slow is settled later
                async with asyncio.timeout(SETTLE_SECONDS):
                    await self._all.wait()
            self._some.clear()
            batch, self._said = self._said, []
            await self._keep(batch)

    async def _keep(self, batch: Sequence[Answered]) -> None:
        now = local_now(self._ground.clock)
        await self._pause(batch, now)  # before any place is free: what waits for one is to know
        plain: list[Settled] = []
        for each, answer in batch:
            row = verdict_of(each, answer, resends_unknown=self._resends_unknown, now=now)
            is_dead = answer.kind == "dead_address" and self._on_dead is not None
            if is_dead or answer.code == "changed":
                await self._look_again(each, row, is_dead=is_dead)
            else:
                plain.append(row)
        await self._settle(plain)
        never_left = ("retry", "connection_lost")
        self.is_out |= all((answer.kind, answer.code) == never_left for _, answer in batch)

    async def _look_again(self, each: Claimed, row: Settled, *, is_dead: bool) -> None:
        lease_id, notices = self._claims.lease_id, [part.notice_id for part in each.letter.parts]

        async def step() -> None:
            if is_dead and self._on_dead is not None:
                await self._on_dead(each)
            now = local_now(self._ground.clock)
            await settle_and_reopen(self._ground, self._channel, lease_id, row, notices, now=now)

        await self._within_lease(step)
        self._free(1)

    async def _settle(self, rows: Sequence[Settled]) -> None:
        if not rows:
            return

        async def step() -> None:
            now = local_now(self._ground.clock)
            await settle(self._ground, self._channel, self._claims.lease_id, rows, now=now)

        await self._within_lease(step)
        self._free(len(rows))

    async def _pause(self, batch: Sequence[Answered], now: datetime) -> None:
        """Where the channel refused us, whoever a message is for, every worker leaves it alone."""
        longest = max((answer for _, answer in batch), key=pause_seconds)
        if seconds := pause_seconds(longest):
            _log.error(
                "channel_paused", channel=self._channel, reason=longest.code, seconds=seconds
            )
            until = now + timedelta(seconds=seconds)
            self._on_pause(until)

            async def step() -> None:
                await pause_channel(self._ground, self._channel, until=until, reason=longest.code)

            await self._within_lease(step)

    async def _within_lease(self, step: Callable[[], Awaitable[None]]) -> None:
        """Does an idempotent step, again where the database is away, until the lease is over: an
        answer that is not kept is a message sent twice, or an SMS in doubt.

        Raises: TryLater.
        """
        while True:
            try:
                await step()
            except TryLater as fault:
                if asyncio.get_running_loop().time() > self._until:
                    raise
                _log.warning("settling_waits", channel=self._channel, code=fault.code)
                await asyncio.sleep(SETTLE_AGAIN_SECONDS)
            else:
                return

    def _free(self, count: int) -> None:
        self.settled_count += count
        self._window.give(count)
