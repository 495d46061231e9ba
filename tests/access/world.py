"""The families of the access walk: who is who, what is whose, and what each of them may see.

Who may see what is written here by hand, after `domain/people/rights.py`: the walk compares the
service with this and never with itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from types import MappingProxyType
from uuid import uuid4

from domain.calendar_date import Sex
from domain.facts.birth import AdoptionDecided, CustodyDecided, GuardianAppointed, GuardianRemoved
from domain.facts.business import LicenceIssued, PartnerAdded
from domain.facts.health import MeasurementTaken, VaccinationGiven
from domain.facts.person import PersonDescribed
from domain.ids import CommandId, EntryId, PersonId
from domain.people.actor import Actor
from identity.session import SessionDetail, open_session
from push.receipt import SeeNotices
from push.told import list_told
from push.wish import ChangeWishes, ChannelWish, ClassWish, Hours, ServiceWish
from schema.node import encode_id
from tests.schema.asking import EVERY_STATE, act, ask, cards, operation
from tests.support.builders import CITIZEN, born, divorced, fact, married, pregnant
from tests.support.house import TestHouse, actor_of, person
from tests.support.notices import Outbox, enrol
from timeline.blob import BlobPlan, record_chunk
from timeline.command import Command, run_command
from timeline.outcome import APPLIED
from timeline.read import read_timeline

TODAY = date(2026, 11, 21)
WEDDING = date(2020, 3, 1)

MOTHER, FATHER, CHILD = person(1), person(2), person(3)
GUARDIAN, HELPER = person(4), person(5)
BIRTH_MOTHER, BIRTH_FATHER, ADOPTED = person(6), person(7), person(8)
ADOPTIVE_MOTHER, ADOPTIVE_FATHER = person(9), person(10)
OTHER_MOTHER, OTHER_FATHER, OTHER_CHILD = person(11), person(12), person(13)
GROWN, GROWN_MOTHER = person(14), person(15)
OWNER, PARTNER = person(16), person(17)  # of one business; the owner is married to the helper

ROLES: Mapping[str, PersonId | None] = MappingProxyType(
    {
        "mother": MOTHER,
        "father without custody": FATHER,
        "former guardian": GUARDIAN,
        "helper without a right": HELPER,
        "birth mother": BIRTH_MOTHER,
        "birth father": BIRTH_FATHER,
        "adoptive mother": ADOPTIVE_MOTHER,
        "adoptive father": ADOPTIVE_FATHER,
        "mother of another family": OTHER_MOTHER,
        "father of another family": OTHER_FATHER,
        "child of 18": GROWN,
        "mother of a child of 18": GROWN_MOTHER,
        "owner of a business": OWNER,
        "partner in the business": PARTNER,
        "nobody": None,
    }
)
NAMES: Mapping[PersonId, str] = MappingProxyType(
    {
        MOTHER: "Mulhima",
        FATHER: "Faridun",
        CHILD: "Chadiyah",
        GUARDIAN: "Ghaniyah",
        HELPER: "Hasinah",
        BIRTH_MOTHER: "Bariqah",
        BIRTH_FATHER: "Badran",
        ADOPTED: "Aghadir",
        ADOPTIVE_MOTHER: "Tathbit",
        ADOPTIVE_FATHER: "Takmil",
        OTHER_MOTHER: "Ukhrawia",
        OTHER_FATHER: "Ukhuwan",
        OTHER_CHILD: "Uqhuwan",
        GROWN: "Rashidun",
        GROWN_MOTHER: "Raziyyah",
        OWNER: "Malikun",
        PARTNER: "Sharikun",
    }
)
BIRTH_NAME = "Qadimah"  # what the adopted child was called before: nobody sees it any more
_COUPLES = (
    (FATHER, MOTHER),
    (BIRTH_FATHER, BIRTH_MOTHER),
    (ADOPTIVE_FATHER, ADOPTIVE_MOTHER),
    (OTHER_FATHER, OTHER_MOTHER),
    (OWNER, HELPER),
)
# Beside themselves, and beside whom a card of theirs may name: husband and wife know each other.
SEES: Mapping[PersonId, frozenset[PersonId]] = MappingProxyType(
    {
        MOTHER: frozenset({CHILD, FATHER}),
        FATHER: frozenset({CHILD, MOTHER}),
        GUARDIAN: frozenset(),
        HELPER: frozenset({OWNER}),
        BIRTH_MOTHER: frozenset({BIRTH_FATHER}),
        BIRTH_FATHER: frozenset({BIRTH_MOTHER}),
        ADOPTIVE_MOTHER: frozenset({ADOPTED, ADOPTIVE_FATHER}),
        ADOPTIVE_FATHER: frozenset({ADOPTED, ADOPTIVE_MOTHER}),
        OTHER_MOTHER: frozenset({OTHER_CHILD, OTHER_FATHER}),
        OTHER_FATHER: frozenset({OTHER_CHILD, OTHER_MOTHER}),
        GROWN: frozenset(),
        GROWN_MOTHER: frozenset(),
        OWNER: frozenset({HELPER}),
        PARTNER: frozenset(),  # a business shows neither its other owners nor their families
    }
)
# Who once saw whom, and does so no more.
LOST: Mapping[PersonId, PersonId] = MappingProxyType(
    {GUARDIAN: CHILD, BIRTH_MOTHER: ADOPTED, BIRTH_FATHER: ADOPTED, GROWN_MOTHER: GROWN}
)
CARDS_EACH = 2  # of each person, tried by every other
FACTS_EACH = 2  # that those cards rest on, likewise
PHOTO = b"\xff\xd8\xff of one card"
DISPUTING = "Mukhtalifah"  # what the mother says of a fact: nobody else is shown it
NUMBER = "+971501122334"  # hers for messages: nobody else's to see


@dataclass(frozen=True, slots=True)
class Own:
    """Something with an id, who may read by it, and after whom it is named when a test fails."""

    kind: str
    id: str
    readers: frozenset[PersonId]
    name: str


@dataclass(frozen=True, slots=True)
class World:
    """The house, and everything in it that has an id."""

    house: TestHouse
    own: list[Own] = field(default_factory=list)
    cited: list[tuple[PersonId, str, str]] = field(default_factory=list)
    """Who has which card, and a fact in its why."""

    def of(self, kind: str) -> list[Own]:
        return [one for one in self.own if one.kind == kind]

    def leaks(self, role: PersonId | None, text: str) -> list[str]:
        """What of others stands in an answer to this role."""
        knows = SEES[role] | {role} if role is not None else frozenset()
        strangers = [name for who, name in NAMES.items() if who not in knows]
        words = () if role == MOTHER else (DISPUTING, NUMBER)
        found = [name for name in (*strangers, BIRTH_NAME, *words) if name in text]
        return found + [
            f"{one.kind} of {one.name}"
            for one in self.own
            if role not in one.readers and one.id in text
            if one.kind != "Person" or one.name in strangers
        ]


async def build_world(house: TestHouse) -> World:
    """The families as of TODAY, by facts alone, and what each of them has."""
    world = World(house)
    await _births(house)
    for who, whom in LOST.items():
        lost = await _cards(house, who, whom)
        assert lost, f"{NAMES[who]} has nothing to lose"
        world.own.extend(Own("Card", card, frozenset(), NAMES[who]) for card in lost)
    await _what_took_rights(house)
    house.clock.move_to(TODAY)
    for who, whom in LOST.items():
        assert await _cards(house, who, whom) == [], f"{NAMES[who]} has lost nothing"
    for who in SEES:
        mine = await _cards(house, who)
        world.own.extend(Own("Card", card, frozenset({who}), NAMES[who]) for card in mine)
    await _facts(world)
    await _wishes(house)
    await _notices(world)
    for who in (MOTHER, OTHER_MOTHER, ADOPTIVE_FATHER, GROWN):
        card = next(one.id for one in world.of("Card") if who in one.readers)
        command_id = str(uuid4())
        await act(house, who, "Acknowledge", card, commandId=command_id)
        world.own.append(Own("Command", command_id, frozenset({who}), NAMES[who]))
    for who in (MOTHER, OTHER_MOTHER):
        world.own.append(
            Own("Photo", await _attach_photo(house, who), frozenset({who}), NAMES[who])
        )
    for who, name in NAMES.items():
        readers = frozenset(role for role in SEES if who == role or who in SEES[role])
        if who not in SEES:  # a child
            world.own.append(Own("Person", encode_id("Person", who.bytes), readers, name))
        else:
            own = frozenset({who})
            world.own.append(Own("Person", encode_id("Person", who.bytes), own, name))
            session = uuid4()
            detail = SessionDetail("osrati-app", f"phone of {name}", "SOP3", house.clock.now_utc())
            await open_session(house.ground, who, session, detail)
            world.own.append(Own("Session", encode_id("Session", session.bytes), own, name))
    return world


async def _attach_photo(house: TestHouse, who: PersonId) -> str:
    """A photo of somebody's, on a card of theirs that is open; its id."""
    card = next(
        one
        for one in await read_timeline(house.ground, actor_of(who))
        if one.state in ("upcoming", "due", "overdue")
    )
    plan = BlobPlan(card.circle_id, who, uuid4(), len(PHOTO), sha256(PHOTO).digest())
    assert (await record_chunk(house.ground, plan, 0, PHOTO)).complete
    given = {"commandId": str(uuid4()), "cardId": encode_id("Card", card.record.key)}
    answer = await ask(
        house, who, operation("AttachPhoto"), input={**given, "photo": str(plan.blob_id)}
    )
    assert answer["data"]["attachPhoto"]["card"]["photo"] == str(plan.blob_id), answer
    return str(plan.blob_id)


