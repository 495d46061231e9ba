"""The transcript in README, played: every command gives what it says, on the true application."""

import asyncio
import re
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from api.app import build_app
from api.demo import DemoParent, list_parents
from api.settings import read_settings
from api.wire import House
from simulators.family_story import stories
from tests.shape.test_documents import CHECKOUT, play, section, serving, text_of
from tests.support.house import TestHouse
from timeline.hint import NoHints

UNSEEN = dict.fromkeys((0x2068, 0x2069, 0x200F))  # isolates and marks: what a terminal obeys


def transcript() -> list[tuple[str, list[str]]]:
    """Commands and what each prints."""
    (shown,) = re.findall(
        r"```console\n(.*?)```", section(text_of("README.md"), "A phone in the terminal"), re.DOTALL
    )
    told: list[tuple[str, list[str]]] = []
    for line in shown.splitlines():
        if line.startswith("$ "):
            told.append((line[2:], []))
        else:
            told[-1][1].append(line)
    return told


async def run(command: str, *more: str) -> list[str]:
    """What a command prints, without the marks that are not seen."""
    words = shlex.split(command)
    assert words[:3] == [".venv/bin/python", "-m", "phone"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *words[1:3],
        *more,
        *words[3:],
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode().translate(UNSEEN).splitlines()


async def test_the_transcript_of_a_phone_is_what_happens(house: TestHouse, tmp_path: Path) -> None:
    house.clock.instant = datetime.now(UTC)  # a phone has the machine's clock
    told = stories(house.clock.today())
    await play(house, told)

    async def parents() -> list[DemoParent]:
        return await list_parents(house.ground, told)

    settings = read_settings({}, data_dir=tmp_path)
    opened = House(settings, house.ground, house.registry, house.schemas)
    commands = transcript()
    assert len(commands) > 8
    async with serving(build_app(opened, NoHints(), demo_parents=parents)) as url:
        for command, expected in commands:
            said = await run(command, "--url", url, "--directory", str(tmp_path / "phones"))
            assert said == expected, command
