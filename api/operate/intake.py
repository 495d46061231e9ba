"""`osrati intake FILE…`: sends files through the public intake, signed, as an agency would.

Files are FHIR (a Bundle, a resource, NDJSON of a bulk export) or events of our own (one JSON
object, or NDJSON). It knows the published contract alone and opens no database, so it works
against any installation. What was sent before is answered as known: sending again is harmless.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from simulators.agency import AgencyClient

FHIR_PATH = "/v1/intake/fhir"
EVENT_PATH = "/v1/intake/events"
FHIR_JSON = "application/fhir+json"
AT_ONCE_MAX = 16
LINES_OF_BUNDLE_MAX = 200  # lines of a bulk file sent as one batch
TRIES_MAX = 6
RETRY_SECONDS = 2.0  # where the server does not say, doubled each time
RETRY_SECONDS_MAX = 60.0
_TRY_LATER = frozenset({429, 502, 503, 504})
_ACCEPTED = frozenset({200, 202})


class IntakeError(Exception):
    """A file or a key that cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One request: a body, and what it holds ("Immunization" …), entry by entry."""

    name: str
    path: str
    body: bytes
    kinds: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """What became of what was sent: how many of each kind were answered with each code."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    sent_count: int = 0

    def add(self, how: str, kind: str, code: str) -> None:
        self.counts[(how, kind, code)] += 1

    @property
    def refused_count(self) -> int:
        return sum(count for (how, _, _), count in self.counts.items() if how == "refused")

    def render(self) -> str:
        """A line for each answer and kind, then the sums."""
        lines = [
            f"{count:>8}  {how:<9} {kind:<24} {code}"
            for (how, kind, code), count in sorted(self.counts.items())
        ]
        sums: Counter[str] = Counter()
        for (how, _, _), count in self.counts.items():
            sums[how] += count
        told = ", ".join(f"{sums[how]} {how}" for how in ("accepted", "known", "refused"))
        return "\n".join([*lines, f"{sum(sums.values())} in {self.sent_count} requests: {told}"])


