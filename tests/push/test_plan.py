"""Planning: who is told of what, when, by which way. Pure, so every case is a line."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar_date import DUBAI
from domain.ids import ActKey, CircleId, EntryId, RecordKey
from push.budget import CAPS, Told
from push.hours import Hours, QuietHours
from push.notice import Channel, Notice, NoticeClass
from push.plan import Close, Finish, Hold, Reach, Send, Step, Waiting, plan
from push.preference import NO_PREFERENCES, Preferences

APP = Reach(app=True, mobile=True, email=True)
NO_APP = Reach(app=False, mobile=True, email=True)
DAY = date(2026, 11, 21)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=DUBAI)


def notice(
    number: int = 1,
    notice_class: NoticeClass = "service",
    *,
    begins: date = DAY,
    ends: date = DAY + timedelta(days=30),
    entry: str = "family_book",
    channels: tuple[Channel, ...] = (),
) -> Notice:
    return Notice(
        id=ActKey(number.to_bytes(16, "big")),
        circle_id=CircleId(UUID(int=1)),
        record_key=RecordKey(number.to_bytes(16, "big")),
        entry=EntryId(entry),
        card="offer",
        moment="due",
        notice_class=notice_class,
        not_before_on=begins,
        not_after_on=ends,
        channels=channels,
    )


def planned(
    *waiting: Waiting | Notice,
    local: datetime | None = None,
    reach: Reach = APP,
    preferences: Preferences = NO_PREFERENCES,
    history: tuple[Told, ...] = (),
) -> tuple[Step, ...]:
    return plan(
        [each if isinstance(each, Waiting) else Waiting(each) for each in waiting],
        preferences=preferences,
        hours=Hours(preferences.quiet_hours),
        history=history,
        reach=reach,
        local=local or at(12),
    )


def test_with_an_app_a_push_goes_and_an_sms_may_follow_after_three_days() -> None:
    assert planned(notice()) == (Send((notice().id,), ("push",), at(12) + timedelta(hours=72)),)


def test_without_an_app_the_sms_goes_at_once() -> None:
    assert planned(notice(), reach=NO_APP) == (Send((notice().id,), ("sms",), None),)


def test_without_app_and_number_an_email_goes() -> None:
    (step,) = planned(notice(), reach=Reach(app=False, mobile=False, email=True))
    assert step == Send((notice().id,), ("email",), None)


def test_nobody_who_cannot_be_reached_is_forgotten_until_the_last_day() -> None:
    nowhere = Reach(app=False, mobile=False, email=False)
    assert planned(notice(), reach=nowhere) == (
        Hold(notice().id, at(12) + timedelta(hours=24), "unreachable"),
    )
    late = Waiting(notice(ends=DAY), held_for="unreachable")
    assert planned(late, reach=nowhere, local=at(9, day=DAY + timedelta(days=1))) == (
        Close(notice().id, "unreachable"),
    )


def test_an_sms_goes_always_where_its_service_wants_it() -> None:
    both: tuple[Channel, ...] = ("push", "sms")
    assert planned(notice(channels=both)) == (Send((notice().id,), ("push", "sms"), None),)
    assert planned(notice(channels=both), reach=NO_APP) == (Send((notice().id,), ("sms",), None),)
    no_sms = Preferences(stopped_channels=frozenset({"sms"}))
    assert planned(notice(channels=both), preferences=no_sms) == (
        Send((notice().id,), ("push",), None),
    )


def test_what_its_service_sends_by_email_goes_there_besides_the_usual_way() -> None:
    mailed = notice(channels=("email",))
    assert planned(mailed) == (Send((mailed.id,), ("push", "email"), None),)
    assert planned(mailed, reach=NO_APP) == (Send((mailed.id,), ("sms", "email"), None),)
    no_address = Reach(app=False, mobile=True, email=False)
    assert planned(mailed, reach=no_address) == (Send((mailed.id,), ("sms",), None),)


def test_nothing_is_told_before_its_day_or_after_its_last() -> None:
    tomorrow, yesterday = DAY + timedelta(days=1), DAY - timedelta(days=1)
    assert planned(notice(begins=tomorrow)) == (Hold(notice().id, at(8, day=tomorrow), "not_yet"),)
    assert planned(notice(begins=yesterday, ends=yesterday)) == (
        Close(notice().id, "window_closed"),
    )
    (on_its_last_day,) = planned(notice(begins=yesterday, ends=DAY))
    assert isinstance(on_its_last_day, Send)


def test_by_night_everyone_is_left_to_sleep() -> None:
    assert planned(notice(notice_class="clinical"), local=at(23)) == (
        Hold(notice().id, at(8, day=DAY + timedelta(days=1)), "quiet_hours"),
    )


def test_a_matter_of_health_whose_last_day_ends_by_night_is_told_all_the_same() -> None:
    last = notice(notice_class="clinical", ends=DAY)
    (step,) = planned(last, local=at(23))
    assert isinstance(step, Send)
    assert planned(notice(ends=DAY), local=at(23)) == (
        Hold(notice().id, at(8, day=DAY + timedelta(days=1)), "quiet_hours"),
    )


def test_a_class_is_told_up_to_its_cap_and_one_more_waits_for_the_morning() -> None:
    day_max = CAPS["service"].day_max
    steps = planned(*(notice(number) for number in range(1, day_max + 2)))
    assert [type(step) for step in steps] == [Send] * day_max + [Hold]
    assert steps[-1] == Hold(notice(day_max + 1).id, at(8, day=DAY + timedelta(days=1)), "cap")


def test_a_full_week_waits_until_the_oldest_message_leaves_it() -> None:
    week_max = CAPS["service"].week_max
    history = tuple(
        Told("service", at(12, day=DAY - timedelta(days=6 - number % 6)))
        for number in range(week_max)
    )
    (step,) = planned(notice(), history=history)
    oldest = min(told.at.date() for told in history)
    assert step == Hold(notice().id, at(8, day=oldest + timedelta(days=7)), "cap")
    (room,) = planned(notice(), history=history[1:])
    assert isinstance(room, Send)


def test_no_cap_holds_back_a_matter_of_health() -> None:
    history = tuple(Told("clinical", at(9)) for _ in range(50))
    steps = planned(*(notice(n, "clinical") for n in range(1, 6)), history=history)
    assert all(isinstance(step, Send) for step in steps)


def test_what_is_only_to_be_read_is_told_once_a_day_in_one_message() -> None:
    reading = [notice(number, "information") for number in (1, 2, 3)]
    assert planned(*reading) == tuple(Hold(each.id, at(18), "digest") for each in reading)
    (digest,) = planned(*reading, local=at(18))
    assert digest == Send(tuple(each.id for each in reading), ("push",), None)


def test_a_digest_counts_once_and_the_next_waits_a_day() -> None:
    (step,) = planned(
        notice(notice_class="information"), local=at(19), history=(Told("information", at(18)),)
    )
    assert step == Hold(notice().id, at(8, day=DAY + timedelta(days=1)), "cap")


def test_what_its_reader_does_not_want_is_never_told() -> None:
    for preferences in (
        Preferences(stopped_services=frozenset({EntryId("family_book")})),
        Preferences(stopped_classes=frozenset({"service"})),
    ):
        assert planned(notice(), preferences=preferences) == (Close(notice().id, "opted_out"),)
    no_push = Preferences(stopped_channels=frozenset({"push"}))
    (step,) = planned(notice(), preferences=no_push)
    assert step == Send((notice().id,), ("sms",), None)


def test_a_push_that_nobody_read_is_followed_by_an_sms_in_daylight() -> None:
    pushed = Waiting(notice(), pushed_at=at(12))
    due = at(12) + timedelta(hours=72)
    assert planned(pushed, local=due - timedelta(seconds=1)) == (Hold(notice().id, due, "not_yet"),)
    assert planned(pushed, local=due) == (Send((notice().id,), ("sms",), None),)
    night = due.replace(hour=22)
    assert planned(pushed, local=night) == (
        Hold(notice().id, (night + timedelta(days=1)).replace(hour=8), "quiet_hours"),
    )


def test_nothing_follows_a_push_without_a_number_a_wish_or_time() -> None:
    local = at(12) + timedelta(hours=72)
    for waiting, reach, preferences in (
        (notice(), Reach(app=True, mobile=False, email=True), NO_PREFERENCES),
        (notice(), APP, Preferences(stopped_channels=frozenset({"sms"}))),
        (notice(), APP, Preferences(stopped_services=frozenset({EntryId("family_book")}))),
        (notice(ends=DAY), APP, NO_PREFERENCES),
        (notice(notice_class="information"), APP, NO_PREFERENCES),
    ):
        steps = planned(
            Waiting(waiting, pushed_at=at(12)), reach=reach, preferences=preferences, local=local
        )
        assert steps == (Finish(notice().id),)


def walked(waiting: Notice, quiet: QuietHours) -> list[tuple[datetime, Step]]:
    """What is decided each time that a notice is looked at, until it is told or closed."""
    found: list[tuple[datetime, Step]] = []
    local, held = at(12), None
    while True:
        (step,) = planned(
            Waiting(waiting, held_for=held),
            preferences=Preferences(quiet_hours=quiet),
            local=local,
        )
        found.append((local, step))
        if not isinstance(step, Hold):
            return found
        local, held = step.until, step.reason


@pytest.mark.parametrize(
    ("begin", "end", "told_at"),
    [
        (time(21), time(8), at(18)),
        (time(17), time(8), at(12)),  # asleep at the digest's hour: at once, as they may be told
        (time(12), time(8), at(8, day=DAY + timedelta(days=1))),
        (time(12), time(11, 59), at(11, 59, day=DAY + timedelta(days=1))),
        (time(17), time(22), at(12)),
    ],
)
def test_who_sleeps_at_the_hour_of_the_digest_is_told_all_the_same(
    begin: time, end: time, told_at: datetime
) -> None:
    local, step = walked(notice(notice_class="information"), QuietHours(begin, end))[-1]
    assert isinstance(step, Send)
    assert local == told_at


@settings(deadline=None)
@given(
    st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    st.sampled_from(["clinical", "service", "information", "campaign"]),
)
def test_whatever_hours_somebody_wants_quiet_they_are_told_within_two_days(
    begin: time, end: time, notice_class: NoticeClass
) -> None:
    steps = walked(notice(notice_class=notice_class), QuietHours(begin, end))
    assert all(before < after for (before, _), (after, _) in pairwise(steps))
    local, last = steps[-1]
    assert isinstance(last, Send)
    assert local - at(12) < timedelta(days=2)
    assert Hours(QuietHours(begin, end)).quiet_until(local) is None


NOTICES = st.builds(
    notice,
    st.integers(1, 200),
    st.sampled_from(["clinical", "service", "information", "campaign"]),
    begins=st.dates(DAY - timedelta(days=3), DAY + timedelta(days=3)),
    ends=st.dates(DAY - timedelta(days=1), DAY + timedelta(days=10)),
)

INSTANTS = st.integers(0, 24 * 60).map(lambda minutes: at(0) + timedelta(minutes=minutes))


@given(
    st.lists(NOTICES, max_size=12, unique_by=lambda each: each.id),
    INSTANTS,
    st.randoms(),
)
def test_each_notice_is_in_one_step_in_whatever_order_it_came(
    notices: list[Notice], local: datetime, random: Random
) -> None:
    shuffled = list(notices)
    random.shuffle(shuffled)
    steps = planned(*notices, local=local)
    assert steps == planned(*shuffled, local=local)
    named = [
        notice_id
        for step in steps
        for notice_id in (step.notices if isinstance(step, Send) else (step.notice,))
    ]
    assert sorted(named) == sorted(each.id for each in notices)


@given(
    st.lists(NOTICES, max_size=12, unique_by=lambda each: each.id),
    INSTANTS,
)
def test_nobody_is_sent_anything_by_night_or_over_a_cap_but_for_health(
    notices: list[Notice], local: datetime
) -> None:
    by_id = {each.id: each for each in notices}
    quiet = Hours().quiet_until(local)
    sent: list[NoticeClass] = []
    for step in planned(*notices, local=local):
        if isinstance(step, Hold):
            assert step.until > local
        if isinstance(step, Send):
            lead = by_id[step.notices[0]]
            sent.append(lead.notice_class)
            assert quiet is None or (
                lead.notice_class == "clinical" and lead.not_after_on < quiet.date()
            )
            for notice_id in step.notices:
                each = by_id[notice_id]
                assert each.not_before_on <= local.date() <= each.not_after_on
    for notice_class, cap in CAPS.items():
        assert sent.count(notice_class) <= cap.day_max
