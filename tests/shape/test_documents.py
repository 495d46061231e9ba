"""What the documents say is so: files, functions, tables, settings, limits and cards are those of
the code.
"""

import ast
import asyncio
import re
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from sqlmodel import SQLModel
from starlette.applications import Starlette

from api.app import build_app
from api.demo import register_agencies
from api.settings import read_settings
from api.wire import House
from api.worker import interpret_message
from domain.card.state import OPEN_STATES
from domain.card.text import render_record
from domain.ids import AgencyId, InboxId
from gov.agency import add_agency
from gov.agency_right import ANYTHING
from gov.inbox.row import keep_message
from gov.interpret import interpret
from simulators.agency import encode_event
from simulators.family_story import stories
from simulators.registered_family import registered_story
from simulators.telling import AGENCY_OF_KIND, Story, StoryParent
from store import circle_tables, notice_tables, person_tables, reference_tables
from tests.support.house import TestHouse, actor_of
from tests.support.intake import HeldHints
from timeline.people import find_person
from timeline.read import read_timeline
from timeline.refresh import refresh

CHECKOUT = Path(__file__).parents[2]
DECISIONS = sorted((CHECKOUT / "docs" / "decisions").glob("*.md"))
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
DOCUMENTS += ["docs/verification.md", *(str(path.relative_to(CHECKOUT)) for path in DECISIONS)]
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Check"]
PACKAGES = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")}
FLOORS = sorted(PACKAGES - {"tests", "bench", "simulators", "phone"})

FILE = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:py|yaml|md|svg|toml|json|graphql|sh|txt)")
ISOLATES = dict.fromkeys((0x2068, 0x2069))  # around what a text is given
LINK = re.compile(r"\]\(([^)#]+)")


