"""The network: one method a call, every answer that is not 200 a typed fault.

A fault says what the phone does next; none of them touches an unsent act. A phone is signed in
(`phone/sign_in.py`); one of development may name its person in a header instead.
"""

from typing import Any, TypeVar
from uuid import UUID

import httpx2
import msgspec

from phone.sign_in import Session, SignInFailed
from phone.wire import (
    BlobAnswer,
    CatalogueAnswer,
    EnrolAnswer,
    EnrolRequest,
    Malformed,
    OutdatedAnswer,
    Registration,
    SyncAnswer,
    SyncRequest,
    decode,
    encode,
)

ANSWER_SECONDS_MAX = 30.0
CBOR = "application/cbor"
ACT_AS = "x-osrati-act-as"

T = TypeVar("T", bound=msgspec.Struct)


class Fault(Exception):
    """The server did not do what was asked. `code` is the contract's; words when it gave some."""

    def __init__(self, code: str, *, ar: str = "", en: str = "") -> None:
        super().__init__(f"{code}: {en}" if en else code)
        self.code = code
        self.ar, self.en = ar, en


class TryLater(Fault):
    """429, 503, 500, 408, or no answer at all: the same again, later."""

    def __init__(self, code: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(code)
        self.retry_after_seconds = retry_after_seconds


class TooLarge(Fault):
    """413: less at once."""


class SignInRequired(Fault):
    """401: nobody is signed in. Nothing on the phone is touched."""


class DeviceUnknown(Fault):
    """404 `device.unknown`: enrol, then go on."""


class DeviceTaken(Fault):
    """409 `device.taken`: another installation id."""


class HeadAnswer(msgspec.Struct, frozen=True):
    """What the idle poll says when something changed."""

    streams: dict[bytes, int]
    catalogue: int
    today: int
    poll_after_seconds: int


class Transport:
    """Calls of one phone. `http` carries them: over a network, or straight into an application."""

    def __init__(
        self, http: httpx2.AsyncClient, person: UUID, session: Session | None = None
    ) -> None:
        self._http = http
        self._session = session
        self._headers = {ACT_AS: str(person)} if session is None else {}

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """Raises: Fault."""
        answer = await self._post("/v1/device/enrol", request)
        return _read(answer, EnrolAnswer)

    async def sync(self, request: SyncRequest) -> SyncAnswer | OutdatedAnswer:
        """Raises: Fault."""
        answer = await self._post("/v1/sync", request)
        if answer.status_code == httpx2.codes.UPGRADE_REQUIRED:
            return _decode(answer, OutdatedAnswer)
        return _read(answer, SyncAnswer)

    async def head(self, tag: str | None) -> HeadAnswer | None:
        """The idle poll: None while nothing of this person's has changed. Raises: Fault."""
        headers = {} if tag is None else {"if-none-match": f'"{tag}"'}
        answer = await self._send("GET", "/v1/sync/head", headers=headers)
        if answer.status_code == httpx2.codes.NOT_MODIFIED:
            return None
        return _read(answer, HeadAnswer)

    async def catalogue(self, since: int, locale: str) -> CatalogueAnswer:
        """Raises: Fault."""
        params = {"since": str(since), "locale": locale}
        return _read(await self._send("GET", "/v1/catalogue", params=params), CatalogueAnswer)

    async def put_chunk(
        self, blob: UUID, n: int, chunk: bytes, *, stream: UUID, size: int, sha256: bytes
    ) -> BlobAnswer:
        """Raises: Fault."""
        answer = await self._send(
            "PUT",
            f"/v1/blob/{blob}/{n}",
            params={"stream": str(stream), "size": str(size), "sha256": sha256.hex()},
            content=chunk,
            headers={"content-type": "application/octet-stream"},
        )
        return _read(answer, BlobAnswer)

    async def blob(self, blob: UUID, stream: UUID) -> BlobAnswer:
        """Which chunks are there. Raises: Fault."""
        answer = await self._send("GET", f"/v1/blob/{blob}", params={"stream": str(stream)})
        return _read(answer, BlobAnswer)

    async def register_for_pushes(self, registration: Registration) -> None:
        """Raises: Fault."""
        answer = await self._send(
            "POST",
            "/v1/push/register",
            content=msgspec.json.encode(registration),
            headers={"content-type": "application/json"},
        )
        if answer.status_code != httpx2.codes.NO_CONTENT:
            raise _fault(answer)

    async def _post(self, path: str, request: msgspec.Struct) -> httpx2.Response:
        headers = {"content-type": CBOR, "accept": CBOR}
        return await self._send("POST", path, content=encode(request), headers=headers)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        for last in (False, True):  # the second proof has the nonce that the first was given
            try:
                proofs = await self._proofs(method, path)
                answer = await self._http.request(
                    method,
                    path,
                    content=content,
                    params=params,
                    headers={**self._headers, **proofs, **(headers or {})},
                    timeout=ANSWER_SECONDS_MAX,
                )
            except httpx2.TransportError:
                raise TryLater("no_answer") from None
            except SignInFailed as failed:
                raise SignInRequired("session.ended", en=str(failed)) from None
            if last or self._session is None or not self._session.take_nonce(answer):
                return answer
        raise AssertionError("the last one is returned")

    async def _proofs(self, method: str, path: str) -> dict[str, str]:
        if self._session is None:
            return {}
        address = f"{str(self._http.base_url).rstrip('/')}{path}"
        return await self._session.headers(method, address)


def _read(answer: httpx2.Response, kind: type[T]) -> T:
    """The body of a good answer. Raises: Fault for every other."""
    if answer.status_code != httpx2.codes.OK:
        raise _fault(answer)
    return _decode(answer, kind)


def _decode(answer: httpx2.Response, kind: type[T]) -> T:
    try:
        return decode(answer.content, kind)
    except Malformed:
        raise TryLater("answer_malformed") from None  # a proxy's page, or a body that was cut


def _fault(answer: httpx2.Response) -> Fault:
    problem = _problem(answer)
    code = str(problem.get("code", f"http_{answer.status_code}"))
    messages = problem.get("messages")
    words = messages if isinstance(messages, dict) else {}
    ar, en = str(words.get("ar", "")), str(words.get("en", ""))
    status = answer.status_code
    if status == httpx2.codes.UNAUTHORIZED:
        return SignInRequired(code, ar=ar, en=en)
    if status == httpx2.codes.CONTENT_TOO_LARGE:
        return TooLarge(code, ar=ar, en=en)
    if code == "device.unknown":
        return DeviceUnknown(code, ar=ar, en=en)
    if code == "device.taken":
        return DeviceTaken(code, ar=ar, en=en)
    if status in (408, 425, 429) or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return TryLater(code, _retry_after(answer, problem))
    return Fault(code, ar=ar, en=en)


def _problem(answer: httpx2.Response) -> dict[str, Any]:  # Any: JSON of the wire
    try:
        body = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after(answer: httpx2.Response, problem: dict[str, Any]) -> float | None:
    said = answer.headers.get("retry-after", problem.get("retry_after_seconds"))
    try:
        return max(0.0, float(said)) if said is not None else None
    except (TypeError, ValueError):
        return None
