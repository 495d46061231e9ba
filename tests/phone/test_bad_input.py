"""Everything bad that issues of sync name, over the real application: each ends in a coded answer,
and what the phone had not sent is still there, or was done.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.applications import Starlette

from phone import act, outbox
from phone.exchange import DEVICE
from phone.outbox import Act, list_acts
from phone.store import Store
from phone.stream import cursors
from phone.sync import has_news
from phone.transport import Fault, TryLater
from phone.vault import new_vault
from tests.simulate.model_http import BadDays
from tests.support.house import TestHouse
from tests.support.line import JPEG, Line, open_line

CALLS = ["/v1/device/enrol", "/v1/sync", "/v1/blob", "/v1/catalogue"]
BAD = ["413", "429", "503", "busy", "no connection", "answer cut", "answer lost"]


@pytest.fixture
async def line(house: TestHouse, tmp_path: Path) -> AsyncIterator[Line]:
    async with open_line(house, tmp_path) as found:
        yield found


class BadCall(httpx2.AsyncBaseTransport):
    """One bad day, at the first call of a path; all is well before and after."""

    def __init__(self, app: Starlette, path: str, day: str) -> None:
        self._well, self._bad = BadDays(app, []), BadDays(app, [day])
        self._path = path
        self.met = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if self.met or not (path == self._path or path.startswith(f"{self._path}/")):
            return await self._well.handle_async_request(request)
        self.met = True
        return await self._bad.handle_async_request(request)


def dismiss(line: Line, key: bytes) -> UUID:
    return act.dismiss(line.store, key, now=line.house.clock.now_utc())


def put(line: Line, name: str, payload: dict[str, object]) -> None:
    with line.store.transaction():
        outbox.put(line.store, name, payload, made_at=line.house.clock.now_utc())


def ended(one: Act) -> tuple[str, str]:
    return one.state, one.reason


@pytest.mark.parametrize("day", BAD)
@pytest.mark.parametrize("path", CALLS)
async def test_a_bad_day_in_the_middle_of_each_call_loses_no_act(
    line: Line, path: str, day: str
) -> None:
    first, second = line.cards()[:2]
    before = {dismiss(line, first.card.key), line.attach(second, JPEG).id}
    if path == "/v1/device/enrol":
        line.store.set_setting(DEVICE, uuid4().bytes)  # the server knows it no more
    if path == "/v1/catalogue":
        line.store.connection.execute("DELETE FROM service")
        line.store.set_number("catalogue/ar", 0)
    network = BadCall(line.app, path, day)
    with suppress(Fault):  # which has a code
        await line.come_back_over(network)
    assert network.met, "the call was not made: nothing was tried"
    assert {one.id for one in list_acts(line.store)} == before
    await line.come_back()
    ends = [("applied", ""), ("applied", "")]
    if day == "413" and path in ("/v1/sync", "/v1/blob"):  # alone it went not through, and is kept
        ends[path == "/v1/blob"] = ("held", outbox.HELD)
    acts = list_acts(line.store)
    assert [ended(one) for one in acts] == ends
    with line.store.transaction():
        sent = [outbox.send_again(line.store, one.id) for one in acts]
    assert sent == [state == "held" for state, _ in ends]
    await line.come_back()
    assert [ended(one) for one in list_acts(line.store)] == [("applied", "")] * 2


@pytest.mark.parametrize("day", BAD)
async def test_a_bad_day_of_the_idle_poll_is_coded_and_loses_no_act(line: Line, day: str) -> None:
    assert not await has_news(line.phone(BadDays(line.app, [])))  # in step: 304
    before = dismiss(line, line.cards()[0].card.key)
    phone = line.phone(BadCall(line.app, "/v1/sync/head", day))
    if day == "answer cut":  # of a 304, which has no body, nothing can be cut
        assert not await has_news(phone)
    else:
        with pytest.raises(Fault) as found:
            await has_news(phone)
        assert found.value.code
        assert isinstance(found.value, TryLater) == (day != "413")
    assert [one.id for one in list_acts(line.store)] == [before]


@pytest.mark.parametrize("kind", ["forged", "truncated", "foreign", "replayed", "empty"])
async def test_a_bad_cursor_starts_over_and_the_acts_go_up(line: Line, kind: str) -> None:
    old = cursors(line.store)
    first, second = line.cards()[:2]
    dismiss(line, first.card.key)
    await line.come_back()
    held = {one.card.key for one in line.cards()}
    last = cursors(line.store)
    others = dict(zip(last, reversed(last.values()), strict=True))
    for stream, cursor in last.items():
        assert cursor is not None
        bad = {
            "forged": bytes([*cursor[:20], cursor[20] ^ 1, *cursor[21:]]),
            "truncated": cursor[:-1],
            "foreign": others[stream] if len(last) > 1 else cursor[::-1],
            "replayed": old[stream],
            "empty": b"",
        }[kind]
        line.store.connection.execute(
            "UPDATE stream SET cursor = ? WHERE stream = ?", (bad, stream)
        )
    dismiss(line, second.card.key)
    await line.come_back()
    assert line.states() == ["applied", "applied"]
    assert {one.card.key for one in line.cards()} == held - {second.card.key}


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("card.unheard_of", {}, "command.unknown"),
        ("card.dismiss", {"key": "text"}, "command.invalid"),
        ("card.snooze", {"key": bytes(16), "until": 7}, "command.invalid"),
        ("card.attach_photo", {"key": bytes(16), "photo": b"short"}, "command.invalid"),
        ("card.dismiss", {"key": bytes(16)}, "not_found"),  # another circle's looks the same
        ("card.dismiss", {"key": bytes(16), "text": "x" * 16_300}, "not_found"),
    ],
)
async def test_a_bad_command_ends_with_its_code_and_stays_and_the_next_goes_on(
    line: Line, name: str, payload: dict[str, object], code: str
) -> None:
    put(line, name, payload)
    dismiss(line, line.cards()[0].card.key)
    await line.come_back()
    bad, good = list_acts(line.store)
    assert (ended(bad), ended(good)) == (("refused", code), ("applied", ""))
    assert bad.words_ar
    assert bad.words_en


async def test_a_gap_is_numbered_anew(line: Line) -> None:
    line.store.set_number("outbox/last_sequence", 41)
    dismiss(line, line.cards()[0].card.key)
    await line.come_back()
    assert line.states() == ["applied"]


async def test_two_phones_answer_the_same_card_and_both_are_answered(line: Line) -> None:
    other = Line(line.house, line.app, Store(None, new_vault()))
    await other.come_back()
    key = line.cards()[0].card.key
    for each in (line, other):
        dismiss(each, key)
        await each.come_back()
    assert (line.states(), other.states()) == (["applied"], ["applied"])
    await line.come_back()
    assert [one.card for one in line.cards()] == [one.card for one in other.cards()]
    other.store.close()


async def test_many_queued_acts_all_go_in_order(line: Line) -> None:
    """Ten thousand go to the model (`test_bad_days.py`); here more than two calls of bad ones."""
    key = line.cards()[0].card.key
    for _ in range(200):
        put(line, "card.unheard_of", {"key": key})
    put(line, "card.acknowledge", {"key": key})
    await line.come_back()
    assert line.states() == ["refused"] * 200 + ["applied"]
