"""What a parent wishes to be told, and how: read, and changed field by field, once per command id.

A field that is left out stays as it is, null is the default again. The reader's own alone.
"""

from collections.abc import Callable
from datetime import time
from enum import Enum
from typing import Annotated, Any, TypeVar  # Any: fields of the command by name
from uuid import UUID

import strawberry
from msgspec import UNSET

from domain.error import Refusal, SignInRequired
from domain.ids import CommandId, EntryId
from push.notice import Channel
from push.prefer import read_own_wishes
from push.preference import Preferences
from push.wish import NUMBER_CHARACTERS_MAX as NUMBER_MAX
from push.wish import (
    SERVICE_CHARACTERS_MAX,
    WISHES_MAX,
    ChangeWishes,
    ChannelWish,
    ClassWish,
    Hours,
    NumberTooLong,
    ServiceUnknown,
    ServiceWish,
    TooManyWishes,
)
from schema.act import COMMAND_ID, NEXT_STEPS, REFUSAL_TYPES, NextStep
from schema.context import Asked, RequestContext
from schema.field import described
from schema.language import InLanguage, LanguageName, chosen
from schema.told import NoticeChannel
from timeline.command import Command, run_command
from timeline.outcome import APPLIED

T = TypeVar("T")


@strawberry.enum(description="What a notice is to its reader; each class has limits of its own.")
class NoticeClass(Enum):
    CLINICAL = strawberry.enum_value("clinical", description="A matter of health with a day.")
    SERVICE = strawberry.enum_value("service", description="Something to be done.")
    INFORMATION = strawberry.enum_value("information", description="Something to read.")
    CAMPAIGN = "campaign"


@strawberry.enum(description="What the parent wants to hear no more of.")
class OptOut(Enum):
    STOP = strawberry.enum_value("stop", description="Of anything.")
    FORGET = strawberry.enum_value(
        "forget",
        description="Of anything; phones, number, wishes and the words of messages are not kept.",
    )
    LOSS = strawberry.enum_value("loss", description="Of a pregnancy that is known by today.")


@strawberry.type(description="Nothing but matters of health is told between the two local times.")
class QuietHours:
    begin: time
    end: time = strawberry.field(description="On the next day, where it is not after `begin`.")


@strawberry.type(description="Of a service: not told at all, or not by some channels.")
class StoppedService:
    service: str
    channels: list[NoticeChannel] | None = strawberry.field(
        description="Null: by any; the service is not told of."
    )


@strawberry.type(description="Whatever is not named here is told as the service decides.")
class NoticeWishes:
    language: LanguageName | None = strawberry.field(description="Null: the one reported.")
    sms_number: str | None = strawberry.field(
        description="A number for messages, E.164; null: the one that was reported."
    )
    quiet_hours: QuietHours | None = strawberry.field(
        description="Null: from 21:00 to 08:00; in Ramadan from 01:00 to 10:00."
    )
    opt_out: OptOut | None
    stopped_services: list[StoppedService]
    stopped_channels: list[NoticeChannel]
    stopped_classes: list[NoticeClass]


@strawberry.input(description="The same time twice: no quiet at all.")
class QuietHoursInput:
    begin: time = strawberry.field(description="Local; seconds are left out.")
    end: time


@strawberry.input
class ServiceWishInput:
    service: str
    told: bool
    channel: strawberry.Maybe[NoticeChannel | None] = strawberry.field(
        description="By this channel alone; left out or null: by any."
    )


@strawberry.input
class ChannelWishInput:
    channel: NoticeChannel
    used: bool


@strawberry.input
class ClassWishInput:
    notice_class: NoticeClass
    told: bool


_ITEMS = f"Each item named changes, no other; null: none is stopped. At most {WISHES_MAX}."


@strawberry.input(description="What is left out stays; null is the default again.")
class ChangeNoticeWishesInput:
    command_id: UUID = strawberry.field(description=COMMAND_ID)
    language: strawberry.Maybe[LanguageName | None]
    sms_number: strawberry.Maybe[str | None] = strawberry.field(
        description="A mobile number as one writes it, in any digits. Wants a sign-in of the last"
        " five minutes (`session.step_up`)."
    )
    quiet_hours: strawberry.Maybe[QuietHoursInput | None]
    opt_out: strawberry.Maybe[OptOut | None]
    services: strawberry.Maybe[list[ServiceWishInput] | None] = strawberry.field(description=_ITEMS)
    channels: strawberry.Maybe[list[ChannelWishInput] | None] = strawberry.field(description=_ITEMS)
    classes: strawberry.Maybe[list[ClassWishInput] | None] = strawberry.field(description=_ITEMS)


@strawberry.type(description="It was done; what waited under the old wishes was withdrawn.")
class NoticeWishesChanged:
    wishes: NoticeWishes


