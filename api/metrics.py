"""`/metrics` for Prometheus: counts and ages of the queues, read when they are asked for, and how
often this process refused what; never a person.

Only where OSRATI_METRICS_TOKEN is set, and only for whoever shows it: without it the address is not
there, with another it looks the same.
"""

import asyncio
import hmac
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.wire import House
from push.queue import Queues, read_queues
from store.notice_tables import (
    CHANNEL_EMAIL,
    CHANNEL_PUSH,
    CHANNEL_REMOVE,
    CHANNEL_SMS,
    DELIVERY_FAILED,
    DELIVERY_QUEUED,
    DELIVERY_SENDING,
    DELIVERY_UNKNOWN,
)

METRICS_PATH = "/metrics"
KEPT_SECONDS = 5.0  # however often it is asked, the tables are read no more than this
CHANNELS = {
    CHANNEL_PUSH: "push",
    CHANNEL_SMS: "sms",
    CHANNEL_EMAIL: "email",
    CHANNEL_REMOVE: "remove",
}
STATES = {
    DELIVERY_QUEUED: "queued",
    DELIVERY_SENDING: "sending",
    DELIVERY_FAILED: "failed",
    DELIVERY_UNKNOWN: "unknown",
}
NOT_FOUND = 404


class QueueMetrics:
    """The route, and what it last answered."""

    def __init__(self, house: House, token: str, refused: Mapping[str, int]) -> None:
        """`refused` is how often this process refused, by code, as it stands when it is asked."""
        self._house, self._token, self._refused = house, token, refused
        self._reading = asyncio.Lock()
        self._kept_until, self._kept = 0.0, b""

    def routes(self) -> list[Route]:
        return [Route(METRICS_PATH, self._answer)]

    async def _answer(self, request: Request) -> Response:
        shown = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(shown, b"Bearer " + self._token.encode()):
            raise HTTPException(NOT_FOUND)
        async with self._reading:
            now = asyncio.get_running_loop().time()
            if now >= self._kept_until:
                self._kept = render_metrics(await read_queues(self._house.ground), self._refused)
                self._kept_until = now + KEPT_SECONDS
        return Response(self._kept, media_type=CONTENT_TYPE_LATEST)


def render_metrics(queues: Queues, refused: Mapping[str, int]) -> bytes:
    """The figures in Prometheus's words; every channel and state has one, also at nothing."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(queues, refused))
    return generate_latest(registry)


class _Collected:
    def __init__(self, queues: Queues, refused: Mapping[str, int]) -> None:
        self._queues, self._refused = queues, refused

    def collect(self) -> Iterator[Metric]:
        found = {(each.channel, each.state): each for each in self._queues.deliveries}
        counts = GaugeMetricFamily(
            "osrati_deliveries", "Messages by channel and state", labels=["channel", "state"]
        )
        ages = GaugeMetricFamily(
            "osrati_delivery_age_seconds",
            "Age of the oldest message that is due",
            labels=["channel"],
        )
        paused = GaugeMetricFamily(
            "osrati_channel_paused_seconds",
            "How long a channel is still left alone",
            labels=["channel"],
        )
        for channel, name in CHANNELS.items():
            for state, word in STATES.items():
                one = found.get((channel, state))
                counts.add_metric([name, word], one.count if one else 0)
            queued = found.get((channel, DELIVERY_QUEUED))
            ages.add_metric([name], queued.age_seconds if queued else 0)
            paused.add_metric([name], self._queues.paused.get(channel, 0))
        yield from (counts, ages, paused)
        yield GaugeMetricFamily(
            "osrati_notices_due", "Notices that wait to be planned", value=self._queues.due_count
        )
        yield GaugeMetricFamily(
            "osrati_notice_due_age_seconds",
            "How long the longest of them has waited",
            value=self._queues.due_age_seconds,
        )
        refusals = CounterMetricFamily(
            "osrati_refusals", "Requests refused since this process began", labels=["code"]
        )
        for code, count in sorted(self._refused.items()):
            refusals.add_metric([code], count)
        yield refusals
