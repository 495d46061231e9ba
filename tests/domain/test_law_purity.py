"""Law 2, purity: the same facts, catalogue and day give the same records, in whatever order facts
arrived, and however often.

`histories` makes plausible families: two wives, a remarriage, pregnancies that two exchanges dated
differently, losses, births with and without a father, twins, doubled vaccinations, deaths,
corrections and corrections of corrections, and what members did to their cards.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Literal, NamedTuple, get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.card.record import Evaluation, Record
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue
from domain.evaluate import evaluate
from domain.fact import Fact, Payload
from domain.facts.act import CardAct, EnteredInError
from domain.facts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentKept,
    AppointmentMissed,
    AppointmentMoved,
    VisitKept,
    VisitPurpose,
)
from domain.facts.birth import (
    AdoptionDecided,
    BirthNotified,
    CustodyDecided,
    GuardianAppointed,
    GuardianRemoved,
)
from domain.facts.document import (
    DocumentIssued,
    DocumentKind,
    DocumentReplaced,
    DocumentRevoked,
)
from domain.facts.health import (
    ConditionRecorded,
    ConditionResolved,
    DisabilityRecognised,
    VaccinationGiven,
    VaccinationNotDone,
    VaccinationRefused,
)
from domain.facts.marriage import (
    ContractSigned,
    DivorceRegistered,
    DivorceRevoked,
    FamilyBookChanged,
    FamilyBookIssued,
    MarriageAnnulled,
    MarriageRegistered,
)
from domain.facts.person import (
    EmploymentChanged,
    EmploymentSector,
    IdentifierReplaced,
    PersonDescribed,
    PersonDied,
    PlaceEntered,
    ResidenceChanged,
)
from domain.facts.pregnancy import (
    EmbryoTransferred,
    PregnancyConfirmed,
    PregnancyEnded,
    PregnancyOutcome,
    PregnancyRedated,
    PregnancyScanned,
)
from domain.facts.support import (
    BenefitDecided,
    GrantDecided,
    HousingDecided,
    RegistryAnswered,
    RegistryQuestion,
    RegulationChanged,
    SchoolStageReached,
    SeatReleased,
    SeatReserved,
)
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members

SECRET = bytes(range(32))
PERSONAL = {"document_renewal", "fines_reduced", "medical_appointments", "moved_emirate"}
Act = Literal["acknowledged", "snoozed", "dismissed", "undone"]
ACTS: tuple[Act, ...] = ("acknowledged", "snoozed", "dismissed", "undone")
LOST: tuple[PregnancyOutcome, ...] = ("loss", "stillbirth", "termination")


def person(number: int) -> PersonId:
    return PersonId(UUID(int=number))


HUSBAND, WIFE, SECOND_WIFE, NEXT_HUSBAND = (person(number) for number in range(1, 5))
CHILDREN = [person(number) for number in range(11, 15)]
PEOPLE = [HUSBAND, WIFE, SECOND_WIFE, NEXT_HUSBAND, *CHILDREN]


def couple(number: int, one: PersonId, other: PersonId) -> Circle:
    return Circle(CircleId(UUID(int=number)), "couple", couple_members(one, other))


def single(number: int, who: PersonId) -> Circle:
    return Circle(CircleId(UUID(int=number)), "single", (who,))


CIRCLES = [
    couple(101, HUSBAND, WIFE),
    couple(102, HUSBAND, SECOND_WIFE),
    couple(103, NEXT_HUSBAND, WIFE),
    single(104, WIFE),
    single(105, CHILDREN[0]),
]
SOURCES = ["mohap", "nabidh", "riayati"]
FIRST_DAY, LAST_DAY = date(2025, 1, 1), date(2027, 6, 30)
PAPERS: tuple[DocumentKind, ...] = ("passport", "emirates_id", "birth_certificate")
PURPOSES: tuple[VisitPurpose, ...] = ("antenatal", "child_health", "other")
SECTORS: tuple[EmploymentSector, ...] = ("federal", "local", "private", "none")
QUESTIONS = get_args(RegistryQuestion)
CODES = ["08", "19", "20", "10", "146", "03", "116", "999"]


class History(NamedTuple):
    """A family's facts and the day on which somebody looks."""

    facts: tuple[Fact, ...]
    today: date


