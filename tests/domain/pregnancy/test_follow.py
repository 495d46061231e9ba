"""A pregnancy from day to day: how it stands, how long that holds, and that an end ends it."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.pregnancy.dating import NotDated
from domain.pregnancy.evidence import (
    AssignedDueDate,
    Ending,
    EndingKind,
    LastPeriod,
    PregnancyRecord,
    Scan,
    Transfer,
)
from domain.pregnancy.follow import PregnancyAnswer
from tests.domain.pregnancy.pregnancies import (
    DUE_ON,
    PERIOD_ON,
    after,
    followed,
    record,
    scan_at,
)

KINDS: tuple[EndingKind, ...] = ("birth", "loss", "stillbirth", "termination")


def test_it_walks_through_trimesters_past_its_date_and_expires() -> None:
    told = record(scan_at(12), first_contact_on=after(12))
    walked = {
        after(13, 6): ("ongoing", 1),
        after(14): ("ongoing", 2),  # 9 April 2026
        after(27, 6): ("ongoing", 2),
        after(28): ("ongoing", 3),  # 16 July 2026
        DUE_ON: ("ongoing", 3),
        DUE_ON + timedelta(days=1): ("past_due", 3),
        after(43, 6): ("past_due", 3),
        after(44): ("expired", None),  # 5 November 2026
    }
    found = {on: followed(told, on) for on in walked}
    assert {on: (item.standing, item.trimester) for on, item in found.items()} == walked
    assert len(found[DUE_ON].contacts) == 9
    assert found[after(44)].contacts == ()
    assert found[after(44)].changes_on is None


def test_the_answer_names_the_next_day_on_which_it_may_change() -> None:
    told = record(scan_at(12), first_contact_on=after(12))
    changes = {
        after(12): after(14),
        after(14): after(28),
        after(28): DUE_ON + timedelta(days=1),
        DUE_ON + timedelta(days=1): after(44),
    }
    assert {on: followed(told, on).changes_on for on in changes} == changes


@pytest.mark.parametrize("kind", KINDS)
def test_an_ending_stops_everything_at_once(kind: EndingKind) -> None:
    ended_on = after(20, 2)
    told = record(scan_at(12), first_contact_on=after(12), endings=(Ending(kind, ended_on),))
    before = followed(told, ended_on - timedelta(days=1))
    assert (before.standing, before.changes_on) == ("ongoing", ended_on)
    assert before.contacts
    after_it = followed(told, ended_on)
    assert (after_it.standing, after_it.contacts, after_it.trimester) == ("ended", (), None)
    assert after_it.ended == Ending(kind, ended_on)
    assert after_it.gestation_at_end_days == 142  # 20 weeks and 2 days
    assert after_it.changes_on is None


def test_a_loss_is_never_refused_for_its_dates() -> None:
    on = date(2026, 3, 1)
    unknown = PregnancyRecord(endings=(Ending("loss", on),))
    found = followed(unknown, on)
    assert (found.standing, found.dating, found.gestation_at_end_days) == ("ended", None, None)
    far = AssignedDueDate(on + timedelta(days=400), on)
    assert followed(PregnancyRecord(assigned=(far,), endings=(Ending("loss", on),)), on).ended
    # Before it began: the end stands, and only the age is unknown.
    early = record(endings=(Ending("loss", PERIOD_ON - timedelta(days=5)),))
    assert followed(early, on).standing == "ended"
    assert followed(early, on).gestation_at_end_days is None
    with pytest.raises(NotDated):
        followed(PregnancyRecord(endings=(Ending("loss", on),)), on - timedelta(days=1))


def test_of_twins_one_may_be_lost_and_the_pregnancy_goes_on() -> None:
    lost_on, born_on = after(16), after(36)
    endings = (Ending("birth", born_on, 1), Ending("loss", lost_on, 1))
    told = record(scan_at(12), first_contact_on=after(12), fetus_count=2, endings=endings)
    going_on = followed(told, after(20))
    assert (going_on.standing, going_on.multiple) == ("ongoing", True)
    assert going_on.contacts
    assert followed(told, born_on).ended == Ending("birth", born_on, 1)
    both = record(fetus_count=2, endings=(Ending("loss", lost_on, 1), Ending("loss", after(17), 1)))
    assert followed(both, after(16, 6)).standing == "ongoing"
    assert followed(both, after(17)).standing == "ended"
    whole = record(fetus_count=2, endings=(Ending("loss", lost_on),))
    assert followed(whole, lost_on).standing == "ended"


def test_a_corrected_due_date_moves_the_contacts_with_it() -> None:
    told = record(scan_at(12), first_contact_on=after(12))
    corrected = msgspec.structs.replace(
        told, assigned=(AssignedDueDate(DUE_ON + timedelta(days=10), after(21)),)
    )
    # Ten days later the first contact lies in week 10 (10 weeks and 4 days), so its row is that of
    # week 10: the next contact belongs to week 18 of the later date, 8 weeks and 10 days on.
    moved = followed(corrected, after(21)).contacts
    assert [item.week for item in moved][:3] == [10, 18, 26]
    assert moved[1].due_on == after(18) + timedelta(days=10)


def test_without_a_first_contact_no_visit_is_planned() -> None:
    told = record(scan_at(8), first_contact_on=after(12))
    assert followed(told, after(11, 6)).contacts == ()
    assert followed(told, after(11, 6)).changes_on == after(12)
    assert followed(told, after(12)).plan_id == "who-2016"


@st.composite
def records(draw: st.DrawFn) -> PregnancyRecord:
    day = st.integers(-20, 340).map(lambda days: PERIOD_ON + timedelta(days=days))
    period = st.builds(LastPeriod, day, st.one_of(st.none(), st.integers(10, 60)))
    endings = st.builds(Ending, st.sampled_from(KINDS), day, st.one_of(st.none(), st.just(1)))
    return PregnancyRecord(
        last_period=draw(st.one_of(st.none(), period)),
        scans=(
            Scan(PERIOD_ON + timedelta(days=60), 60),
            *draw(st.lists(st.builds(Scan, day, st.integers(28, 308)), max_size=4)),
        ),
        transfers=tuple(draw(st.lists(st.builds(Transfer, day, st.integers(0, 7)), max_size=1))),
        assigned=tuple(draw(st.lists(st.builds(AssignedDueDate, day, day), max_size=1))),
        first_contact_on=draw(st.one_of(st.none(), day)),
        visits=tuple(draw(st.lists(day, max_size=5))),
        fetus_count=draw(st.integers(1, 3)),
        endings=tuple(draw(st.lists(endings, max_size=2))),
    )


def timeless(answer: PregnancyAnswer) -> PregnancyAnswer:
    return msgspec.structs.replace(answer, assessed_on=PERIOD_ON)


@settings(max_examples=150, deadline=None)
@given(records(), st.integers(61, 400), st.data())
def test_the_answer_holds_until_the_day_it_names(
    told: PregnancyRecord, age_days: int, data: st.DataObject
) -> None:
    on = PERIOD_ON + timedelta(days=age_days)
    answer = followed(told, on)
    ahead = 400 if answer.changes_on is None else (answer.changes_on - on).days - 1
    assert ahead >= 0
    later = on + timedelta(days=data.draw(st.integers(0, ahead)))
    held = followed(told, later)
    assert timeless(held) == timeless(answer)


@settings(max_examples=100, deadline=None)
@given(records(), st.integers(61, 400), st.randoms(use_true_random=False))
def test_the_order_of_telling_means_nothing(
    told: PregnancyRecord, age_days: int, chance: object
) -> None:
    on = PERIOD_ON + timedelta(days=age_days)
    shuffled = {}
    for name in ("scans", "transfers", "assigned", "visits", "endings"):
        items = list(getattr(told, name))
        chance.shuffle(items)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
        shuffled[name] = tuple(items)
    assert followed(msgspec.structs.replace(told, **shuffled), on) == followed(told, on)


@settings(max_examples=100, deadline=None)
@given(records(), st.integers(28, 308))
def test_a_later_scan_never_moves_the_date(told: PregnancyRecord, says: int) -> None:
    on = PERIOD_ON + timedelta(days=420)
    last_on = max(scan.scanned_on for scan in told.scans)
    more = (*told.scans, Scan(last_on + timedelta(days=1), says))
    again = followed(msgspec.structs.replace(told, scans=more), on)
    assert again.dating == followed(told, on).dating
