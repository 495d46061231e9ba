"""The race: writers that sleep inside their transactions, phones that poll all the while.

By a sequence or a clock a cursor would pass by rows whose transactions began earlier and committed
later. Numbers are given under the circle's lock, so a phone misses none.
"""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from phone import stream
from phone.store import Store
from phone.sync import Phone, enrol, round_trip
from phone.transport import Transport
from phone.vault import new_vault
from tests.simulate.real_phone import SkewedClock
from tests.support.builders import born, married, vaccinated
from tests.support.house import TestHouse, person
from tests.support.phone import open_app

HUSBAND, WIFE = person(1), person(2)
WRITERS = 8
FACTS_EACH = 4

# Each writer rests after its rows are written and before it commits.
SLEEPY = """
CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END';
CREATE TRIGGER rests AFTER INSERT OR UPDATE ON stream_record
FOR EACH STATEMENT EXECUTE FUNCTION rest();
"""


async def test_no_row_is_missed_while_writers_sleep_in_their_transactions(
    house: TestHouse, tmp_path: Path
) -> None:
    today = house.clock.today()
    children = [person(10 + number) for number in range(WRITERS)]
    await house.apply(
        married(HUSBAND, WIFE, today - timedelta(days=900)),
        *(born(child, WIFE, today - timedelta(days=100), father=HUSBAND) for child in children),
    )
    async with house.ground.database.engine.begin() as connection:
        for statement in SLEEPY.split(";\nCREATE TRIGGER"):
            prefix = "" if statement.lstrip().startswith("CREATE") else "CREATE TRIGGER"
            await connection.execute(text(prefix + statement))

    async def write(child: int) -> None:
        chance = random.Random(child)
        for code in chance.sample(["08", "19", "110", "133", "116", "03"], FACTS_EACH):
            await house.apply(vaccinated(children[child], code, today - timedelta(days=1)))

    async with open_app(house, tmp_path) as http:
        clock = SkewedClock(house.clock, timedelta(0))
        phone = Phone(Store(None, new_vault()), Transport(http, WIFE), clock)
        await enrol(phone)
        writing = [asyncio.ensure_future(write(number)) for number in range(WRITERS)]
        polls = 0
        while not all(one.done() for one in writing):
            await round_trip(phone)
            polls += 1
        await asyncio.gather(*writing)
        while (await round_trip(phone)).again:
            pass
    async with house.ground.database.engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT record_key, number FROM stream_record"
                " WHERE person_id = :person AND sealed IS NOT NULL"
            ),
            {"person": WIFE},
        )
        expected = {(bytes(key), number) for key, number in found}
    assert polls > 5
    assert {(row.key, row.number) for row in stream.held_rows(phone.store)} == expected
    mended = phone.store.connection.execute(
        "SELECT count(*) FROM stream WHERE restarted_on IS NOT NULL OR alarm"
    )
    assert mended.fetchone() == (0,)  # the digest never had to find a missing row
