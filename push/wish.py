"""What a person changes about how they are told: the payload of a command, and what it makes of
what they wished before. Pure.

Each field that is absent is left as it is, null is the default again. Of a list each item that is
named changes and no other does, so that two phones that were offline lose nothing of each other's.
"""

from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from domain.error import Refusal
from domain.ids import EntryId
from domain.mobile import find_mobile
from domain.text.message import Language
from push.hours import QuietHours
from push.notice import Channel, NoticeClass
from push.preference import OptOut, Preferences

NUMBER_CHARACTERS_MAX = 64
WISHES_MAX = 100  # of one list: three channels of every service of a family
SERVICE_CHARACTERS_MAX = 64

Clock: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Number: TypeAlias = Annotated[str, msgspec.Meta(max_length=NUMBER_CHARACTERS_MAX)]
Service: TypeAlias = Annotated[EntryId, msgspec.Meta(max_length=SERVICE_CHARACTERS_MAX)]


class Hours(msgspec.Struct, frozen=True):
    """Quiet from a minute of the day to another; the same twice: never."""

    begin: Clock
    end: Clock


class ServiceWish(msgspec.Struct, frozen=True):
    """Of a service: told or not; with `channel` by that channel alone."""

    service: Service
    told: bool
    channel: Channel | None = None


class ChannelWish(msgspec.Struct, frozen=True):
    channel: Channel
    used: bool


class ClassWish(msgspec.Struct, frozen=True):
    notice_class: NoticeClass
    told: bool


ServiceWishes: TypeAlias = Annotated[tuple[ServiceWish, ...], msgspec.Meta(max_length=WISHES_MAX)]
ChannelWishes: TypeAlias = Annotated[tuple[ChannelWish, ...], msgspec.Meta(max_length=WISHES_MAX)]
ClassWishes: TypeAlias = Annotated[tuple[ClassWish, ...], msgspec.Meta(max_length=WISHES_MAX)]


class ChangeWishes(msgspec.Struct, frozen=True):
    """Absent: left as it is. Null: the default again. `sms_number` is as they wrote it."""

    language: Language | UnsetType | None = UNSET
    sms_number: Number | UnsetType | None = UNSET
    quiet_hours: Hours | UnsetType | None = UNSET
    opt_out: OptOut | UnsetType | None = UNSET
    services: ServiceWishes | UnsetType | None = UNSET
    channels: ChannelWishes | UnsetType | None = UNSET
    classes: ClassWishes | UnsetType | None = UNSET


class NumberInvalid(Refusal):
    code = "wishes.number_invalid"
    ar = "هذا ليس رقم هاتف متحرك صحيحًا. اكتبه مثل ‎0501234567‎ أو مع رمز الدولة ثم أعد الإرسال."
    en = (
        "This is no mobile number. Write it like 0501234567, or with its country code, and send"
        " again."
    )


class ServiceUnknown(Refusal):
    code = "wishes.service_unknown"
    status = 404
    ar = "لا توجد خدمة بهذا الاسم الآن. حدِّث قائمة الخدمات ثم اختر من جديد."
    en = "There is no service of that name now. Refresh the list of services and choose again."


class NumberTooLong(Refusal):
    code = "wishes.number_too_long"
    status = 413
    ar = "الرقم أطول من 64 حرفًا. اكتب رقم الهاتف وحده ثم أعد الإرسال."
    en = "The number is longer than 64 characters. Write the number alone and send again."


class TooManyWishes(Refusal):
    code = "wishes.too_many"
    status = 413
    ar = "غيّرت أكثر من مئة اختيار دفعة واحدة. أرسلها على دفعات أصغر."
    en = "More than a hundred choices were changed at once. Send them in smaller parts."


REFUSALS: tuple[type[Refusal], ...] = (NumberInvalid, ServiceUnknown)

T = TypeVar("T")


def changed(
    before: Preferences, asked: ChangeWishes, *, today: date, services: Iterable[EntryId]
) -> Preferences:
    """What the person wishes now; `services` are those there are.

    To be forgotten takes every other wish away first. Raises: NumberInvalid, ServiceUnknown.
    """
    wishes = Preferences() if asked.opt_out == "forget" else before
    wishes = _with_services(wishes, asked, frozenset(services))
    wishes = _with_lists(wishes, asked)
    if asked.language is not UNSET:
        wishes = msgspec.structs.replace(wishes, language=asked.language)
    if asked.sms_number is not UNSET:
        wishes = msgspec.structs.replace(wishes, number=_number(asked.sms_number))
    if asked.quiet_hours is not UNSET:
        wishes = msgspec.structs.replace(wishes, quiet_hours=_hours(asked.quiet_hours))
    if asked.opt_out is not UNSET:
        lost_on = None
        if asked.opt_out == "loss":  # said again on another day, the day is the later one
            lost_on = today
        wishes = msgspec.structs.replace(wishes, opt_out=asked.opt_out, lost_on=lost_on)
    return wishes


def _with_services(
    wishes: Preferences, asked: ChangeWishes, known: frozenset[EntryId]
) -> Preferences:
    if asked.services is UNSET:
        return wishes
    if asked.services is None:
        return msgspec.structs.replace(
            wishes, stopped_services=frozenset(), stopped_ways=frozenset()
        )
    services, ways = wishes.stopped_services, wishes.stopped_ways
    for wish in asked.services:
        if wish.service not in known and not wish.told:
            raise ServiceUnknown("services")
        if wish.channel is None:
            services = _turned(services, wish.service, wish.told)
        else:
            ways = _turned(ways, (wish.service, wish.channel), wish.told)
    return msgspec.structs.replace(wishes, stopped_services=services, stopped_ways=ways)


def _with_lists(wishes: Preferences, asked: ChangeWishes) -> Preferences:
    channels, classes = wishes.stopped_channels, wishes.stopped_classes
    if asked.channels is not UNSET:
        channels = frozenset() if asked.channels is None else channels
        for wish in asked.channels or ():
            channels = _turned(channels, wish.channel, wish.used)
    if asked.classes is not UNSET:
        classes = frozenset() if asked.classes is None else classes
        for one in asked.classes or ():
            classes = _turned(classes, one.notice_class, one.told)
    return msgspec.structs.replace(wishes, stopped_channels=channels, stopped_classes=classes)


def _turned(stopped: frozenset[T], item: T, wanted: bool) -> frozenset[T]:
    return stopped - {item} if wanted else stopped | {item}


def _number(said: str | None) -> str | None:
    """Raises: NumberInvalid."""
    if said is None:
        return None
    number = find_mobile(said)
    if number is None:
        raise NumberInvalid("sms_number")
    return number


def _hours(said: Hours | None) -> QuietHours | None:
    if said is None:
        return None
    return QuietHours(time.fromisoformat(said.begin), time.fromisoformat(said.end))
