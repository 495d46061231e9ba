"""A photo that its owner attaches offline: whatever happens on the way, it and its act arrive,
once, or end with a reason and are still there.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from phone import act, outbox
from phone.__main__ import main
from phone.outbox import list_acts
from phone.photo import photo_state
from phone.sync import FAULTS_MAX, StillBusy
from phone.transport import SignInRequired
from tests.support.house import TestHouse
from tests.support.line import JPEG, Line, open_line
from timeline.blob import ORPHAN_DAYS, UNUSED_BLOBS_MAX, sweep_orphans
from timeline.picture import PHOTOS_KEPT_MAX

SMALL = JPEG[:100]
CUTS = ["no connection", "answer lost", "answer cut", "busy", "429", "500", "portal"]


@pytest.fixture
async def line(house: TestHouse, tmp_path: Path) -> AsyncIterator[Line]:
    async with open_line(house, tmp_path) as found:
        yield found


async def test_a_photo_attached_offline_shows_at_once_and_arrives(line: Line) -> None:
    one = line.cards()[0]
    line.attach(one)
    (shown,) = [each for each in line.cards() if each.card.key == one.card.key]
    assert (shown.card.photo is not None, shown.pending) == (True, True)
    await line.come_back()
    assert line.states() == ["applied"]
    (settled,) = [each for each in line.cards() if each.card.key == one.card.key]
    assert (settled.card.photo, settled.pending) == (shown.card.photo, False)
    assert line.photos() == 0  # the server keeps it now


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("call", range(6))
async def test_a_cut_in_any_call_loses_neither_photo_nor_act(
    line: Line, cut: str, call: int
) -> None:
    line.attach(line.cards()[0])
    await line.come_back(*["good"] * call, cut)
    assert line.states() == ["applied"]
    assert line.photos() == 0


async def test_an_act_waits_for_its_photo_and_others_do_not(line: Line) -> None:
    first, second = line.cards()[:2]
    line.attach(first)
    now = line.house.clock.now_utc()
    act.dismiss(line.store, first.card.key, now=now)
    act.acknowledge(line.store, second.card.key, now=now)
    with pytest.raises(StillBusy):
        await line.come_back("good", "good", *["no connection"] * (FAULTS_MAX + 1))
    assert line.states() == ["waiting", "waiting", "applied"]
    await line.come_back()
    assert line.states() == ["applied"] * 3


async def test_a_photo_that_is_refused_ends_its_act_with_the_reason(line: Line) -> None:
    first, second = line.cards()[:2]
    refused = line.attach(first)
    line.attach(second)
    await line.come_back("good", "409")
    acts = {one.id: one for one in list_acts(line.store)}
    states = sorted((one.state, one.reason) for one in acts.values())
    assert states == [("applied", ""), ("refused", "code_409")]
    ended = next(one for one in acts.values() if one.state == "refused")
    photo = outbox.photo_of(ended)
    assert photo is not None
    assert photo_state(line.store, photo) == ("refused", "code_409")  # still there
    with line.store.transaction():
        assert outbox.put_away(line.store, ended.id)
    assert line.photos() == 0
    assert refused.id in acts


async def test_a_photo_that_the_server_dropped_meanwhile_goes_again_with_its_act(
    line: Line,
) -> None:
    before = line.attach(line.cards()[0])
    away = ["good"] * 4 + ["no connection"] * (FAULTS_MAX + 1)  # the photo arrives, the act not
    with pytest.raises(StillBusy):
        await line.come_back(*away)
    line.house.clock.instant += timedelta(days=ORPHAN_DAYS + 1)
    assert await sweep_orphans(line.house.ground) == 1
    await line.come_back()
    (after,) = list_acts(line.store)
    assert (after.state, after.payload) == ("applied", before.payload)
    assert after.id != before.id


async def test_a_photo_that_is_no_picture_ends_its_act_and_stays(line: Line) -> None:
    line.attach(line.cards()[0], b"%PDF-1.7")
    await line.come_back()
    (ended,) = list_acts(line.store)
    assert (ended.state, ended.reason) == ("refused", "blob.not_a_picture")
    assert ended.words_ar
    assert line.photos() == 1


async def test_one_that_found_too_many_kept_goes_again_when_its_owner_says_so(line: Line) -> None:
    first, second = line.cards()[:2]
    line.attach(first, SMALL)
    await line.come_back()
    async with line.house.ground.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO blob SELECT circle_id, gen_random_uuid(), person_id, size_bytes, complete,"
            " touched_at, claimed_at, sealed FROM blob, generate_series(1, $1)",
            (PHOTOS_KEPT_MAX - 1,),
        )
    line.attach(second, SMALL)
    await line.come_back()
    ended = list_acts(line.store)[1]
    assert (ended.state, ended.reason) == ("refused", "blob.too_many_photos")
    assert ended.words_ar
    assert line.photos() == 1
    (shown,) = [each for each in line.cards() if each.card.key == first.card.key]
    act.undo(line.store, first.card.key, shown.number, now=line.house.clock.now_utc())
    await line.come_back()
    with line.store.transaction():
        assert outbox.send_again(line.store, ended.id)
    await line.come_back()
    assert line.states() == ["applied"] * 3
    assert line.photos() == 0


async def test_an_undo_before_it_was_sent_takes_the_photo_with_it(line: Line) -> None:
    one = line.cards()[0]
    line.attach(one)
    now = line.house.clock.now_utc()
    assert act.undo(line.store, one.card.key, one.number, now=now) is None
    assert (line.states(), line.photos()) == ([], 0)


async def test_an_undo_of_one_on_its_way_holds(line: Line) -> None:
    one = line.cards()[0]
    line.attach(one)
    with pytest.raises(StillBusy):
        await line.come_back(*["good"] * 4, *["answer lost"] * (FAULTS_MAX + 1))
    assert line.states() == ["sent"]
    act.undo(line.store, one.card.key, one.number, now=line.house.clock.now_utc())
    await line.come_back()
    assert line.states() == ["applied", "applied"]
    assert all(each.card.photo is None for each in line.cards())


@pytest.mark.parametrize("call", range(5))
async def test_signed_out_in_the_middle_keeps_photo_and_act(line: Line, call: int) -> None:
    line.attach(line.cards()[0])
    with pytest.raises(SignInRequired):
        await line.come_back(*["good"] * call, "401")
    assert line.states()[0] in ("waiting", "sent")
    assert line.photos() == 1
    await line.come_back()
    assert line.states() == ["applied"]


async def test_more_photos_than_may_wait_unused_go_in_turns(line: Line) -> None:
    cards = line.cards()
    for number in range(UNUSED_BLOBS_MAX + 3):
        line.attach(cards[number % len(cards)], SMALL)
    await line.come_back()
    assert set(line.states()) == {"applied"}
    assert line.photos() == 0


def test_the_terminal_takes_a_picture_and_says_when_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phone = ["--as", "salem", "--directory", str(tmp_path), "--language", "en"]
    assert main([*phone, "offline"]) == 0
    assert main([*phone, "do", "attach-photo", "1", "--file", str(tmp_path / "none.jpg")]) == 1
    assert "there is no card 1" in capsys.readouterr().err
