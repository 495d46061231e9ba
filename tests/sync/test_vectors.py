"""The published vectors open in a browser's WebCrypto, which shares no code with the server; with
any byte of any field flipped they do not.
"""

import json
from pathlib import Path
from typing import Any  # JSON

import cbor2
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from domain.body_dictionary import DICTIONARIES
from sync.make_vectors import VECTORS_PATH, make_vectors
from tests.support.browser import launch_browser

pytestmark = pytest.mark.slow

OPENER = (Path(__file__).parent / "open_vectors.js").read_text("utf-8")
PUBLISHED = json.loads(VECTORS_PATH.read_text("utf-8"))


async def in_browser(call: str, *arguments: object) -> Any:
    """What a call of the opener gives, on a page that may use WebCrypto."""
    async with launch_browser() as browser:
        page = await browser.new_page()
        await page.route("**/*", lambda route: route.fulfill(body="<title>vectors</title>"))
        await page.goto("https://osrati.test/")  # answered above: nothing leaves the machine
        return await page.evaluate(
            f"async (given) => {{ {OPENER}; return {call}(...given) }}", arguments
        )


@pytest.mark.parametrize("vectors", [PUBLISHED, make_vectors()], ids=["published", "fresh"])
async def test_a_browser_opens_them(vectors: dict[str, Any]) -> None:
    dictionaries = {str(number): one.hex() for number, one in DICTIONARIES.items()}
    found = await in_browser("opened", vectors, dictionaries)
    assert found["secrets"] == vectors["secrets"]
    assert found["digest"] == vectors["digest"]
    assert [deflated for deflated, _ in found["bodies"]] == [
        row["deflated"] for row in vectors["rows"]
    ]
    bodies = [cbor2.loads(bytes.fromhex(body)) for _, body in found["bodies"]]
    assert [body["occurrence"] for body in bodies] == [row["occurrence"] for row in vectors["rows"]]
    assert {body["entry"] for body in bodies} == {"vaccination"}


async def test_no_flipped_byte_opens() -> None:
    found = await in_browser("survivors", PUBLISHED)
    assert found["found"] == []
    assert found["tried"] > 1_000


def test_the_published_vectors_have_the_form_that_is_made() -> None:
    assert PUBLISHED.keys() == make_vectors().keys()
    assert PUBLISHED["digest"] == make_vectors()["digest"]


def test_the_library_takes_no_aad_and_another_info_does_not_open() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    suite = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    sealed = suite.encrypt(b"secret", private.public_key(), info=b"one")
    assert suite.decrypt(sealed, private, info=b"one") == b"secret"
    with pytest.raises(InvalidTag):
        suite.decrypt(sealed, private, info=b"other")