class Told(NamedTuple):
    """What one report says; who says it and when follows."""

    payload: Payload
    on: date


@cache
def shipped() -> Catalogue:
    return compile_catalogue(read_catalogue(SHIPPED_PACK), version=1)


def look(circle: Circle, facts: list[Fact] | tuple[Fact, ...], today: date) -> Evaluation:
    return evaluate(circle, facts, shipped(), today, SECRET)


DAYS = st.dates(FIRST_DAY, LAST_DAY)
COUPLES = st.sampled_from([(HUSBAND, WIFE), (HUSBAND, SECOND_WIFE), (NEXT_HUSBAND, WIFE)])
MOTHERS = st.sampled_from([WIFE, WIFE, SECOND_WIFE])
FATHERS = st.sampled_from([None, HUSBAND, NEXT_HUSBAND])


@st.composite
def marriages(draw: st.DrawFn) -> list[Told]:
    husband, wife = draw(COUPLES)
    on = draw(DAYS)
    told = [Told(MarriageRegistered(husband, wife), on)]
    if draw(st.booleans()):
        told.append(Told(PersonDescribed(husband, nationality="ARE"), on))
    if draw(st.booleans()):
        told.append(Told(FamilyBookIssued(husband, wife), on + timedelta(days=10)))
    return told


@st.composite
def ends(draw: st.DrawFn) -> list[Told]:
    husband, wife = draw(COUPLES)
    on = draw(DAYS)
    over = draw(st.sampled_from([DivorceRegistered, MarriageAnnulled]))
    told = [Told(over(husband, wife), on)]
    match draw(st.sampled_from(["over", "revoked", "again"])):
        case "revoked":
            told.append(Told(DivorceRevoked(husband, wife), on + timedelta(days=30)))
        case "again":
            told.append(Told(MarriageRegistered(husband, wife), on + timedelta(days=60)))
            told.append(Told(FamilyBookChanged(husband, wife, "renewed"), on + timedelta(days=70)))
        case _:
            pass
    return told


@st.composite
def stages(draw: st.DrawFn) -> list[Told]:
    """What is said of a pregnancy after it was confirmed, or before anybody heard of it."""
    mother, on = draw(MOTHERS), draw(DAYS)
    count = draw(st.sampled_from([None, 1, 2]))
    told = [
        Told(PregnancyScanned(mother, draw(st.integers(28, 280)), count), on),
        Told(PregnancyRedated(mother, on + timedelta(days=draw(st.integers(1, 250)))), on),
        Told(PregnancyEnded(mother, draw(st.sampled_from(LOST)), count), on + timedelta(days=20)),
        Told(EmbryoTransferred(mother, draw(st.integers(0, 7))), on),
        Told(VisitKept(mother, "antenatal"), on + timedelta(days=7)),
    ]
    return draw(st.lists(st.sampled_from(told), min_size=1, max_size=3, unique_by=id))


@st.composite
def pregnancies(draw: st.DrawFn) -> list[Told]:
    mother, father, on = draw(MOTHERS), draw(FATHERS), draw(DAYS)
    due_on = on + timedelta(days=draw(st.integers(1, 450)))  # beyond 301: impossible
    told = [Told(PregnancyConfirmed(mother, father, due_on), on)]
    if draw(st.booleans()):  # another exchange dated it otherwise
        other = due_on + timedelta(days=draw(st.integers(-90, 90)))
        told.append(Told(PregnancyConfirmed(mother, draw(FATHERS), other), on + timedelta(days=3)))
    match draw(st.sampled_from(["goes on", "ends", "birth"])):
        case "ends":
            outcome = draw(st.sampled_from(LOST))
            ended_on = on + timedelta(days=draw(st.integers(1, 60)))
            told.append(Told(PregnancyEnded(mother, outcome), ended_on))
        case "birth":
            child = draw(st.sampled_from(CHILDREN))
            told.append(Told(BirthNotified(child, mother, father), due_on))
        case _:
            pass
    return told


