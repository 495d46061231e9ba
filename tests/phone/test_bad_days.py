"""Bad days of a phone: whatever comes back, or does not, no unsent act is lost or done twice."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from phone import act, outbox
from phone.backoff import FIRST_SECONDS, LONGEST_SECONDS, Backoff
from phone.enrol import OtherServer
from phone.exchange import outdated_minimum, read_today
from phone.outbox import PayloadTooLarge, list_acts
from phone.photo import BLOB_BYTES_MAX, CHUNK_BYTES, PhotoTooLarge, keep_photo, photo_state
from phone.store import Store
from phone.stream import alarmed_streams, cursors, held_rows
from phone.sync import FAULTS_MAX, Phone, StillBusy
from phone.timeline import read_timeline
from phone.transport import Fault, SignInRequired
from phone.vault import new_vault, open_vault
from phone.wire import PAYLOAD_BYTES_MAX
from tests.simulate.model_stream import Cursor
from tests.support.phone_bench import PERSON, PhoneBench

FAULTS = ["no connection", "answer lost", "answer cut", "busy", "429", "500", "502", "portal"]


def today(phone: Phone) -> str:
    return read_today(phone.store, phone.clock.now_utc()).isoformat()


def dismiss(phone: Phone, key: bytes) -> UUID:
    return act.dismiss(phone.store, key, now=phone.clock.now_utc())


def states(phone: Phone) -> list[str]:
    return [one.state for one in list_acts(phone.store)]


def everything_in(directory: Path) -> bytes:
    return b"".join(one.read_bytes() for one in directory.iterdir())


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", range(4))
async def test_a_fault_in_any_call_costs_nothing(fault: str, call: int) -> None:
    bench = PhoneBench()
    keys = bench.cards(5)
    phone = bench.phone(*["good"] * call, fault)
    for key in keys[:2]:
        dismiss(phone, key)
    await bench.come_back(phone)
    assert states(phone) == ["applied", "applied"]
    assert [applied[1] for applied in bench.server.state.applied] == keys[:2]
    assert {row.key for row in held_rows(phone.store)} == set(keys)


async def test_whoever_gives_up_keeps_everything() -> None:
    bench = PhoneBench()
    (key,) = bench.cards(1)
    phone = bench.phone(*["good"] * 3)
    await bench.come_back(phone)
    away = bench.phone(*["no connection"] * (FAULTS_MAX + 1), store=phone.store)
    dismiss(away, key)
    with pytest.raises(StillBusy):
        await bench.come_back(away)
    assert states(away) == ["sent"]
    (shown,) = read_timeline(away.store, bench.server.today())
    assert (shown.state, shown.pending) == ("dismissed", True)
    await bench.come_back(away)
    assert states(away) == ["applied"]


async def test_the_server_is_obeyed_when_it_says_how_long() -> None:
    bench = PhoneBench()
    await bench.come_back(bench.phone("busy", "429"))
    assert 7 <= bench.waited[0] <= 12
    assert FIRST_SECONDS <= bench.waited[1] <= 2 * FIRST_SECONDS  # the second fault, its own word


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    backoff = Backoff()
    waits = [backoff.next_seconds() for _ in range(20)]
    for place, seconds in enumerate(waits):
        whole = min(FIRST_SECONDS * 2**place, LONGEST_SECONDS)
        assert whole / 2 <= seconds <= whole
    backoff.succeeded()
    assert backoff.next_seconds() <= FIRST_SECONDS


async def test_nobody_signed_in_touches_nothing() -> None:
    bench = PhoneBench()
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    dismiss(phone, key)
    with pytest.raises(SignInRequired):
        await bench.come_back(bench.phone("401", store=phone.store))
    assert states(phone) == ["sent"]
    assert len(list(held_rows(phone.store))) == 1


async def test_what_is_too_large_is_halved_until_it_goes() -> None:
    bench = PhoneBench()
    keys = bench.cards(40)
    phone = bench.phone()
    await bench.come_back(phone)
    bench.http.request_bytes_max = 1_500
    for key in keys:
        dismiss(phone, key)
    await bench.come_back(phone)
    assert states(phone) == ["applied"] * 40
    assert [applied[1] for applied in bench.server.state.applied] == keys


async def held_back(bench: PhoneBench) -> tuple[Phone, list[bytes]]:
    """A phone whose second of four acts the network does not let through; the first and the last
    are done, and the third waits, which is about the same card.
    """
    keys = bench.cards(3)
    phone = bench.phone()
    await bench.come_back(phone)
    bench.http.request_bytes_max = 1_500
    dismiss(phone, keys[0])
    with phone.store.transaction():
        long = {"key": keys[1], "text": "x" * 2_000}
        outbox.put(phone.store, "card.note", long, made_at=phone.clock.now_utc())
    act.acknowledge(phone.store, keys[1], now=phone.clock.now_utc())
    dismiss(phone, keys[2])
    await bench.come_back(phone)
    return phone, keys


async def test_an_act_that_does_not_go_through_alone_is_held_and_the_others_go_on() -> None:
    bench = PhoneBench()
    phone, keys = await held_back(bench)
    assert states(phone) == ["applied", "held", "waiting", "applied"]
    held = list_acts(phone.store)[1]
    assert held.reason == outbox.HELD
    assert held.words_ar
    assert held.words_en
    assert bench.server.state.devices[phone.store.find_setting("device/id") or b""].settled == 2
    shown = {one.card.key: one for one in read_timeline(phone.store, bench.server.today())}
    assert shown[keys[1]].pending
    asked = len(bench.waited)
    await bench.come_back(phone)  # it does not go again by itself
    assert states(phone) == ["applied", "held", "waiting", "applied"]
    assert len(bench.waited) == asked


@pytest.mark.parametrize("way", ["by hand", "by an update"])
async def test_what_was_held_goes_again_in_its_order(way: str) -> None:
    bench = PhoneBench()
    phone, keys = await held_back(bench)
    before = [one.id for one in list_acts(phone.store)]
    bench.http.request_bytes_max = 10_000
    if way == "by hand":
        with phone.store.transaction():
            assert outbox.send_again(phone.store, before[1])
            assert not outbox.send_again(phone.store, before[1])
    else:
        phone = msgspec.structs.replace(phone, app="phone/2")
    await bench.come_back(phone)
    # The model knows no notes: it refuses them, and then comes what waited behind.
    assert states(phone) == ["applied", "refused", "applied", "applied"]
    assert [one.id for one in list_acts(phone.store)] == before
    assert [applied[1] for applied in bench.server.state.applied] == [keys[0], keys[2], keys[1]]


async def test_what_was_held_can_be_withdrawn_and_what_waited_behind_it_goes() -> None:
    bench = PhoneBench()
    phone, _ = await held_back(bench)
    with phone.store.transaction():
        assert not outbox.put_away(phone.store, list_acts(phone.store)[1].id)
        assert outbox.withdraw(phone.store, list_acts(phone.store)[1].id)
    await bench.come_back(phone)
    assert states(phone) == ["applied", "applied", "applied"]


def test_five_megabytes_of_text_are_refused_when_they_are_written() -> None:
    store = Store(None, new_vault())
    now = PhoneBench().clock.now
    with pytest.raises(PayloadTooLarge), store.transaction():
        outbox.put(store, "card.note", {"text": "x" * 5_000_000}, made_at=now)
    assert list_acts(store) == []
    frame = len(b"\xa1dtext\x59\x00\x00")
    with store.transaction():
        body = "x" * (PAYLOAD_BYTES_MAX - frame)
        outbox.put(store, "card.note", {"text": body}, made_at=now)
    with pytest.raises(PayloadTooLarge), store.transaction():
        outbox.put(store, "card.note", {"text": body + "x"}, made_at=now)


async def test_ten_thousand_queued_acts_go_a_hundred_at_a_time() -> None:
    bench = PhoneBench()
    keys = bench.cards(10)
    phone = bench.phone()
    await bench.come_back(phone)
    with phone.store.transaction():
        for step in range(10_000):
            payload = {"key": keys[step % 10]}
            outbox.put(phone.store, "card.acknowledge", payload, made_at=phone.clock.now_utc())
    assert await bench.come_back(phone) >= 100
    assert set(states(phone)) == {"applied"}
    assert len(bench.server.state.applied) == 10_000


async def test_an_app_that_is_too_old_still_sends() -> None:
    bench = PhoneBench()
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    bench.server.minimum = 2
    dismiss(phone, key)
    await bench.come_back(phone)
    assert states(phone) == ["applied"]
    assert outdated_minimum(phone.store) == 2
    newer = bench.phone(store=phone.store, schema=2)
    await bench.come_back(newer)
    assert outdated_minimum(newer.store) == 0
    assert read_timeline(newer.store, bench.server.today())[0].card.dismissed


@pytest.mark.parametrize("days", [3652, -3652, 40, -40])
async def test_a_clock_years_off_is_set_right_by_contact(days: int) -> None:
    bench = PhoneBench()
    bench.cards(1)
    phone = bench.phone(skew=timedelta(days=days))
    before = today(phone)
    await bench.come_back(phone)
    assert today(phone) == bench.server.today().isoformat() != before
    (shown,) = read_timeline(phone.store, bench.server.today())
    assert shown.state == "upcoming"


async def test_a_device_that_is_not_known_any_more_enrols_and_goes_on() -> None:
    bench = PhoneBench()
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    bench.server.state.devices.clear()
    dismiss(phone, key)
    await bench.come_back(phone)
    assert states(phone) == ["applied"]


async def test_a_row_that_does_not_open_starts_over_once_then_tells() -> None:
    bench = PhoneBench()
    keys = bench.cards(3)
    phone = bench.phone()
    bench.stream.rows[keys[1]] = bench.stream.rows[keys[0]]  # a row that was moved
    await bench.come_back(phone)
    assert alarmed_streams(phone.store) == {bench.stream.stream}
    assert {row.key for row in held_rows(phone.store)} == {keys[0], keys[2]}
    bench.cards(3)  # mended
    bench.clock.now += timedelta(days=1)
    await bench.come_back(phone)
    assert alarmed_streams(phone.store) == set()
    assert len(list(held_rows(phone.store))) == 3


async def test_a_stream_that_does_not_fit_starts_over_silently_once_a_day() -> None:
    bench = PhoneBench()
    bench.cards(3)
    phone = bench.phone()
    await bench.come_back(phone)
    phone.store.connection.execute("DELETE FROM record WHERE key = ?", ((1).to_bytes(16, "big"),))
    await bench.come_back(phone)
    assert len(list(held_rows(phone.store))) == 3
    assert alarmed_streams(phone.store) == set()


async def test_a_cursor_that_is_damaged_starts_over() -> None:
    bench = PhoneBench()
    bench.cards(5)
    phone = bench.phone()
    await bench.come_back(phone)
    phone.store.connection.execute("UPDATE stream SET cursor = ?", (b"\xff\x00",))
    await bench.come_back(phone)
    (given,) = cursors(phone.store).values()
    assert Cursor.decode(given) is not None
    assert len(list(held_rows(phone.store))) == 5


async def test_another_server_under_the_same_name_gets_nothing() -> None:
    bench = PhoneBench()
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    dismiss(phone, key)
    other = PhoneBench()
    with pytest.raises(OtherServer):
        await other.come_back(other.phone(store=phone.store))
    assert states(phone) == ["sent"]


# Photos


async def test_a_photo_goes_up_in_chunks_and_a_cut_costs_one() -> None:
    bench = PhoneBench()
    bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    body = bytes(range(256)) * 1024 * 3 + b"end"  # three chunks and three bytes
    blob = keep_photo(phone.store, bench.stream.stream, body)
    cut = bench.phone("good", "good", "no connection", "good", "answer lost", store=phone.store)
    await bench.come_back(cut)
    assert photo_state(phone.store, blob) == ("sent", "")
    held = bench.http.chunks[str(blob)]
    assert b"".join(held[n] for n in sorted(held)) == body
    assert [len(held[n]) for n in sorted(held)] == [CHUNK_BYTES] * 3 + [3]


async def test_a_photo_that_is_refused_stays_with_its_reason() -> None:
    bench = PhoneBench()
    bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    blob = keep_photo(phone.store, bench.stream.stream, b"photo")
    await bench.come_back(bench.phone("good", "409", store=phone.store))
    assert photo_state(phone.store, blob) == ("refused", "code_409")


def test_a_photo_is_at_most_twenty_mebibytes() -> None:
    store = Store(None, new_vault())
    keep_photo(store, bytes(16), bytes(BLOB_BYTES_MAX))
    for size in (0, BLOB_BYTES_MAX + 1):
        with pytest.raises(PhotoTooLarge):
            keep_photo(store, bytes(16), bytes(size))


# At rest


async def test_nothing_in_clear_rests_on_the_phone(tmp_path: Path) -> None:
    bench = PhoneBench()
    (key,) = bench.cards(1)
    path = tmp_path / "phone.sqlite"
    phone = bench.phone(path=path)
    await bench.come_back(phone)
    with phone.store.transaction():
        note = {"key": key, "text": "CANARY-ACT"}
        outbox.put(phone.store, "card.note", note, made_at=phone.clock.now_utc())
    keep_photo(phone.store, bench.stream.stream, b"CANARY-PHOTO")
    bodies = everything_in(tmp_path)
    for marked in (b"CANARY", b"card.note", PERSON.bytes, *bench.stream.secrets.values()):
        assert marked not in bodies
    (row,) = held_rows(phone.store)
    assert row.sealed in bodies  # as it was pulled


def test_keys_rest_in_a_file_of_their_owner_alone(tmp_path: Path) -> None:
    vault = open_vault(tmp_path / "keys")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert open_vault(tmp_path / "keys").database_key == vault.database_key
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]


async def test_a_wipe_leaves_nothing(tmp_path: Path) -> None:
    bench = PhoneBench()
    bench.cards(4)
    path = tmp_path / "phone.sqlite"
    phone = bench.phone(path=path)
    await bench.come_back(phone)
    rows = [row.sealed for row in held_rows(phone.store)]
    phone.store.forget_everything()
    bodies = everything_in(tmp_path)
    assert not any(row in bodies for row in rows)
    with pytest.raises(Fault):
        await bench.come_back(bench.phone("401", store=phone.store))
