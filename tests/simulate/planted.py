"""The known bugs of sync, each planted in a variant of the model, never in the product."""

from collections.abc import Callable
from functools import partial

import msgspec

from phone.exchange import Asked, Taken, plan_exchange
from phone.wire import OutdatedAnswer, SentCommand, SyncAnswer
from tests.simulate.model_server import ModelDevice, ModelServer
from tests.simulate.model_stream import KEY_END, Cursor, ModelRow, ModelStream
from tests.simulate.sim_phone import SimPhone
from tests.simulate.world import World


class NoDedupe(ModelServer):
    """A resent command is a new one."""

    def find_outcome(self, device: ModelDevice, command: SentCommand) -> str | None:
        if command.sequence <= device.settled:
            return super().find_outcome(device, command)
        return None


class PoisonStays(ModelServer):
    """What fails is tried for ever."""

    def fail(self, device: ModelDevice) -> str | None:
        super().fail(device)
        return None


class _Streams(ModelServer):
    """A server whose streams are of another kind."""

    kind: type[ModelStream] = ModelStream

    def open_stream(self, person: bytes, circle: int) -> ModelStream:
        return self.state.streams.setdefault((person, circle), self.kind())


class SkipsTombstones(ModelStream):
    """Deltas bring live rows alone."""

    def is_sent(self, row: ModelRow) -> bool:
        return row.sealed is not None


class NoFloor(ModelStream):
    """However old a cursor is, it goes on."""

    def is_too_old(self, cursor: Cursor) -> bool:
        return False


class FloorOnPosition(ModelStream):
    """The floor is compared with the place in the page, which in a load is a rank."""

    def is_too_old(self, cursor: Cursor) -> bool:
        return cursor.place[0] < self.floor


class CutInsideNumber(ModelStream):
    """A page that ends inside a number goes on after that number."""

    def after(self, place: tuple[int, bytes]) -> Cursor:
        return Cursor(self.incarnation, False, (place[0], KEY_END), place[0])


class TakesLateAnswers(SimPhone):
    """Whatever arrives is put into the database, however old the question was."""

    def take(self, asked: Asked, answer: SyncAnswer | OutdatedAnswer) -> Taken:
        now = plan_exchange(self.store, schema=self.schema)
        return super().take(msgspec.structs.replace(asked, round=now.round), answer)


def _server(kind: type[ModelStream]) -> type[ModelServer]:
    return type(f"Server{kind.__name__}", (_Streams,), {"kind": kind})


BUGS: dict[str, Callable[[], World]] = {
    "no-dedupe": partial(World, server_kind=NoDedupe),
    "poison-not-advanced": partial(World, server_kind=PoisonStays),
    "tombstones-skipped": partial(World, server_kind=_server(SkipsTombstones)),
    "no-floor": partial(World, server_kind=_server(NoFloor)),
    "floor-on-page-position": partial(World, server_kind=_server(FloorOnPosition)),
    "late-answer-applied": partial(World, phone_kind=TakesLateAnswers),
    "page-cut-inside-number": partial(World, server_kind=_server(CutInsideNumber)),
}
