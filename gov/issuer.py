"""The keys that sign health cards: one in use, every earlier one still published, so that a card
issued under it can still be checked.

They are derived from secrets of the key ring; nothing of them lies anywhere in clear. The public
halves are served at `/.well-known/jwks.json`.

Source: SMART Health Cards Framework 1.4.0, "Determining keys associated with an issuer".
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gov.health_card import IssuerKey, issuer_key
from store.keys import KeyRing
from timeline.ground import Ground

JWKS_PATH = "/.well-known/jwks.json"
PURPOSE = "health-card"
SECRET_BYTES = 64
CACHE_SECONDS = 300  # how long a reader may not know of a renewed key


async def get_issuer_key(keys: KeyRing) -> IssuerKey:
    """The key in use; the first one is made when first asked for."""
    generations = await keys.list_issuer_generations(PURPOSE)
    return await _key(keys, generations[-1] if generations else 1)


async def list_issuer_keys(keys: KeyRing) -> tuple[IssuerKey, ...]:
    """Every key ever used, the one in use last."""
    generations = await keys.list_issuer_generations(PURPOSE) or (1,)
    return tuple([await _key(keys, generation) for generation in generations])


async def renew_issuer_key(keys: KeyRing) -> IssuerKey:
    """Makes a key that signs from now on. What earlier ones signed stays good."""
    generations = await keys.list_issuer_generations(PURPOSE)
    return await _key(keys, generations[-1] + 1 if generations else 1)


async def _key(keys: KeyRing, generation: int) -> IssuerKey:
    owner = await keys.issuer(PURPOSE, generation)
    return issuer_key(owner.derive("es256", SECRET_BYTES))


def issuer_routes(ground: Ground) -> list[Route]:
    """The public keys. Any page may read them: a reader may be a web page of anybody's."""

    async def jwks(_: Request) -> Response:
        found = [key.public for key in await list_issuer_keys(ground.keys)]
        return Response(
            msgspec.json.encode({"keys": found}),
            media_type="application/json",
            headers={
                "Access-Control-Allow-Origin": "*",
                "Cache-Control": f"public, max-age={CACHE_SECONDS}",
            },
        )

    return [Route(JWKS_PATH, jwks)]
