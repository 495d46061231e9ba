"""`notice-plan`: notices planned, a second of one core, over 100,000 that are due at once.

People of three notices each, of all classes, at noon, with the history of a week and wishes. The
baseline is decoding the same notices from the bytes in which they lie, which comes before any plan:
the ratio says how many are planned in the time in which one is read.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from bench.rate import compare_rates
from bench.result import Result, compare
from domain.calendar_date import DUBAI
from domain.ids import ActKey, CircleId, EntryId, RecordKey
from push.budget import Told
from push.hours import Hours
from push.notice import CLASSES, Channel, Notice, decode_notice, encode_notice
from push.plan import Reach, Waiting, plan
from push.preference import NO_PREFERENCES, Preferences

SECONDS = 3.0
PEOPLE_COUNT = 33_334  # three notices each: 100,000
NOTICES_EACH = 3
TODAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=DUBAI)
WISHES = (
    NO_PREFERENCES,
    Preferences(stopped_channels=frozenset({"push"})),
    Preferences(stopped_services=frozenset({EntryId("service_1")})),
)
REACHES = (
    Reach(app=True, mobile=True, email=True),
    Reach(app=False, mobile=True, email=False),
    Reach(app=False, mobile=False, email=False),
)
HISTORY = tuple(Told(CLASSES[number % 3], NOON - timedelta(days=number)) for number in range(1, 7))


class Person(msgspec.Struct, frozen=True):
    """What is planned for one person, with its bytes."""

    waiting: tuple[Waiting, ...]
    bodies: tuple[bytes, ...]
    preferences: Preferences
    reach: Reach


def measure_plan(*, seconds: float = SECONDS, people_count: int = PEOPLE_COUNT) -> list[Result]:
    """One figure."""
    people = list_people(people_count)
    notice_count = people_count * NOTICES_EACH

    def planning(count: int) -> None:
        for _ in range(count):
            _plan_all(people)

    def decoding(count: int) -> None:
        for _ in range(count):
            _decode_all(people)

    ours, bare = compare_rates(planning, decoding, seconds=seconds)
    return [
        compare(
            "notice-plan",
            ours * notice_count,
            "notices/s per core",
            baseline="decode_notice of the same notices",
            baseline_value=bare * notice_count,
        )
    ]


def list_people(count: int) -> list[Person]:
    """People with three notices each: no two have the same, and one has every kind of wish."""
    return [_person(number) for number in range(count)]


def _person(number: int) -> Person:
    notices = tuple(_notice(number * NOTICES_EACH + place, place) for place in range(NOTICES_EACH))
    return Person(
        tuple(Waiting(each) for each in notices),
        tuple(encode_notice(each) for each in notices),
        WISHES[number % len(WISHES)],
        REACHES[number // len(WISHES) % len(REACHES)],
    )


def _notice(number: int, place: int) -> Notice:
    channels: tuple[Channel, ...] = ("push", "sms") if number % 7 == 0 else ()
    key = number.to_bytes(16, "big")
    begins_on = TODAY + timedelta(days=number % 11 - 8)
    return Notice(
        id=ActKey(key),
        circle_id=CircleId(UUID(int=number)),
        record_key=RecordKey(key),
        entry=EntryId(f"service_{number % 16}"),
        card="offer",
        moment="due",
        notice_class=CLASSES[(number + place) % len(CLASSES)],
        not_before_on=begins_on,
        not_after_on=begins_on + timedelta(days=14),
        channels=channels,
    )


def _plan_all(people: list[Person]) -> None:
    hours = Hours()
    for person in people:
        plan(
            person.waiting,
            preferences=person.preferences,
            hours=hours,
            history=HISTORY,
            reach=person.reach,
            local=NOON,
        )


def _decode_all(people: list[Person]) -> None:
    for person in people:
        for body in person.bodies:
            decode_notice(body)
