"""The key that we sign with when we ask a registry, and the client that holds it.

In development it is a 0600 file beside the master key, with the public half beside it for the
registry. Production refuses to start before a key management service holds it.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from api.settings import Settings
from gov.registry.gateway import RegistryClient

KEY_FILE = "registry-client.pem"
PUBLIC_KEY_FILE = "registry-client.pub.pem"
KEY_ID = "osrati-1"
PRIVATE_MODE = 0o600


def open_registry(settings: Settings) -> RegistryClient | None:
    """The client of the registries' gateway; None where OSRATI_REGISTRY_URL names none."""
    if settings.registry_url is None:
        return None
    key = make_registry_key(settings.data_dir)
    return RegistryClient(settings.registry_url, key_id=KEY_ID, private_key=key)


def make_registry_key(data_dir: Path) -> ec.EllipticCurvePrivateKey:
    """Our key, made on first use. Idempotent; its public half is written beside it."""
    path = data_dir / KEY_FILE
    if not path.exists():
        fresh = ec.generate_private_key(ec.SECP256R1())
        draft = path.with_suffix(".draft")
        draft.touch(mode=PRIVATE_MODE)
        draft.write_bytes(fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        draft.replace(path)
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (data_dir / PUBLIC_KEY_FILE).write_bytes(public)
    return key