@strawberry.type(description="It was not done.")
class NoticeWishesRefused:
    code: str = strawberry.field(description="Stable and dotted, such as `wishes.number_invalid`.")
    message: str
    next_step: NextStep


NoticeWishesOutcome = Annotated[
    NoticeWishesChanged | NoticeWishesRefused, strawberry.union("NoticeWishesOutcome")
]


@strawberry.type
class NoticeWishesQuery:
    @described("What you wish to be told, and how. Null before sign-in.")
    async def notice_wishes(self, info: Asked) -> NoticeWishes | None:
        actor = info.context.signed_in()
        return _shown(await read_own_wishes(info.context.ground, actor))


@strawberry.type
class NoticeWishesMutation:
    @described("The parent changes what they wish to be told, and how.")
    async def change_notice_wishes(
        self, info: Asked, input: ChangeNoticeWishesInput, language: InLanguage = None
    ) -> NoticeWishesOutcome:
        context = info.context
        if context.actor is None:
            return _refused(context, language, SignInRequired)
        refusal = _too_much(input)
        if refusal is not None:
            return _refused(context, language, refusal)
        command = Command(CommandId(input.command_id), "wishes.change", _payload(input))
        outcome = await run_command(context.ground, context.registry, context.actor, command)
        if outcome.code != APPLIED:
            return _refused(context, language, REFUSAL_TYPES[outcome.code])
        return NoticeWishesChanged(
            wishes=_shown(await read_own_wishes(context.ground, context.actor))
        )


def _too_much(asked: ChangeNoticeWishesInput) -> type[Refusal] | None:
    """What a phone's bytes are checked for when they become a payload."""
    number = asked.sms_number
    if number is not None and number.value is not None and len(number.value) > NUMBER_MAX:
        return NumberTooLong
    for said in (asked.services, asked.channels, asked.classes):
        if said is not None and said.value is not None and len(said.value) > WISHES_MAX:
            return TooManyWishes
    services = asked.services.value if asked.services is not None else None
    if any(len(wish.service) > SERVICE_CHARACTERS_MAX for wish in services or ()):
        return ServiceUnknown
    return None


def _payload(asked: ChangeNoticeWishesInput) -> ChangeWishes:
    return ChangeWishes(
        language=_said(asked.language, lambda name: name.value),
        sms_number=_said(asked.sms_number, lambda number: number),
        quiet_hours=_said(
            asked.quiet_hours, lambda hours: Hours(f"{hours.begin:%H:%M}", f"{hours.end:%H:%M}")
        ),
        opt_out=_said(asked.opt_out, lambda opt_out: opt_out.value),
        services=_said(
            asked.services,
            lambda wishes: tuple(
                ServiceWish(
                    EntryId(wish.service),
                    wish.told,
                    _channel(wish),
                )
                for wish in wishes
            ),
        ),
        channels=_said(
            asked.channels,
            lambda wishes: tuple(ChannelWish(wish.channel.value, wish.used) for wish in wishes),
        ),
        classes=_said(
            asked.classes,
            lambda wishes: tuple(ClassWish(wish.notice_class.value, wish.told) for wish in wishes),
        ),
    )


def _channel(wish: ServiceWishInput) -> Channel | None:
    by = wish.channel.value if wish.channel is not None else None
    return None if by is None else by.value


def _said(given: "strawberry.Some[T | None] | None", convert: Callable[[T], Any]) -> Any:
    """Left out, null, or a value: as the command tells them apart."""
    if given is None:
        return UNSET
    return None if given.value is None else convert(given.value)


def _shown(wishes: Preferences) -> NoticeWishes:
    ways: dict[EntryId, list[NoticeChannel]] = {}
    for entry, channel in sorted(wishes.stopped_ways):
        ways.setdefault(entry, []).append(NoticeChannel(channel))
    hours, language = wishes.quiet_hours, wishes.language
    return NoticeWishes(
        language=None if language is None else LanguageName(language),
        sms_number=wishes.number,
        quiet_hours=None if hours is None else QuietHours(begin=hours.begin, end=hours.end),
        opt_out=None if wishes.opt_out is None else OptOut(wishes.opt_out),
        stopped_services=[
            StoppedService(
                service=entry,
                channels=None if entry in wishes.stopped_services else ways[entry],
            )
            for entry in sorted(wishes.stopped_services | ways.keys())
        ],
        stopped_channels=[NoticeChannel(one) for one in sorted(wishes.stopped_channels)],
        stopped_classes=[NoticeClass(one) for one in sorted(wishes.stopped_classes)],
    )


def _refused(
    context: RequestContext, language: LanguageName | None, kind: type[Refusal]
) -> NoticeWishesRefused:
    context.refuse(kind)
    words = kind.ar if chosen(language, context.language) == "ar" else kind.en
    return NoticeWishesRefused(code=kind.code, message=words, next_step=NEXT_STEPS[kind.code])
