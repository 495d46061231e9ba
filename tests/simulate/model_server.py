"""A small server in memory that keeps the sync contract: the other end of a simulated phone.

Faults that once were somebody's are planted by subclasses (`tests/simulate/planted.py`).
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from phone.day import day_in_dubai
from phone.vault import Vault, new_vault, public_point
from phone.wire import (
    EnrolAnswer,
    EnrolRequest,
    OutdatedAnswer,
    Page,
    SentCommand,
    SentOutcome,
    Stopped,
    SyncAnswer,
    SyncRequest,
    WrappedKey,
)
from tests.simulate.model_stream import ModelCard, ModelStream

ROWS_MAX = 3  # of a page: small, so that every load has several
POISON = "card.poison"  # a command at which this server fails
ATTEMPTS_MAX, ATTEMPTS_SECONDS = 5, 600

_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Cut(Exception):
    """The connection ended before an answer came."""


class DeviceUnknown(Exception):
    """404 `device.unknown`."""


@dataclass
class ModelDevice:
    """An enrolled device and its counter."""

    person: bytes
    agreement: ec.EllipticCurvePublicKey
    settled: int = 0
    failures: list[datetime] = field(default_factory=list)


@dataclass
class ModelState:
    """Everything a backup holds."""

    streams: dict[tuple[bytes, int], ModelStream] = field(default_factory=dict)
    devices: dict[bytes, ModelDevice] = field(default_factory=dict)
    outcomes: dict[tuple[bytes, bytes], str] = field(default_factory=dict)
    applied: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)


class ModelServer:
    """The contract, in memory. One transaction is one call of a method."""

    def __init__(self, clock: "ModelClock") -> None:
        self.clock = clock
        self.state = ModelState()
        self.registry: Vault = new_vault()
        self.minimum = 1
        self.crash_at: int | None = None  # the command between whose transactions it dies
        self.busy_at: int | None = None  # the command at which something passes

    # What agencies and operators do

    def open_stream(self, person: bytes, circle: int) -> ModelStream:
        return self.state.streams.setdefault((person, circle), ModelStream())

    def visible(self, person: bytes) -> dict[bytes, ModelStream]:
        return {
            stream.stream: stream
            for (owner, _), stream in self.state.streams.items()
            if owner == person and stream.visible
        }

    def backup(self) -> ModelState:
        now = self.state
        return ModelState(
            {key: stream.copy() for key, stream in now.streams.items()},
            {key: replace(one, failures=list(one.failures)) for key, one in now.devices.items()},
            dict(now.outcomes),
            list(now.applied),
        )

    def restore(self, state: ModelState) -> None:
        """An older state, every stream under a new incarnation."""
        self.state = state
        for stream in state.streams.values():
            stream.incarnation = uuid4().bytes
            stream.remember()

    # What phones ask

    def enrol(self, person: bytes, request: EnrolRequest) -> EnrolAnswer:
        agreement = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), request.agreement_key
        )
        device = self.state.devices.setdefault(request.device, ModelDevice(person, agreement))
        point = public_point(self.registry.signing)
        return EnrolAnswer(request.device, person, device.settled, point, point, self.minimum)

    def sync(self, request: SyncRequest) -> SyncAnswer | OutdatedAnswer:
        """Raises: Cut, DeviceUnknown."""
        device = self.state.devices.get(request.device)
        if device is None:
            raise DeviceUnknown
        outcomes, stopped = self.run_commands(device, request.commands)
        if request.schema < self.minimum:
            return OutdatedAnswer(
                "sync.app_outdated", "", "", self.minimum, device.settled, outcomes, stopped
            )
        visible = self.visible(device.person)
        pages: dict[bytes, Page] = {}
        for stream in visible.values():
            pages[stream.stream] = stream.page(request.cursors.get(stream.stream), ROWS_MAX)
        today = self.today()
        return SyncAnswer(
            last_sequence=device.settled,
            outcomes=outcomes,
            streams=pages,
            closed=tuple(held for held in request.cursors if held not in visible),
            keys=tuple(self.wraps(device, request, visible, pages)),
            more=any(page.more for page in pages.values()),
            catalogue=1,
            today=(today - date(1970, 1, 1)).days,
            now=int(self.clock.now.timestamp()),
            poll_after_seconds=60,
            stopped=stopped,
        )

    def run_commands(
        self, device: ModelDevice, commands: tuple[SentCommand, ...]
    ) -> tuple[tuple[SentOutcome, ...], Stopped | None]:
        outcomes: list[SentOutcome] = []
        for place, command in enumerate(commands):
            known = self.find_outcome(device, command)
            if known is None and command.sequence != device.settled + 1:
                code = "command.gap"
                if command.sequence <= device.settled:
                    code = "command.sequence_reused"
                return tuple(outcomes), Stopped(command.sequence, code, device.settled + 1)
            if known is None and place == self.busy_at:
                self.busy_at = None
                stopped = Stopped(command.sequence, "try_later", None, 5)
                return tuple(outcomes), stopped
            if known is None and command.name == POISON:
                known = self.fail(device)
                if known is None:
                    stopped = Stopped(command.sequence, "internal_error", None, 30)
                    return tuple(outcomes), stopped
            code = known if known is not None else self.apply(device, command)
            self.state.outcomes[device.person, command.id] = code
            if place == self.crash_at:
                self.crash_at = None
                raise Cut
            if command.sequence == device.settled + 1:
                device.settled += 1
                device.failures.clear()
            outcomes.append(SentOutcome(command.sequence, command.id, code))
        return tuple(outcomes), None

    def find_outcome(self, device: ModelDevice, command: SentCommand) -> str | None:
        """What was said of this command before."""
        return self.state.outcomes.get((device.person, command.id))

    def fail(self, device: ModelDevice) -> str | None:
        """A bug: after five times over more than ten minutes it is set aside."""
        device.failures.append(self.clock.now)
        over = self.clock.now - device.failures[0] > timedelta(seconds=ATTEMPTS_SECONDS)
        return "command.quarantined" if len(device.failures) >= ATTEMPTS_MAX and over else None

    def apply(self, device: ModelDevice, command: SentCommand) -> str:
        """The effect of a command in every stream that has its card; its outcome."""
        if command.name not in ("card.acknowledge", "card.snooze", "card.dismiss", "card.undo"):
            return "command.unknown"
        key = command.payload["key"]
        holding = [one for one in self.visible(device.person).values() if key in one.cards]
        if not holding:
            return "not_found"
        for stream in holding:
            card = stream.cards[key]
            acts = (*card.acts, (command.id, command.name, str(command.payload.get("until"))))
            if command.name == "card.undo":
                if not card.acts:
                    return "card.nothing_to_undo"
                if not self.still_seen(stream, key, command, card):
                    return "card.superseded"
                acts = card.acts[:-1]
            changed = ModelCard(card.rank, card.text, card.visible_on, acts)
            stream.write({key: changed}, self.today())
        self.state.applied.append((device.person, key, command.id))
        return "applied"

    def still_seen(
        self, stream: ModelStream, key: bytes, command: SentCommand, card: ModelCard
    ) -> bool:
        if "undoes" in command.payload:
            return bool(card.acts[-1][0] == command.payload["undoes"])
        return bool(stream.rows[key].number == command.payload["seen_number"])

    def wraps(
        self,
        device: ModelDevice,
        request: SyncRequest,
        visible: dict[bytes, ModelStream],
        pages: dict[bytes, Page],
    ) -> list[WrappedKey]:
        wrapped: list[WrappedKey] = []
        for stream in visible.values():
            is_restored = pages[stream.stream].reset == "incarnation"
            known = 0 if is_restored else request.keys.get(stream.stream, 0)
            for epoch, secret in stream.secrets.items():
                if epoch > known:
                    place = stream.stream + epoch.to_bytes(4, "big") + request.device
                    body = _SUITE.encrypt(secret, device.agreement, b"osrati/1/wrap" + place)
                    signature = self.registry.sign(b"osrati/1/wrap-signature" + place + body)
                    wrapped.append(WrappedKey(stream.stream, epoch, body, signature))
        return wrapped

    def today(self) -> date:
        return day_in_dubai(self.clock.now)


@dataclass
class ModelClock:
    """The true time of a simulated world."""

    now: datetime