def intake(arguments: Sequence[str]) -> int:
    """`osrati intake FILE… --key-id ID --key FILE.pem`: sends files through the public intake."""
    parser = argparse.ArgumentParser(prog="osrati intake", description=intake.__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the service")
    parser.add_argument("--key-id", required=True, help="the registered name of the key")
    parser.add_argument("--key", required=True, type=Path, help="the private key (P-256, PEM)")
    parser.add_argument("--at-once", type=int, default=4, choices=range(1, AT_ONCE_MAX + 1))
    given = parser.parse_args(arguments)
    try:
        key = _read_key(given.key)
        sendings = [sending for path in given.files for sending in list_sendings(path)]
        tally = asyncio.run(
            send_all(AgencyClient(given.url, given.key_id, key), sendings, at_once=given.at_once)
        )
    except (IntakeError, OSError) as refused:
        print(f"osrati: {refused}", file=sys.stderr)
        return 2
    print(tally.render())
    return 1 if tally.refused_count else 0


async def send_all(
    client: AgencyClient,
    sendings: Sequence[Sending],
    *,
    at_once: int = 4,
    retry_seconds: float = RETRY_SECONDS,
) -> Tally:
    """Sends everything, at most `at_once` requests at a time; closes the client.

    Raises: IntakeError when the service does not answer after TRIES_MAX tries.
    """
    tally = Tally()
    waiting = iter(sendings)

    async def take_turns() -> None:
        for sending in waiting:
            answer = await _send(client, sending, retry_seconds)
            _count(tally, sending, answer)
            _say_progress(tally, len(sendings))

    given_up: list[BaseException] = []
    async with client:
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(at_once):
                    tasks.create_task(take_turns())
        except* IntakeError as refused:
            given_up += refused.exceptions
    if given_up:  # outside: what is raised within stays a group
        raise given_up[0]
    return tally


def list_sendings(path: Path) -> Iterator[Sending]:
    """The requests that a file makes. Raises: IntakeError, OSError."""
    content = path.read_bytes()
    if path.suffix == ".ndjson":
        lines = [line for line in content.splitlines() if line.strip()]
        yield from _of_lines(path, lines)
    else:
        yield _of_document(path.name, content)


def _of_lines(path: Path, lines: Sequence[bytes]) -> Iterator[Sending]:
    """FHIR's lines as batches; each event by itself."""
    for start in range(0, len(lines), LINES_OF_BUNDLE_MAX):
        name = f"{path.name}:{start + 1}"
        some = [(line, _look(name, line)) for line in lines[start : start + LINES_OF_BUNDLE_MAX]]
        resources = [(line, look) for line, look in some if look.resource_type is not None]
        if resources:
            entries = [
                {
                    "resource": msgspec.Raw(line),
                    "request": {"method": "POST", "url": look.resource_type},
                }
                for line, look in resources
            ]
            bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
            kinds = tuple(str(look.resource_type) for _, look in resources)
            yield Sending(name, FHIR_PATH, msgspec.json.encode(bundle), kinds)
        for line, look in some:
            if look.resource_type is None:
                yield Sending(name, EVENT_PATH, line, (look.kind or "event",))


class _EntryLook(msgspec.Struct):
    resource: "_Look | None" = None


class _Look(msgspec.Struct, rename={"resource_type": "resourceType"}):
    """The little that tells what a document is."""

    resource_type: str | None = None
    kind: str | None = None
    entry: list[_EntryLook] = []


def _look(name: str, content: bytes) -> _Look:
    try:
        return msgspec.json.decode(content, type=_Look)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise IntakeError(
            f"{name} is neither FHIR nor an event in JSON. Give .json or .ndjson files."
        ) from None


def _of_document(name: str, content: bytes) -> Sending:
    look = _look(name, content)
    if look.resource_type is None:
        return Sending(name, EVENT_PATH, content, (look.kind or "event",))
    kinds: tuple[str, ...] = (look.resource_type,)
    if look.resource_type == "Bundle":
        kinds = tuple(
            (entry.resource.resource_type if entry.resource else None) or "?"
            for entry in look.entry
        )
    return Sending(name, FHIR_PATH, content, kinds)


def _read_key(path: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        raise IntakeError(f"{path} is no private key in PEM without a password.") from None
    if not isinstance(key, EllipticCurvePrivateKey):
        raise IntakeError(f"{path} is no key on the curve P-256.")
    return key


async def _send(client: AgencyClient, sending: Sending, retry_seconds: float) -> httpx2.Response:
    """The answer, after as many tries as the service asks for. Each is signed anew."""
    wait_seconds = retry_seconds
    for _ in range(TRIES_MAX):
        content_type = FHIR_JSON if sending.path == FHIR_PATH else "application/json"
        try:
            answer = await client.send(sending.body, path=sending.path, content_type=content_type)
        except httpx2.TransportError:
            answer = None
        if answer is not None and answer.status_code not in _TRY_LATER:
            return answer
        asked = _retry_after_seconds(answer)
        await asyncio.sleep(wait_seconds if asked is None else asked)
        wait_seconds = min(wait_seconds * 2, RETRY_SECONDS_MAX)
    raise IntakeError(
        f"The service did not take {sending.name} after {TRIES_MAX} tries. "
        "See that it runs, then run this command again: nothing is counted twice."
    )


def _retry_after_seconds(answer: httpx2.Response | None) -> float | None:
    asked = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(float(asked), RETRY_SECONDS_MAX) if asked.isdecimal() else None


def _count(tally: Tally, sending: Sending, answer: httpx2.Response) -> None:
    """Adds what the answer says of each thing sent."""
    tally.sent_count += 1
    if sending.path == EVENT_PATH:
        _count_event(tally, sending.kinds[0], answer)
        return
    said = msgspec.json.decode(answer.content, type=_Answer)
    if said.resource_type == "OperationOutcome":
        for kind in sending.kinds or ("Bundle",):
            _count_outcome(tally, kind, answer.status_code, said)
        return
    for kind, entry in zip(sending.kinds, said.entry, strict=False):
        _count_outcome(tally, kind, int(entry.response.status[:3]), entry.response.outcome)


def _count_event(tally: Tally, kind: str, answer: httpx2.Response) -> None:
    said = msgspec.json.decode(answer.content, type=_EventAnswer)
    if answer.status_code not in _ACCEPTED:
        tally.add("refused", kind, said.code or str(answer.status_code))
        return
    held = said.reason.code if said.reason is not None else said.status
    tally.add("known" if said.repeated else "accepted", kind, str(held))


def _count_outcome(tally: Tally, kind: str, status: int, outcome: "_Answer") -> None:
    code = next((c.code for i in outcome.issue for c in i.details.coding), str(status))
    if status not in _ACCEPTED:
        tally.add("refused", kind, code)
    else:
        tally.add("accepted" if status == 202 else "known", kind, code)


class _Coding(msgspec.Struct):
    code: str


class _Details(msgspec.Struct):
    coding: list[_Coding] = []


class _Issue(msgspec.Struct):
    details: _Details = msgspec.field(default_factory=_Details)


class _EntryResponse(msgspec.Struct):
    status: str
    outcome: "_Answer"


class _EntryAnswer(msgspec.Struct):
    response: _EntryResponse


class _Answer(msgspec.Struct, rename={"resource_type": "resourceType"}):
    resource_type: str = ""
    issue: list[_Issue] = []
    entry: list[_EntryAnswer] = []


class _EventAnswer(msgspec.Struct):
    """Of an accepted event, or problem+json of one that was refused."""

    status: str | int = ""
    code: str = ""
    repeated: bool = False
    reason: _Coding | None = None


def _say_progress(tally: Tally, request_count: int) -> None:
    """On a terminal one line that changes; elsewhere a line for each tenth."""
    done = tally.sent_count
    if sys.stderr.isatty():
        end = "\n" if done == request_count else ""
        print(f"\r{done}/{request_count} requests", end=end, file=sys.stderr, flush=True)
    elif done == request_count or done % max(1, request_count // 10) == 0:
        print(f"{done}/{request_count} requests", file=sys.stderr, flush=True)
