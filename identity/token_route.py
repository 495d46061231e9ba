"""Tokens over HTTP: a code or a refresh token becomes tokens, a refresh token ends its session.

Errors have OAuth's own form, with our code and words in both languages beside it. Source: RFC 6749
5.1-5.2, RFC 7009 (revocation), RFC 8414 (metadata), RFC 9449 (DPoP).
"""

import hmac
from collections.abc import Mapping
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.error import OsratiError, Refusal
from domain.ids import PersonId
from identity.access_token import ACCESS_SECONDS, TokenRefused
from identity.door import Door
from identity.dpop import ProofRefused
from identity.form import read_form
from identity.grant import CODE_SECONDS, Refresh
from identity.limit import (
    REFRESHES_PER_SESSION,
    REVOCATIONS_PER_ADDRESS,
    TOKENS_PER_ADDRESS,
    address_of,
)
from identity.session import (
    LABEL_CHARACTERS_MAX,
    Session,
    SessionDetail,
    end_session,
    open_session,
    refresh_session,
)
from identity.uae_pass import s256
from timeline.refused import note_refused
from timeline.request_body import RequestTooSlow

TOKEN_PATH = "/oauth/token"
VERIFIER_CHARACTERS_MAX = 128  # RFC 7636, 4.1


class GrantRefused(Refusal):
    """A code or refresh token that is not ours, was used, is too old or of another device."""

    code = "session.grant_refused"
    error = "invalid_grant"
    ar = "انتهت صلاحية تسجيل الدخول. سجِّل الدخول من جديد؛ ما لم يُرسَل محفوظ في هاتفك."
    en = "This sign-in is no longer valid. Sign in again; what was not sent is kept on your phone."


class GrantUnknown(Refusal):
    code = "session.grant_unknown"
    error = "unsupported_grant_type"
    ar = "طلب الجلسة غير مفهوم. حدِّث التطبيق ثم أعد المحاولة."
    en = "This request for a session is not understood. Update the app and try again."


def token_routes(door: Door) -> list[Route]:
    """`/oauth/token`, `/oauth/revoke`, the metadata and the public keys."""

    async def token(request: Request) -> Response:
        try:
            await door.counters.take(TOKENS_PER_ADDRESS, address_of(request))
            return await _token(door, request, await read_form(request))
        except OsratiError as error:
            note_refused(request, error.code)
            return _refused(door, error)

    async def revoke(request: Request) -> Response:
        try:
            await door.counters.take(REVOCATIONS_PER_ADDRESS, address_of(request))
            form = await read_form(request)
        except OsratiError as error:
            note_refused(request, error.code)
            return _refused(door, error)
        held = door.refresh_tokens.find(form.get("token", ""))
        if held is not None:
            await end_session(door.ground, held.person_id, held.session_id)
        return Response(status_code=200)  # also for a token that was never ours: RFC 7009, 2.2

    async def metadata(_: Request) -> Response:
        return JSONResponse(_metadata(door.origin))

    async def keys(_: Request) -> Response:
        published = {"keys": await door.signing_keys.published()}
        return JSONResponse(published, headers={"cache-control": "public, max-age=3600"})

    return [
        Route(TOKEN_PATH, token, methods=["POST"]),
        Route("/oauth/revoke", revoke, methods=["POST"]),
        Route("/oauth/jwks", keys),
        Route("/.well-known/oauth-authorization-server", metadata),
    ]


async def _token(door: Door, request: Request, form: Mapping[str, str]) -> Response:
    proof = request.headers.get("dpop")
    thumbprint = None
    if proof is not None:
        url = f"{door.origin}{TOKEN_PATH}"
        thumbprint = await door.proofs.check(proof, method="POST", url=url)
    grant_type = form.get("grant_type")
    if grant_type == "authorization_code":
        person_id, session = await _from_code(door, form, thumbprint)
    elif grant_type == "refresh_token":
        person_id, session = await _from_refresh(door, form, thumbprint)
    else:
        raise GrantUnknown
    access = session.access(person_id)
    body = {
        "access_token": await door.access_tokens.make(access),
        "token_type": "Bearer" if access.key_thumbprint is None else "DPoP",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": door.refresh_tokens.seal(
            Refresh(person_id, session.session_id, session.generation)
        ),
    }
    return JSONResponse(body, headers=_headers(door))