async def _wishes(house: TestHouse) -> None:
    """The mother has said everything that can be wished; she signed in just now."""
    actor = Actor(MOTHER, "ar", "SOP3", uuid4(), house.clock.now_utc())
    book = EntryId("family_book")
    payload = ChangeWishes(
        language="en",
        sms_number=NUMBER,
        quiet_hours=Hours("22:00", "07:00"),
        opt_out="loss",
        services=(ServiceWish(book, told=False, channel="sms"),),
        channels=(ChannelWish("email", used=False),),
        classes=(ClassWish("campaign", told=False),),
    )
    command = Command(CommandId(uuid4()), "wishes.change", payload)
    outcome = await run_command(house.ground, house.registry, actor, command)
    assert outcome.code == APPLIED


async def _notices(world: World) -> None:
    """What is due is told: the mother has a phone, which has opened one; nobody else is reached."""
    house, outbox = world.house, Outbox(world.house)
    await enrol(house, MOTHER, uuid4(), token="token of the mother")
    house.clock.instant += timedelta(hours=6)  # what is only to be read is told in the evening
    await outbox.run()
    house.clock.move_to(TODAY)
    for who in SEES:
        page = await list_told(house.ground, actor_of(who), limit=CARDS_EACH)
        ids = [encode_id("Notice", told.notice.id) for told in page.notices]
        world.own.extend(Own("Notice", each, frozenset({who}), NAMES[who]) for each in ids)
    hers = await list_told(house.ground, actor_of(MOTHER), limit=20)
    told = tuple(each.notice.id for each in hers.notices if each.is_told)
    assert told
    command = Command(CommandId(uuid4()), "notices.seen", SeeNotices(acted=told))
    outcome = await run_command(house.ground, house.registry, actor_of(MOTHER), command)
    assert outcome.code == APPLIED


