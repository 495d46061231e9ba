"""Many requests posted at once to a peer that never answers: each is told of once, forgotten. A
peer that answers as none should.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from push.http2 import ConnectionLost, Http2Client, Outcome
from simulators.certificate import HOST, make_certificate

BODIES = [b"{}"] * 10


Headers = list[tuple[bytes, bytes]]


@asynccontextmanager
async def talking_to(
    directory: Path, answers: Iterable[Headers] = ()
) -> AsyncIterator[Http2Client]:
    """A client of a peer that answers the first requests so, whatever connection they come on, and
    no more.
    """
    certificate, key = make_certificate(directory, "odd")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    left = iter(answers)

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, validate_outbound_headers=False)
        )
        said.initiate_connection()
        writer.write(said.data_to_send())
        while data := await reader.read(65_536):
            for event in said.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    answer = next(left, None)
                    if answer is not None:
                        said.send_headers(event.stream_id, answer, end_stream=True)
            writer.write(said.data_to_send())
        writer.close()

    async with await asyncio.start_server(greet, HOST, 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        trusting = ssl.create_default_context(cafile=certificate)
        opened = Http2Client(f"https://{HOST}:{port}", context=trusting)
        yield opened
        await opened.aclose()


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Http2Client]:
    async with talking_to(tmp_path) as opened:
        yield opened


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


SOUND = [(b":status", b"200"), (b"x-what", b"ever")]


@pytest.mark.parametrize(
    "said", [b"soon", b"", "٢٠٠٠٠٠٠٠٠٠".encode(), b"-1", "٢٠٠".encode(), b"9" * 5_000]
)
async def test_a_status_that_is_none_is_no_success_and_the_connection_goes_on(
    tmp_path: Path, said: bytes
) -> None:
    async with talking_to(tmp_path, [[(b":status", said)], SOUND]) as client:
        odd = await client.post("/", [], b"{}", deadline_seconds=5)
        link = client._link
        assert not 200 <= odd.status < 600
        assert (await client.post("/", [], b"{}", deadline_seconds=5)).status == 200
        assert client._link is link


async def test_an_answer_that_is_no_text_ends_its_connection_and_the_next_opens_another(
    tmp_path: Path,
) -> None:
    async with talking_to(tmp_path, [[(b":status", b"200"), (b"x", b"\xff")], SOUND]) as client:
        with pytest.raises(ConnectionLost):
            await client.post("/", [], b"{}", deadline_seconds=5)
        assert (await client.post("/", [], b"{}", deadline_seconds=5)).status == 200


async def test_a_connection_that_has_no_numbers_left_gives_way_to_the_next(tmp_path: Path) -> None:
    async with talking_to(tmp_path, [SOUND, SOUND]) as client:
        await client.post("/", [], b"{}", deadline_seconds=5)
        worn = client._link
        assert worn is not None
        worn._h2.highest_outbound_stream_id = 2**31 - 1
        assert (await client.post("/", [], b"{}", deadline_seconds=5)).status == 200
        assert client._link is not worn
