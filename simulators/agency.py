"""An agency's system: it reports life events, each signed by HTTP Message Signatures (RFC 9421).

Used by the demonstration, the tests and the bench. It knows the published contract alone
(`mobile-contract/intake/README.md`), so that whatever works here works for an agency.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx2
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from http_message_signatures.httpx2 import adapt_message

INTAKE_PATH = "/v1/intake/events"
FORECAST_PATH = "/v1/fhir/$immds-forecast"
JSON = "application/json"
FHIR_JSON = "application/fhir+json"
COVERED_COMPONENTS = ("@method", "@authority", "@path", "content-type", "content-digest")
TAG = "osrati-intake"
LABEL = "intake"
ANSWER_SECONDS_MAX = 30.0  # an accepted event is answered at once; this is for a machine under load


class AgencyClient:
    """Reports events as one agency. Use it as an async context manager, or `aclose` it.

    `transport` is for tests that call the application in the same process.
    """

    def __init__(
        self,
        base_url: str,
        key_id: str,
        private_key: EllipticCurvePrivateKey,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._key_id = key_id
        self._signer = HTTPMessageSigner(
            signature_algorithm=ECDSA_P256_SHA256,
            key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: private_key}),
        )
        self._http = httpx2.AsyncClient(
            base_url=base_url, transport=transport, timeout=ANSWER_SECONDS_MAX
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def report(self, event: Mapping[str, object]) -> httpx2.Response:
        """The server's answer to one event: 202 when it is kept. Sending it again is harmless.

        Raises: httpx2.TransportError when no answer came: send the same event again.
        """
        return await self._http.send(self.signed_request(encode_event(event)))

    async def send(self, body: bytes, *, path: str, content_type: str) -> httpx2.Response:
        """The server's answer to one body at one address of the intake.

        Raises: httpx2.TransportError when no answer came: send the same again.
        """
        request = self.signed_request(body, path=path, content_type=content_type)
        return await self._http.send(request)

    async def ask_forecast(self, parameters: Mapping[str, object]) -> httpx2.Response:
        """The server's answer to one FHIR Parameters of `$immds-forecast`.

        Raises: httpx2.TransportError when no answer came: ask again.
        """
        return await self._http.send(
            self.signed_request(
                encode_event(parameters), path=FORECAST_PATH, content_type=FHIR_JSON
            )
        )

    def signed_request(
        self,
        body: bytes,
        *,
        created_at: datetime | None = None,
        path: str = INTAKE_PATH,
        content_type: str = JSON,
    ) -> httpx2.Request:
        """The POST of `body`, signed as of `created_at` (now, when None)."""
        request = self._http.build_request(
            "POST", path, content=body, headers={"content-type": content_type}
        )
        self._signer.sign(
            adapt_message(request),
            key_id=self._key_id,
            created=created_at or own_clock(),
            label=LABEL,
            tag=TAG,
            covered_component_ids=COVERED_COMPONENTS,
            body=body,
        )
        return request


def own_clock() -> datetime:
    """The clock of a system outside the server."""
    return datetime.now(UTC)


def encode_event(event: Mapping[str, object]) -> bytes:
    """The bytes of an event. Equal events give equal bytes, so that a repeat is known as one."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