@st.composite
def births(draw: st.DrawFn) -> list[Told]:
    mother, father, on = draw(MOTHERS), draw(FATHERS), draw(DAYS)
    twins = draw(st.lists(st.sampled_from(CHILDREN), min_size=1, max_size=2, unique=True))
    told = [Told(BirthNotified(child, mother, father), on) for child in twins]
    if draw(st.booleans()):  # a federal employee, and the certificate that starts her leave
        told.append(Told(EmploymentChanged(mother, "federal"), on - timedelta(days=90)))
        told.append(
            Told(DocumentIssued(twins[0], "birth_certificate", "7"), on + timedelta(days=5))
        )
    if draw(st.booleans()):  # the first day's two vaccines
        told += [Told(VaccinationGiven(twins[0], code), on) for code in ("19", "08")]
    return told


@st.composite
def vaccinations(draw: st.DrawFn) -> list[Told]:
    child, code, on = draw(st.sampled_from(CHILDREN)), draw(st.sampled_from(CODES)), draw(DAYS)
    times = draw(st.integers(1, 2))  # an exchange repeats what the ministry said
    return [Told(VaccinationGiven(child, code), on)] * times


@st.composite
def remarks(draw: st.DrawFn) -> list[Told]:
    """What is said of a child beside doses, and where the family lives."""
    child, on = draw(st.sampled_from(CHILDREN)), draw(DAYS)
    code = draw(st.sampled_from([*CODES[:6], "999"]))
    said: list[Payload] = [
        VaccinationRefused(child, draw(st.sampled_from([None, code]))),
        VaccinationNotDone(child, code, "contraindicated"),
        VaccinationNotDone(child, code, "immune"),
        VaccinationNotDone(child, code, "out_of_stock"),
        ConditionRecorded(child, "cdsi", "246", "contraindication"),
        ConditionRecorded(child, "snomed", "38907003", "immunity"),
        ConditionResolved(child, "cdsi", "246"),
        ResidenceChanged(child, "AE-DU"),
        ResidenceChanged(WIFE, "AE-SH"),
    ]
    return [Told(draw(st.sampled_from(said)), on)]


@st.composite
def deaths(draw: st.DrawFn) -> list[Told]:
    return [Told(PersonDied(draw(st.sampled_from(PEOPLE))), draw(DAYS))]


@st.composite
def decisions(draw: st.DrawFn) -> list[Told]:
    """Courts: divorces, custody, guardians, adoptions, numbers joined."""
    child, on = draw(st.sampled_from(CHILDREN)), draw(DAYS)
    who = draw(st.sampled_from(PEOPLE[:4]))
    husband, wife = draw(COUPLES)
    ends_on = draw(st.sampled_from([None, on + timedelta(days=draw(st.integers(1, 300)))]))
    other = draw(st.sampled_from(CHILDREN))
    choices: list[Payload] = [
        DivorceRegistered(husband, wife),
        DivorceRevoked(husband, wife),
        CustodyDecided(child, who, None, ends_on),
        GuardianAppointed(child, who, "both", ends_on),
        GuardianRemoved(child, who),
        AdoptionDecided(child, wife, husband),
        AdoptionDecided(child),
        IdentifierReplaced(child, other, "newborn_numbered"),
        IdentifierReplaced(child, other, "corrected"),
        ResidenceChanged(who, "AE-FU", is_protected=True),
    ]
    said = draw(st.sampled_from(choices))
    return [Told(said, on)]


