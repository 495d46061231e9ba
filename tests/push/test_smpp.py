"""SMS: a message centre in a process of its own, on its good days and its bad ones."""

from collections.abc import Iterator

import pytest

from push.answer import Answer
from push.outgoing import SmsMessage
from push.smpp import SmppAccess, SmppSender
from store.embedded import free_port
from tests.support.smpp import PASSWORD, Centre, running_centre


@pytest.fixture(scope="module")
def centre() -> Iterator[Centre]:
    with running_centre() as found:
        yield found


def sms(text: str = "Osrati", number: str = "+971500000001") -> SmsMessage:
    return SmsMessage("reference", number, text)


async def answers(
    access: SmppAccess, *messages: SmsMessage, deadline_seconds: float = 10.0
) -> list[Answer]:
    sender = SmppSender(access, deadline_seconds=deadline_seconds)
    try:
        return list(await sender.send(messages or (sms(),)))
    finally:
        await sender.aclose()


@pytest.mark.parametrize(
    ("text", "coding", "parts"),
    [
        ("Osrati: you have a new notice", 0, 1),
        ("a" * 161, 0, 2),
        ("أسرتي: لديك إشعار جديد", 8, 1),
        ("ا" * 70, 8, 1),
        ("ا" * 71, 8, 2),
        ("ا" * 135, 8, 3),
    ],
)
async def test_a_text_arrives_whole_in_as_many_parts_as_were_counted(
    centre: Centre, text: str, coding: int, parts: int
) -> None:
    assert await answers(centre.access, sms(text)) == [Answer("accepted", "accepted")]
    kept = centre.received()[-1]
    assert kept == {
        "from": "Osrati",
        "to": "971500000001",
        "text": text,
        "coding": coding,
        "parts": parts,
    }


async def test_a_hundred_go_at_once_each_answered(centre: Centre) -> None:
    before = len(centre.received())
    messages = [sms(number=f"+97150000{number:04}") for number in range(100)]
    assert set(await answers(centre.access, *messages)) == {Answer("accepted", "accepted")}
    assert sorted(each["to"] for each in centre.received()[before:]) == [
        each.number.lstrip("+") for each in messages
    ]


@pytest.mark.parametrize(
    ("weather", "expected"),
    [
        ("throttled", Answer("retry", "quota")),
        ("queue_full", Answer("retry", "quota")),
        ("system_error", Answer("retry", "internal")),
        ("invalid_destination", Answer("refused", "address_invalid")),
        ("submit_failed", Answer("refused", "rejected")),
    ],
)
async def test_each_refusal_is_told_apart(centre: Centre, weather: str, expected: Answer) -> None:
    centre.weather(weather)
    assert await answers(centre.access) == [expected]


@pytest.mark.parametrize("weather", ["silent", "hang_up"])
async def test_an_answer_that_never_comes_is_an_unknown_outcome(
    centre: Centre, weather: str
) -> None:
    centre.weather(weather)
    (answer,) = await answers(centre.access, deadline_seconds=2.0)
    assert answer.kind == "unknown"


async def test_while_nobody_listens_nothing_was_sent_and_nothing_goes_out_later() -> None:
    access = SmppAccess("127.0.0.1", free_port(), "osrati", PASSWORD)
    assert await answers(access, deadline_seconds=1.0) == [Answer("retry", "unavailable")]


async def test_a_wrong_password_sends_nothing(centre: Centre) -> None:
    before = len(centre.received())
    access = SmppAccess(centre.access.host, centre.access.port, "osrati", "wrong")
    assert await answers(access, deadline_seconds=1.0) == [Answer("retry", "unavailable")]
    assert len(centre.received()) == before