async def _facts(world: World) -> None:
    """The facts that cards rest on, by who is shown them; the mother says that one is wrong."""
    readers: dict[str, set[PersonId]] = {}
    for who in SEES:
        for card in await cards(world.house, who):
            for said in card["why"]["facts"]:
                readers.setdefault(said["id"], set()).add(who)
                world.cited.append((who, card["id"], said["id"]))
    for who in SEES:
        mine = sorted({fact_id for reader, _, fact_id in world.cited if reader == who})
        known = {one.id for one in world.of("Fact")}
        world.own.extend(
            Own("Fact", fact_id, frozenset(readers[fact_id]), NAMES[who])
            for fact_id in mine[:FACTS_EACH]
            if fact_id not in known
        )
    birth = next(
        (card["id"], said["id"])
        for card in await cards(world.house, MOTHER)
        for said in card["why"]["facts"]
        if said["kind"] == "birth.notified"
    )
    disputed = {"claim": "OTHER_DAY", "saysOn": "2026-10-01", "words": DISPUTING}
    given = {"commandId": str(uuid4()), "cardId": birth[0], "factId": birth[1], **disputed}
    answer = await ask(world.house, MOTHER, operation("DisputeFact"), input=given)
    assert "card" in answer["data"]["disputeFact"], answer


