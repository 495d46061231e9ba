"""E-mail: a mail server in a process of its own, on its good days and its bad ones."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from push.answer import ACCEPTED, Answer
from push.connect import CertificateUnreadable, open_smtp
from push.outgoing import Attachment, EmailMessage
from push.smtp import CONNECTIONS_MAX, SmtpAccess, SmtpSender, Tls
from store.clock import SystemClock
from tests.support.smtp import MailProcess, running_mail

OURS = Answer("project_fault", "credentials")


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailProcess]:
    with running_mail(tmp_path_factory.mktemp("mail")) as found:
        yield found


@pytest.fixture
async def sender(mail: MailProcess) -> AsyncIterator[SmtpSender]:
    opened = mail.sender()
    yield opened
    await opened.aclose()


def message(address: str = "reader@family.example", **more: Any) -> EmailMessage:
    ours = EmailMessage(
        "0f" * 16,
        address,
        "ar",
        "لديك إشعار جديد في أسرتي",
        "السلام عليكم،\n\n.سطر يبدأ بنقطة\n\nhttps://osrati.example/n/abc",
        "https://osrati.example/n/abc",
    )
    return msgspec.structs.replace(ours, **more)


async def once(mail: MailProcess, access: SmtpAccess) -> Answer:
    sender = mail.sender(access)
    try:
        (answer,) = await sender.send([message()])
        return answer
    finally:
        await sender.aclose()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_message_arrives_whole_over_either_tls(mail: MailProcess, tls: Tls) -> None:
    assert await once(mail, mail.access(tls)) == ACCEPTED
    kept = (await mail.received())[-1]
    assert (kept["from"], kept["to"]) == ("notices@osrati.example", ["reader@family.example"])
    assert kept["headers"]["subject"] == "لديك إشعار جديد في أسرتي"
    assert kept["text"].splitlines() == message().text.splitlines()


async def test_a_connection_is_kept_and_a_hundred_go_over_a_few(
    mail: MailProcess, sender: SmtpSender
) -> None:
    before, counts = len(await mail.received()), await mail.weather()
    addresses = [f"reader-{number}@family.example" for number in range(100)]
    assert set(await sender.send([message(each) for each in addresses])) == {ACCEPTED}
    assert list(await sender.send([message()])) == [ACCEPTED]
    kept = await mail.received()
    assert sorted(each["to"][0] for each in kept[before:-1]) == sorted(addresses)
    after = await mail.weather()
    assert after["connected"] - counts["connected"] <= CONNECTIONS_MAX
    assert after["logins"] - counts["logins"] == after["connected"] - counts["connected"]


@pytest.mark.parametrize(
    ("weather", "expected"),
    [
        ("busy", Answer("retry", "unavailable")),
        ("rate_limited", Answer("retry", "unavailable")),
        ("sender_refused", OURS),
        ("greylisted", Answer("retry", "unavailable")),
        ("mailbox_full", Answer("retry", "unavailable")),
        ("no_such_mailbox", Answer("refused", "address_invalid")),
        ("policy", Answer("refused", "rejected")),
        ("no_input", Answer("retry", "unavailable")),
        ("login_gone", OURS),
        ("no_space", Answer("retry", "unavailable")),
        ("spam", Answer("refused", "rejected")),
        ("too_big", Answer("refused", "too_big")),
        ("cut_before", Answer("retry", "connection_lost")),
        ("cut_after", Answer("unknown", "connection_lost")),
        ("slow", ACCEPTED),
    ],
)
async def test_each_answer_is_told_apart_and_the_next_message_goes(
    mail: MailProcess, sender: SmtpSender, weather: str, expected: Answer
) -> None:
    await mail.weather(weather)
    assert list(await sender.send([message()])) == [expected]
    assert list(await sender.send([message()])) == [ACCEPTED]


async def test_a_refused_address_costs_itself_alone(mail: MailProcess, sender: SmtpSender) -> None:
    await mail.weather("fair", "no_such_mailbox", "fair", "fair")
    answers = await sender.send([message(f"{number}@family.example") for number in range(4)])
    assert sorted(answer.kind for answer in answers) == ["accepted"] * 3 + ["refused"]


async def test_an_answer_that_never_comes_after_the_last_line_is_an_unknown_outcome(
    mail: MailProcess,
) -> None:
    await mail.weather("silent")
    sender = SmtpSender(
        mail.access(),
        SystemClock(),
        context=ssl.create_default_context(cafile=mail.certificate_file),
        deadline_seconds=2.0,
    )
    assert list(await sender.send([message()])) == [Answer("unknown", "timed_out")]
    await sender.aclose()


async def test_a_connection_that_the_relay_left_is_opened_again_and_nothing_is_lost(
    mail: MailProcess, sender: SmtpSender
) -> None:
    assert list(await sender.send([message()])) == [ACCEPTED]
    await mail.weather(hang_up=True)
    assert list(await sender.send([message()])) == [ACCEPTED]
    await mail.weather("busy")  # a relay that says goodbye on a connection it had kept
    assert list(await sender.send([message()])) == [ACCEPTED]


async def test_a_wrong_password_is_a_fault_of_ours_and_is_tried_by_few(mail: MailProcess) -> None:
    before, logins = len(await mail.received()), (await mail.weather())["logins"]
    sender = mail.sender(mail.access(password="wrong"))
    assert set(await sender.send([message()] * 50)) == {OURS}
    await sender.aclose()
    tried = (await mail.weather())["logins"] - logins
    assert tried <= CONNECTIONS_MAX * 2  # by each way of logging in that the relay offers
    assert len(await mail.received()) == before


async def test_a_login_that_was_taken_away_loses_nothing_and_comes_back(
    mail: MailProcess,
) -> None:
    await mail.weather(closed=True)
    assert await once(mail, mail.access()) == OURS
    await mail.weather(closed=False)
    assert await once(mail, mail.access()) == ACCEPTED


async def test_a_relay_whose_certificate_nobody_trusts_gets_nothing(mail: MailProcess) -> None:
    before, logins = len(await mail.received()), (await mail.weather())["logins"]
    for tls in ("starttls", "tls"):
        assert await once(mail, mail.access(tls, trusts=False)) == OURS
    assert len(await mail.received()) == before
    assert (await mail.weather())["logins"] == logins


async def test_while_nobody_listens_nothing_was_sent(mail: MailProcess) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    access = msgspec.structs.replace(mail.access(), port=port)
    assert await once(mail, access) == Answer("retry", "unavailable")


async def test_a_relay_that_never_greets_ends_within_the_deadline(mail: MailProcess) -> None:
    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gone.wait()
        writer.close()

    gone = asyncio.Event()
    listening = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with listening:
        access = msgspec.structs.replace(mail.access(), port=listening.sockets[0].getsockname()[1])
        sender = SmtpSender(
            access,
            SystemClock(),
            context=ssl.create_default_context(cafile=mail.certificate_file),
            deadline_seconds=0.5,
        )
        answers = await sender.send([message()] * 20)
        await sender.aclose()
        gone.set()
    assert {answer.kind for answer in answers} == {"retry"}


async def test_what_a_relay_says_in_no_form_at_all_is_no_answer_and_no_crash(
    mail: MailProcess,
) -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HELLO, WHO IS THERE?\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        answer = await once(mail, msgspec.structs.replace(mail.access(), port=port))
    assert answer.kind == "retry"


async def test_an_address_that_is_none_is_refused_before_anything_is_said(
    mail: MailProcess, sender: SmtpSender
) -> None:
    counts = await mail.weather()
    (answer,) = await sender.send([message("a@b.example>\r\nRCPT TO:<other@x.example")])
    assert answer == Answer("refused", "address_invalid")
    assert await mail.weather() == counts


async def test_a_document_is_attached_and_opens(mail: MailProcess, sender: SmtpSender) -> None:
    page = "<!doctype html><p>عقد</p>"
    attached = message(attachment=Attachment("marriage-contract.html", page))
    assert list(await sender.send([attached])) == [ACCEPTED]
    (document,) = (await mail.received())[-1]["attachments"]
    assert (document["name"], document["type"]) == ("marriage-contract.html", "text/html")
    assert document["text"].strip() == page


def test_a_certificate_file_that_is_none_is_named(tmp_path: Path) -> None:
    access = SmtpAccess("relay.example", 587, "a@b.example", certificate_file=tmp_path / "gone.pem")
    with pytest.raises(CertificateUnreadable, match=r"gone\.pem"):
        open_smtp(access, SystemClock())
