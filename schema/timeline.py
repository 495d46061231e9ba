"""The queries: who is signed in, their timeline page by page, and one card of theirs again.

Nobody signed in: each is null, beside the error `sign_in_required`.
"""

from collections.abc import Collection
from datetime import date
from typing import Annotated

import strawberry
from strawberry.relay import PageInfo

from domain.card.state import OPEN_STATES
from domain.error import NotFound, Refusal
from domain.ids import RecordKey
from domain.people.actor import Actor
from schema.card import Card, CardState, Nature, card_of
from schema.context import Asked
from schema.field import described
from schema.language import InLanguage, LanguageName, chosen
from schema.load_card import LoadedCard, find_loaded, load_timeline
from schema.node import Node, decode_id
from schema.page import encode_cursor, plan_page
from store.scope import PersonScope
from timeline.people import Profile, profile_of

_OPEN = frozenset(CardState(state) for state in OPEN_STATES)

FILTER_ITEMS_MAX = 50  # in each list: more than a family has people, or the catalogue services


class FilterTooLong(Refusal):
    code = "filter.too_long"
    ar = "قوائم التصفية لا تتجاوز خمسين عنصرًا. قصِّر القائمة."
    en = "A list of the filter holds at most 50 items. Shorten it."


@strawberry.input(description="Each field given narrows the timeline; a list matches any of it.")
class TimelineFilter:
    subjects: list[strawberry.ID] | None = strawberry.field(
        default=None, description="`subject` of cards. At most 50, as every list here."
    )
    services: list[str] | None = None
    natures: list[Nature] | None = None
    states: list[CardState] | None = strawberry.field(
        default=None, description="Without it: UPCOMING, DUE and OVERDUE."
    )
    due_from: date | None = strawberry.field(
        default=None, description="Cards that are due, or still were, on or after this day."
    )
    due_until: date | None = strawberry.field(
        default=None, description="Cards that become due on or before this day."
    )


@strawberry.type
class TimelineEdge:
    node: Card
    cursor: str


@strawberry.type(description="A page of cards, sorted by rank, then by the day they are due.")
class TimelineConnection:
    edges: list[TimelineEdge]
    page_info: PageInfo
    total_count: int = strawberry.field(description="How many cards pass the filter, on any page.")


@strawberry.type(description="The person signed in.")
class Me:
    name_ar: str | None
    name_en: str | None
    language: LanguageName = strawberry.field(description="The language that texts come in.")
    today: date = strawberry.field(
        description="The local day (Asia/Dubai) from which states are derived."
    )
    actor: strawberry.Private[Actor]

    @described("`first` and `last`: 0 to 100; 20 when neither is given.")
    async def timeline(
        self,
        info: Asked,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        narrowed: Annotated[TimelineFilter | None, strawberry.argument(name="filter")] = None,
        language: InLanguage = None,
    ) -> TimelineConnection:
        passes = _Narrowing(narrowed or TimelineFilter())
        timeline = await load_timeline(info.context.ground, self.actor)
        cards = [loaded for loaded in timeline.cards if passes(loaded)]
        orders = [loaded.card.order for loaded in cards]
        page = plan_page(orders, first=first, after=after, last=last, before=before)
        spoken = chosen(language, info.context.language)
        edges = [
            TimelineEdge(
                node=card_of(timeline, loaded, spoken), cursor=encode_cursor(loaded.card.order)
            )
            for loaded in cards[page.start : page.stop]
        ]
        return TimelineConnection(
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=page.has_previous,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
            total_count=len(cards),
        )


@strawberry.type
class Query:
    @described("Null, with the error `sign_in_required`, before sign-in.")
    async def me(self, info: Asked) -> Me | None:
        actor, ground = info.context.signed_in(), info.context.ground
        async with ground.database.glance(PersonScope(actor.person_id)) as session:
            profile: Profile = await profile_of(ground, session)
        return Me(
            name_ar=profile.name_ar,
            name_en=profile.name_en,
            language=LanguageName(actor.language),
            today=ground.clock.today(),
            actor=actor,
        )

    @described("A card of yours by its id; null for anything else.")
    async def node(
        self, info: Asked, id: strawberry.ID, language: InLanguage = None
    ) -> Node | None:
        actor, key = info.context.signed_in(), decode_id("Card", id)
        if key is None:
            info.context.refuse(NotFound)
            return None
        timeline = await load_timeline(info.context.ground, actor)
        loaded = find_loaded(timeline, RecordKey(key))
        if loaded is None:
            info.context.refuse(NotFound)
            return None
        return card_of(timeline, loaded, chosen(language, actor.language))


class _Narrowing:
    """Whether a card passes a filter; made once, so that ids are read once.

    Raises: FilterTooLong.
    """

    def __init__(self, asked: TimelineFilter) -> None:
        lists: tuple[Collection[object] | None, ...] = (
            asked.subjects,
            asked.services,
            asked.natures,
            asked.states,
        )
        if any(items is not None and len(items) > FILTER_ITEMS_MAX for items in lists):
            raise FilterTooLong
        self._states = _OPEN if asked.states is None else frozenset(asked.states)
        self._subjects = (
            None
            if asked.subjects is None
            else {decode_id("Person", subject) for subject in asked.subjects}
        )
        self._services = asked.services
        self._natures = asked.natures
        self._due_from, self._due_until = asked.due_from, asked.due_until

    def __call__(self, loaded: LoadedCard) -> bool:
        record, service = loaded.card.record, loaded.service
        return (
            CardState(loaded.card.state) in self._states
            and (self._subjects is None or record.subject.bytes in self._subjects)
            and (self._services is None or service.id in self._services)
            and (self._natures is None or Nature(service.nature) in self._natures)
            and self._in_days(loaded)
        )

    def _in_days(self, loaded: LoadedCard) -> bool:
        if self._due_from is None and self._due_until is None:
            return True
        window = loaded.card.record.window
        if window is None:
            return False
        return (self._due_from is None or window.due_until >= self._due_from) and (
            self._due_until is None or window.due_from <= self._due_until
        )
