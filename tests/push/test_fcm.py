"""FCM: a real process behind TLS and HTTP/2, on its good days and its bad ones."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest

from domain.text.message import Language
from push.answer import Answer
from push.fcm import RETRY_DEFAULT_SECONDS, RETRY_SECONDS_MAX, read_answer, read_retry_after
from push.http2 import Answered
from push.outgoing import PushMessage
from push.registration import Platform
from tests.support.fcm import FcmProcess, running_fcm

SEALED = bytes(range(256))


@pytest.fixture(scope="module")
def fcm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FcmProcess]:
    with running_fcm(tmp_path_factory.mktemp("fcm")) as process:
        yield process


def push(
    token: str = "token-1",
    *,
    platform: Platform = "android",
    payload: bytes = SEALED,
    urgent: bool = False,
    language: Language = "ar",
) -> PushMessage:
    return PushMessage(token, platform, payload, "notice", urgent, 3_600, language)


async def answers(fcm: FcmProcess, *messages: PushMessage) -> list[Answer]:
    sender = fcm.sender()
    try:
        return list(await sender.send(messages or (push(),)))
    finally:
        await sender.aclose()


async def test_a_push_is_data_alone_and_nothing_of_it_is_legible(fcm: FcmProcess) -> None:
    assert await answers(fcm) == [Answer("accepted", "accepted")]
    kept = (await fcm.received())[-1]
    assert kept.keys() == {"token", "data", "android"}
    assert base64.b64decode(kept["data"]["osrati"]) == SEALED
    assert kept["android"] == {"priority": "NORMAL", "ttl": "3600s", "collapse_key": "notice"}


async def test_an_iphone_shows_a_text_that_says_nothing(fcm: FcmProcess) -> None:
    await answers(fcm, push(platform="ios", urgent=True))
    kept = (await fcm.received())[-1]
    assert kept["apns"]["payload"]["aps"]["mutable-content"] == 1
    assert kept["apns"]["payload"]["aps"]["alert"] == {"body": "لديك إشعار جديد في أسرتي"}
    assert kept["apns"]["headers"]["apns-priority"] == "10"
    assert kept["apns"]["headers"]["apns-collapse-id"] == "notice"


async def test_a_silent_push_shows_nothing_on_either_platform(fcm: FcmProcess) -> None:
    for platform in get_args(Platform)[:2]:
        await answers(fcm, msgspec.structs.replace(push(platform=platform), silent=True))
    android, ios = (await fcm.received())[-2:]
    assert android.keys() == {"token", "data", "android"}
    assert ios["apns"]["payload"]["aps"] == {"content-available": 1}
    assert ios["apns"]["headers"]["apns-push-type"] == "background"


async def test_two_thousand_go_over_one_connection_each_answered_in_order(fcm: FcmProcess) -> None:
    before = len(await fcm.received())
    messages = [push(f"many-{number}") for number in range(2_000)]
    assert set(await answers(fcm, *messages)) == {Answer("accepted", "accepted")}
    kept = (await fcm.received())[before:]
    assert sorted(each["token"] for each in kept) == sorted(each.token for each in messages)


@pytest.mark.parametrize(
    ("weather", "expected"),
    [
        ("UNREGISTERED", Answer("dead_address", "unregistered")),
        ("SENDER_ID_MISMATCH", Answer("dead_address", "sender_mismatch")),
        ("INVALID_ARGUMENT", Answer("refused", "invalid_argument")),
        ("THIRD_PARTY_AUTH_ERROR", Answer("retry", "platform_credentials")),
        ("QUOTA_EXCEEDED", Answer("retry", "quota", 3)),
        ("device_quota", Answer("retry", "device_quota", RETRY_DEFAULT_SECONDS)),
        ("UNAVAILABLE", Answer("retry", "unavailable", 3)),
        ("INTERNAL", Answer("retry", "internal")),
        ("page_not_found", Answer("project_fault", "credentials")),  # a 404 that names no token
        ("slow", Answer("accepted", "accepted")),
        ("reset", Answer("unknown", "connection_lost")),
        ("hang_up", Answer("unknown", "connection_lost")),
    ],
)
async def test_each_bad_day_is_told_apart_by_its_error_code(
    fcm: FcmProcess, weather: str, expected: Answer
) -> None:
    await fcm.weather(weather)
    assert await answers(fcm) == [expected]
    assert await answers(fcm) == [Answer("accepted", "accepted")]


@pytest.mark.parametrize("weather", ["go_away", "drain"])
async def test_a_connection_that_is_retired_loses_no_answer_and_nothing_goes_twice(
    fcm: FcmProcess, weather: str
) -> None:
    before = len(await fcm.received())
    sent = await fcm.weather(*["slow"] * 9, weather)
    messages = [push(f"{weather}-{number}") for number in range(150)]
    assert set(await answers(fcm, *messages)) == {Answer("accepted", "accepted")}
    kept = [each["token"] for each in (await fcm.received())[before:]]
    assert sorted(kept) == sorted(each.token for each in messages)
    assert await fcm.weather() - sent == len(messages)


async def test_a_peer_that_retires_every_connection_is_not_asked_for_ever(fcm: FcmProcess) -> None:
    await fcm.weather(*["go_away"] * 200)
    try:
        said = await answers(fcm, *[push()] * 20)
    finally:
        await fcm.weather(clear=True)
    assert {each.kind for each in said} == {"accepted", "retry"}
    assert [each.kind for each in await answers(fcm)] == ["accepted"]


async def test_a_dead_token_hurts_only_itself(fcm: FcmProcess) -> None:
    await fcm.weather(dead=["gone-1"])
    assert [each.kind for each in await answers(fcm, push("gone-1"), push("alive-1"))] == [
        "dead_address",
        "accepted",
    ]


async def test_a_token_that_is_none_is_dead_though_the_argument_is_called_invalid(
    fcm: FcmProcess,
) -> None:
    assert await answers(fcm, push("x")) == [Answer("dead_address", "unregistered")]


async def test_a_wait_until_a_date_is_understood(fcm: FcmProcess) -> None:
    await fcm.weather("quota_until_date")
    (answer,) = await answers(fcm)
    assert (answer.kind, answer.code) == ("retry", "quota")
    assert answer.retry_after_seconds is not None
    assert 0 <= answer.retry_after_seconds <= 3


async def test_a_project_over_its_quota_is_told_when_to_come_again(fcm: FcmProcess) -> None:
    await fcm.weather(quota_per_minute=0)
    (answer,) = await answers(fcm)
    await fcm.weather(quota_per_minute=600_000)
    assert (answer.kind, answer.code) == ("retry", "quota")
    assert answer.retry_after_seconds is not None


async def test_a_device_that_had_too_many_is_told_from_a_project_that_sends_too_much(
    fcm: FcmProcess,
) -> None:
    await fcm.weather(device_quota_per_minute=1)
    one, two = f"busy-{uuid4().hex}", f"quiet-{uuid4().hex}"
    sender = fcm.sender()
    try:
        said = [(await sender.send([push(token)]))[0] for token in (one, one, one, two)]
    finally:
        await fcm.weather(device_quota_per_minute=240)
        await sender.aclose()
    # A minute may begin between the three: then one of them is the first of it.
    assert said[0].code == said[3].code == "accepted"
    assert "device_quota" in {said[1].code, said[2].code}


@pytest.mark.parametrize(
    ("violations", "code"),
    [
        ([{"subject": "device", "description": "Device message rate exceeded"}], "device_quota"),
        ([{"subject": "device:token-1"}], "device_quota"),
        ([{"subject": "project:osrati", "description": "Message rate exceeded"}], "quota"),
        ([{"subject": "project:osrati", "description": "messages to a device"}], "quota"),
        ([{"subject": "device"}, {"subject": "project:osrati"}], "quota"),
        ([], "quota"),
        (None, "quota"),
        ("device", "quota"),
        (["device"], "quota"),
        ([{"subject": 7, "description": None}], "quota"),
    ],
)
def test_whose_quota_it_is_is_believed_only_where_it_is_said(violations: Any, code: str) -> None:
    details = [
        {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError"}
        | {"errorCode": "QUOTA_EXCEEDED"},
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": violations},
    ]
    body = json.dumps({"error": {"code": 429, "details": details}}).encode()
    answer = read_answer(Answered(429, {}, body), now=NOW)
    assert answer == Answer("retry", code, RETRY_DEFAULT_SECONDS)  # type: ignore[arg-type]  # of the closed list


async def test_credentials_that_were_revoked_are_a_fault_of_the_project(fcm: FcmProcess) -> None:
    sender = fcm.sender()
    try:
        assert [each.kind for each in await sender.send([push()])] == ["accepted"]
        await fcm.weather(revoke=True, closed=True)
        assert await sender.send([push()]) == [Answer("project_fault", "credentials")]
        await fcm.weather(closed=False)
        assert [each.kind for each in await sender.send([push()])] == ["accepted"]
    finally:
        await fcm.weather(closed=False)
        await sender.aclose()


async def test_a_token_that_was_revoked_is_renewed_once_and_nobody_waits(fcm: FcmProcess) -> None:
    sender = fcm.sender()
    try:
        assert [each.kind for each in await sender.send([push()])] == ["accepted"]
        await fcm.weather(revoke=True)
        before = await fcm.weather()
        assert [each.kind for each in await sender.send([push()] * 20)] == ["accepted"] * 20
        assert await fcm.weather() - before == 40, "each once in vain, each once more"
        assert [each.kind for each in await sender.send([push()])] == ["accepted"]
        assert await fcm.weather() - before == 41, "the new token is kept"
    finally:
        await sender.aclose()


async def test_a_payload_of_4096_bytes_goes_and_a_larger_one_is_not_sent(fcm: FcmProcess) -> None:
    # 6 characters of the key, and 4 of base64 for each 3 bytes: 6 + 4,088 = 4,094; then 4,098
    assert [each.kind for each in await answers(fcm, push(payload=bytes(3_066)))] == ["accepted"]
    sent = await fcm.weather()
    assert await answers(fcm, push(payload=bytes(3_067))) == [Answer("refused", "too_big")]
    assert await fcm.weather() == sent


NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("30", 30),
        (" 30 ", 30),
        ("999999999", RETRY_SECONDS_MAX),
        ("-5", None),
        ("soon", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: int | None) -> None:
    assert read_retry_after(value, now=NOW) == seconds
