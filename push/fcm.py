"""FCM HTTP v1: messages by pyfcm's builder and credentials, sent many at once over HTTP/2.

pyfcm's own sending is not used: it opens a connection for each message, blocks, sleeps at
`Retry-After`, and takes every 404 for a dead token. Errors are told apart by FCM's own `errorCode`,
never by the status alone, so a fault of the project deletes no phone's registration.
Source: Firebase Cloud Messaging, HTTP v1 API, ErrorCode, FcmError and QuotaFailure (too many for
the project, or for one device); limits of message size.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any  # JSON of a provider

import orjson
import structlog
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from pyfcm.baseapi import BaseAPI

from domain.text.message import Language
from push.answer import ACCEPTED, Answer, AnswerCode, AnswerKind
from push.http2 import Answered, ConnectionLost, Http2Client, Outcome
from push.outgoing import PushMessage
from store.clock import Clock

DEADLINE_SECONDS = 20.0  # well under a delivery's lease
PAYLOAD_BYTES_MAX = 4_096  # FCM's limit for the data of a message: keys and values together
RETRY_DEFAULT_SECONDS = 60
RETRY_SECONDS_MAX = 6 * 60 * 60
TOKEN_RENEWAL_SECONDS = 30  # for one renewal of the access token
OK = 200
UNAUTHORIZED = 401
DATA_KEY = "osrati"

# What an iPhone shows before the app has opened the payload: it says nothing.
ALERT: Mapping[Language, str] = MappingProxyType(
    {"ar": "لديك إشعار جديد في أسرتي", "en": "You have a new notice in Osrati"}
)

_VERDICTS: Mapping[str, tuple[AnswerKind, AnswerCode]] = MappingProxyType(
    {
        "UNREGISTERED": ("dead_address", "unregistered"),
        "SENDER_ID_MISMATCH": ("dead_address", "sender_mismatch"),
        "INVALID_ARGUMENT": ("refused", "invalid_argument"),
        # What Apple or a browser's service thinks of us: Android goes on, and nothing is deleted.
        "THIRD_PARTY_AUTH_ERROR": ("retry", "platform_credentials"),
        "QUOTA_EXCEEDED": ("retry", "quota"),
        "UNAVAILABLE": ("retry", "unavailable"),
        "INTERNAL": ("retry", "internal"),
    }
)
_log = structlog.get_logger("osrati.push")


class _Builder(BaseAPI):  # type: ignore[misc]  # pyfcm carries no types
    """pyfcm's message building alone: no session, no sending."""

    def __init__(self) -> None:
        pass

    def json_dumps(self, data: Any) -> bytes:
        return orjson.dumps(data)


class FcmSender:
    """Sends pushes to one project. One connection, as many messages on it as the peer takes."""

    def __init__(
        self,
        *,
        origin: str,
        project_id: str,
        credentials: Credentials,
        request: Callable[..., Any],
        context: ssl.SSLContext,
        clock: Clock,
    ) -> None:
        """`credentials` are google-auth's, renewed through `request`, its blocking transport, in a
        thread.
        """
        self._path = f"/v1/projects/{project_id}/messages:send"
        self._credentials, self._request, self._clock = credentials, request, clock
        self._client = Http2Client(origin, context=context)
        self._builder = _Builder()
        self._renewing = asyncio.Lock()
        self._renewal_count = 0

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, messages: Sequence[PushMessage]) -> Sequence[Answer]:
        """One answer a message, in order."""
        answers = [Answer("unknown", "outcome_unknown")] * len(messages)
        await self.send_each(messages, answers.__setitem__)
        return answers

    async def send_each(
        self, messages: Sequence[PushMessage], said: Callable[[int, Answer], None]
    ) -> None:
        """Says each answer, by the place of its message, as it comes."""
        try:
            token = await self._access_token()
        except (GoogleAuthError, TimeoutError, OSError) as fault:
            _log.error("fcm_credentials", error=type(fault).__name__)
            for place in range(len(messages)):
                said(place, Answer("project_fault", "credentials"))
            return
        places, bodies = list[int](), list[bytes]()
        for place, message in enumerate(messages):
            body = self.build(message)
            if body is None:
                said(place, Answer("refused", "too_big"))
            else:
                places.append(place)
                bodies.append(body)
        async with asyncio.TaskGroup() as again:

            def heard(number: int, outcome: Outcome) -> None:
                if _refuses_token(outcome):
                    again.create_task(send_again(number, outcome))
                else:
                    said(places[number], self._read(outcome))

            async def send_again(number: int, refused: Outcome) -> None:
                answer = await self._send_again(bodies[number], token, refused)
                said(places[number], answer)

            await self._client.post_each(
                self._path, _headers(token), bodies, heard, deadline_seconds=DEADLINE_SECONDS
            )

    async def _access_token(self, *, refused: str | None = None) -> str:
        """A token that has not run out and is not `refused`: one that was revoked looks valid. One
        renewal for all who wait for it, whatever comes of it.

        Raises: GoogleAuthError, TimeoutError, OSError.
        """
        if self._credentials.valid and self._credentials.token != refused:
            return str(self._credentials.token)
        known = self._renewal_count
        async with self._renewing:
            if not self._credentials.valid or self._credentials.token == refused:
                if self._renewal_count != known:
                    raise GoogleAuthError  # by whoever was here before us
                self._renewal_count += 1
                async with asyncio.timeout(TOKEN_RENEWAL_SECONDS):
                    await asyncio.to_thread(self._credentials.refresh, self._request)
            return str(self._credentials.token)

    async def _send_again(self, body: bytes, token: str, refused: Outcome) -> Answer:
        """Once more, where another token is given in place of one that was refused."""
        outcome, renewed = refused, await self._renewed(token)
        if renewed is not None:
            try:
                outcome = await self._client.post(
                    self._path, _headers(renewed), body, deadline_seconds=DEADLINE_SECONDS
                )
            except (ConnectionLost, TimeoutError) as lost:
                outcome = lost
        return self._read(outcome)

    def _read(self, outcome: Outcome) -> Answer:
        match outcome:
            case ConnectionLost():
                return Answer("unknown" if outcome.sent else "retry", "connection_lost")
            case TimeoutError():
                return Answer("unknown", "timed_out")
            case answered:
                return read_answer(answered, now=self._clock.now_utc())

    async def _renewed(self, refused: str) -> str | None:
        """Another token in place of one that FCM refused, once for all who held it; None where
        none is given.
        """
        try:
            return await self._access_token(refused=refused)
        except (GoogleAuthError, TimeoutError, OSError) as fault:
            _log.error("fcm_credentials", error=type(fault).__name__)
            return None

    def build(self, message: PushMessage) -> bytes | None:
        """The request's body; None where the data is larger than FCM takes.

        Data alone on Android; on iOS an alert that says nothing, for an extension of the app to
        replace (`mutable-content`), or no alert where the push is silent (`content-available`).
        """
        data = {DATA_KEY: b64encode(message.payload).decode()}
        if sum(len(key) + len(value) for key, value in data.items()) > PAYLOAD_BYTES_MAX:
            return None
        if message.platform == "ios":
            expiry = int(self._clock.now_utc().timestamp()) + message.ttl_seconds
            carriage: dict[str, Any] = {
                "apns_config": {
                    "headers": {
                        "apns-priority": "10" if message.urgent else "5",
                        "apns-collapse-id": message.collapse_key,
                        "apns-expiration": str(expiry),
                        "apns-push-type": "background" if message.silent else "alert",
                    },
                    "payload": {
                        "aps": {"content-available": 1}
                        if message.silent
                        else {"alert": {"body": ALERT[message.language]}, "mutable-content": 1}
                    },
                }
            }
        else:
            carriage = {
                "android_config": {
                    "priority": "HIGH" if message.urgent else "NORMAL",
                    "ttl": f"{message.ttl_seconds}s",
                    "collapse_key": message.collapse_key,
                }
            }
        built: bytes = self._builder.parse_payload(
            fcm_token=message.token, data_payload=data, **carriage
        )
        return built


