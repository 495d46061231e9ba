"""The intake over HTTP in one process: the real application, signed requests, worker steps."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any  # JSON
from uuid import UUID

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.applications import Starlette

from api.app import build_app
from api.settings import Settings
from api.wire import House
from api.worker import interpret_message
from domain.ids import AgencyId, InboxId
from gov.agency import AgencyKey, add_agency, add_key
from gov.agency_right import ANYTHING
from simulators.agency import FHIR_JSON, AgencyClient, encode_event
from tests.support.house import TestHouse
from timeline.hint import Job

BASE_URL = "http://osrati.test"
FHIR_PATH = "/v1/intake/fhir"


@dataclass
class HeldHints:
    """Hints kept until the test lets the worker look: what a queue would carry."""

    said: list[tuple[Job, UUID]] = field(default_factory=list)

    async def look(self, job: Job, subject: UUID) -> None:
        self.said.append((job, subject))


@dataclass
class Intake:
    """The application, and agencies that can sign."""

    house: House
    app: Starlette
    hints: HeldHints
    clients: dict[str, AgencyClient]
    http: httpx2.AsyncClient

    async def report(self, agency_id: str, event: Mapping[str, object]) -> httpx2.Response:
        """Sends one signed event; nothing is interpreted yet."""
        return await self.clients[agency_id].report(event)

    async def send_fhir(
        self, agency_id: str, body: bytes | Mapping[str, object]
    ) -> httpx2.Response:
        """Sends one signed FHIR message; nothing is interpreted yet."""
        sent = body if isinstance(body, bytes) else encode_event(body)
        return await self.clients[agency_id].send(sent, path=FHIR_PATH, content_type=FHIR_JSON)

    async def tell_fhir(self, agency_id: str, body: Mapping[str, object]) -> list[str]:
        """Sends a message, lets the worker work, and asks again how each resource stands."""
        first = await self.send_fhir(agency_id, body)
        assert first.status_code in (200, 202), first.text
        await self.work()
        return outcome_codes(await self.send_fhir(agency_id, body))

    async def work(self) -> None:
        """Lets the worker do all that was hinted at."""
        while self.hints.said:
            _, subject = self.hints.said.pop(0)
            await interpret_message(self.house, InboxId(subject))

    async def tell(self, agency_id: str, event: Mapping[str, object]) -> dict[str, Any]:
        """Sends one event, lets the worker work, and asks again how the event stands."""
        first = await self.report(agency_id, event)
        assert first.status_code == 202, first.text
        await self.work()
        answer: dict[str, Any] = (await self.report(agency_id, event)).json()
        return answer


def outcome_codes(answer: httpx2.Response) -> list[str]:
    """Our code of each OperationOutcome of an answer, in the order of the entries."""
    said = answer.json()
    outcomes = [entry["response"]["outcome"] for entry in said.get("entry", [])]
    return [one["issue"][0]["details"]["coding"][0]["code"] for one in outcomes or [said]]


@asynccontextmanager
async def open_intake(house: TestHouse, settings: Settings) -> AsyncIterator[Intake]:
    """The application on a test's house, with two agencies: `moj` and `mohap`."""
    opened = House(settings, house.ground, house.registry, house.schemas)
    hints = HeldHints()
    app = build_app(opened, hints)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    clients = {}
    database = house.ground.database
    for agency_id in ("moj", "mohap"):
        private = ec.generate_private_key(ec.SECP256R1())
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        await add_agency(
            database, AgencyId(agency_id), name_ar="جهة", name_en="Agency", rights=ANYTHING
        )
        await add_key(
            database,
            AgencyKey(f"{agency_id}-1", AgencyId(agency_id), public),
            added_at=house.clock.now_utc(),
        )
        clients[agency_id] = AgencyClient(BASE_URL, f"{agency_id}-1", private, transport=transport)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        yield Intake(opened, app, hints, clients, http)