def text_of(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def rows_of(text: str) -> Iterator[list[str]]:
    """The cells of each row of each table."""
    for line in text.splitlines():
        if line.startswith("|") and not set(line) <= set("|-: "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def section(text: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found.group(1)


def words(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


# Files, functions, tables, settings, limits


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_and_folder_that_is_named_exists(name: str) -> None:
    prose = re.sub(r"```.*?```", "", text_of(name), flags=re.DOTALL)
    named = {word for span in words(prose) for word in span.split() if "<" not in word}
    files = {word for word in named if FILE.fullmatch(word)}
    folders = {word for word in named if re.fullmatch(r"(?:[\w.-]+/)+", word)}
    links = {link for link in LINK.findall(prose) if "://" not in link}
    missing = {file for file in files if not (CHECKOUT / file).is_file()}
    missing |= {folder for folder in folders if not (CHECKOUT / folder).is_dir()}
    missing |= {link for link in links if not ((CHECKOUT / name).parent / link).exists()}
    assert not missing


def test_every_function_of_a_flow_is_in_its_file() -> None:
    checked = 0
    for cells in rows_of(section(text_of("ARCHITECTURE.md"), "Flows")):
        if len(cells) != 3 or cells[1] == "file":
            continue
        (file,) = words(cells[1])
        defined = {
            node.name
            for node in ast.walk(ast.parse(text_of(file)))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        assert set(words(cells[2])) <= defined, file
        checked += len(words(cells[2]))
    assert checked > 50


def test_the_table_of_tables_has_each_table_with_its_writers() -> None:
    said = {
        words(cells[0])[0]: set(words(cells[1]))
        for cells in rows_of(section(text_of("ARCHITECTURE.md"), "Tables, and who writes them"))
        if words(cells[0]) and words(cells[1])
    }
    written: dict[str, set[str]] = {"wrapped_key": {"store/keys.py"}}
    for module in (circle_tables, notice_tables, person_tables, reference_tables):
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, SQLModel) and item is not SQLModel:
                (writer,) = re.findall(
                    r"Writer:\s+([^.,]*?\.py`(?:,\s+`[^`]+`)*)", item.__doc__ or ""
                )
                written[str(item.__tablename__)] = set(words(writer))
    assert written.keys() == {*SQLModel.metadata.tables, "wrapped_key"}
    assert said == written


def test_every_setting_is_in_the_readme() -> None:
    name = re.compile(r'"((?:OSRATI|DATABASE|KEYSTORE|REDIS)_[A-Z_]+)"')
    table = rows_of(section(text_of("README.md"), "Settings"))
    said = {words(cells[0])[0] for cells in table if words(cells[0])}
    assert len(said) > 5
    assert said == set(name.findall(text_of("api/settings.py")))


def constants(file: str) -> dict[str, float]:
    """The numbers that a module names in capitals."""
    found: dict[str, float] = {}
    for node in ast.parse(text_of(file)).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name, formula = node.targets[0].id, ast.unparse(node.value)
        if name.isupper() and not name.startswith("_") and re.fullmatch(r"[\d_.* +-]+", formula):
            found[name] = float(eval(formula))  # digits and operators alone
    return found


def test_every_limit_is_in_the_table_with_its_value() -> None:
    said = {
        (words(cells[2])[0], words(cells[0])[0]): float(cells[1].replace(",", ""))
        for cells in rows_of(section(text_of("ARCHITECTURE.md"), "Limits"))
        if words(cells[0]) and words(cells[2])
    }
    files = {
        str(path.relative_to(CHECKOUT))
        for floor in FLOORS
        for path in (CHECKOUT / floor).rglob("*.py")
    }
    held = {(file, name): value for file in files for name, value in constants(file).items()}
    assert said.items() <= held.items()
    assert {key for key in held if "MAX" in key[1]} <= said.keys()


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_five_headings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.name[:4]} ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert all(section(text, heading).strip() for heading in HEADINGS)


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert "Apache License\n                           Version 2.0" in text_of("LICENSE")
    assert 'license = "Apache-2.0"' in text_of("pyproject.toml")


# What a newcomer is told to look for, and to try


async def play(house: TestHouse, told: list[Story]) -> None:
    for agency_id in {*AGENCY_OF_KIND.values()}:
        await add_agency(
            house.ground.database, AgencyId(agency_id), name_ar="جهة", name_en="X", rights=ANYTHING
        )
    for story in told:
        for event in story.events:
            agency = AgencyId(AGENCY_OF_KIND[str(event["kind"])])
            kept = await keep_message(house.ground, agency, str(event["id"]), encode_event(event))
            found = await interpret(house.ground, house.schemas, kept.inbox_id)
            for circle_id in found.circles:
                await refresh(house.ground, circle_id)


async def open_cards(house: TestHouse, parent: StoryParent) -> set[str]:
    """`title (state)` of every open card of a parent, in English."""
    value = "/" + parent.emirates_id.replace("-", "")
    person_id = await find_person(house.ground, system="emirates_id", value=value)
    assert person_id is not None
    services = (await house.ground.catalogues.current()).services
    shown = set()
    for card in await read_timeline(house.ground, actor_of(person_id)):
        if card.state in OPEN_STATES:
            rendered = render_record(services[card.record.entry], card.record, "en")
            shown.add(
                f"{rendered.title} ({card.state})".replace("\u2068", "").replace("\u2069", "")
            )
    return shown


def told_in_readme() -> dict[tuple[str, str, str], set[str]]:
    """By family, role and given name: the open cards that the README lists."""
    said: dict[tuple[str, str, str], set[str]] = {}
    family = ""
    for cells in rows_of(section(text_of("README.md"), "Start, in ten minutes")):
        if len(cells) == 3 and cells[0] != "family":
            family = cells[0] or family
            role, given = cells[1].split()
            cards = set() if cells[2].startswith("none") else set(cells[2].split(" · "))
            said[family, role, given] = cards
    return said


async def test_the_families_see_what_the_readme_says(house: TestHouse) -> None:
    today = house.clock.today()
    told = [*stories(today), registered_story(today)]
    await play(house, told)
    seen = {
        (story.title_en, parent.role, parent.name_en.split()[0]): await open_cards(house, parent)
        for story in told
        for parent in story.parents
    }
    assert seen == told_in_readme()


async def test_forty_days_on_the_families_see_what_the_readme_says(house: TestHouse) -> None:
    whole_life, pregnancy = stories(house.clock.today())[:2]
    await play(house, [whole_life, pregnancy])
    house.clock.move_days(40)
    for parent in whole_life.parents:
        visit = "Vaccinations for Hind Al-Tajribi at 2 months (upcoming)"
        assert visit in await open_cards(house, parent)
    amna = pregnancy.parents[0]
    assert "Pregnancy visit number 4 (due)" in await open_cards(house, amna)


async def test_the_example_of_an_event_by_hand_does_what_the_readme_says(
    house: TestHouse, tmp_path: Path
) -> None:
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    twins = next(story for story in stories(house.clock.today()) if story.id == "twins")
    await play(house, [twins])
    await register_agencies(house.ground, tmp_path)
    settings = read_settings({}, data_dir=tmp_path)
    opened = House(settings, house.ground, house.registry, house.schemas)
    hints = HeldHints()
    async with serving(build_app(opened, hints)) as base_url:
        example = await asyncio.create_subprocess_exec(
            sys.executable, "docs/send_event.py", base_url, str(tmp_path), cwd=CHECKOUT, stdout=PIPE
        )
        said, _ = await example.communicate()
    assert said.decode().splitlines() == ["202 received", "202 received"]
    title = "Vaccinations for Maitha Al-Tajribi at 2 months (upcoming)"
    for parent in twins.parents:
        assert title in await open_cards(house, parent)
        assert await count_vaccines(house, parent) == 7
    for _, inbox_id in hints.said:
        await interpret_message(opened, InboxId(inbox_id))
    for parent in twins.parents:
        assert title in await open_cards(house, parent)
        assert await count_vaccines(house, parent) == 5


async def count_vaccines(house: TestHouse, parent: StoryParent) -> int:
    """Of the visit of Maitha, A-2002, at two months: with those of the first day, or without."""
    value = "/" + parent.emirates_id.replace("-", "")
    person_id = await find_person(house.ground, system="emirates_id", value=value)
    assert person_id is not None
    (count,) = {
        parameter.value
        for card in await read_timeline(house.ground, actor_of(person_id))
        if card.state == "upcoming" and "Maitha" in str(card.record.parameters[0:2])
        for parameter in card.record.parameters
        if parameter.name == "vaccine_count"
    }
    assert isinstance(count, int)
    return count


def test_the_example_in_the_readme_is_the_file() -> None:
    (shown,) = re.findall(r"```python\n(.*?)```", text_of("README.md"), re.DOTALL)
    assert shown in text_of("docs/send_event.py")


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """The application on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True
