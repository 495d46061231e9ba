"""What FCM knows and answers: messages that it takes, each error as Google documents it, by the
weather. Source: Firebase's reference of `projects.messages.send`, ErrorCode and FcmError.
"""

import json
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any  # JSON
from uuid import uuid4

from simulators.agency import own_clock

PROJECT = "osrati-demonstration"
DATA_BYTES_MAX = 4_096
QUOTA_PER_MINUTE = 600_000
DEVICE_QUOTA_PER_MINUTE = 240
KEPT_MAX = 200_000
BUSY_SECONDS = 3
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
QUOTA_FAILURE = "type.googleapis.com/google.rpc.QuotaFailure"

_ERRORS: Mapping[str, tuple[int, str]] = {
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "UNREGISTERED": (404, "NOT_FOUND"),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "UNAVAILABLE": (503, "UNAVAILABLE"),
    "INTERNAL": (500, "INTERNAL"),
}
WEATHER = frozenset(
    {
        *_ERRORS,
        *("quota_until_date", "device_quota", "slow", "reset", "hang_up", "page_not_found", "fair"),
        *("go_away", "drain"),
    }
)


@dataclass(frozen=True)
class Verdict:
    """An answer, and how it is given: at once, late, or not at all after it was accepted."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    manner: str = "fair"


@dataclass
class Fcm:
    """What the service knows: who may send, what was received, and the weather to come.

    `weather` is taken one a message; when none is left it is fair. `dead` are tokens of phones
    that are no more. `received` are message ids, bodies and instants (Unix seconds), in the
    order they were accepted.
    """

    weather: deque[str] = field(default_factory=deque)
    dead: set[str] = field(default_factory=set)
    received: deque[tuple[str, dict[str, Any], float]] = field(
        default_factory=lambda: deque(maxlen=KEPT_MAX)
    )
    access_tokens: dict[str, float] = field(default_factory=dict)
    is_closed: bool = False  # the service account itself was taken away
    quota_per_minute: int = QUOTA_PER_MINUTE
    asked: Counter[int] = field(default_factory=Counter)
    device_quota_per_minute: int = DEVICE_QUOTA_PER_MINUTE
    asked_minute: int = 0
    asked_of: Counter[str] = field(default_factory=Counter)
    sent_count: int = 0

    def take(self, path: str, authorization: str, body: bytes) -> Verdict:
        """What becomes of one request."""
        self.sent_count += 1
        weather = self.weather.popleft() if self.weather else "fair"
        if path != f"/v1/projects/{PROJECT}/messages:send" or weather == "page_not_found":
            return Verdict(404, b"<html>not found</html>", {"content-type": "text/html"})
        kind, _, token = authorization.partition(" ")
        if kind != "Bearer" or self.access_tokens.get(token, 0) < own_clock().timestamp():
            return _plain_error(401, "UNAUTHENTICATED")
        minute = int(own_clock().timestamp()) // 60
        self.asked[minute] += 1
        if self.asked[minute] > self.quota_per_minute:
            return _quota_exceeded(str(60 - int(own_clock().timestamp()) % 60))
        match weather:
            case "slow" | "reset" | "hang_up" | "go_away" | "drain":
                accepted = self._accept(body)
                return Verdict(accepted.status, accepted.body, accepted.headers, weather)
            case "quota_until_date":
                until = own_clock() + timedelta(seconds=BUSY_SECONDS)
                return _quota_exceeded(format_datetime(until, True))
            case "QUOTA_EXCEEDED":
                return _quota_exceeded(str(BUSY_SECONDS))
            case "device_quota":
                return _quota_exceeded(None, device=True)
            case "UNAVAILABLE":
                return _error(weather, {"retry-after": str(BUSY_SECONDS)})
            case "fair":
                return self._accept(body)
            case _:
                return _error(weather)

    def _is_too_many(self, token: str) -> bool:
        minute = int(own_clock().timestamp()) // 60
        if minute != self.asked_minute:
            self.asked_minute = minute
            self.asked_of.clear()
        self.asked_of[token] += 1
        return self.asked_of[token] > self.device_quota_per_minute

    def _accept(self, body: bytes) -> Verdict:
        try:
            message = json.loads(body)["message"]
            token, data = message["token"], message.get("data", {})
        except (ValueError, KeyError, TypeError):
            return _error("INVALID_ARGUMENT")
        if not isinstance(token, str) or len(token) < 4:
            violation = {"field": "message.token", "description": "not a registration token"}
            return _error("INVALID_ARGUMENT", violations=[violation])
        if token in self.dead:
            return _error("UNREGISTERED")
        if not all(isinstance(value, str) for value in data.values()):
            return _error("INVALID_ARGUMENT")
        if self._is_too_many(token):
            return _quota_exceeded(None, device=True)
        if sum(len(k.encode()) + len(v.encode()) for k, v in data.items()) > DATA_BYTES_MAX:
            return _error("INVALID_ARGUMENT")
        name = f"projects/{PROJECT}/messages/{uuid4().hex}"
        self.received.append((name, message, own_clock().timestamp()))
        return Verdict(200, json.dumps({"name": name}).encode())


def _quota_exceeded(retry_after: str | None, *, device: bool = False) -> Verdict:
    """Too many for the project, or for one device; Google says which in words."""
    violation = (
        {"subject": "device", "description": "Device message rate exceeded"}
        if device
        else {"subject": f"project:{PROJECT}", "description": "Message rate exceeded"}
    )
    headers = {} if retry_after is None else {"retry-after": retry_after}
    more: list[dict[str, Any]] = [{"@type": QUOTA_FAILURE, "violations": [violation]}]
    return _error("QUOTA_EXCEEDED", headers, more=more)


def _error(
    code: str,
    headers: Mapping[str, str] | None = None,
    *,
    violations: Sequence[Mapping[str, str]] = (),
    more: Sequence[dict[str, Any]] = (),
) -> Verdict:
    status, name = _ERRORS[code]
    details: list[dict[str, Any]] = [{"@type": FCM_ERROR, "errorCode": code}]
    details += more
    if violations:
        details.insert(0, {"@type": BAD_REQUEST, "fieldViolations": list(violations)})
    error = {"code": status, "message": code.lower(), "status": name, "details": details}
    return Verdict(
        status,
        json.dumps({"error": error}).encode(),
        {"content-type": "application/json", **(headers or {})},
    )


def _plain_error(status: int, name: str) -> Verdict:
    error = {"code": status, "message": name.lower(), "status": name}
    return Verdict(status, json.dumps({"error": error}).encode())
