"""Quiet hours: by night, by Ramadan, by one's own choice."""

from datetime import date, datetime, time

import pytest

from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.calendar_date import DUBAI
from domain.compile.catalogue import compile_catalogue
from domain.ids import EntryId
from push.hours import Hours, QuietHours, RamadanOverride, is_ramadan, list_announced


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=DUBAI)


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-11-21T20:59:59", None),
        ("2026-11-21T21:00:00", "2026-11-22T08:00:00"),
        ("2026-11-22T00:00:00", "2026-11-22T08:00:00"),
        ("2026-11-22T07:59:59", "2026-11-22T08:00:00"),
        ("2026-11-22T08:00:00", None),
    ],
)
def test_nobody_is_disturbed_between_nine_and_eight(local: str, until: str | None) -> None:
    assert Hours().quiet_until(at(local)) == (at(until) if until else None)


# Umm al-Qura: Ramadan 1447 is 18 February to 19 March 2026, the feast begins on 20 March.
@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-02-17T22:00:00", "2026-02-18T08:00:00"),  # the night before it begins
        ("2026-02-18T22:00:00", None),  # its first evening
        ("2026-02-19T01:00:00", "2026-02-19T10:00:00"),
        ("2026-02-19T09:59:00", "2026-02-19T10:00:00"),
        ("2026-03-20T02:00:00", "2026-03-20T10:00:00"),  # the night after its last day
        ("2026-03-20T21:00:00", "2026-03-21T08:00:00"),
    ],
)
def test_in_ramadan_the_night_is_later_and_no_night_falls_between(
    local: str, until: str | None
) -> None:
    assert Hours().quiet_until(at(local)) == (at(until) if until else None)


def test_what_was_announced_wins_over_what_is_calculated() -> None:
    announced = RamadanOverride(date(2026, 2, 19), date(2026, 3, 20))
    assert is_ramadan(date(2026, 2, 18))
    assert not is_ramadan(date(2026, 2, 18), (announced,))
    assert is_ramadan(date(2026, 3, 19), (announced,))
    assert is_ramadan(date(2027, 2, 8), (announced,))  # another year stays calculated


def test_what_a_catalogue_says_of_ramadan_is_announced_until_it_is_withdrawn() -> None:
    documents = read_catalogue(SHIPPED_PACK)
    # Its documents: 1447 is 18 February to 19 March 2026, 1448 is 8 February to 8 March 2027.
    assert list_announced(compile_catalogue(documents, version=1).entries) == (
        RamadanOverride(date(2026, 2, 18), date(2026, 3, 20)),
        RamadanOverride(date(2027, 2, 8), date(2027, 3, 9)),
    )
    gone = [
        (where, {**document, "withdrawn": True} if document["id"] == "ramadan_1448" else document)
        for where, document in documents
    ]
    entries = compile_catalogue(gone, version=1).entries
    assert EntryId("ramadan_1448") in entries.withdrawn
    assert [each.first_on for each in list_announced(entries)] == [date(2026, 2, 18)]


@pytest.mark.parametrize("day", [date(1924, 7, 31), date(2077, 11, 17), date(2500, 1, 1)])
def test_outside_the_calculated_calendar_no_day_is_ramadan(day: date) -> None:
    assert not is_ramadan(day)


def test_ones_own_hours_hold_in_ramadan_too() -> None:
    own = Hours(QuietHours(time(23), time(6)))
    assert own.quiet_until(at("2026-02-19T22:00:00")) is None
    assert own.quiet_until(at("2026-02-19T23:30:00")) == at("2026-02-20T06:00:00")
    rest = Hours(QuietHours(time(13), time(15)))
    assert rest.quiet_until(at("2026-11-21T14:00:00")) == at("2026-11-21T15:00:00")
    assert rest.quiet_until(at("2026-11-21T03:00:00")) is None
    never = Hours(QuietHours(time(0), time(0)))
    assert never.quiet_until(at("2026-11-21T00:00:00")) is None


def test_a_day_opens_in_the_morning() -> None:
    assert Hours().opens_on(date(2026, 11, 21)) == at("2026-11-21T08:00:00")
    assert Hours().opens_on(date(2026, 3, 1)) == at("2026-03-01T10:00:00")
    late = Hours(QuietHours(time(22), time(11)))
    assert late.opens_on(date(2026, 11, 21)) == at("2026-11-21T11:00:00")
