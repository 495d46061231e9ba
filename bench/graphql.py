"""`graphql-timeline`: a timeline of 50 cards x 8 fields executed and encoded, a second of one core.

The types are the real ones (`schema/card.py`, `schema/timeline.py`) and so are their resolvers. The
connection is made once, with its words rendered, and handed out by a root field of our own: both
sides walk the same objects, and nothing is read. Ours has the extension and the executor of the
served schema (limits; parsing and validation remembered; plans) and its orjson; the baseline is a
plain strawberry schema of the same types with strawberry's own encoding.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any  # what a GraphQL answer holds

import orjson
import strawberry
from strawberry.relay import PageInfo
from strawberry.types import Info

from bench.evaluate import RECORD_SECRET, TODAY, shipped_catalogue
from bench.family import family_of_five
from bench.rate import Work, compare_rates
from bench.result import Result, compare, ratio_at_least
from domain.card.state import card_state
from domain.evaluate import evaluate
from domain.ids import CircleId
from domain.people.circle import Circle, couple_members
from domain.text.message import Language
from schema.build import OsratiSchema, build_schema
from schema.card import Card, card_of
from schema.load_card import LoadedCard, LoadedTimeline
from schema.page import encode_cursor
from schema.timeline import TimelineConnection, TimelineEdge
from timeline.read import TimelineCard
from timeline.source import Named

SECONDS = 5.0
CARD_COUNT = 50
FAMILY_COUNT = 4  # a parent of one family has 20 cards; four families' make 50
AGENCIES = {"icp": Named("الهيئة الاتحادية للهوية", "ICP"), "mohap": Named("وزارة الصحة", "MOHAP")}
READER_LANGUAGE: Language = "ar"

OPERATION = """
query Timeline {
  timeline {
    edges {
      node { id service serviceName agencyName state title body number }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class InMemory:
    """The context of both sides."""

    connection: TimelineConnection


@strawberry.type
class Query:
    @strawberry.field
    def timeline(self, info: Info[InMemory, None]) -> TimelineConnection:
        return info.context.connection


def measure_graphql(*, seconds: float = SECONDS) -> list[Result]:
    """One figure."""
    context = InMemory(_connection())
    served = build_schema(production=True)
    ours = OsratiSchema(
        query=Query,
        types=[Card],
        config=served.config,
        extensions=list(served.extensions),
        execution_context_class=served.execution_context_class,
    )
    plain = strawberry.Schema(query=Query, types=[Card])
    with asyncio.Runner() as runner:
        rates = compare_rates(
            _asking(runner, ours, context, orjson.dumps),
            _asking(runner, plain, context, _encode_plainly),
            seconds=seconds,
        )
    return [
        compare(
            "graphql-timeline",
            rates[0],
            "requests/s per core",
            baseline="plain strawberry, same types and objects",
            baseline_value=rates[1],
            goal=ratio_at_least(4),
        )
    ]


def _asking(
    runner: asyncio.Runner,
    schema: strawberry.Schema,
    context: InMemory,
    encode: Callable[[dict[str, Any]], bytes],
) -> Work:
    async def ask(count: int) -> None:
        for _ in range(count):
            answer = await schema.execute(OPERATION, context_value=context)
            assert answer.data is not None, answer.errors
            encode({"data": answer.data})

    return lambda count: runner.run(ask(count))


def _encode_plainly(data: dict[str, Any]) -> bytes:
    """As strawberry's own HTTP views encode."""
    return json.dumps(data, separators=(",", ":")).encode()


def _connection() -> TimelineConnection:
    timeline = LoadedTimeline(tuple(_cards()), AGENCIES, TODAY, shipped_catalogue())
    edges = []
    for loaded in timeline.cards:
        card = card_of(timeline, loaded, READER_LANGUAGE)
        assert all((card.title, card.service_name, card.agency_name))  # made at their first reading
        edges.append(TimelineEdge(node=card, cursor=encode_cursor(loaded.card.order)))
    page = PageInfo(
        has_next_page=False, has_previous_page=False, start_cursor=None, end_cursor=None
    )
    return TimelineConnection(edges=edges, page_info=page, total_count=len(edges))


def _cards() -> list[LoadedCard]:
    """The husbands' cards of as many families as it takes, as their timelines hold them."""
    catalogue = shipped_catalogue()
    found = []
    for number in range(1, FAMILY_COUNT + 1):
        family = family_of_five(TODAY, number=number)
        members = couple_members(family.husband, family.wife)
        circle = Circle(CircleId(family.husband), "couple", members)
        for record in evaluate(circle, family.facts, catalogue, TODAY, RECORD_SECRET).records:
            if record.recipient == family.husband:
                card = TimelineCard(record, circle.id, number, card_state(record, TODAY))
                found.append(LoadedCard(card, catalogue.services[record.entry]))
    assert len(found) >= CARD_COUNT
    return sorted(found, key=lambda loaded: loaded.card.order)[:CARD_COUNT]
