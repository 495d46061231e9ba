"""Reading a request's body: no further than its limit, and no longer than so many seconds.

Every route that takes one reads it here (`tests/shape/test_request_body.py`).
"""

import asyncio

from starlette.requests import Request

from domain.error import Refusal

BODY_SECONDS_MAX = 15  # the largest body is 64 KB: over a poor line it takes two
LENGTH_DIGITS = 18  # Python refuses to read a number of thousands of digits


class RequestTooSlow(Refusal):
    code = "request.too_slow"
    status = 408
    ar = "لم يصل الطلب كاملًا في الوقت المسموح. تحقّق من الاتصال ثم أعد إرساله."
    en = "The request did not arrive whole in the time allowed. Check the line and send it again."


async def read_body(
    request: Request,
    *,
    bytes_max: int,
    too_large: type[Refusal],
    seconds_max: float = BODY_SECONDS_MAX,
) -> bytes:
    """The whole body.

    Raises: `too_large` as soon as it is known to be; RequestTooSlow.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > LENGTH_DIGITS or int(declared) > bytes_max):
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds_max):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise too_large
    except TimeoutError:
        raise RequestTooSlow from None
    return bytes(body)
