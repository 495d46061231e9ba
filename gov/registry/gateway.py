"""The registries' gateway as we ask it: one signed POST, answered at once that it was taken.

What a registry knows, or answers to a dispute, does not come back here: it reports it to the public
intake, signed by its own key, like any event. So neither has a way in of its own. Used by
`gov/registry/call.py`.
"""

from collections.abc import Mapping
from datetime import date, datetime

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from http_message_signatures.httpx2 import adapt_message

from domain.card.record import DisputeStep, LookUp
from domain.fact import Fact
from domain.facts.dispute import FactDisputed
from domain.ids import ActKey
from gov.event.data import Identifier
from gov.registry.error import (
    RegistryBusy,
    RegistryFailed,
    RegistryNotFound,
    RegistryRefused,
    RegistryUnreachable,
)

LOOK_UP_PATH = "/v1/look-ups"
DISPUTE_PATH = "/v1/disputes"
WITHDRAWAL_PATH = "/v1/dispute-withdrawals"
ANSWER_SECONDS_MAX = 10.0  # well under an effect's lease
RETRY_AFTER_SECONDS_MAX = 6 * 60 * 60
SIGNED_COMPONENTS = ("@method", "@authority", "@path", "content-type", "content-digest")
SIGNATURE_TAG = "osrati-registry"
TAKEN = (200, 202)
NOT_FOUND = 404
ASKED_TO_WAIT = (429, 503)
SERVER_FAULT = 500


class Question(msgspec.Struct, frozen=True):
    """What a registry is asked about a fact that a member says is wrong. `number` is of whom the
    fact is about, where its event named one.
    """

    step: DisputeStep
    fact: Fact
    said: FactDisputed
    since_on: date
    due_on: date
    number: Identifier | None


class Busy(RegistryBusy):
    """Asked to wait: `wait_seconds` is None where the registry did not say how long."""

    def __init__(self, wait_seconds: int | None) -> None:
        super().__init__()
        self.wait_seconds = wait_seconds


class RegistryClient:
    """Asks the gateway at `base_url`, signing with our own key. `aclose` ends its connections."""

    def __init__(self, base_url: str, *, key_id: str, private_key: EllipticCurvePrivateKey) -> None:
        self._key_id = key_id
        self._signer = HTTPMessageSigner(
            signature_algorithm=ECDSA_P256_SHA256,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: private_key}),
        )
        self._http = httpx2.AsyncClient(
            base_url=base_url, timeout=ANSWER_SECONDS_MAX, follow_redirects=False
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def look_up(self, key: ActKey, asked: LookUp, *, now_utc: datetime) -> None:
        """Asks for what the registries hold of a person. Asked again under one key it is one ask.

        Raises: a Refusal of `gov/registry/error.py` and nothing else.
        """
        number = {"system": asked.system, "value": asked.value}
        await self._post(LOOK_UP_PATH, {"id": key.hex(), "identifier": number}, now_utc)

    async def ask(self, key: ActKey, question: Question, *, now_utc: datetime) -> None:
        """Asks whether a fact is wrong, or says that this is asked no more. Said again under one
        key it is said once.

        Raises: as `look_up`.
        """
        step = question.step
        said = {"id": key.hex(), "dispute": step.dispute, "registry": step.registry}
        if step.step == "withdraw":
            await self._post(WITHDRAWAL_PATH, said, now_utc)
            return
        fact, member = question.fact, question.said
        about = {
            "source": fact.source,
            "event_id": fact.source_id,
            "part": fact.part,
            "kind": fact.kind,
            "occurred_on": fact.occurred_on,
        }
        whom = {} if question.number is None else {"identifier": question.number}
        claimed = {"claim": member.claim, "says_on": member.says_on, "words": member.words}
        clock = {"disputed_on": question.since_on, "due_on": question.due_on}
        asked = {**said, **clock, "fact": about, **whom, "member": claimed}
        await self._post(DISPUTE_PATH, asked, now_utc)

    async def _post(self, path: str, said: Mapping[str, object], now_utc: datetime) -> None:
        body = msgspec.json.encode(said)
        request = self._http.build_request(
            "POST", path, content=body, headers={"content-type": "application/json"}
        )
        self._signer.sign(
            adapt_message(request),
            key_id=self._key_id,
            created=now_utc,
            label="osrati",
            tag=SIGNATURE_TAG,
            covered_component_ids=SIGNED_COMPONENTS,
            body=body,
        )
        try:
            answer = await self._http.send(request)
        except httpx2.HTTPError as lost:
            raise RegistryUnreachable(type(lost).__name__) from lost
        _refuse(answer)


def _refuse(answer: httpx2.Response) -> None:
    """Raises what an answer other than "taken" means."""
    if answer.status_code in TAKEN:
        return
    if answer.status_code == NOT_FOUND:
        raise RegistryNotFound()
    if answer.status_code in ASKED_TO_WAIT:
        raise Busy(_wait_seconds(answer.headers.get("retry-after", "")))
    if answer.status_code >= SERVER_FAULT:
        raise RegistryFailed(str(answer.status_code))
    raise RegistryRefused(str(answer.status_code))


def _wait_seconds(text: str) -> int | None:
    """The seconds of a Retry-After, at most six hours; None for a date or anything else."""
    if not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:9]), RETRY_AFTER_SECONDS_MAX)
