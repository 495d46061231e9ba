"""Events of awkward families for tests, told through the real intake, and who then sees whom."""

from datetime import UTC, date, datetime, timedelta

from domain.ids import PersonId
from gov.event.data import Identifier
from gov.person_number import canonical_number
from tests.support.events import Json, event, numbered
from tests.support.house import TestHouse
from tests.support.intake import Intake
from timeline.people import find_person

TODAY = date(2026, 11, 27)
HUSBAND = numbered(911, nationality="ARE", name={"en": "Salem"})
WIFE, SECOND_WIFE, THIRD_WIFE = (numbered(number, nationality="ARE") for number in (912, 913, 914))
NEXT_HUSBAND = numbered(915, nationality="ARE")
STRANGER = numbered(916, nationality="ARE")
GRANDMOTHER, TAKER, OTHER_TAKER = (numbered(number) for number in (917, 918, 919))


def temporary(value: str) -> Json:
    """A newborn by the number that a hospital gave it for a while."""
    number = {"system": "temporary_number", "value": value, "assigner": "hospital-1"}
    return {"identifier": number}


CHILD, TWIN, OTHER_CHILD = (temporary(value) for value in ("N-1", "N-2", "N-3"))


def day(count: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=count)


def marriage(husband: Json, wife: Json, on: int = -400, *, id: str) -> Json:
    return event("marriage.registered", {"husband": husband, "wife": wife}, on=day(on), id=id)


def divorce(husband: Json, wife: Json, on: int, *, id: str) -> Json:
    data = {"husband": husband, "wife": wife}
    return event("divorce.registered", data, on=day(on), id=id)


def birth(child: Json, mother: Json, father: Json | None, on: int = -20, *, id: str) -> Json:
    data = {"child": {"sex": "female", **child}, "mother": mother}
    if father is not None:
        data["father"] = father
    return event("birth.notified", data, on=day(on), id=id)


def adoption(child: Json, mother: Json, father: Json, on: int, *, id: str) -> Json:
    data = {"child": child, "mother": mother, "father": father, "is_secret": True}
    return event("adoption.decided", data, on=day(on), id=id)


def death(who: Json, on: int, *, id: str) -> Json:
    return event("person.died", {"person": {"identifier": who["identifier"]}}, on=day(on), id=id)


def replaced(former: Json, person: Json, reason: str, on: int = -1, *, id: str) -> Json:
    data = {"person": person, "former": {"identifier": former["identifier"]}, "reason": reason}
    return event("identifier.replaced", data, on=day(on), id=id)


def in_error(event_id: str, on: int = -1, *, id: str | None = None) -> Json:
    data = {"event_id": event_id}
    return event("entered_in_error", data, on=day(on), id=id or f"not-{event_id}")


async def status(house: TestHouse, intake: Intake, told: Json, *, by: str = "moj") -> str:
    """How an event stands once the worker has worked: `applied`, or why it is held."""
    house.clock.instant = datetime.now(UTC)  # signatures are made by the machine's clock
    answer = await intake.tell(by, told)
    return str(answer["reason"]["code"] if answer["status"] == "held" else answer["status"])


async def tell(house: TestHouse, intake: Intake, *told: Json, by: str = "moj") -> None:
    """Each event applied, in turn."""
    for one in told:
        assert await status(house, intake, one, by=by) == "applied", one["id"]


async def who_is(house: TestHouse, person: Json) -> PersonId:
    system, value = canonical_number(Identifier(**person["identifier"]))
    value = value.replace("-", "") if system == "emirates_id" else value
    found = await find_person(house.ground, system=system, value=value)
    assert found is not None
    return found


async def sees(house: TestHouse, reader: Json, about: Json, *, told: bool = False) -> bool:
    """Whether a card of the reader is about that person; with `told`, one that tells the reader."""
    subject = await who_is(house, about)
    cards = await house.timeline(await who_is(house, reader))
    return any(card.record.subject == subject for card in cards if not (told and card.record.quiet))


async def services(house: TestHouse, reader: Json) -> set[str]:
    """The services of the reader's cards."""
    return {card.record.entry for card in await house.timeline(await who_is(house, reader))}
