"""From an effect to a message on a channel: made once, planned, sent, and taken back in time."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any  # YAML
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select, update
from sqlmodel import col
from structlog.testing import capture_logs

from content.pack import SHIPPED_PACK
from content.publish import publish_documents
from content.schedule_entries import read_catalogue
from domain.facts.marriage import ContractSigned
from domain.facts.person import ContactReported
from domain.ids import CircleId, EntryId, PersonId
from push.answer import Answer
from push.compose import Composer
from push.deliver import Composed, Deliverer
from push.lease import LEASE_SECONDS, Claimed
from push.letter import decode_letter
from push.make import make_notices
from push.notice import decode_notice, encode_notice
from push.outgoing import SmsMessage
from push.set_aside import UNSAYABLE
from store.circle_tables import EffectRow
from store.notice_tables import (
    CHANNEL_EMAIL,
    CHANNEL_SMS,
    DELIVERY_ACCEPTED,
    NOTICE_CLOSED,
    DeliveryRow,
    NoticeRow,
)
from store.scope import CircleScope, PersonScope, ReferenceScope, SweepScope
from store.seal import Place, open_, seal
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    fact,
    in_error,
    married,
    pregnant,
)
from tests.support.house import TestHouse, person
from tests.support.notices import ORIGIN, Outbox, enrol, open_push
from timeline.apply import apply_facts
from timeline.record import couple_circle

HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
PHONE, TABLET = UUID(int=11), UUID(int=12)
TODAY = date(2026, 11, 21)


@pytest.fixture
def outbox(house: TestHouse) -> Outbox:
    return Outbox(house)


async def reached_by(house: TestHouse, who: PersonId, *, mobile: str = "+971500000001") -> None:
    await house.apply(fact(ContactReported(who, mobile=mobile), TODAY, source="icp"))


async def a_birth(house: TestHouse) -> None:
    await house.apply(
        married(HUSBAND, WIFE, date(2025, 1, 1)), described(HUSBAND, TODAY, nationality=CITIZEN)
    )
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))


async def test_a_father_with_the_app_is_told_by_a_push_that_only_his_phone_reads(
    house: TestHouse, outbox: Outbox
) -> None:
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    titles = [open_push(key, push.payload)["title"] for push in outbox.pushes.messages]
    assert any(title.startswith("مبروك ما ياك") for title in titles)
    assert {push.token for push in outbox.pushes.messages} == {"token-1"}
    for push in outbox.pushes.messages:
        assert "مبروك".encode() not in push.payload
    assert not outbox.texts.messages


async def test_nothing_is_told_twice_however_often_it_is_looked_at(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    count = len(outbox.pushes.messages)
    assert count
    for _ in range(3):
        await outbox.run()
    assert len(outbox.pushes.messages) == count


async def test_every_phone_of_a_person_is_told_under_one_notice(
    house: TestHouse, outbox: Outbox
) -> None:
    one = await enrol(house, HUSBAND, PHONE, token="token-1")
    two = await enrol(house, HUSBAND, TABLET, token="token-2")
    await a_birth(house)
    await outbox.run()
    seen: dict[str, set[bytes]] = {"token-1": set(), "token-2": set()}
    for push in outbox.pushes.messages:
        opened = open_push(one if push.token == "token-1" else two, push.payload)
        seen[push.token].add(opened["id"])
    assert seen["token-1"] == seen["token-2"] != set()


async def test_without_the_app_an_sms_goes_at_once_and_says_nothing(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, HUSBAND)
    await house.apply(described(CHILD, TODAY, name_ar="هند"))
    await a_birth(house)
    await outbox.run()
    assert outbox.texts.messages
    for text in outbox.texts.messages:
        assert text.number == "+971500000001"
        assert "هند" not in text.text
        assert "https://osrati.example/n/" in text.text


async def test_the_concluded_contract_is_told_by_sms_to_whoever_has_the_app_too(
    house: TestHouse, outbox: Outbox
) -> None:
    # The catalogue's own message, by push and SMS: contract_concluded.yaml.
    await reached_by(house, HUSBAND)
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await house.apply(married(HUSBAND, WIFE, TODAY))
    await outbox.run()
    titles = [open_push(key, push.payload)["title"] for push in outbox.pushes.messages]
    assert "مبارك زواجكما" in titles
    (text,) = outbox.texts.messages
    assert text.text.startswith("خدماتك في منصة أسرتي جاهزة")
    assert "https://osrati.example/n/" in text.text
    assert "\u2068" not in text.text
    await outbox.run()
    assert len(outbox.texts.messages) == 1


async def test_the_signed_contract_goes_by_email_with_its_copy_besides_a_neutral_sms(
    house: TestHouse, outbox: Outbox
) -> None:
    await house.apply(
        fact(
            ContactReported(HUSBAND, mobile="+971500000001", email="h@example.ae"),
            TODAY,
            source="icp",
        )
    )
    await house.apply(fact(ContractSigned(HUSBAND, WIFE), TODAY, source="moj"))
    await outbox.run()
    (mail,) = outbox.emails.messages
    assert mail.address == "h@example.ae"
    (text,) = outbox.texts.messages
    assert text.text.startswith("أسرتي: لديك إشعار جديد")
    async with house.ground.database.read(PersonScope(HUSBAND)) as session:
        row = (
            await session.execute(
                select(DeliveryRow).where(col(DeliveryRow.channel) == CHANNEL_EMAIL)
            )
        ).one()
    key = (await house.ground.keys.person(HUSBAND)).for_("delivery")
    letter = decode_letter(open_(key, Place(HUSBAND, row.notice_id), row.sealed))
    assert letter.attachment == "marriage_contract"
    assert letter.title == "نسخة وثيقتك الإلكترونية"
    assert "{link}" in letter.text


async def test_a_birth_taken_back_before_it_is_sent_is_not_told(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    await house.apply(died(CHILD, TODAY))
    await outbox.run()
    assert not outbox.pushes.messages


async def test_a_fact_that_is_not_weighed_yet_holds_back_what_it_may_take_back(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    await apply_facts(house.ground, (died(CHILD, TODAY),))  # recorded, not refreshed
    assert await outbox.deliver()
    assert not outbox.pushes.messages


async def test_by_night_the_family_sleeps_and_is_told_in_the_morning(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    house.clock.instant += timedelta(hours=11)  # 23:00 in Dubai
    await a_birth(house)
    await outbox.run()
    assert not outbox.pushes.messages
    house.clock.instant += timedelta(hours=9, minutes=1)
    await outbox.run()
    assert outbox.pushes.messages


async def test_in_a_ramadan_that_the_catalogue_declares_a_father_is_told_late_in_the_evening(
    house: TestHouse, outbox: Outbox
) -> None:
    # 21 November 2026 is in no calendar's Ramadan: only the entry says so. By day and until
    # one at night people may be told then (push/hours.py); without it, not after 21:00.
    declared = {"version": 2, "first_on": str(TODAY), "last_on": str(TODAY + timedelta(days=28))}
    documents = [
        (where, {**document, **declared} if document["id"] == "ramadan_1448" else document)
        for where, document in read_catalogue(SHIPPED_PACK)
    ]
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, house.clock, documents)
    await enrol(house, HUSBAND, PHONE, token="token-1")
    house.clock.instant += timedelta(hours=11)  # 23:00 in Dubai
    await a_birth(house)
    await outbox.run()
    assert outbox.pushes.messages


async def test_a_notice_whose_words_name_what_nobody_knows_is_sent_by_no_way_and_is_listed(
    house: TestHouse, outbox: Outbox
) -> None:
    """The compiler refuses such a text of such a card; this notice came past it."""
    odd = {"ar": "مبارك لـ{child_name}", "en": "Congratulations to {child_name}"}
    documents: list[tuple[str, Any]] = list(read_catalogue(SHIPPED_PACK))
    (where, message), *_ = (each for each in documents if each[1]["id"] == "contract_concluded")
    texts = {"push": {**message["texts"]["push"], "title": odd}}
    unnamed = {"unnamed": {"ar": "طفلك", "en": "your child"}}
    documents.append((where, {**message, "id": "odd", "texts": texts, "terms": unnamed}))
    async with house.ground.database.unit(ReferenceScope("publish")) as unit:
        await publish_documents(unit, house.clock, documents)
    await reached_by(house, HUSBAND)
    key = await enrol(house, HUSBAND, PHONE, token="token-1")
    await house.apply(married(HUSBAND, WIFE, TODAY))
    await make_notices(house.ground)
    await say_by(house, HUSBAND, "odd")
    with capture_logs() as logs:
        await outbox.run()
    titles = [open_push(key, push.payload)["title"] for push in outbox.pushes.messages]
    assert not any("مبارك" in title for title in titles)
    assert not outbox.texts.messages
    (said,) = (each for each in logs if each["event"] == "notice_unsayable")
    assert (said["entry"], said["message_entry"]) == ("marriage_contract", "odd")
    assert "person" not in " ".join(said)
    async with house.ground.database.read(PersonScope(HUSBAND)) as session:
        reasons = await session.execute(
            select(col(NoticeRow.reason)).where(col(NoticeRow.state) == NOTICE_CLOSED)
        )
        assert list(reasons.scalars()) == [UNSAYABLE]


async def say_by(house: TestHouse, who: PersonId, message: str) -> None:
    """Has the notices that a message was chosen for say another."""
    key = (await house.ground.keys.person(who)).for_("notice")
    async with house.ground.database.unit(PersonScope(who)) as unit:
        rows = await unit.execute(
            select(col(NoticeRow.notice_id), col(NoticeRow.sealed)).where(
                col(NoticeRow.person_id) == who
            )
        )
        for row in rows.all():
            place = Place(who, row.notice_id)
            notice = decode_notice(open_(key, place, row.sealed))
            if notice.message:
                other = msgspec.structs.replace(notice, message=EntryId(message))
                await unit.execute(
                    update(NoticeRow)
                    .where(
                        col(NoticeRow.person_id) == who,
                        col(NoticeRow.notice_id) == row.notice_id,
                    )
                    .values(sealed=seal(key, place, encode_notice(other)))
                )


async def test_a_dead_token_hurts_only_itself_and_the_sms_goes_instead(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, HUSBAND)
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    outbox.pushes.answers = [Answer("dead_address", "unregistered")] * 9
    await outbox.run()
    assert outbox.texts.messages
    before = len(outbox.pushes.messages)
    await outbox.run()
    assert len(outbox.pushes.messages) == before


async def test_a_fault_of_the_channel_is_tried_again_when_it_said(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    outbox.pushes.answers = [Answer("retry", "quota", retry_after_seconds=120)] * 9
    await outbox.deliver()
    tried = len(outbox.pushes.messages)
    outbox.pushes.answers = []
    house.clock.instant += timedelta(seconds=119)
    await outbox.deliver()
    assert len(outbox.pushes.messages) == tried
    house.clock.instant += timedelta(seconds=2)
    await outbox.deliver()
    assert len(outbox.pushes.messages) == 2 * tried


async def test_a_project_that_is_refused_deletes_no_registration(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.plan()
    outbox.pushes.answers = [Answer("project_fault", "credentials")] * 9
    await outbox.deliver()
    outbox.pushes.answers = []
    house.clock.instant += timedelta(seconds=301)
    await outbox.deliver()
    assert outbox.pushes.messages[-1].token == "token-1"


async def test_a_child_that_died_is_not_spoken_of_in_the_sms_that_would_follow(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, HUSBAND)
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    assert not outbox.texts.messages
    await house.apply(died(CHILD, TODAY))
    house.clock.move_days(4)
    await outbox.run()
    assert not outbox.texts.messages


async def test_a_push_nobody_read_is_followed_by_one_sms(house: TestHouse, outbox: Outbox) -> None:
    await reached_by(house, HUSBAND)
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await a_birth(house)
    await outbox.run()
    assert outbox.pushes.messages
    house.clock.move_days(4)
    await outbox.run()
    assert outbox.texts.messages
    count = len(outbox.texts.messages)
    house.clock.move_days(4)
    await outbox.run()
    assert len(outbox.texts.messages) <= count + 3  # what came due since, never the same again


async def test_a_token_that_moves_to_another_account_tells_the_first_nothing_more(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, HUSBAND, PHONE, token="token-1")
    await enrol(house, WIFE, TABLET, token="token-1")
    await a_birth(house)
    await outbox.run()
    key = TABLET.bytes * 2
    for push in outbox.pushes.messages:
        assert not open_push(key, push.payload)["title"].startswith("مبروك ما ياك")


async def test_a_child_that_moves_to_the_couple_is_not_told_of_again(
    house: TestHouse, outbox: Outbox
) -> None:
    """The father is named later: the same cards come from another circle, by the same acts."""
    await enrol(house, WIFE, PHONE, token="token-1")
    birth = born(CHILD, WIFE, TODAY, source_id="birth")
    await house.apply(described(WIFE, TODAY, nationality=CITIZEN))
    await house.apply(birth)
    await outbox.run()
    told = await notices_of(house, WIFE)
    assert told
    count = len(outbox.pushes.messages)
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND, source_id="named"))
    await outbox.run()
    again = await list_acts(house, couple_circle(house.ground.keys, HUSBAND, WIFE).id)
    assert again & told  # the couple's circle wants them told, too
    assert await notices_of(house, WIFE) == told
    assert len(outbox.pushes.messages) == count


async def test_a_due_date_reported_anew_is_not_told_of_again(
    house: TestHouse, outbox: Outbox
) -> None:
    await enrol(house, WIFE, PHONE, token="token-1")
    await house.apply(described(WIFE, TODAY, nationality=CITIZEN))
    old = pregnant(WIFE, TODAY, due_on=TODAY + timedelta(days=200), source_id="c:1")
    await house.apply(old)
    await outbox.run()
    told, count = await notices_of(house, WIFE), len(outbox.pushes.messages)
    assert told
    assert count
    house.clock.move_days(1)
    today = house.clock.today()
    new = pregnant(WIFE, today, due_on=TODAY + timedelta(days=206), source_id="c:2")
    await house.apply(in_error(old, today), new, concerns=(WIFE,))
    await outbox.run()
    assert await notices_of(house, WIFE) == told
    assert len(outbox.pushes.messages) == count


async def notices_of(house: TestHouse, who: PersonId) -> set[bytes]:
    """The ids of all that somebody was, or is to be, told."""
    async with house.ground.database.read(PersonScope(who)) as session:
        found = await session.execute(
            select(col(NoticeRow.notice_id)).where(col(NoticeRow.person_id) == who)
        )
        return {bytes(row) for row in found.scalars()}


async def list_acts(house: TestHouse, circle_id: CircleId) -> set[bytes]:
    """The keys of all acts of a circle."""
    async with house.ground.database.read(CircleScope(circle_id)) as session:
        found = await session.execute(
            select(col(EffectRow.act_key)).where(col(EffectRow.circle_id) == circle_id)
        )
        return {bytes(row) for row in found.scalars()}


async def test_a_text_that_cannot_be_made_holds_up_no_other_and_is_never_in_doubt(
    house: TestHouse, outbox: Outbox
) -> None:
    await reached_by(house, HUSBAND, mobile="+971500000001")
    await reached_by(house, WIFE, mobile="+971500000002")
    await a_birth(house)
    await outbox.plan()
    texts, composer = outbox.texts, Composer(house.ground, public_origin=ORIGIN)

    async def compose(going: Sequence[Claimed]) -> list[Composed[SmsMessage]]:
        if any(each.person_id == HUSBAND for each in going):
            raise RuntimeError("a fault of ours")
        made: list[Composed[SmsMessage]] = await composer.texts(going)
        return made

    failing = Deliverer(house.ground, channel=CHANNEL_SMS, compose=compose, sender=texts)
    assert await failing.deliver()
    assert {text.number for text in texts.messages} == {"+971500000002"}
    house.clock.instant += timedelta(seconds=LEASE_SECONDS * 2)
    await outbox.deliver()
    assert {text.number for text in texts.messages} == {"+971500000001", "+971500000002"}
    async with house.ground.database.read(SweepScope()) as session:
        states = (await session.execute(select(col(DeliveryRow.state)))).scalars().all()
    assert set(states) == {DELIVERY_ACCEPTED}
