"""What a person wishes to be told, and how: their own choice, never guessed. Values only."""

from datetime import date
from typing import Literal

import msgspec

from domain.card.record import Record
from domain.ids import EntryId
from domain.text.message import Language
from push.hours import QuietHours
from push.notice import Channel, Notice, NoticeClass

OptOut = Literal["stop", "forget", "loss"]
"""stop: told of nothing more. forget: the same, and what is kept for telling them goes. loss: told
of nothing that rests on a pregnancy known by the day they said so; of all else as before."""

OPT_OUTS: tuple[OptOut, ...] = ("stop", "forget", "loss")
_PREGNANCY = ("pregnancy.", "embryo.")  # kinds of facts that a pregnancy's cards rest on


class Preferences(msgspec.Struct, frozen=True):
    """Everything is told by every channel unless its reader said no.

    `stopped_services` and `stopped_classes` are heard of no more; `stopped_channels` are not used,
    nor `stopped_ways` for one service. `quiet_hours` replace the default ones, Ramadan's too.
    `number` (E.164) takes the place of the one that was reported. `lost_on` is the day of the
    opt-out `loss`.
    """

    stopped_services: frozenset[EntryId] = frozenset()
    stopped_classes: frozenset[NoticeClass] = frozenset()
    stopped_channels: frozenset[Channel] = frozenset()
    quiet_hours: QuietHours | None = None
    language: Language | None = None
    stopped_ways: frozenset[tuple[EntryId, Channel]] = frozenset()
    number: str | None = None
    opt_out: OptOut | None = None
    lost_on: date | None = None

    def allows(self, notice: Notice) -> bool:
        """Whether the person wants to be told of this at all."""
        return (
            self.opt_out not in ("stop", "forget")
            and notice.entry not in self.stopped_services
            and notice.notice_class not in self.stopped_classes
        )

    def allows_by(self, notice: Notice, channel: Channel) -> bool:
        """Whether they want to be told of this by that channel."""
        return (
            channel not in self.stopped_channels
            and (notice.entry, channel) not in self.stopped_ways
        )

    def mourns(self, record: Record) -> bool:
        """Whether a card rests on the pregnancy that they said is lost: on any that was known by
        that day. One confirmed later is another's.
        """
        lost_on = self.lost_on
        return lost_on is not None and any(
            said.kind.startswith(_PREGNANCY) and said.asserted_on <= lost_on
            for said in record.why.facts
        )


NO_PREFERENCES = Preferences()
