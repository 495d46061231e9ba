"""A phone's own reminders: from its dates, once, and one name with the server's notice."""

from datetime import date, timedelta

from domain.catalogue import NoticeMoment
from phone import act
from phone.reminder import reminder_name, show_once, take_reminders
from tests.support.phone_bench import PhoneBench

# The model's card: visible on its day, due 10 days on, due until 30, gone after 60.
VISIBLE, DUE, OVERDUE = 0, 10, 31


async def told(
    bench: PhoneBench, phone_days: list[int], *, snooze: date | None = None
) -> list[int]:
    """On which of these days after the card's first a reminder shows."""
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    first = bench.server.today()
    if snooze is not None:
        act.acknowledge(phone.store, key, now=bench.clock.now)
        act.snooze(phone.store, key, snooze, now=bench.clock.now)
    return [
        days for days in phone_days if take_reminders(phone.store, first + timedelta(days=days))
    ]


async def test_a_card_is_told_of_when_it_shows_and_when_it_is_due() -> None:
    assert await told(PhoneBench(), [-1, 0, 0, 1, 9, 10, 11, 30]) == [VISIBLE, DUE]


async def test_a_phone_that_was_off_tells_when_it_is_on_again() -> None:
    assert await told(PhoneBench(), [20, 21]) == [20]


async def test_a_card_that_was_put_off_is_told_of_when_it_is_back() -> None:
    # Acknowledged: nothing at first sight. Put off from day 0 to day 15: due is told of on day 15.
    bench = PhoneBench()
    back = bench.server.today() + timedelta(days=15)
    assert await told(bench, [0, 10, 14, 15, 16], snooze=back) == [15]


async def test_a_card_that_is_gone_or_put_away_is_not_told_of() -> None:
    bench = PhoneBench()
    assert await told(bench, [61]) == []
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    act.dismiss(phone.store, key, now=bench.clock.now)
    assert take_reminders(phone.store, bench.server.today()) == []


async def test_whichever_comes_second_is_not_shown() -> None:
    bench = PhoneBench()
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    today = bench.server.today()
    moment: NoticeMoment = "visible"  # what the server's notice calls it
    assert show_once(phone.store, reminder_name(key, moment), today)
    assert take_reminders(phone.store, today) == []
    (reminder,) = take_reminders(phone.store, today + timedelta(days=DUE))
    assert not show_once(phone.store, reminder.name, today)
