"""E-mail from an agency's signed event to what its reader opens, and what keeps one from going."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from api.notices import tell_until
from api.settings import Settings, read_settings
from domain.calendar_date import DUBAI
from domain.facts.marriage import ContractSigned
from domain.facts.person import ContactReported
from domain.ids import CircleId, PersonId
from push.answer import Answer
from push.compose import Composer
from push.contract_copy import copy_contract
from push.lease import LEASE_SECONDS, Claimed
from push.letter import Letter
from push.notice import Channel
from push.standing import Part
from push.wish import ChannelWish
from store.notice_tables import CHANNEL_EMAIL, DELIVERY_FAILED, DELIVERY_UNKNOWN, DeliveryRow
from store.scope import PersonScope
from tests.push.test_wishes import wish
from tests.support.builders import born, described, fact, in_error, married
from tests.support.events import COUPLE, HUSBAND, WIFE, by_number, event
from tests.support.house import TestHouse, person
from tests.support.intake import Intake, open_intake
from tests.support.notices import ORIGIN, Outbox
from tests.support.smtp import MailProcess, running_mail
from timeline.record import couple_circle

SALEM, NOURA, HIND = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)
SECONDS_MAX = 60.0
HEALTH = ("حمل", "تطعيم", "ولادة", "صحة", "pregnan", "vaccin", "birth", "health")


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailProcess]:
    with running_mail(tmp_path_factory.mktemp("mail")) as found:
        yield found


@pytest.fixture
def settings(mail: MailProcess, tmp_path: Path) -> Settings:
    return read_settings(mail.environ, data_dir=tmp_path)


@pytest.fixture
async def intake(house: TestHouse, settings: Settings) -> AsyncIterator[Intake]:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    async with open_intake(house, settings) as opened:
        yield opened


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


class Rows(HTMLParser):
    """What a page shows: its language and direction, and the cells of its table."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page: dict[str, str | None] = {}
        self.cells: list[str] = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.page = dict(attrs)
        if tag in ("th", "td"):
            self._in_cell = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data

    @property
    def rows(self) -> dict[str, str]:
        return dict(zip(self.cells[::2], self.cells[1::2], strict=True))


async def reached_by(house: TestHouse, who: PersonId, address: str, language: str = "ar") -> None:
    said = ContactReported(who, email=address, language=language)
    await house.apply(fact(said, TODAY, source="icp"))


async def a_contract(house: TestHouse) -> None:
    signed = fact(ContractSigned(SALEM, NOURA, "1/ع"), TODAY, source="moj", source_id="signed")
    await house.apply(signed)


async def test_a_signed_contract_reaches_both_by_email_each_in_their_language_with_its_copy(
    house: TestHouse, mail: MailProcess, intake: Intake
) -> None:
    day = house.clock.today()
    for who, address, language in (
        (HUSBAND, "salem@family.example", "ar"),
        (WIFE, "noura@family.example", "en"),
    ):
        contact = {"person": by_number(who), "email": address, "language": language}
        told = await intake.tell(
            "moj", event("contact.reported", contact, on=day, id=f"c-{language}")
        )
        assert told["status"] == "applied"
    contract = {**COUPLE, "contract_number": "2026/7", "emirate": "AE-AJ"}
    told = await intake.tell(
        "moj", event("marriage.contract_signed", contract, on=day, id="contract")
    )
    assert told["status"] == "applied"
    house.clock.instant = datetime(day.year, day.month, day.day, 12, tzinfo=DUBAI)
    received = await _until(intake, mail, count=2)

    arabic = next(each for each in received if each["to"] == ["salem@family.example"])
    assert arabic["headers"]["subject"] == "نسخة وثيقتك الإلكترونية"
    assert arabic["headers"]["content-language"] == "ar"
    assert 'dir="rtl"' in arabic["html"]
    assert "/n/" in arabic["text"]
    (document,) = arabic["attachments"]
    opened = Rows(document["text"])
    assert (opened.page["lang"], opened.page["dir"]) == ("ar", "rtl")
    assert opened.rows["الزوج"] == "سالم"
    assert opened.rows["الزوجة"] == "نورة"
    assert opened.rows["رقم العقد"] == "2026/7"
    assert opened.rows["الإمارة"] == "عجمان"
    assert opened.rows["الجهة"] == "وزارة العدل"

    english = next(each for each in received if each["to"] == ["noura@family.example"])
    assert english["headers"]["subject"] == "A copy of your electronic document"
    assert "A copy of the details of the document that you signed" in english["text"]
    assert "نسخة إلكترونية من بيانات الوثيقة" in arabic["text"]
    assert 'dir="ltr"' in english["html"]
    opened = Rows(english["attachments"][0]["text"])
    assert opened.rows["Husband"] == "Salem"
    assert opened.rows["Wife"] == "نورة"  # nobody said her name in English
    assert opened.rows["Authority"] == "Ministry of Justice"

    for each in received:
        headers = each["headers"]
        assert headers["auto-submitted"] == "auto-generated"
        assert headers["message-id"].endswith("@osrati.example>")
        for name in ("سالم", "نورة", "Salem"):
            assert name not in headers["subject"] + each["text"] + each["html"]


async def _until(intake: Intake, mail: MailProcess, *, count: int) -> list[dict[str, Any]]:
    """What the worker itself sends, by the channel that the settings name."""
    stop = asyncio.Event()
    working = asyncio.create_task(tell_until(intake.house, stop))
    async with asyncio.timeout(SECONDS_MAX):
        while len(received := await mail.received()) < count:  # noqa: ASYNC110  # another process's
            await asyncio.sleep(0.1)
        stop.set()
        await working
    return received


