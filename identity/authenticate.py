"""Who sends a request: an access token, the proof of its device key, a session that still stands.

`api/app.py` hands `authenticate` to every feature that asks who it is.
"""

from starlette.requests import Request

from domain.people.actor import Actor
from domain.text.message import Language
from identity.access_token import TokenRefused
from identity.door import Door
from identity.dpop import ProofRefused
from identity.session import find_session


async def authenticate(door: Door, request: Request) -> Actor | None:
    """The signed-in person; None when the request names nobody.

    Raises: TokenRefused, ProofRefused when it names somebody and does not prove it; its headers
    say how to (RFC 6750, 3; RFC 9449, 7.1 and 9).
    """
    try:
        return await _authenticate(door, request)
    except ProofRefused as refused:
        refused.headers |= {
            "www-authenticate": f'DPoP error="{refused.error}", algs="ES256"',
            "dpop-nonce": door.proofs.nonce(),
        }
        raise
    except TokenRefused as refused:
        refused.headers["www-authenticate"] = 'DPoP error="invalid_token", algs="ES256", Bearer'
        raise


async def _authenticate(door: Door, request: Request) -> Actor | None:
    authorization = request.headers.get("authorization")
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in ("bearer", "dpop"):
        raise TokenRefused
    access = await door.access_tokens.read(token)
    if access.key_thumbprint is not None:
        await _prove(door, request, scheme=scheme, token=token, thumbprint=access.key_thumbprint)
    elif scheme.lower() != "bearer":
        raise TokenRefused
    session = await find_session(door.ground, access.person_id, access.session_id)
    if session is None:
        raise TokenRefused
    return Actor(
        access.person_id,
        _language(request),
        access.assurance,
        session_id=access.session_id,
        signed_in_at=access.signed_in_at,
    )


async def _prove(door: Door, request: Request, *, scheme: str, token: str, thumbprint: str) -> None:
    proofs = request.headers.getlist("dpop")
    if scheme.lower() != "dpop" or len(proofs) != 1:
        raise TokenRefused
    url = f"{door.origin}{request.url.path}"
    proven = await door.proofs.check(proofs[0], method=request.method, url=url, access_token=token)
    if proven != thumbprint:
        raise ProofRefused("key")


def _language(request: Request) -> Language:
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "ar"
