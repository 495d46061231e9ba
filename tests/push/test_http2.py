"""Many requests posted at once to a peer that never answers: each is told of once, forgotten."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import h2.config
import h2.connection
import pytest

from push.http2 import Http2Client, Outcome
from simulators.certificate import HOST, make_certificate

BODIES = [b"{}"] * 10


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Http2Client]:
    certificate, key = make_certificate(tmp_path, "silent")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        said.initiate_connection()
        writer.write(said.data_to_send())
        while await reader.read(65_536):
            pass
        writer.close()

    async with await asyncio.start_server(greet, HOST, 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        trusting = ssl.create_default_context(cafile=certificate)
        opened = Http2Client(f"https://{HOST}:{port}", context=trusting)
        yield opened
        await opened.aclose()


def is_idle(client: Http2Client) -> bool:
    return client._link is not None and not client._link._exchanges


async def test_past_the_deadline_each_is_told_so_once(client: Http2Client) -> None:
    told: list[tuple[int, type[Outcome]]] = []
    await client.post_each(
        "/", [], BODIES, lambda place, what: told.append((place, type(what))), deadline_seconds=0.2
    )
    assert told == [(place, TimeoutError) for place in range(len(BODIES))]
    assert is_idle(client)


async def test_whoever_goes_away_leaves_nothing_behind(client: Http2Client) -> None:
    told: list[int] = []
    posting = asyncio.create_task(
        client.post_each("/", [], BODIES, lambda place, _: told.append(place), deadline_seconds=60)
    )
    while client._link is None or len(client._link._exchanges) < 10:  # noqa: ASYNC110  # no event
        await asyncio.sleep(0.01)
    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting
    assert is_idle(client)
    assert not told


async def test_nothing_to_post_is_nothing_to_wait_for(client: Http2Client) -> None:
    await client.post_each("/", [], [], lambda *_: None, deadline_seconds=0.2)
