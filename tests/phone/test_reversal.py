"""One signed event takes back what another began: over HTTP, through the worker, to the phones of
both spouses. Cards go, effects not yet done are cancelled, notices that were made are not sent,
nothing congratulates anybody; in either order of the two events.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from api.settings import read_settings
from domain.ids import PersonId
from phone.store import Store
from phone.stream import held_rows, is_complete
from phone.sync import Phone, come_back
from phone.timeline import read_cards
from phone.transport import Transport
from phone.vault import new_vault
from store.circle_tables import (
    EFFECT_CANCELLED,
    EFFECT_PENDING,
    EFFECT_RETRACTED,
    EFFECT_REVERSED,
    EFFECT_TELL,
)
from store.notice_tables import NOTICE_FINISHED, NOTICE_TOLD, NOTICE_WAITING
from tests.gov.test_intake_http import HUSBAND, NEWBORN, WIFE, event
from tests.support.house import TestHouse
from tests.support.intake import Intake, open_intake
from tests.support.notices import Outbox, enrol
from timeline.people import find_person

TODAY = datetime.now(UTC).date()  # signatures are made by the machine's clock
YESTERDAY, LAST_WEEK = (str(TODAY - timedelta(days=days)) for days in (1, 7))
DUE_ON = str(TODAY + timedelta(days=200))
COUPLE = {"husband": HUSBAND, "wife": WIFE}
Told = tuple[str, dict[str, object]]

MARRIED: Told = ("moj", event("marriage.registered", "m-1", COUPLE, on=LAST_WEEK))
EXPECTING: Told = (
    "mohap",
    event(
        "pregnancy.confirmed",
        "p-1",
        {"mother": WIFE, "father": HUSBAND, "due_on": DUE_ON},
        on=LAST_WEEK,
    ),
)
BORN: Told = (
    "mohap",
    event(
        "birth.notified",
        "b-1",
        {"child": NEWBORN, "mother": WIFE, "father": HUSBAND},
        on=YESTERDAY,
    ),
)


def in_error(agency: str, event_id: str) -> Told:
    return (
        agency,
        event("entered_in_error", f"x-{event_id}", {"event_id": event_id}, on=YESTERDAY),
    )


LOST: Told = (
    "mohap",
    event(
        "pregnancy.ended",
        "p-2",
        {"mother": {"identifier": WIFE["identifier"]}, "outcome": "loss"},
        on=YESTERDAY,
    ),
)
ANNULLED: Told = (
    "moj",
    event(
        "marriage.annulled",
        "m-2",
        {role: {"identifier": one["identifier"]} for role, one in COUPLE.items()},
        on=YESTERDAY,
    ),
)


@dataclass(frozen=True)
class Case:
    """What was known, what came, what takes it back, and what may be there after that."""

    known: tuple[Told, ...]
    came: Told
    undone_by: Told
    after: frozenset[str] = frozenset()  # services that begin with what takes it back
    stays: bool = True  # whether what was known stays as it was


CASES = {
    "a pregnancy entered in error": Case((MARRIED,), EXPECTING, in_error("mohap", "p-1")),
    "a loss after a confirmed pregnancy": Case(
        (MARRIED,), EXPECTING, LOST, frozenset({"bereavement_pregnancy"})
    ),
    "a birth taken back": Case((MARRIED,), BORN, in_error("mohap", "b-1")),
    "a marriage annulled": Case(
        (), MARRIED, ANNULLED, frozenset({"divorce_guidance"}), stays=False
    ),
}


@dataclass(frozen=True)
class Home:
    """Two spouses with their phones, and the house they are served by."""

    house: TestHouse
    intake: Intake
    tables: asyncpg.Connection
    phones: dict[PersonId, Phone]
    outbox: Outbox

    async def hear(self, told: Told) -> None:
        answer = await self.intake.tell(*told)
        # What takes back an event that has not come is held until it does.
        assert answer["status"] in ("applied", "waiting", "held"), answer

    async def services(self) -> dict[PersonId, frozenset[str]]:
        """Whose phone shows cards of which services, once both have pulled."""
        found = {}
        for person, phone in self.phones.items():
            await come_back(phone, no_pause)
            assert is_complete(phone.store)
            found[person] = frozenset(card.card.entry for card in read_cards(phone.store).values())
        return found

    async def pending(self) -> set[bytes]:
        """Act keys of what is still to be told."""
        return {row[0] for row in await self.tables.fetch(_EFFECTS, EFFECT_TELL, EFFECT_PENDING)}


_EFFECTS = "SELECT act_key FROM effect WHERE kind = $1 AND state = $2"


async def no_pause(_: float) -> None:
    raise AssertionError("a phone on a good day waits for nothing")


@asynccontextmanager
async def home(
    house: TestHouse, databases: tuple[str, str], directory: Path, case: Case
) -> AsyncIterator[Home]:
    house.clock.instant = datetime.now(UTC)
    tables = await asyncpg.connect(databases[0].replace("+asyncpg", ""))
    async with open_intake(house, read_settings({}, data_dir=directory)) as intake:
        # Both are known from a register before anything else: events that refer to them find them.
        for number, said in enumerate((HUSBAND, WIFE), 1):
            report = event("person.reported", f"r-{number}", {"person": said}, on=LAST_WEEK)
            answer = await intake.tell("moj", report)
            assert answer["status"] == "applied", answer
        people = [await person_of(house, said) for said in (HUSBAND, WIFE)]
        phones = {
            who: Phone(
                Store(None, new_vault()),
                Transport(intake.http, who),
                house.clock,
            )
            for who in people
        }
        for number, who in enumerate(people, 1):
            await enrol(house, who, UUID(int=number), token=f"token-{number}")
        opened = Home(house, intake, tables, phones, Outbox(house))
        for told in case.known:
            await opened.hear(told)
        yield opened
    await tables.close()


async def person_of(house: TestHouse, said: Mapping[str, object]) -> PersonId:
    identifier = said["identifier"]
    assert isinstance(identifier, dict)
    found = await find_person(
        house.ground, system="emirates_id", value=f"/{identifier['value'].replace('-', '')}"
    )
    assert found is not None
    return found


@pytest.mark.parametrize("name", CASES)
async def test_what_is_taken_back_goes_from_phones_effects_and_notices(
    house: TestHouse, databases: tuple[str, str], tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    async with home(house, databases, tmp_path, case) as opened:
        before, waiting = await opened.services(), await opened.pending()
        await opened.hear(case.came)
        shown = await opened.services()
        brought = {one: shown[one] - before[one] for one in shown}
        assert any(brought.values()), "what came shows"
        acts = await opened.pending() - waiting
        assert acts, "somebody is to be told of it"
        await opened.outbox.plan()

        await opened.hear(case.undone_by)
        after = await opened.services()
        for one in after:
            assert not brought[one] & after[one] - case.after, "no card of it is left"
            allowed = (before[one] if case.stays else frozenset()) | case.after
            if case.stays:
                assert after[one] <= allowed
                assert before[one] <= after[one]
            # The server's stream holds a tombstone of each, and the phone no row.
            gone = await opened.tables.fetch(
                "SELECT record_key FROM stream_record WHERE person_id = $1 AND sealed IS NULL", one
            )
            held = {row.key for row in held_rows(opened.phones[one].store)}
            assert bool(gone) == bool(brought[one] - case.after)
            assert not {row[0] for row in gone} & held
        assert not acts & await opened.pending()
        for key in acts:  # done are those of which a notice was made
            state = await opened.tables.fetchval("SELECT state FROM effect WHERE act_key = $1", key)
            assert state in (EFFECT_CANCELLED, EFFECT_REVERSED, EFFECT_RETRACTED)
        for _ in range(3):  # noon of three days: whatever waited for its hour has had it
            house.clock.move_to(house.clock.today() + timedelta(days=1))
            await opened.outbox.run()
        alive = [NOTICE_WAITING, NOTICE_TOLD, NOTICE_FINISHED]
        left = {row[0] for row in await opened.tables.fetch(_NOTICES, alive)}
        assert not left & acts, "no notice of it was sent or waits to be"


_NOTICES = "SELECT notice_id FROM notice WHERE state = ANY($1::smallint[])"


@pytest.mark.parametrize("name", CASES)
async def test_in_the_other_order_the_same_is_left_and_nobody_is_told(
    house: TestHouse, databases: tuple[str, str], tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    async with home(house, databases, tmp_path, case) as opened:
        before, waiting = await opened.services(), await opened.pending()
        await opened.hear(case.undone_by)
        await opened.hear(case.came)
        after = await opened.services()
        for one in after:
            assert after[one] <= before[one] | case.after
        for _ in range(3):
            house.clock.move_to(house.clock.today() + timedelta(days=1))
            await opened.outbox.run()
        told = {
            row[0] for row in await opened.tables.fetch(_NOTICES, [NOTICE_TOLD, NOTICE_FINISHED])
        }
        assert told <= waiting, "of what was known before alone"


def test_the_days_are_in_order() -> None:
    assert date.fromisoformat(LAST_WEEK) < date.fromisoformat(YESTERDAY) < TODAY
