"""What a person wishes to be told, and how: their own choice, never guessed. Values only."""

import msgspec

from domain.ids import EntryId
from domain.text.message import Language
from push.hours import QuietHours
from push.notice import Channel, Notice, NoticeClass


class Preferences(msgspec.Struct, frozen=True):
    """Everything is told by every channel unless its reader said no.

    `stopped_services` and `stopped_classes` are heard of no more; `stopped_channels` are not used.
    `quiet_hours` replace the default ones, Ramadan's too.
    """

    stopped_services: frozenset[EntryId] = frozenset()
    stopped_classes: frozenset[NoticeClass] = frozenset()
    stopped_channels: frozenset[Channel] = frozenset()
    quiet_hours: QuietHours | None = None
    language: Language | None = None

    def allows(self, notice: Notice) -> bool:
        """Whether the person wants to be told of this at all."""
        return (
            notice.entry not in self.stopped_services
            and notice.notice_class not in self.stopped_classes
        )


NO_PREFERENCES = Preferences()
