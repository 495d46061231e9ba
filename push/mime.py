"""An e-mail as it travels: plain words and the same as HTML, in one language, what is attached
beside them.

Pure. No word of a message can become a header: each is one line when it is set, and an address is
one of a form that holds no mark of another. Everything is ASCII on the wire (RFC 2047, base64), so
no relay needs to know more. Source: RFC 5322, RFC 2045 to 2047, RFC 3834 (automatic messages).
"""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage as Mime
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from domain.text.message import Language
from push.outgoing import EmailMessage
from push.words import EMAIL_SENDER

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})+)")
_LOCAL_MAX, _ADDRESS_MAX = 64, 254  # RFC 5321, 4.5.3.1
_POLICY = SMTP.clone(cte_type="7bit")
_DIRECTION = {"ar": "rtl", "en": "ltr"}

_PAGE = """\
<!doctype html>
<html lang="{language}" dir="{direction}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: Tahoma, Arial, sans-serif; font-size: 16px; line-height: 1.7">
<div lang="{language}" dir="{direction}" style="text-align: {side}">
{paragraphs}
</div>
</body>
</html>
"""


def read_address(text: str) -> str | None:
    """The address as a relay takes it, its domain in ASCII; None for what no relay takes.

    Its part before the @ is ASCII alone: a reader whose relay takes more is not reached.
    """
    local, _, domain = text.strip().rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None
    if len(local) > _LOCAL_MAX or len(address) > _ADDRESS_MAX:
        return None
    return address if _ADDRESS.fullmatch(address) else None


def build_mime(message: EmailMessage, *, sender: str, at: datetime) -> bytes:
    """The whole message, lines ended as SMTP ends them. Its id is the notice's: sent again it is
    the same message.
    """
    to, domain = read_address(message.address), sender.rpartition("@")[2]
    assert to is not None, "who cannot be reached is answered before"
    mime = Mime(policy=_POLICY)
    mime["From"] = Address(EMAIL_SENDER[message.language], addr_spec=sender)
    mime["To"] = Address(addr_spec=to)
    mime["Subject"] = one_line(message.subject)
    mime["Date"] = format_datetime(at)
    mime["Message-ID"] = f"<{message.reference}@{domain}>"
    mime["Auto-Submitted"] = "auto-generated"
    mime.set_content(message.text, cte="base64")
    mime.add_alternative(_page(message), subtype="html", cte="base64")
    if message.attachment is not None:
        mime.add_attachment(
            message.attachment.html,
            subtype="html",
            cte="base64",
            filename=message.attachment.file_name,
        )
    mime["Content-Language"] = message.language  # last: of the whole, not of its first part
    return mime.as_bytes()


def one_line(text: str) -> str:
    """The text without line ends or other control characters, of which a header can have none."""
    spaced = "".join(mark if mark.isprintable() else " " for mark in text)
    return " ".join(spaced.split())


def _page(message: EmailMessage) -> str:
    """The words as a page that reads in its language's direction whatever surrounds it."""
    link = escape(message.link)
    # An address reads from left to right, in Arabic too.
    anchor = f'<bdi dir="ltr"><a href="{link}">{link}</a></bdi>'
    paragraphs = "\n".join(
        f"<p>{escape(each).replace(link, anchor).replace(chr(10), '<br>')}</p>"
        for each in message.text.split("\n\n")
    )
    language: Language = message.language
    return _PAGE.format(
        language=language,
        direction=_DIRECTION[language],
        side="right" if _DIRECTION[language] == "rtl" else "left",
        title=escape(one_line(message.subject)),
        paragraphs=paragraphs,
    )
