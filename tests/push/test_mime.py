"""An e-mail as it travels: read back by the standard library's parser, which wrote none of it."""

import email
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage as Parsed

import pytest

from push.mime import build_mime, one_line, read_address
from push.outgoing import Attachment, EmailMessage

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SENDER = "notices@osrati.example"
LINK = "https://osrati.example/n/Abc_-1"
ARABIC = EmailMessage(
    "0f" * 16,
    "reader@family.example",
    "ar",
    "نسخة وثيقتك الإلكترونية",
    f"السلام عليكم،\n\nتجد الوثيقة هنا: {LINK}\nوشكرًا",
    LINK,
)
ENGLISH = EmailMessage("0e" * 16, "reader@family.example", "en", "A notice", f"Read: {LINK}", LINK)


def read_back(message: EmailMessage) -> Parsed:
    raw = build_mime(message, sender=SENDER, at=AT)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, Parsed)
    assert not parsed.defects
    return parsed


def words(parsed: Parsed, kind: str) -> str:
    part = parsed.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.strip()


def test_an_arabic_message_says_who_it_is_from_and_what_it_is() -> None:
    parsed = read_back(ARABIC)
    assert parsed["From"] == f"أسرتي <{SENDER}>"
    assert parsed["To"] == "reader@family.example"
    assert parsed["Subject"] == "نسخة وثيقتك الإلكترونية"
    assert parsed["Message-ID"] == f"<{'0f' * 16}@osrati.example>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Content-Language"] == "ar"
    assert parsed["Date"] == "Sat, 21 Nov 2026 08:00:00 +0000"
    assert parsed.get_content_type() == "multipart/alternative"


def test_its_page_reads_from_right_to_left_and_the_address_from_left_to_right() -> None:
    parsed = read_back(ARABIC)
    page = words(parsed, "html")
    assert '<html lang="ar" dir="rtl">' in page
    assert f'<bdi dir="ltr"><a href="{LINK}">{LINK}</a></bdi><br>وشكرًا' in page
    assert words(parsed, "plain").splitlines() == ARABIC.text.splitlines()
    assert '<html lang="en" dir="ltr">' in words(read_back(ENGLISH), "html")


def test_sent_again_it_is_the_same_message() -> None:
    again = read_back(ARABIC)
    assert again["Message-ID"] == read_back(ARABIC)["Message-ID"]
    assert again["Message-ID"] != read_back(ENGLISH)["Message-ID"]


def test_a_document_is_beside_the_words() -> None:
    attached = Attachment("marriage-contract.html", "<p>عقد</p>")
    parsed = read_back(EmailMessage("0f" * 16, "a@b.example", "ar", "عقد", LINK, LINK, attached))
    assert parsed.get_content_type() == "multipart/mixed"
    (document,) = parsed.iter_attachments()
    assert document.get_filename() == "marriage-contract.html"
    assert document["Content-Disposition"].startswith("attachment")
    assert document.get_content().strip() == "<p>عقد</p>"
    assert words(parsed, "plain") == LINK


HOSTILE = [
    "Hello\r\nBcc: everyone@x.example",
    "Hello\nBcc: everyone@x.example",
    "Hello\rBcc: everyone@x.example",
    "Hello\x00\x0b\x0c\x1c\x85\u2028\u2029Bcc: everyone@x.example",
    "مرحبا\r\n\r\nBcc: everyone@x.example",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_subject_becomes_another_header_or_the_body(hostile: str) -> None:
    message = EmailMessage("0f" * 16, "a@b.example", "ar", hostile, LINK, LINK)
    parsed = read_back(message)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == one_line(hostile)
    assert one_line(hostile).isprintable()
    assert words(parsed, "plain") == LINK


def test_words_are_no_markup() -> None:
    said = EmailMessage("0f" * 16, "a@b.example", "en", "<b>", f'<script>"&\n\n{LINK}', LINK)
    page = words(read_back(said), "html")
    assert "<script>" not in page
    assert "&lt;script&gt;&quot;&amp;" in page
    assert "<title>&lt;b&gt;</title>" in page


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@b.example", "a@b.example"),
        (" a.b+c'd@b-c.example ", "a.b+c'd@b-c.example"),
        ("a@موقع.امارات", "a@xn--4gbrim.xn--mgbaam7a8h"),
        (f"{'a' * 64}@b.example", f"{'a' * 64}@b.example"),
    ],
)
def test_an_address_is_read(text: str, address: str) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "@b.example",
        "a@",
        "a@b..example",
        ".a@b.example",
        "a..b@b.example",
        "a@-b.example",
        "a b@c.example",
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "a@b.example>",
        "<a@b.example",
        "a,b@c.example",
        '"a"@b.example',
        "سالم@b.example",
        "a@b@c.example",
        f"{'a' * 65}@b.example",
        f"a@{'b' * 64}.example",
        f"a@{'.'.join(['b' * 60] * 5)}.example",
        "a@b.example\x00",
        "a@\ud800.example",
    ],
)
def test_what_no_relay_takes_is_no_address(text: str) -> None:
    assert read_address(text) is None
