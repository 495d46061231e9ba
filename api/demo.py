"""The demonstration: agencies with keys of their own, families whose life is told through the
intake.

Development only. What it reports goes through the public route, signed, like any agency's.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from domain.ids import AgencyId, PersonId
from gov.agency import AgencyKey, add_agency, add_key
from gov.agency_right import ANY, Rights
from simulators.agency import AgencyClient
from simulators.family_story import stories
from simulators.registered_family import registered_story
from simulators.telling import AGENCY_OF_KIND, Story
from store.clock import SystemClock
from timeline.ground import Ground
from timeline.people import find_person

AGENCIES = {
    "moj": ("وزارة العدل", "Ministry of Justice"),
    "icp": (
        "الهيئة الاتحادية للهوية والجنسية والجمارك وأمن المنافذ",
        "Federal Authority for Identity, Citizenship, Customs and Port Security",
    ),
    "mohap": ("وزارة الصحة ووقاية المجتمع", "Ministry of Health and Prevention"),
}
PLAYED_FILE = "demonstration-played-on"
KEYS_DIRECTORY = "demonstration-keys"
FINGERPRINT_DIGITS = 12
PRIVATE_MODE = 0o600
ACCEPTED = 202
APPLIED_POLL_SECONDS = 0.2
APPLIED_SECONDS_MAX = 120
# What a hospital's FHIR tells beside the events of the demonstration's families.
TOLD_BY_FHIR = (
    "person.reported",
    "person.died",
    "measurement.taken",
    "vaccination.not_done",
    "vaccination.refused",
    "visit.kept",
    "appointment.booked",
    "appointment.moved",
    "appointment.cancelled",
    "appointment.kept",
    "appointment.missed",
)


class DemonstrationRefused(Exception):
    """The intake did not take a demonstration event: a defect, since each is checked by a test."""


@dataclass(frozen=True, slots=True)
class DemoParent:
    """A demonstration parent whose timeline the page shows."""

    person_id: PersonId
    story_id: str
    title_ar: str
    title_en: str
    role: str
    name_ar: str
    name_en: str
    language: str
    emirates_id: str = ""


async def register_agencies(ground: Ground, data_dir: Path) -> None:
    """Makes the demonstration's agencies and their keys known. Idempotent.

    Beside each private key lies a file with the id under which it signs.
    """
    for agency_id, (name_ar, name_en) in AGENCIES.items():
        rights = Rights(
            kinds=(
                *(kind for kind, agency in AGENCY_OF_KIND.items() if agency == agency_id),
                *(TOLD_BY_FHIR if agency_id == "mohap" else ()),
                "dispute.answered",  # whoever reported a fact answers for it
            ),
            assigners=(ANY,),
            facilities=(ANY,),
            emirates=(ANY,),
        )
        await add_agency(
            ground.database,
            AgencyId(agency_id),
            name_ar=name_ar,
            name_en=name_en,
            rights=rights,
        )
        private = _private_key(data_dir, agency_id)
        key = AgencyKey(_key_id(agency_id, private), AgencyId(agency_id), _public_der(private))
        await add_key(ground.database, key, added_at=ground.clock.now_utc())
        (data_dir / KEYS_DIRECTORY / f"{agency_id}.key-id").write_text(key.key_id)


async def play(base_url: str, data_dir: Path, today: date) -> int:
    """Tells every story through the public intake, in order; how many events were told.

    The day it was first played is kept: played again, every event is a repeat and changes nothing.

    Raises: DemonstrationRefused when an event is not taken, or not applied in time.
    """
    told = stories(begin_stories(data_dir, today))
    keys = {agency_id: _private_key(data_dir, agency_id) for agency_id in AGENCIES}
    clients = {
        agency_id: AgencyClient(base_url, _key_id(agency_id, private), private)
        for agency_id, private in keys.items()
    }
    count = 0
    try:
        for story in told:
            for event in story.events:
                await _tell(clients[AGENCY_OF_KIND[str(event["kind"])]], event)
                count += 1
        registered = registered_story(begin_stories(data_dir, today))
        await _sign_in(base_url, registered.parents[0].emirates_id)
        for event in registered.events:  # a repeat by now: its answer says whether it is applied
            await _tell(clients[AGENCY_OF_KIND[str(event["kind"])]], event)
    finally:
        for client in clients.values():
            await client.aclose()
    return count


def begun_stories(data_dir: Path) -> list[Story]:
    """The stories as of the day they were first played, the one the registries hold the last; none
    before that day.
    """
    path = data_dir / PLAYED_FILE
    if not path.exists():
        return []
    played_on = date.fromisoformat(path.read_text())
    return [*stories(played_on), registered_story(played_on)]


def begin_stories(data_dir: Path, today: date) -> date:
    """The day the stories were begun: today if they were not (never a set day that lies ahead)."""
    path = data_dir / PLAYED_FILE
    if not path.exists():
        draft = data_dir / f"{PLAYED_FILE}.draft"
        draft.write_text(min(today, SystemClock().today()).isoformat())
        draft.replace(path)
    return date.fromisoformat(path.read_text())


async def list_parents(ground: Ground, told: list[Story]) -> list[DemoParent]:
    """The stories' parents whom the intake has made known by now, in story order."""
    parents = []
    for story in told:
        for parent in story.parents:
            digits = parent.emirates_id.replace("-", "")
            person_id = await find_person(ground, system="emirates_id", value=f"/{digits}")
            if person_id is not None:
                parents.append(
                    DemoParent(
                        person_id=person_id,
                        story_id=story.id,
                        title_ar=story.title_ar,
                        title_en=story.title_en,
                        role=parent.role,
                        name_ar=parent.name_ar,
                        name_en=parent.name_en,
                        language=parent.language,
                        emirates_id=parent.emirates_id,
                    )
                )
    return parents


