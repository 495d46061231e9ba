"""Stream keys: wrapped to this device by the server, opened once, kept sealed by the vault."""

from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from phone.signature import is_signed
from phone.store import Store
from phone.wire import WrappedKey

SECRET_BYTES = 32
REGISTRY_KEY = "device/registry_key"

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def keep_keys(store: Store, keys: Iterable[WrappedKey], device: bytes) -> None:
    """Opens what was wrapped to this device and keeps it, inside the caller's transaction.

    A wrap that the registry did not sign, or that does not open, is not kept: its rows will not
    open, and the stream starts over.
    """
    registry = store.find_setting(REGISTRY_KEY)
    for key in keys:
        place = key.stream + key.epoch.to_bytes(4, "big") + device
        signed = b"osrati/1/wrap-signature" + place + key.wrapped
        if registry is None or not is_signed(registry, signed, key.signature):
            continue
        try:
            secret = SUITE.decrypt(key.wrapped, store.vault.agreement, b"osrati/1/wrap" + place)
        except (InvalidTag, ValueError):
            continue
        if len(secret) == SECRET_BYTES:
            store.connection.execute(
                "INSERT OR REPLACE INTO stream_key VALUES (?, ?, ?)",
                (key.stream, key.epoch, store.vault.seal(key_place(key.stream, key.epoch), secret)),
            )


def forget_keys(store: Store, stream: bytes) -> None:
    """Lets go of a stream's secrets: a server that was restored may give their epochs again."""
    store.connection.execute("DELETE FROM stream_key WHERE stream = ?", (stream,))


def find_secret(store: Store, stream: bytes, epoch: int) -> bytes | None:
    """The secret of a stream's epoch, or None while it is not held."""
    row = store.connection.execute(
        "SELECT sealed FROM stream_key WHERE stream = ? AND epoch = ?", (stream, epoch)
    ).fetchone()
    return None if row is None else store.vault.open(key_place(stream, epoch), row[0])


def held_epochs(store: Store) -> dict[bytes, int]:
    """The highest epoch held of each stream, but for streams in which a row did not open."""
    return dict(
        store.connection.execute(
            "SELECT stream, max(epoch) FROM stream_key JOIN stream USING (stream)"
            " WHERE NOT unreadable GROUP BY stream"
        )
    )


def key_place(stream: bytes, epoch: int) -> str:
    """Where a secret rests: it opens there alone."""
    return f"stream_key/{stream.hex()}/{epoch}"