async def _births(house: TestHouse) -> None:
    """Everybody, with every right that some lose later; read the day before the grown-up is 18."""
    before = TODAY - timedelta(days=2)
    house.clock.move_to(before)
    for who, name in NAMES.items():
        said = BIRTH_NAME if who == ADOPTED else name
        sex: Sex | None = "female" if who in (CHILD, ADOPTED, OTHER_CHILD) else None
        described = PersonDescribed(
            who, name_en=said, name_ar=f"{said} ع", sex=sex, nationality=CITIZEN
        )
        await house.apply(fact(described, WEDDING, source="icp"))
    for husband, wife in _COUPLES:
        await house.apply(married(husband, wife, WEDDING))
    a_month = before - timedelta(days=30)
    for child, mother, father in (
        (CHILD, MOTHER, FATHER),
        (ADOPTED, BIRTH_MOTHER, BIRTH_FATHER),
        (OTHER_CHILD, OTHER_MOTHER, OTHER_FATHER),
    ):
        await house.apply(born(child, mother, a_month, father=father))
        await _health(house, child, a_month)
    eighteen = date(TODAY.year - 18, TODAY.month, TODAY.day)
    await house.apply(born(GROWN, GROWN_MOTHER, eighteen, asserted_on=before))
    await _health(house, GROWN, eighteen)
    await house.apply(fact(GuardianAppointed(CHILD, GUARDIAN, "both"), before, source="moj"))
    of_property = GuardianAppointed(CHILD, HELPER, "property")
    await house.apply(fact(of_property, before, source="moj"))
    expires_on = TODAY + timedelta(days=10)
    await house.apply(fact(LicenceIssued(OWNER, "L-7", expires_on), before, source="ded"))
    added = PartnerAdded(PARTNER, "L-7", OWNER, is_confirmed=True)
    await house.apply(fact(added, before, source="ded"))


async def _health(house: TestHouse, child: PersonId, born_on: date) -> None:
    for code in ("08", "19"):
        given = VaccinationGiven(child, code, lot_number=f"lot-{NAMES[child]}")
        await house.apply(fact(given, born_on))
    await house.apply(fact(MeasurementTaken(child, weight_kg=3.4, length_cm=50.0), born_on))


async def _what_took_rights(house: TestHouse) -> None:
    """Divorce and custody, a guardian's removal, a secret adoption; the mother is pregnant anew."""
    on = TODAY - timedelta(days=1)
    await house.apply(divorced(FATHER, MOTHER, on))
    await house.apply(fact(CustodyDecided(CHILD, MOTHER, MOTHER), on, source="moj"))
    await house.apply(fact(GuardianRemoved(CHILD, GUARDIAN), on, source="moj"))
    adoption = AdoptionDecided(ADOPTED, ADOPTIVE_MOTHER, ADOPTIVE_FATHER, is_secret=True)
    await house.apply(fact(adoption, on, source="moj"))
    renamed = PersonDescribed(
        ADOPTED, name_en=NAMES[ADOPTED], name_ar=f"{NAMES[ADOPTED]} ع", sex="female"
    )
    await house.apply(fact(renamed, TODAY, source="icp"))
    expecting = pregnant(OTHER_MOTHER, on, due_on=TODAY + timedelta(days=150))
    await house.apply(expecting)


async def _cards(house: TestHouse, who: PersonId, whom: PersonId | None = None) -> list[str]:
    """The ids of a few of a person's cards; those about one person, or about anybody."""
    query = (
        "query($states: [CardState!], $subjects: [ID!]) { me { timeline(first: 100, filter:"
        " {states: $states, subjects: $subjects}) { edges { node { id } } } } }"
    )
    subjects = None if whom is None else [encode_id("Person", whom.bytes)]
    answer = await ask(house, who, query, states=EVERY_STATE, subjects=subjects)
    edges = answer["data"]["me"]["timeline"]["edges"][:CARDS_EACH]
    return [edge["node"]["id"] for edge in edges]
