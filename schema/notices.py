"""What the reader was told, when and by what; what waits; what was held back, and why.

The reader's own alone: nobody is shown what another parent was told, also of the same child.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from struct import Struct
from types import MappingProxyType

import strawberry
from strawberry.relay import PageInfo

from domain.catalogue import Catalogue
from domain.text.message import Language
from push.reason import say_reason
from push.told import ToldNotice, Way, list_told
from schema.context import Asked
from schema.field import described
from schema.language import InLanguage, chosen
from schema.node import ID_BYTES, encode_id, from_base64, to_base64
from schema.page import PAGE_DEFAULT, PAGE_MAX, CursorMalformed, PageOutOfRange
from schema.told import NoticeChannel
from schema.wishes import NoticeClass
from store.notice_tables import (
    CHANNEL_EMAIL,
    CHANNEL_PUSH,
    CHANNEL_SMS,
    DELIVERY_ACCEPTED,
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
    DELIVERY_WITHDRAWN,
)


@strawberry.enum(description="How far a notice has come.")
class NoticeState(Enum):
    WAITING = strawberry.enum_value("waiting", description="Not told yet; `reason` says why not.")
    TOLD = "told"
    HELD_BACK = strawberry.enum_value(
        "held_back", description="Never told, and it will not be; `reason` says why."
    )


@strawberry.enum(description="What became of one message.")
class MessageState(Enum):
    ON_ITS_WAY = "on_its_way"
    SENT = strawberry.enum_value("sent", description="Whoever carries it has taken it.")
    FAILED = "failed"
    UNKNOWN = strawberry.enum_value("unknown", description="It may have come; nobody can say.")
    WITHDRAWN = strawberry.enum_value("withdrawn", description="Taken back before it went.")


_STATES: Mapping[int, MessageState] = MappingProxyType(
    {
        DELIVERY_QUEUED: MessageState.ON_ITS_WAY,
        DELIVERY_SENDING: MessageState.ON_ITS_WAY,
        DELIVERY_ACCEPTED: MessageState.SENT,
        DELIVERY_FAILED: MessageState.FAILED,
        DELIVERY_UNKNOWN: MessageState.UNKNOWN,
        DELIVERY_WITHDRAWN: MessageState.WITHDRAWN,
    }
)
_CHANNELS: Mapping[int, NoticeChannel] = MappingProxyType(
    {
        CHANNEL_PUSH: NoticeChannel.PUSH,
        CHANNEL_SMS: NoticeChannel.SMS,
        CHANNEL_EMAIL: NoticeChannel.EMAIL,
    }
)


@strawberry.type(description="One message to one phone, number or address.")
class NoticeMessage:
    channel: NoticeChannel
    state: MessageState
    settled_at: datetime | None = strawberry.field(description="When its state was known.")


@strawberry.type(description="Why a notice waits or was held back.")
class NoticeReason:
    code: str = strawberry.field(description="Of a closed list, such as `quiet_hours`.")
    text: str


@strawberry.type(description="One thing to tell the reader, once.")
class Notice:
    id: strawberry.ID
    service: str = strawberry.field(description="Of the catalogue.")
    service_name: str | None = strawberry.field(
        description="What it is called today; null where it is withdrawn."
    )
    card_id: strawberry.ID | None = strawberry.field(
        description="The card it is about, while it is in the reader's timeline."
    )
    notice_class: NoticeClass
    state: NoticeState
    reason: NoticeReason | None
    made_at: datetime
    waits_until: datetime | None = strawberry.field(
        description="Of a waiting one: when it is looked at next."
    )
    told_at: datetime | None
    delivered_at: datetime | None = strawberry.field(description="When a phone said that it came.")
    opened_at: datetime | None
    acted_at: datetime | None
    messages: list[NoticeMessage]


@strawberry.type
class NoticeEdge:
    node: Notice
    cursor: str


@strawberry.type(description="A page of notices, the newest first.")
class NoticeConnection:
    edges: list[NoticeEdge]
    page_info: PageInfo


@strawberry.type
class NoticesQuery:
    @described(
        "What you were told, what waits, and what was held back and why. `first`: 0 to 100; 20"
        " unless given. Null before sign-in."
    )
    async def notices(
        self,
        info: Asked,
        first: int | None = None,
        after: str | None = None,
        language: InLanguage = None,
    ) -> NoticeConnection | None:
        actor = info.context.signed_in()
        limit = PAGE_DEFAULT if first is None else first
        if not 0 <= limit <= PAGE_MAX:
            raise PageOutOfRange("first")
        place = None if after is None else decode_place(after)
        page = await list_told(info.context.ground, actor, limit=limit, after=place)
        catalogue = await info.context.ground.catalogues.current()
        spoken = chosen(language, info.context.language)
        edges = [
            NoticeEdge(node=_shown(told, catalogue, spoken), cursor=encode_place(told.place))
            for told in page.notices
        ]
        return NoticeConnection(
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )


def _shown(told: ToldNotice, catalogue: Catalogue, language: Language) -> Notice:
    notice, service = told.notice, catalogue.services.get(told.notice.entry)
    state = NoticeState.TOLD
    if told.waits:
        state = NoticeState.WAITING
    elif told.is_held_back:
        state = NoticeState.HELD_BACK
    reason = told.reason if state is not NoticeState.TOLD else None
    return Notice(
        id=encode_id("Notice", notice.id),
        service=notice.entry,
        service_name=None if service is None else service.name.message(language).render({}),
        card_id=encode_id("Card", notice.record_key) if told.shown else None,
        notice_class=NoticeClass(notice.notice_class),
        state=state,
        reason=None
        if reason is None
        else NoticeReason(code=reason, text=say_reason(reason, language)),
        made_at=told.made_at,
        waits_until=told.due_at if told.waits else None,
        told_at=told.told_at,
        delivered_at=told.delivered_at,
        opened_at=told.opened_at,
        acted_at=told.acted_at,
        messages=[_message(way) for way in told.ways if way.channel in _CHANNELS],
    )


def _message(way: Way) -> NoticeMessage:
    return NoticeMessage(
        channel=_CHANNELS[way.channel], state=_STATES[way.state], settled_at=way.settled_at
    )


_FORM = 1
_PLACE = Struct(f">Bq{ID_BYTES}s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_MAX = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def encode_place(place: tuple[datetime, bytes]) -> str:
    """The opaque cursor of a place in the order."""
    made_at, notice_id = place
    return to_base64(_PLACE.pack(_FORM, (made_at - _EPOCH) // _MICROSECOND, notice_id))


def decode_place(cursor: str) -> tuple[datetime, bytes]:
    """The place that `encode_place` wrote. Raises: CursorMalformed for anything else."""
    body = from_base64(cursor)
    if body is None or len(body) != _PLACE.size:
        raise CursorMalformed
    form, microseconds, notice_id = _PLACE.unpack(body)
    if form != _FORM or not 0 <= microseconds <= _MICROSECONDS_MAX:
        raise CursorMalformed
    return (_EPOCH + microseconds * _MICROSECOND, notice_id)