async def test_of_a_child_an_email_says_nothing_at_all(house: TestHouse, outbox: Outbox) -> None:
    for who, address in ((SALEM, "salem@family.example"), (NOURA, "noura@family.example")):
        await reached_by(house, who, address, "en" if who == NOURA else "ar")
    await house.apply(married(SALEM, NOURA, date(2025, 1, 1)))
    await house.apply(
        born(HIND, NOURA, TODAY, father=SALEM),
        described(HIND, TODAY, name_ar="هند", name_en="Hind"),
    )
    await outbox.run()
    assert {mail.language for mail in outbox.emails.messages} == {"ar", "en"}
    for mail in outbox.emails.messages:
        said = mail.subject + mail.text.replace(mail.link, "")
        for word in ("هند", "Hind", *HEALTH):
            assert word not in said
        assert mail.link in mail.text
        assert mail.attachment is None


async def test_by_night_no_email_goes_and_in_the_morning_one_does(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, SALEM, "salem@family.example")
    house.clock.instant += timedelta(hours=11)  # 23:00 in Dubai
    await a_contract(house)
    await outbox.run()
    assert not outbox.emails.messages
    house.clock.instant += timedelta(hours=9, minutes=1)
    await outbox.run()
    assert len(outbox.emails.messages) == 1


@pytest.mark.parametrize("channel", ["email", "sms"])
async def test_who_wants_no_email_gets_none(
    house: TestHouse, outbox: Outbox, channel: Channel
) -> None:
    await reached_by(house, SALEM, "salem@family.example")
    await wish(house, SALEM, channels=(ChannelWish(channel, used=False),))
    await a_contract(house)
    await outbox.run()
    assert len(outbox.emails.messages) == (0 if channel == "email" else 1)


async def test_a_contract_entered_in_error_in_the_last_second_is_not_sent(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, SALEM, "salem@family.example")
    signed = fact(ContractSigned(SALEM, NOURA), TODAY, source="moj", source_id="signed")
    await house.apply(signed)
    await outbox.plan()
    await house.apply(in_error(signed, TODAY), concerns=(SALEM, NOURA))
    await outbox.run()
    assert not outbox.emails.messages


async def test_an_email_with_unknown_outcome_is_not_sent_again_and_shown_as_unknown(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, SALEM, "salem@family.example")
    await a_contract(house)
    outbox.emails.answers = [Answer("unknown", "connection_lost")]
    await outbox.run()
    house.clock.instant += timedelta(seconds=LEASE_SECONDS * 10)
    await outbox.run()
    assert len(outbox.emails.messages) == 1
    assert await _states(house, SALEM) == [(DELIVERY_UNKNOWN, "connection_lost")]


async def test_a_fault_of_ours_loses_no_email(house: TestHouse, outbox: Outbox) -> None:
    await reached_by(house, SALEM, "salem@family.example")
    await a_contract(house)
    await outbox.plan()
    for _ in range(12):  # longer than any delivery is tried
        outbox.emails.answers = [Answer("project_fault", "credentials")]
        await outbox.deliver()
        house.clock.instant += timedelta(seconds=301)
    outbox.emails.answers = []
    await outbox.deliver()
    assert len(outbox.emails.messages) == 13


async def test_an_address_that_is_refused_is_not_tried_again(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, SALEM, "salem@family.example")
    await a_contract(house)
    outbox.emails.answers = [Answer("refused", "address_invalid")]
    await outbox.run()
    house.clock.move_days(1)
    await outbox.run()
    assert len(outbox.emails.messages) == 1
    assert await _states(house, SALEM) == [(DELIVERY_FAILED, "address_invalid")]


async def _states(house: TestHouse, who: PersonId) -> list[tuple[int, str | None]]:
    async with house.ground.database.read(PersonScope(who)) as session:
        rows = await session.execute(
            select(col(DeliveryRow.state), col(DeliveryRow.reason)).where(
                col(DeliveryRow.channel) == CHANNEL_EMAIL
            )
        )
        return [(row.state, row.reason) for row in rows]


def claimed(circle_id: CircleId, **more: Any) -> Claimed:
    part = Part(b"n" * 16, circle_id, b"r" * 16, 1)  # type: ignore[arg-type]  # ids are bytes
    said = {"address": "salem@family.example", **more}
    letter = Letter("email", "service", (part,), "ar", TODAY, **said)
    return Claimed(SALEM, part.notice_id, person(9), 1, retaken=False, letter=letter)


async def test_an_email_whose_document_nobody_has_is_not_sent(house: TestHouse) -> None:
    nowhere = couple_circle(house.ground.keys, SALEM, NOURA).id
    composer = Composer(house.ground, public_origin=ORIGIN)
    for kind in ("marriage_contract", "passport"):
        (made,) = await composer.emails([claimed(nowhere, attachment=kind)])
        assert made.answer == Answer("refused", "document_missing")
    (made,) = await composer.emails([claimed(nowhere)])
    assert made.message is not None
    (made,) = await composer.emails([claimed(nowhere, address="a@b\r\nc")])
    assert made.answer == Answer("refused", "address_invalid")


async def test_what_the_copy_says_of_people_is_no_markup(house: TestHouse) -> None:
    await house.apply(described(SALEM, TODAY, name_ar="<b>سالم</b>"))
    await a_contract(house)
    await house.apply(married(SALEM, NOURA, TODAY))
    circle_id = couple_circle(house.ground.keys, SALEM, NOURA).id
    copy = await copy_contract(house.ground, circle_id, "ar")
    assert copy is not None
    assert "<b>" not in copy.html
    rows = Rows(copy.html).rows
    assert rows["الزوج"] == "<b>سالم</b>"
    assert rows["الزوجة"] == "غير مسجَّل"
    assert rows["تاريخ إتمام العقد"] == "21 نوفمبر 2026"
