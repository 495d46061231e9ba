"""A health card as a QR code: `shc:/` and the JWS in digits, drawn as SVG.

Source: SMART Health Cards Framework 1.4.0, "Encoding Chunks as QR Codes": one segment of bytes,
then one of digits, each character of the JWS as its code less 45, in two digits.
"""

from io import BytesIO

import segno
from segno import consts

from gov.health_card import JWS_CHARACTERS_MAX, HealthCard

QR_VERSION_MAX = 22  # the largest that phones and cheap scanners read at arm's length (framework)
PREFIX = "shc:/"
_LEAST = 45  # "-", the least character of base64url and "."
_BORDER_MODULES = 4  # the quiet zone of ISO/IEC 18004


def numeric_text(jws: str) -> str:
    """What the code says: `shc:/` and digits."""
    return PREFIX + "".join(f"{ord(character) - _LEAST:02}" for character in jws)


def draw_qr(card: HealthCard, *, title: str) -> str | None:
    """The code as an SVG with its own title, without script; None for a card that is too long.

    Black on white whatever stands around it: a code in other colours is not read.
    """
    if len(card.jws) > JWS_CHARACTERS_MAX:
        return None
    digits = numeric_text(card.jws).removeprefix(PREFIX)
    code = segno.make_qr(
        [(PREFIX, consts.MODE_BYTE), (digits, consts.MODE_NUMERIC)],  # type: ignore[arg-type]  # segno's stub names text alone; segments are documented
        error="l",
        boost_error=False,
    )
    assert isinstance(code.version, int)
    assert code.version <= QR_VERSION_MAX
    drawn = BytesIO()
    code.save(
        drawn,
        kind="svg",
        border=_BORDER_MODULES,
        dark="#000",
        light="#fff",
        omitsize=True,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        title=title,
        nl=False,
    )
    return drawn.getvalue().decode()
