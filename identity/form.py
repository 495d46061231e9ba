"""A small form as OAuth sends it: urlencoded, bounded, each name once."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from domain.error import Refusal
from timeline.request_body import BODY_SECONDS_MAX, read_body

FORM_BYTES_MAX = 8 * 1024  # a code and a verifier have 1 KB
FIELDS_MAX = 20


class FormMalformed(Refusal):
    code = "session.malformed"
    error = "invalid_request"
    ar = "تعذّر فهم طلب الجلسة. حدِّث التطبيق ثم أعد المحاولة."
    en = "This request for a session could not be read. Update the app and try again."


async def read_form(
    request: Request, *, seconds_max: float = BODY_SECONDS_MAX
) -> Mapping[str, str]:
    """The fields by name.

    Raises: FormMalformed for another media type, too much, or a name twice; RequestTooSlow.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type != "application/x-www-form-urlencoded":
        raise FormMalformed("content-type")
    body = await read_body(
        request, bytes_max=FORM_BYTES_MAX, too_large=FormMalformed, seconds_max=seconds_max
    )
    try:
        fields = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
    except ValueError:
        raise FormMalformed("form") from None
    if len({name for name, _ in fields}) != len(fields):
        raise FormMalformed("twice")
    return dict(fields)