@st.composite
def lives(draw: st.DrawFn) -> list[Told]:
    """What happens to one person: contract, papers, appointments, work, moves, places, law."""
    who = draw(st.sampled_from([WIFE, WIFE, CHILDREN[0], HUSBAND]))  # whose circles are looked at
    child, on = draw(st.sampled_from(CHILDREN)), draw(DAYS)
    husband, wife = draw(COUPLES)
    later = on + timedelta(days=draw(st.integers(1, 400)))
    at = datetime.combine(later, time(draw(st.integers(0, 23))), UTC)
    number = draw(st.sampled_from(["1", "2"]))
    paper = draw(st.sampled_from(PAPERS))
    purpose = draw(st.sampled_from(PURPOSES))
    choices: list[list[Payload]] = [
        [ContractSigned(husband, wife, number)],
        [AppointmentBooked(who, number, at, purpose)],
        [AppointmentBooked(child, number, at, purpose), AppointmentKept(child, number)],
        [AppointmentBooked(who, number, at, purpose), AppointmentMissed(who, number)],
        [AppointmentMoved(who, number, at + timedelta(days=9)), AppointmentCancelled(who, number)],
        [DocumentIssued(who, paper, number, expires_on=later)],
        [DocumentIssued(child, "birth_certificate", number)],
        [DocumentReplaced(child, paper, "3", number, expires_on=later)],
        [DocumentRevoked(child, paper, number)],
        [EmploymentChanged(who, draw(st.sampled_from(SECTORS)))],
        [ResidenceChanged(who, "AE-AJ"), ResidenceChanged(who, "AE-FU")],
        [PlaceEntered(who, "hospital")],
        [RegulationChanged("fines_reduced", later, who)],
        [DisabilityRecognised(child, "hearing", later)],
        [DisabilityRecognised(who)],
        [GrantDecided(husband, wife, draw(st.sampled_from(["approved", "more_needed"])))],
        [HousingDecided(husband, "refused", wife)],
        [BenefitDecided(wife, "maternity_leave", "approved", child)],
        [BenefitDecided(husband, "child_allowance", "approved", child)],
        [RegistryAnswered(husband, question, draw(st.booleans())) for question in QUESTIONS],
        [SeatReserved(child, "kg1", "school"), SeatReleased(child, "school")],
        [SchoolStageReached(child, draw(st.sampled_from(["nursery", "kg1"])))],
    ]
    said = draw(st.sampled_from(choices))
    return [Told(one, on + timedelta(days=days)) for days, one in enumerate(said)]


@st.composite
def descriptions(draw: st.DrawFn) -> list[Told]:
    said = PersonDescribed(
        draw(st.sampled_from(PEOPLE)),
        name_ar=draw(st.sampled_from([None, "هند", "نورة"])),
        name_en=draw(st.sampled_from([None, "Hind"])),
        sex=draw(st.sampled_from([None, "male", "female"])),
        nationality=draw(st.sampled_from([None, "ARE", "IND"])),
        born_on=draw(st.sampled_from([None, None, date(1999, 5, 31), date(2008, 2, 29)])),
    )
    return [Told(said, draw(DAYS))]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """A family's facts, in the order in which they were thought of, and a day of looking."""
    groups = draw(
        st.lists(
            st.one_of(
                marriages(),
                ends(),
                pregnancies(),
                stages(),
                births(),
                births(),
                vaccinations(),
                remarks(),
                deaths(),
                descriptions(),
                decisions(),
                lives(),
                lives(),
                lives(),
                lives(),
            ),
            min_size=4,
            max_size=14,
        )
    )
    facts: list[Fact] = []
    for told in (one for group in groups for one in group):
        facts.append(_reported(draw, len(facts), told))
    for _ in range(draw(st.integers(0, 3))):  # a correction may take back a correction
        target = draw(st.sampled_from(facts))
        error = Told(EnteredInError(target.source, target.source_id), target.occurred_on)
        correction = _reported(draw, len(facts), error)
        own = draw(st.integers(0, 4)) < 4  # seldom another source's, which does not count
        facts.append(
            msgspec.structs.replace(correction, source=target.source) if own else correction
        )
    today = draw(st.dates(FIRST_DAY, LAST_DAY + timedelta(days=400)))
    return History((*facts, *_acts(draw, facts, today)), today)


def _reported(draw: st.DrawFn, number: int, told: Told) -> Fact:
    # Few days and one hour of assertion, so that ties are met.
    asserted_on = told.on + timedelta(days=draw(st.sampled_from([0, 0, 1, 40, 200])))
    return Fact(
        source=draw(st.sampled_from(SOURCES)),
        source_id=f"event-{number}",
        part="",
        occurred_on=told.on,
        asserted_at=datetime.combine(asserted_on, time(8), UTC),
        payload=told.payload,
    )


