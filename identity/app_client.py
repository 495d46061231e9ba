"""The apps that may ask for a sign-in: public clients, known by an id and where they are sent back.

They hold no secret (RFC 8252): PKCE and the exact address prove them.
"""

import re
from dataclasses import dataclass

LOOPBACK = re.compile(r"http://127\.0\.0\.1:[1-9][0-9]{0,4}(/[^?#\s]*)")


@dataclass(frozen=True, slots=True)
class AppClient:
    """One app. Addresses are compared as they stand, character for character (RFC 9700, 4.1.3)."""

    client_id: str
    redirect_uris: tuple[str, ...]

    def allows(self, redirect_uri: str) -> bool:
        """Whether it may be sent back there. Of a loopback address any port counts: a program
        takes whichever is free (RFC 8252, 7.3).
        """
        if redirect_uri in self.redirect_uris:
            return True
        found = LOOPBACK.fullmatch(redirect_uri)
        return found is not None and f"http://127.0.0.1{found[1]}" in self.redirect_uris
