"""What a message says: its service's own words, whole, or nothing."""

from datetime import date
from uuid import UUID

import msgspec
import pytest

from bench.evaluate import shipped_catalogue
from domain.card.record import Record
from domain.catalogue import Catalogue, Service
from domain.evaluate import evaluate
from domain.ids import CircleId, EntryId, PersonId
from domain.people.circle import Circle, couple_members
from domain.plan_effects import plan_effects
from domain.text.bilingual import Bilingual
from domain.text.message import Language, compile_message
from push.notice import CHANNELS, Channel, Notice, class_of
from push.say import Said, find_words
from push.sms_text import count_segments
from tests.support.builders import married

HUSBAND, WIFE = PersonId(UUID(int=1)), PersonId(UUID(int=2))
TODAY = date(2026, 11, 21)
SECRET = bytes(32)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return shipped_catalogue()


def concluded(catalogue: Catalogue) -> tuple[Notice, Record, Service]:
    """The husband's notice that the marriage is concluded."""
    circle = Circle(CircleId(HUSBAND), "couple", couple_members(HUSBAND, WIFE))
    shown = evaluate(circle, (married(HUSBAND, WIFE, TODAY),), catalogue, TODAY, SECRET)
    (record,) = (
        each for each in shown.records if each.recipient == HUSBAND and each.card == "concluded"
    )
    service = catalogue.services[record.entry]
    (effect,) = plan_effects(record, catalogue, SECRET)
    notice = Notice(
        id=effect.key,
        circle_id=circle.id,
        record_key=record.key,
        entry=record.entry,
        card=record.card,
        moment=effect.act,
        notice_class=class_of(service),
        not_before_on=effect.not_before_on,
        not_after_on=effect.not_after_on,
        message=effect.message,
        channels=tuple(channel for channel in CHANNELS if channel in effect.channels),
    )
    return notice, record, service


def said(
    catalogue: Catalogue, channel: Channel, language: Language = "en", *, own: bool = True
) -> Said | None:
    notice, record, service = concluded(catalogue)
    if not own:
        notice = msgspec.structs.replace(notice, message=EntryId(""))
    return find_words(notice, record, service, catalogue, channel=channel, language=language)


def test_a_message_is_said_in_the_words_of_its_channel(catalogue: Catalogue) -> None:
    assert said(catalogue, "push") == Said("Congratulations on your marriage")
    text = said(catalogue, "sms")
    assert text is not None
    assert text.text.endswith("{link}")
    assert count_segments(text.text.replace("{link}", "x" * 40)).alphabet == "gsm7"


def test_without_words_of_its_own_a_push_says_the_card_and_the_rest_is_neutral(
    catalogue: Catalogue,
) -> None:
    assert said(catalogue, "push", "ar", own=False) == Said("مبارك زواجكما")
    assert said(catalogue, "sms", own=False) == Said()
    assert said(catalogue, "email") == Said()  # this message has none for it


@pytest.mark.parametrize("language", ["ar", "en"])
def test_words_that_name_what_nobody_knows_are_not_said(
    catalogue: Catalogue, language: Language
) -> None:
    # The compiler of catalogues refuses such a text; this one came past it.
    notice, record, service = concluded(catalogue)
    entry = catalogue.entries.messages[notice.message]
    odd = Bilingual(compile_message("{child_name}", "ar"), compile_message("{child_name}", "en"))
    texts = {
        channel: msgspec.structs.replace(text, title=odd, body=odd)
        for channel, text in entry.texts.items()
    }
    broken = msgspec.structs.replace(
        catalogue,
        entries=msgspec.structs.replace(
            catalogue.entries,
            messages={notice.message: msgspec.structs.replace(entry, texts=texts)},
        ),
    )
    for channel in ("push", "sms"):
        found = find_words(
            notice,
            record,
            service,
            broken,
            channel="push" if channel == "push" else "sms",
            language=language,
        )
        assert found is None
