"""What sign-in and sessions stand on, made once by `api/wire.py`."""

from dataclasses import dataclass

from identity.access_token import AccessTokens
from identity.app_client import AppClient
from identity.dpop import Proofs
from identity.grant import Codes, RefreshTokens, States, codes, refresh_tokens, states
from identity.limit import Counters
from identity.signing_key import SigningKeys
from identity.uae_pass import UaePass
from timeline.ground import Ground


@dataclass(frozen=True, slots=True)
class Door:
    """Everything that the routes of this package need. `origin` is the issuer, without a slash."""

    ground: Ground
    origin: str
    apps: tuple[AppClient, ...]
    provider: UaePass
    counters: Counters
    signing_keys: SigningKeys
    access_tokens: AccessTokens
    proofs: Proofs
    states: States
    codes: Codes
    refresh_tokens: RefreshTokens

    def find_app(self, client_id: str) -> AppClient | None:
        """The app with this id, else None."""
        return next((app for app in self.apps if app.client_id == client_id), None)

    async def aclose(self) -> None:
        """Closes every connection of it."""
        await self.provider.aclose()
        await self.counters.aclose()


def open_door(
    ground: Ground,
    *,
    origin: str,
    apps: tuple[AppClient, ...],
    provider: UaePass,
    redis_url: str | None,
) -> Door:
    """The door of one process."""
    counters = Counters(redis_url)
    signing_keys = SigningKeys(ground)
    return Door(
        ground=ground,
        origin=origin,
        apps=apps,
        provider=provider,
        counters=counters,
        signing_keys=signing_keys,
        access_tokens=AccessTokens(signing_keys, ground.clock, issuer=origin),
        proofs=Proofs(ground.keys, ground.clock, counters),
        states=states(ground.keys),
        codes=codes(ground.keys),
        refresh_tokens=refresh_tokens(ground.keys),
    )