def _headers(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}"), ("content-type", "application/json")]


def _refuses_token(outcome: Outcome) -> bool:
    """Whether the access token is what FCM refuses, and nothing of the message."""
    return (
        isinstance(outcome, Answered)
        and outcome.status == UNAUTHORIZED
        and _error_code(outcome.body) is None
    )


def read_answer(answered: Answered, *, now: datetime) -> Answer:
    """What FCM's answer means, by its `errorCode`; a status alone never costs a registration."""
    if answered.status == OK:
        return ACCEPTED
    wait = read_retry_after(answered.headers.get("retry-after"), now=now)
    code = _error_code(answered.body)
    if code == "INVALID_ARGUMENT" and _blames_token(answered.body):
        return Answer("dead_address", "unregistered")
    if code is not None:
        kind, said = _VERDICTS[code]
        if said == "quota":
            said = _whose_quota(answered.body)
            wait = RETRY_DEFAULT_SECONDS if wait is None else wait
        if said == "platform_credentials":
            _log.error("fcm_platform_credentials")
        return Answer(kind, said, wait)
    match answered.status:
        case 401 | 403 | 404:  # no word of the token: it is us, or the project's address
            return Answer("project_fault", "credentials", wait)
        case 429:
            return Answer("retry", "quota", wait or RETRY_DEFAULT_SECONDS)
        case status if 400 <= status < 500:
            return Answer("refused", "rejected")
        case _:
            return Answer("retry", "unavailable", wait)


def _details(body: bytes) -> list[dict[str, Any]]:
    """The details of an error, where it is one of FCM's form."""
    try:
        details = orjson.loads(body)["error"]["details"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
    return [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []


def _error_code(body: bytes) -> str | None:
    """FcmError's `errorCode`, of whichever of the details has it; None where none is known."""
    codes = (each.get("errorCode") for each in _details(body))
    return next((code for code in codes if isinstance(code, str) and code in _VERDICTS), None)


def _whose_quota(body: bytes) -> AnswerCode:
    """Whether one device had too many, or the project sends too much: told by QuotaFailure. Where
    that says nothing, or names both, it is the project's: who goes on then is refused for longer.
    """
    violations = (each.get("violations") for each in _details(body))
    said = [
        f"{one.get('subject', '')} {one.get('description', '')}".lower()
        for found in violations
        if isinstance(found, list)
        for one in found
        if isinstance(one, dict)
    ]
    is_device = bool(said) and all("device" in one and "project" not in one for one in said)
    return "device_quota" if is_device else "quota"


def _blames_token(body: bytes) -> bool:
    """Whether an invalid argument is the token: malformed, so no phone's."""
    violations = (each.get("fieldViolations") for each in _details(body))
    return any(
        isinstance(one, dict) and one.get("field") == "message.token"
        for found in violations
        if isinstance(found, list)
        for one in found
    )


def read_retry_after(value: str | None, *, now: datetime) -> int | None:
    """Seconds to wait, said as seconds or as a date (RFC 9110, 10.2.3); None where it says
    neither. Never more than six hours.
    """
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return min(int(value.strip()[:9]), RETRY_SECONDS_MAX)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0, min(int((at - now).total_seconds()), RETRY_SECONDS_MAX))
