"""The 61 audits of npm graphql-http, which nobody here wrote, against the whole application over
loopback. Development's endpoint: production answers no text of an operation.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from tests.support.house import TestHouse
from tests.support.served import app_of, served

SCRIPT = Path(__file__).with_name("audits.mjs")
NODE = Path(sys.prefix) / "bin" / "node"
AUDITS_COUNT = 61
# Each is a MAY that `docs/decisions/0021-graphql-over-http.md` declines: no GET.
DECLINED = {"5A70", "D6D5", "6A70"}


class Audit(msgspec.Struct, frozen=True):
    id: str
    name: str
    status: str
    reason: str | None


async def test_every_audit_passes_but_those_that_want_get(house: TestHouse) -> None:
    async with served(app_of(house, "development")) as origin:
        node = await asyncio.create_subprocess_exec(
            NODE, SCRIPT, f"{origin}/graphql", stdout=asyncio.subprocess.PIPE
        )
        said, _ = await node.communicate()
    assert node.returncode == 0
    audits = [msgspec.json.decode(line, type=Audit) for line in said.splitlines()]
    assert len(audits) == AUDITS_COUNT
    noticed = {audit.id: audit for audit in audits if audit.status != "ok"}
    assert noticed.keys() == DECLINED, list(noticed.values())
    assert {audit.status for audit in noticed.values()} == {"notice"}
    assert all(audit.name.startswith("MAY") for audit in noticed.values())