async def _tell(client: AgencyClient, event: dict[str, object]) -> None:
    """Sends one event and waits until it is applied, so that the story is told in its order."""
    try:
        async with asyncio.timeout(APPLIED_SECONDS_MAX):
            while True:
                answer = await client.report(event)
                status = _status(answer)
                if status == "applied":
                    return
                if status != "received":
                    raise DemonstrationRefused(f"{event['id']}: {answer.status_code} {answer.text}")
                await asyncio.sleep(APPLIED_POLL_SECONDS)
    except TimeoutError:
        raise DemonstrationRefused(
            f"{event['id']}: not applied within {APPLIED_SECONDS_MAX} s"
        ) from None


async def _sign_in(base_url: str, emirates_id: str) -> None:
    """Signs a parent in whom nobody reported, and waits until the registries' records are here."""
    ask = {"query": "{ me { nameAr timeline(first: 1) { totalCount } } }"}
    headers = {"x-osrati-act-as": emirates_id}
    try:
        async with asyncio.timeout(APPLIED_SECONDS_MAX), httpx2.AsyncClient() as client:
            while True:
                answer = await client.post(f"{base_url}/graphql", json=ask, headers=headers)
                if (answer.raise_for_status().json()["data"] or {}).get("me", {}).get("nameAr"):
                    return
                await asyncio.sleep(APPLIED_POLL_SECONDS)
    except TimeoutError:
        raise DemonstrationRefused(
            f"the registries reported nothing within {APPLIED_SECONDS_MAX} s"
        ) from None


def _status(answer: httpx2.Response) -> str:
    return str(answer.json()["status"]) if answer.status_code == ACCEPTED else "refused"


def _key_id(agency_id: str, private: ec.EllipticCurvePrivateKey) -> str:
    """Carries the key's fingerprint: a database from elsewhere knows other keys of this agency."""
    fingerprint = hashlib.sha256(_public_der(private)).hexdigest()[:FINGERPRINT_DIGITS]
    return f"{agency_id}-demonstration-{fingerprint}"


def _public_der(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _private_key(data_dir: Path, agency_id: str) -> ec.EllipticCurvePrivateKey:
    """The agency's private key, made on first use and kept in a 0600 file."""
    path = data_dir / KEYS_DIRECTORY / f"{agency_id}.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = ec.generate_private_key(ec.SECP256R1())
        path.touch(mode=PRIVATE_MODE)
        path.write_bytes(fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
