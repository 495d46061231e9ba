"""Who decided that a card is told to whom: the agency that answers for its service, whether it has
signed it off, the rule of its audience, and each notice with its message and channels.
"""

from datetime import date
from enum import Enum

import strawberry

from domain.card.record import Record
from domain.catalogue import Catalogue, NoticeMoment, Service
from domain.catalogue import Notice as NoticeRule
from domain.catalogue import Role as RoleName
from domain.entry import Channel as ChannelName
from domain.text.message import Language
from timeline.audience_text import audience_words
from timeline.source import AgencyNames, source_name


@strawberry.enum(description="What somebody is in the situation that a service is for.")
class AudienceRole(Enum):
    HUSBAND = "husband"
    WIFE = "wife"
    MOTHER = "mother"
    FATHER = "father"
    SELF = strawberry.enum_value("self", description="Whom the situation is about, as an adult.")
    WIDOWED = "widowed"
    OWNER = strawberry.enum_value("owner", description="Who owns the business.")


@strawberry.enum(description="When a notice is due.")
class NoticeTime(Enum):
    VISIBLE = strawberry.enum_value("visible", description="Once the card shows.")
    DUE = strawberry.enum_value("due", description="Once the card is due.")


@strawberry.enum(description="By what a notice goes out.")
class NoticeChannel(Enum):
    PUSH = "push"
    SMS = "sms"
    EMAIL = "email"


@strawberry.type(description="One notice of a card, as the catalogue has it.")
class WhyNotice:
    moment: NoticeMoment = strawberry.field(graphql_type=NoticeTime)
    channels: list[ChannelName] = strawberry.field(
        graphql_type=list[NoticeChannel],
        description="Empty where the sender's usual one is used, or what the reader prefers.",
    )
    message: str | None = strawberry.field(
        description="The catalogue's entry whose words are said; null where the card's own are."
    )
    message_version: int | None
    message_revision: int | None
    draft: bool = strawberry.field(description="Nobody has signed these words off yet.")


@strawberry.type(description="Who decided that the card is told to whom.")
class WhyTold:
    agency: str = strawberry.field(
        description="The id of the agency that answers for the service today."
    )
    agency_name: str
    draft: bool = strawberry.field(description="That agency has not signed the service off yet.")
    audience: list[RoleName] = strawberry.field(
        graphql_type=list[AudienceRole], description="Who is told."
    )
    otherwise: list[RoleName] = strawberry.field(
        graphql_type=list[AudienceRole],
        description="Who is told where there is none of the audience.",
    )
    text: str = strawberry.field(description="The rule of the audience in words.")
    you_are_told: bool = strawberry.field(
        description="False where you see the card and somebody else is told of it."
    )
    notices: list[WhyNotice] = strawberry.field(
        description="Empty where the card is shown and nobody is told, and of a waiting card."
    )


def told_of(
    record: Record,
    service: Service,
    *,
    catalogue: Catalogue,
    agencies: AgencyNames,
    today: date,
    language: Language,
) -> WhyTold:
    """Who decided what is told of one card."""
    agency = catalogue.agency_of(service, today)
    notices = () if record.waiting else service.card(record.card).notices
    return WhyTold(
        agency=agency,
        agency_name=source_name(agencies, agency, language),
        draft=service.draft,
        audience=list(service.audience),
        otherwise=list(service.otherwise),
        text=audience_words(service, language),
        you_are_told=bool(notices) and not record.quiet,
        notices=[_notice(notice, service, catalogue) for notice in notices],
    )


def _notice(notice: NoticeRule, service: Service, catalogue: Catalogue) -> WhyNotice:
    entry = None
    if notice.message is not None:
        entry = catalogue.entries.messages.get(notice.message)
        if entry is None and catalogue.other is not None:
            entry = catalogue.other.entries.messages.get(notice.message)
    return WhyNotice(
        moment=notice.moment,
        channels=list(notice.channels),
        message=notice.message,
        message_version=None if entry is None else entry.version,
        message_revision=None if entry is None else entry.revision,
        draft=service.draft if entry is None else entry.draft,
    )
