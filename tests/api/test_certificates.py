"""Whoever we speak to by TLS shows a certificate that is trusted, or gets nothing of ours."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.settings import HOST, SettingsError, read_settings
from domain.card.record import LookUp
from domain.ids import ActKey
from gov.registry.error import RegistryRefused, RegistryUnreachable
from gov.registry.gateway import RegistryClient
from identity.staff_provider import StaffProvider, StaffProviderAway, StaffProviderSettings
from identity.uae_pass import ProviderAway, UaePass, UaePassSettings
from push.http2 import ConnectionLost, Http2Client
from simulators.certificate import make_certificate
from store.clock import SystemClock

SECRET = "a secret of ours"


@dataclass(slots=True)
class Impostor:
    """Takes connections under a certificate that nobody vouches for."""

    url: str
    certificate_file: Path
    came: list[bytes] = field(default_factory=list)


@pytest.fixture
async def impostor(tmp_path: Path) -> AsyncIterator[Impostor]:
    certificate, key = make_certificate(tmp_path, "impostor")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.came.append(await reader.read(65_536))
        writer.write(b"HTTP/1.1 400 \r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, HOST, 0, ssl=context)
    found = Impostor(f"https://{HOST}:{server.sockets[0].getsockname()[1]}", certificate)
    async with server:
        yield found


async def _of_uae_pass(url: str) -> None:
    client = UaePass(UaePassSettings(f"{url}/idshub", "osrati", SECRET, "http://x"))
    try:
        await client.read_profile(code=SECRET, verifier=SECRET)
    finally:
        await client.aclose()


async def _of_staff(url: str) -> None:
    client = StaffProvider(StaffProviderSettings(url, "osrati", SECRET, "http://x"), SystemClock())
    try:
        await client.read_profile(code=SECRET, verifier=SECRET, nonce=SECRET)
    finally:
        await client.aclose()


async def _of_registries(url: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    client = RegistryClient(url, key_id="osrati", private_key=key)
    asked = LookUp("emirates_id", "784-1990-1234567-1")
    try:
        await client.look_up(ActKey(bytes(16)), asked, now_utc=SystemClock().now_utc())
    finally:
        await client.aclose()


async def _of_fcm(url: str) -> None:
    client = Http2Client(url, context=ssl.create_default_context())
    try:
        await client.post("/", [("authorization", SECRET)], b"{}", deadline_seconds=10)
    finally:
        await client.aclose()


@pytest.mark.parametrize(
    ("asking", "refused"),
    [
        (_of_uae_pass, ProviderAway),
        (_of_staff, StaffProviderAway),
        (_of_registries, RegistryUnreachable),
        (_of_fcm, ConnectionLost),
    ],
)
async def test_who_has_no_trusted_certificate_gets_nothing(
    impostor: Impostor, asking: Callable[[str], Awaitable[None]], refused: type[Exception]
) -> None:
    with pytest.raises(refused):
        await asking(impostor.url)
    assert b"".join(impostor.came) == b""


async def test_who_is_trusted_is_spoken_to(
    impostor: Impostor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(impostor.certificate_file))
    with pytest.raises(RegistryRefused):
        await _of_registries(impostor.url)
    assert b"POST /v1/look-ups" in b"".join(impostor.came), "else nothing is shown above"


@pytest.mark.parametrize(
    "url",
    [f"http://{HOST}.registry.example", "http://registry.example", "ftp://registry.example", "x"],
)
def test_registries_are_asked_by_https_or_on_this_machine(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="OSRATI_REGISTRY_URL"):
        read_settings({"OSRATI_REGISTRY_URL": url}, data_dir=tmp_path)
    for good in ("https://registry.example", f"http://{HOST}:8123"):
        found = read_settings({"OSRATI_REGISTRY_URL": good}, data_dir=tmp_path)
        assert found.registry_url == good
