"""The apps that may ask for a sign-in: public clients, known by an id and where they are sent back.

They hold no secret (RFC 8252): PKCE and the exact address prove them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AppClient:
    """One app. Addresses are compared as they stand, character for character (RFC 9700, 4.1.3)."""

    client_id: str
    redirect_uris: tuple[str, ...]
