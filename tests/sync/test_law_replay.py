"""Law 1, replay: whatever sequence of pulls a phone made, at the head it holds exactly a fresh
snapshot, and the digest says so.

A seeded life: facts come, days pass, cards are acted on, tombstones are cleared, streams are
restored; three phones of one member pull at their own times, in pages of their own size, some
answers lost and some requests repeated. After every action each phone that reached the head equals
a phone that has just begun.
"""

import random
from datetime import date, timedelta
from pathlib import Path

import cbor2
import pytest

from domain.ids import PersonId
from tests.support.builders import CITIZEN, born, described, in_error, married, vaccinated
from tests.support.house import TestHouse, person
from tests.support.phone import BarePhone, open_app
from timeline.tombstone import sweep_tombstones

pytestmark = pytest.mark.slow

HUSBAND, WIFE = person(1), person(2)
CHILDREN = [person(10 + number) for number in range(4)]
TODAY = date(2026, 11, 21)
ACTIONS = 14
CODES = ("08", "19", "20", "133", "146")


class Life:
    """What happens, by one seed."""

    def __init__(self, house: TestHouse, phones: list[BarePhone], seed: int) -> None:
        self.house, self.phones = house, phones
        self.chance = random.Random(seed)
        self.births: dict[PersonId, object] = {}

    async def step(self) -> None:
        happens = self.chance.choice(
            (self.birth, self.correction, self.dose, self.days, self.act, self.purge, self.restore)
        )
        await happens()

    async def birth(self) -> None:
        unborn = [child for child in CHILDREN if child not in self.births]
        if unborn:
            on = self.house.clock.today() - timedelta(days=self.chance.randrange(1, 1_500))
            self.births[unborn[0]] = birth = born(unborn[0], WIFE, on, father=HUSBAND)
            await self.house.apply(birth)

    async def correction(self) -> None:
        if self.births:
            child, birth = self.births.popitem()
            today = self.house.clock.today()
            wrong = in_error(birth, today)  # type: ignore[arg-type]  # a fact
            await self.house.apply(wrong, concerns=(child, WIFE, HUSBAND))

    async def dose(self) -> None:
        if self.births:
            child = self.chance.choice(list(self.births))
            today = self.house.clock.today()
            await self.house.apply(vaccinated(child, self.chance.choice(CODES), today))

    async def days(self) -> None:
        self.house.clock.move_days(self.chance.choice((1, 30, 100, 200)))

    async def act(self) -> None:
        phone = self.chance.choice(self.phones)
        keys = sorted(key for held in phone.streams.values() for key in held.rows)
        if keys:
            key = self.chance.choice(keys)
            await phone.call(phone.command("card.dismiss", {"key": key}))

    async def purge(self) -> None:
        await sweep_tombstones(self.house.ground)

    async def restore(self) -> None:
        async with self.house.ground.database.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE stream SET incarnation = gen_random_uuid()")

    async def pull_some(self, phone: BarePhone) -> bool:
        """A few calls, some of whose answers are lost; whether the phone is at the head now."""
        for _ in range(self.chance.randrange(1, 6)):
            request = phone.request([], bytes_max=self.chance.choice((1_024, 2_000, 65_536)))
            answer = await phone.post("/v1/sync", request)
            assert answer.status_code == 200
            said = cbor2.loads(answer.content)
            if self.chance.random() < 0.25:
                continue  # the answer is lost: the phone asks again
            phone.take(said)
            if not said["more"]:
                return True
        return False


@pytest.mark.parametrize("seed", range(6))
async def test_at_the_head_every_phone_holds_a_fresh_snapshot(
    house: TestHouse, tmp_path: Path, seed: int
) -> None:
    await house.apply(
        married(HUSBAND, WIFE, date(2020, 3, 1)),
        described(HUSBAND, date(2020, 3, 1), nationality=CITIZEN, part="husband"),
    )
    compared = 0
    async with open_app(house, tmp_path) as http:
        phones = [BarePhone(http, HUSBAND) for _ in range(3)]
        for phone in phones:
            await phone.enrol()
        life = Life(house, phones, seed)
        await life.birth()
        for _ in range(ACTIONS):
            await life.step()
            at_head = [phone for phone in phones if await life.pull_some(phone)]
            fresh = BarePhone(
                http,
                HUSBAND,
                device=phones[0].device,
                agreement=phones[0].agreement,
                registry_key=phones[0].registry_key,
            )
            await fresh.sync()
            for phone in at_head:
                compared += 1
                assert {key: held.rows for key, held in phone.streams.items()} == {
                    key: held.rows for key, held in fresh.streams.items()
                }
            assert set(fresh.cards()) == {c.record.key for c in await house.timeline(HUSBAND)}
    assert compared > ACTIONS