async def _from_code(
    door: Door, form: Mapping[str, str], thumbprint: str | None
) -> tuple[PersonId, Session]:
    code = door.codes.find(form.get("code", ""))
    verifier = form.get("code_verifier", "")
    if (
        code is None
        or form.get("client_id") != code.client_id
        or form.get("redirect_uri") != code.redirect_uri
        or not _proves(verifier, code.challenge)
        or (code.key_thumbprint is not None and code.key_thumbprint != thumbprint)
        or door.ground.clock.now_utc() - code.signed_in_at > timedelta(seconds=CODE_SECONDS)
    ):
        raise GrantRefused
    detail = SessionDetail(
        client_id=code.client_id,
        label=form.get("device_label", "")[:LABEL_CHARACTERS_MAX],
        assurance=code.assurance,
        signed_in_at=code.signed_in_at,
        key_thumbprint=thumbprint,
    )
    session = await open_session(door.ground, code.person_id, code.session_id, detail)
    if session is None:  # the code was used before: what it opened has ended with this
        raise GrantRefused
    return code.person_id, session


async def _from_refresh(
    door: Door, form: Mapping[str, str], thumbprint: str | None
) -> tuple[PersonId, Session]:
    held = door.refresh_tokens.find(form.get("refresh_token", ""))
    if held is None:
        raise GrantRefused
    # With the key: whoever stole the token alone must not use up what its owner may try.
    await door.counters.take(REFRESHES_PER_SESSION, f"{held.session_id} {thumbprint}")
    try:
        session = await refresh_session(
            door.ground,
            held.person_id,
            held.session_id,
            generation=held.generation,
            client_id=form.get("client_id", ""),
            key_thumbprint=thumbprint,
        )
    except TokenRefused:
        raise GrantRefused from None
    return held.person_id, session


def _proves(verifier: str, challenge: str) -> bool:
    return (
        verifier.isascii()
        and len(verifier) <= VERIFIER_CHARACTERS_MAX
        and hmac.compare_digest(s256(verifier), challenge)
    )


def _refused(door: Door, error: OsratiError) -> Response:
    """OAuth's form of an error. A session's end is `invalid_grant` here, with status 400."""
    said = getattr(error, "error", "temporarily_unavailable" if error.status >= 429 else None)
    body: dict[str, object] = {
        "error": said or "invalid_request",
        "code": error.code,
        "messages": {"ar": error.ar, "en": error.en},
    }
    status = 400 if isinstance(error, ProofRefused) else error.status
    headers = _headers(door)
    if isinstance(error, RequestTooSlow):
        headers["connection"] = "close"  # what is still to come is not waited for
    if error.retry_after_seconds is not None:
        body["retry_after_seconds"] = error.retry_after_seconds
        headers["retry-after"] = str(error.retry_after_seconds)
    return JSONResponse(body, status_code=status, headers=headers)


def _headers(door: Door) -> dict[str, str]:
    return {"cache-control": "no-store", "dpop-nonce": door.proofs.nonce()}


def _metadata(origin: str) -> dict[str, object]:
    return {
        "issuer": origin,
        "authorization_endpoint": f"{origin}/oauth/authorize",
        "token_endpoint": f"{origin}{TOKEN_PATH}",
        "revocation_endpoint": f"{origin}/oauth/revoke",
        "jwks_uri": f"{origin}/oauth/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "ui_locales_supported": ["ar", "en"],
        "authorization_response_iss_parameter_supported": True,
    }
