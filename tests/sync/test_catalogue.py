"""The catalogue's texts: public, signed, in one language, whole or what changed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any  # CBOR

import cbor2
import httpx2
import pytest

from content.pack import SHIPPED_PACK
from content.publish import publish_pack
from store.signing import is_signed, load_point
from tests.api.test_services_page import publish_changed
from tests.support.house import TestHouse, person
from tests.support.phone import BarePhone, open_app


@pytest.fixture
async def http(house: TestHouse, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_app(house, tmp_path) as client:
        yield client


async def read(http: httpx2.AsyncClient, query: str) -> dict[str, Any]:
    answer = await http.get(f"/v1/catalogue?{query}")
    assert answer.status_code == 200
    said: dict[str, Any] = cbor2.loads(cbor2.loads(answer.content)["body"])
    return said


async def test_every_service_comes_with_its_texts_in_one_language(
    house: TestHouse, http: httpx2.AsyncClient
) -> None:
    services = (await house.ground.catalogues.current()).services
    for language in ("ar", "en"):
        said = await read(http, f"locale={language}")
        assert [one["id"] for one in said["services"]] == sorted(services)
        for one in said["services"]:
            service = services[one["id"]]
            assert one["name"] == service.name.message(language).source
            assert one["cards"].keys() == {card.id for card in service.cards}
            assert one["lines"].keys() == {line.id for line in service.eligibility}
            assert "unnamed" not in one["terms"] or one["terms"]["unnamed"]
        assert said["facts"]["birth.notified"]


async def test_articles_figures_and_readings_come_with_it(
    house: TestHouse, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    held = (await read(http, "locale=ar"))["version"]
    await publish_changed(house, tmp_path)
    said = await read(http, f"locale=ar&since={held}")
    (article,) = [one for one in said["articles"] if one["id"] == "first_days"]
    assert (article["title"], article["minutes"]) == ("الأيام الأولى", 1)
    assert article["figures"] == ["birth_certificate_fee"]
    (fee,) = [one for one in said["figures"] if one["id"] == "birth_certificate_fee"]
    assert (fee["unit"], fee["values"], fee["draft"]) == (
        "dirhams",
        [[65, "2024-01-01", None]],
        True,
    )
    whole = await read(http, "locale=en")
    (book,) = [one for one in whole["services"] if one["id"] == "family_book"]
    assert book["readings"]["marriage_in_force"] == "the marriage is in force"
    assert whole["bundles"]["basher"] == "Basher"
    await publish_pack(house.ground.database, house.clock, SHIPPED_PACK)
    assert "first_days" in (await read(http, f"locale=ar&since={said['version']}"))["gone"]


async def test_it_is_signed_by_the_publishers_key_that_enrolment_tells(
    http: httpx2.AsyncClient,
) -> None:
    keys = await BarePhone(http, person(1)).enrol()
    said = cbor2.loads((await http.get("/v1/catalogue?locale=ar")).content)
    public, text = load_point(keys["publisher_key"]), b"osrati/1/catalogue" + said["body"]
    assert is_signed(public, said["signature"], text)
    assert not is_signed(public, said["signature"], text + b"x")
    assert not is_signed(load_point(keys["registry_key"]), said["signature"], text)


async def test_it_is_answered_304_while_nothing_changed_and_may_be_kept_by_anybody(
    http: httpx2.AsyncClient,
) -> None:
    first = await http.get("/v1/catalogue?locale=ar")
    assert first.headers["cache-control"] == "public, max-age=300"
    asked = {"If-None-Match": first.headers["etag"]}
    assert (await http.get("/v1/catalogue?locale=ar", headers=asked)).status_code == 304
    assert (await http.get("/v1/catalogue?locale=en", headers=asked)).status_code == 200
    assert (await http.get("/v1/catalogue?locale=ar")).content == first.content


async def test_since_a_version_only_what_changed_and_what_went(
    house: TestHouse, http: httpx2.AsyncClient, tmp_path: Path
) -> None:
    first = await read(http, "locale=en")
    held, everything = first["version"], {one["id"] for one in first["services"]}
    assert (await read(http, f"locale=en&since={held}"))["services"] == []
    pack = tmp_path / "pack"
    pack.mkdir()
    for file in SHIPPED_PACK.rglob("*.yaml"):
        if file.stem != "moved_emirate":
            copy = pack / file.relative_to(SHIPPED_PACK)
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(file.read_text("utf-8"), "utf-8")
    changed = pack / "vaccination.yaml"
    text = changed.read_text("utf-8")
    (revision,) = re.findall(r"^revision: (\d+)$", text, re.MULTILINE)
    text = text.replace(f"revision: {revision}", f"revision: {int(revision) + 1}", 1)
    changed.write_text(text, "utf-8")
    version = await publish_pack(house.ground.database, house.clock, pack)
    said = await read(http, f"locale=en&since={held}")
    assert (said["version"], said["since"]) == (version, held)
    assert [one["id"] for one in said["services"]] == ["vaccination"]
    assert said["gone"] == ["moved_emirate"]
    whole = await read(http, "locale=en&since=999")
    services = {one["id"] for one in whole["services"]}
    assert (whole["since"], services) == (0, everything - {"moved_emirate"})


@pytest.mark.parametrize(
    "query",
    ["", "locale=fr", "locale=ar&since=-1", "locale=ar&since=x", "locale=ar&since=1000000000"],
)
async def test_an_address_that_makes_no_sense_is_refused(
    http: httpx2.AsyncClient, query: str
) -> None:
    answer = await http.get(f"/v1/catalogue?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "catalogue.malformed")
