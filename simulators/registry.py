"""The registries' gateway of the demonstration and of tests: a process of its own.

It is asked by one signed POST about a number, or about a fact that a member disputes. It answers at
once, and what the registries hold or say comes later, as signed events to the public intake: so far
as it is in a good mood. Its bad days are those of any service: slow, busy, broken, refusing,
sending half now and half later.

    python -m simulators.registry DATA_DIR PORT INTAKE_URL DAY
"""

import asyncio
import json
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal  # Any: JSON, and what the library hands to its verifier
from zoneinfo import ZoneInfo

import httpx2
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from http_message_signatures.httpx2 import adapt_message
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.agency import AgencyClient, own_clock
from simulators.parent import end_with_parent
from simulators.registered_family import Held, registered_families

SIGNATURE_TAG = "osrati-registry"
SIGNATURE_AGE_MAX = timedelta(minutes=5)
REPORT_TRIES = 20
REPORT_PAUSE_SECONDS = 0.5
HALF_PAUSE_SECONDS = 0.2
BUSY_SECONDS = 7
BODY_BYTES_MAX = 16_384
DUBAI = ZoneInfo("Asia/Dubai")
CLERK_SECONDS = 60.0  # of the demonstration: long enough to see a fact under review

Mood = Literal["well", "slow", "busy", "broken", "refuses", "half", "twice", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What a registry's clerk makes of a dispute, and the later events that go with it."""

    answer: Literal["upheld", "corrected", "not_ours"]
    passed_to: str | None = None


@dataclass
class Registry:
    """What the registries hold, who may ask, and how the next answers go.

    `moods` are taken one an ask; when none is left it is well. `slow_seconds` is how long a slow
    answer takes. `asked` are the asks that were taken, by their ids, each once; `questions` those
    about a disputed fact, `withdrawn` the disputes that are asked no more. A clerk who is at work
    answers each question by `verdict` after `clerk_seconds`; None: nobody is.
    """

    held: Mapping[str, Sequence[Held]]
    agencies: Mapping[str, AgencyClient]
    askers: Mapping[str, EllipticCurvePublicKey]
    now: Callable[[], datetime]
    moods: deque[Mood] = field(default_factory=deque)
    slow_seconds: float = 2.0
    asked: dict[str, str] = field(default_factory=dict)
    ask_count: int = 0
    questions: dict[str, dict[str, Any]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    verdict: Verdict | None = None
    clerk_seconds: float = 0.0

    def app(self) -> Starlette:
        """The gateway as an ASGI application."""

        @asynccontextmanager
        async def closing(_: Starlette) -> Any:
            yield
            for client in self.agencies.values():
                await client.aclose()

        return Starlette(
            routes=[
                Route("/v1/look-ups", self._look_up, methods=["POST"]),
                Route("/v1/disputes", self._dispute, methods=["POST"]),
                Route("/v1/dispute-withdrawals", self._withdraw, methods=["POST"]),
            ],
            lifespan=closing,
        )

    async def _take(self, request: Request) -> tuple[dict[str, Any], Mood] | Response:
        """What is asked and the mood it meets, or the answer of a bad day."""
        body = await request.body()
        self.ask_count += 1
        if len(body) > BODY_BYTES_MAX or not self._is_signed(request, body):
            return _problem(401, "the signature does not prove who asks")
        mood: Mood = self.moods.popleft() if self.moods else "well"
        match mood:
            case "slow":
                await asyncio.sleep(self.slow_seconds)
            case "busy":
                return _problem(429, "too many", {"retry-after": str(BUSY_SECONDS)})
            case "broken":
                return _problem(500, "out of order")
            case "refuses":
                return _problem(403, "not agreed with this asker")
            case "unknown":
                return _problem(404, "no such record")
            case _:
                pass
        return json.loads(body), mood

    async def _dispute(self, request: Request) -> Response:
        """Takes a question, once for each id; the clerk answers it later, by the public intake."""
        taken = await self._take(request)
        if isinstance(taken, Response):
            return taken
        asked, mood = taken
        if asked["registry"] not in self.agencies:
            return _problem(404, "no such registry")
        is_new = asked["id"] not in self.questions
        self.questions[asked["id"]] = asked
        clerk = BackgroundTask(self._decide, asked, mood) if is_new else None
        return JSONResponse({"id": asked["id"], "status": "accepted"}, 202, background=clerk)

    async def _withdraw(self, request: Request) -> Response:
        taken = await self._take(request)
        if isinstance(taken, Response):
            return taken
        asked, _ = taken
        if all(question["dispute"] != asked["dispute"] for question in self.questions.values()):
            return _problem(404, "no such dispute")
        self.withdrawn.add(asked["dispute"])
        return JSONResponse({"id": asked["id"], "status": "accepted"}, 202)

    async def _decide(self, asked: Mapping[str, Any], mood: Mood) -> None:
        if self.verdict is None:
            return
        await asyncio.sleep(self.clerk_seconds)
        if asked["dispute"] not in self.withdrawn:
            for _ in range(2 if mood == "twice" else 1):
                await self._report([self.answer_to(asked, self.verdict)])

    def answer_to(self, asked: Mapping[str, Any], verdict: Verdict) -> Held:
        """The event by which the registry that was asked answers."""
        said: dict[str, object] = {"dispute": asked["dispute"], "answer": verdict.answer}
        if verdict.passed_to is not None:
            said["passed_to"] = verdict.passed_to
        now = self.now()
        event: dict[str, object] = {
            "id": f"answer-{asked['id']}-{verdict.answer}",
            "kind": "dispute.answered",
            "occurred_on": now.astimezone(DUBAI).date().isoformat(),
            "asserted_at": now.isoformat(timespec="seconds"),
            "data": said,
        }
        return Held(asked["registry"], event)

    async def _look_up(self, request: Request) -> Response:
        taken = await self._take(request)
        if isinstance(taken, Response):
            return taken
        asked, mood = taken
        number = asked["identifier"]["value"]
        if number not in self.held:
            return _problem(404, "no such number")
        self.asked[asked["id"]] = number
        reports = list(self.held[number])
        return JSONResponse(
            {"id": asked["id"], "status": "accepted", "records": len(reports)},
            202,
            background=BackgroundTask(self._report_all, reports, mood),
        )

    async def _report_all(self, reports: Sequence[Held], mood: Mood) -> None:
        """Reports what is held, as each agency; half of it later, or all of it twice."""
        half = len(reports) // 2
        if mood == "half":
            await self._report(reports[:half])
            await asyncio.sleep(HALF_PAUSE_SECONDS)
            await self._report(reports[half:])
            return
        for _ in range(2 if mood == "twice" else 1):
            await self._report(reports)

    async def _report(self, reports: Iterable[Held]) -> None:
        for report in reports:
            for _ in range(REPORT_TRIES):
                try:
                    answer = await self.agencies[report.agency].report(report.event)
                except httpx2.TransportError:
                    await asyncio.sleep(REPORT_PAUSE_SECONDS)
                    continue
                if answer.status_code not in (429, 503):
                    break
                await asyncio.sleep(REPORT_PAUSE_SECONDS)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        asked = httpx2.Request(request.method, str(request.url), headers=request.headers.raw)
        verifier = _Verifier(
            signature_algorithm=ECDSA_P256_SHA256,
            key_resolver=MappingKeyResolver(public_keys=dict(self.askers), private_keys={}),
        )
        verifier.now = self.now
        try:
            verified = verifier.verify(
                adapt_message(asked), body=body, max_age=SIGNATURE_AGE_MAX, expect_tag=SIGNATURE_TAG
            )
        except HTTPMessageSignaturesException:
            return False
        return len(verified) == 1


class _Verifier(HTTPMessageVerifier):
    """The library's verifier, by a clock that is handed in."""

    now: Callable[[], datetime]

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        created = datetime.fromtimestamp(sig_input.params["created"], UTC)
        if abs(self.now() - created) > max_age:
            raise HTTPMessageSignaturesException("not of this hour")


def _problem(status: int, title: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse(
        {"status": status, "title": title},
        status,
        headers=headers,
        media_type="application/problem+json",
    )


def open_registry(data_dir: Path, intake_url: str, day: date) -> Registry:
    """The gateway of the demonstration: the agencies' keys lie under `data_dir`, with ours."""
    keys = data_dir / "demonstration-keys"
    agencies = {}
    for path in sorted(keys.glob("*.pem")):
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        key_id = path.with_suffix(".key-id").read_text()
        agencies[path.stem] = AgencyClient(intake_url, key_id, key)
    asker = load_pem_public_key((data_dir / "registry-client.pub.pem").read_bytes())
    assert isinstance(asker, EllipticCurvePublicKey)
    askers = {"osrati-1": asker}
    return Registry(
        registered_families(day),
        agencies,
        askers,
        now=own_clock,
        verdict=Verdict("upheld"),
        clerk_seconds=CLERK_SECONDS,
    )


def main() -> None:
    """Serves until it is told to end, or whoever started it is gone: then its input closes."""
    end_with_parent()
    data_dir, port, intake_url, day = sys.argv[1:5]
    registry = open_registry(Path(data_dir), intake_url, date.fromisoformat(day))
    uvicorn.run(registry.app(), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
