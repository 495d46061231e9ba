"""Who sent a request: its signature is proven before anything in it is believed.

The intake and FHIR's operation (`gov/receive.py`, `gov/immds/http.py`) begin here.
"""

from starlette.requests import Request

from gov.agency import Signer, find_key
from gov.signature.verify import load_public_key, read_key_id, request_view, verify
from timeline.ground import Ground


async def get_signer(
    ground: Ground, request: Request, body: bytes, *, origin: str | None
) -> Signer:
    """The key that signed, with its agency and what that may report.

    `origin` is the public one where a proxy stands before the server.

    Raises: a refusal of `gov/signature/error.py`.
    """
    view = request_view(
        method=request.method,
        raw_path=request.scope["raw_path"],
        query=request.scope["query_string"],
        headers=request.headers.raw,
        origin=origin,
        scheme=request.url.scheme,
    )
    now_utc = ground.clock.now_utc()
    key = await find_key(ground.database, read_key_id(view.headers), now_utc=now_utc)
    public_key = load_public_key(key.public_key) if key else None
    verify(view, body, public_key, now_utc=now_utc)
    assert key is not None, "verify refuses a key that nobody has"
    return key
