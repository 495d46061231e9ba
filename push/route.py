"""A phone says where its pushes go. Sign-in comes from `api`, as a function."""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.error import Refusal, SignInRequired
from domain.people.actor import Actor
from domain.text.message import Language
from push.compose import LINK_PATH
from push.registration import Platform, Registration, RegistrationInvalid, register_phone
from timeline.ground import Ground
from timeline.request_body import read_body

REGISTER_BYTES_MAX = 4_096
MEDIA_TYPE = "application/json"

Authenticate: TypeAlias = Callable[[Request], Awaitable[Actor | None]]


class RegisterRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`key` is 32 bytes in base64url without padding."""

    device: UUID
    token: str
    platform: Platform
    key: str
    language: Language = "ar"


class RegistrationType(Refusal):
    code = "push.content_type"
    status = 415
    ar = "نوع المحتوى ليس application/json. حدِّث التطبيق ثم أعد المحاولة."
    en = "The content type is not application/json. Update the app and try again."


class RegistrationTooLarge(Refusal):
    code = "push.too_large"
    status = 413
    ar = "الطلب أكبر من المسموح به. حدِّث التطبيق ثم أعد المحاولة."
    en = "The request is larger than allowed. Update the app and try again."


_requests = msgspec.json.Decoder(RegisterRequest)


def push_routes(ground: Ground, *, authenticate: Authenticate) -> list[Route]:
    """The one call of a phone, and the address that SMS and e-mails name."""

    async def register(request: Request) -> Response:
        """Raises: SignInRequired, RegistrationType, RegistrationTooLarge, RegistrationInvalid,
        PhoneUnknown.
        """
        actor = await authenticate(request)
        if actor is None:
            raise SignInRequired
        if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
            raise RegistrationType
        body = await read_body(
            request, bytes_max=REGISTER_BYTES_MAX, too_large=RegistrationTooLarge
        )
        try:
            asked = _requests.decode(body)
            key = urlsafe_b64decode(asked.key + "=" * (-len(asked.key) % 4))
        except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error, ValueError):
            raise RegistrationInvalid from None
        registration = Registration(asked.token, asked.platform, key, asked.language)
        await register_phone(ground, actor, asked.device, registration)
        return Response(status_code=204)

    async def link(_: Request) -> Response:
        """Whatever the id says, the same: the start page, where one signs in."""
        return RedirectResponse("/", status_code=303)

    return [
        Route("/v1/push/register", register, methods=["POST"]),
        Route(f"{LINK_PATH}{{opaque}}", link, methods=["GET"]),
    ]