def _acts(draw: st.DrawFn, facts: list[Fact], today: date) -> list[Fact]:
    cards = [card for circle in CIRCLES for card in look(circle, facts, today).records]
    if not cards:
        return []
    first = draw(st.integers(0, len(cards) - 1))
    few = cards[first : first + 2]  # so that one card meets several acts
    return [
        member_act(
            number,
            draw(st.sampled_from(few)),
            draw(st.sampled_from(ACTS)),
            today,
            today + timedelta(days=draw(st.integers(1, 30))),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


def member_act(number: int, card: Record, act: Act, today: date, until: date) -> Fact:
    """The `number`-th act of a member, on a card of theirs."""
    payload = CardAct(
        person=card.recipient,
        record_key=card.key,
        act=act,
        sequence=1_000 + number,
        snoozed_until=until if act == "snoozed" else None,
    )
    at = datetime.combine(today, time(8), UTC)
    return Fact("member", f"command-{number}", "", today, at, payload)


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_in_which_facts_arrived_changes_nothing(history: History, chance: Random) -> None:
    shuffled = list(history.facts)
    chance.shuffle(shuffled)
    for circle in CIRCLES:
        told = look(circle, history.facts, history.today)
        assert look(circle, shuffled, history.today) == told
        assert look(circle, history.facts[::-1], history.today) == told


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_facts_that_arrive_twice_change_nothing(history: History, chance: Random) -> None:
    again = [fact for fact in history.facts if chance.random() < 0.6]
    for circle in CIRCLES:
        told = look(circle, history.facts, history.today)
        assert look(circle, [*history.facts, *again], history.today) == told
        assert look(circle, [*again, *history.facts], history.today) == told


@given(histories())
@settings(max_examples=50, deadline=None)
def test_the_order_in_which_the_catalogue_lies_in_memory_changes_nothing(history: History) -> None:
    for circle in CIRCLES:
        told = look(circle, history.facts, history.today)
        turned = evaluate(circle, history.facts, upside_down(), history.today, SECRET)
        assert turned == told


@cache
def upside_down() -> Catalogue:
    """The shipped catalogue with every mapping filled from its end."""
    return msgspec.structs.replace(
        shipped(),
        schedules=dict(reversed(list(shipped().schedules.items()))),
        services={
            entry: msgspec.structs.replace(
                service,
                terms=dict(reversed(list(service.terms.items()))),
            )
            for entry, service in reversed(list(shipped().services.items()))
        },
    )


@given(histories())
@settings(max_examples=50, deadline=None)
def test_records_and_effects_come_sorted_and_once(history: History) -> None:
    for circle in CIRCLES:
        found = look(circle, history.facts, history.today)
        for keys in ([r.key for r in found.records], [e.key for e in found.effects]):
            assert keys == sorted(set(keys))
        by_key = {record.key: record for record in found.records}
        for effect in found.effects:
            assert by_key[effect.record_key].recipient == effect.recipient


def life_story() -> tuple[Fact, ...]:
    """One of everything, by hand, so that the laws are never proven of empty families."""
    facts: list[Fact] = []

    def tell(payload: Payload, on: date, *, source: str = "mohap") -> Fact:
        at = datetime.combine(on, time(8), UTC)
        facts.append(Fact(source, f"story-{len(facts)}", "", on, at, payload))
        return facts[-1]

    first, second, third = CHILDREN[:3]
    tell(MarriageRegistered(HUSBAND, WIFE), date(2025, 1, 10))
    tell(PersonDescribed(HUSBAND, nationality="ARE"), date(2025, 1, 10))
    tell(MarriageRegistered(HUSBAND, SECOND_WIFE), date(2025, 6, 1))
    tell(FamilyBookIssued(HUSBAND, WIFE), date(2025, 1, 20))
    tell(PregnancyConfirmed(WIFE, HUSBAND, date(2025, 11, 1)), date(2025, 4, 1))
    tell(PregnancyConfirmed(WIFE, None, date(2025, 10, 15)), date(2025, 4, 9), source="nabidh")
    tell(BirthNotified(first, WIFE, HUSBAND), date(2025, 10, 20))
    tell(BirthNotified(second, WIFE, None), date(2025, 10, 20))
    for source in ("mohap", "riayati"):
        tell(VaccinationGiven(first, "19"), date(2025, 10, 20), source=source)
        tell(VaccinationGiven(first, "08"), date(2025, 10, 20), source=source)
    wrong = tell(PersonDied(first), date(2025, 12, 1))
    error = tell(EnteredInError("mohap", wrong.source_id), date(2025, 12, 2))
    again = tell(EnteredInError("mohap", error.source_id), date(2025, 12, 3))
    tell(EnteredInError("mohap", again.source_id), date(2025, 12, 4))
    tell(PregnancyConfirmed(WIFE, HUSBAND, date(2026, 11, 1)), date(2026, 4, 1))
    tell(PregnancyEnded(WIFE, "loss"), date(2026, 5, 1))
    tell(PregnancyConfirmed(SECOND_WIFE, None, date(2026, 12, 1)), date(2026, 4, 20))
    tell(BirthNotified(third, WIFE, HUSBAND), date(2025, 12, 20))
    tell(PersonDied(third), date(2025, 12, 21))
    return tuple(facts)


STORY_TODAY = date(2026, 6, 1)


def story_with_acts() -> tuple[Fact, ...]:
    facts = life_story()
    cards = look(CIRCLES[0], facts, STORY_TODAY).records
    months = [
        card for card in cards if card.occurrence.startswith("visit/") and not card.resolved_on
    ]
    until = STORY_TODAY + timedelta(days=9)
    acts: list[Act] = [*ACTS, "snoozed", "undone"]
    return facts + tuple(
        member_act(number, months[number % len(months)], act, STORY_TODAY, until)
        for number, act in enumerate(acts)
    )


def test_the_life_story_has_what_the_laws_are_about() -> None:
    seen = {circle.id: look(circle, story_with_acts(), STORY_TODAY).records for circle in CIRCLES}
    first_couple, second_couple = seen[CIRCLES[0].id], seen[CIRCLES[1].id]
    alive = {record.subject for record in first_couple if record.entry != "bereavement_family"}
    assert alive == {WIFE, *CHILDREN[:2]}
    mourned = {record.subject for record in first_couple if record.entry == "bereavement_family"}
    assert mourned == {CHILDREN[2]}
    assert any(record.resolved_on for record in first_couple)
    assert any(record.acknowledged or record.dismissed for record in first_couple)
    assert any(record.snoozed_until for record in first_couple)
    assert {record.subject for record in second_couple} == {SECOND_WIFE}
    assert {record.entry for record in second_couple} == {
        *("pregnancy_followup", "content_pregnancy", "content_father"),
        *("family_book", "housing_support"),
        "marriage_contract",  # what was to be read of the wedding has withdrawn itself since
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_life_story_reads_the_same_in_any_order(seed: int) -> None:
    shuffled = list(story_with_acts())
    Random(seed).shuffle(shuffled)
    for circle in CIRCLES:
        told = look(circle, story_with_acts(), STORY_TODAY)
        assert look(circle, shuffled, STORY_TODAY) == told


def test_no_fact_of_the_life_story_counts_twice() -> None:
    facts = story_with_acts()
    for circle in CIRCLES:
        told = look(circle, facts, STORY_TODAY)
        for fact in facts:
            assert look(circle, (*facts, fact), STORY_TODAY) == told, fact


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("a waiting card", lambda e: any(r.waiting for r in e.records)),
        ("a resolved card", lambda e: any(r.resolved_on for r in e.records)),
        ("an act that stands", lambda e: any(r.dismissed or r.acknowledged for r in e.records)),
        ("something to tell", lambda e: bool(e.effects)),
        ("something to submit", lambda e: any(one.kind == "submit" for one in e.effects)),
        ("a person's own card", lambda e: any(r.entry in PERSONAL for r in e.records)),
        ("a day to wake on", lambda e: e.next_change_on is not None),
    ],
)
def test_histories_are_about_something(name: str, seen: Callable[[Evaluation], bool]) -> None:
    met = 0

    @given(histories())
    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    def count(history: History) -> None:
        nonlocal met
        met += any(seen(look(circle, history.facts, history.today)) for circle in CIRCLES)

    count()
    assert met >= 6, name
