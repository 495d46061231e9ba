"""A fact is said to be wrong: who sees what, which registry is asked, and how it ends."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # a command's payload
from uuid import uuid4

import pytest

from api.settings import read_settings
from domain.calendar_date import DUBAI
from domain.card.record import FactReview, Record
from domain.dispute import ANSWER_DAYS, dispute_id
from domain.error import Refusal
from domain.fact import Fact
from domain.facts.dispute import FactDisputed, ReviewOpened
from domain.ids import CommandId, PersonId
from gov.fhir.number import HOSPITAL_SYSTEM
from gov.registry.call import CALL_WAIT_SECONDS, list_failed_calls
from simulators.registry import Mood, Verdict
from store.circle_tables import CALL_DEAD
from store.scope import CircleScope
from tests.gov.fhir.resources import CVX, bundle, concept, immunization, patient
from tests.support.builders import CITIZEN, born, described, fact, in_error, married, vaccinated
from tests.support.events import BABY, event, numbered
from tests.support.house import TestHouse, actor_of, person
from tests.support.intake import open_intake
from tests.support.registry import Gateway, open_gateway
from timeline.command import Command, Standing, run_command
from timeline.dispute import COMMANDS, OPEN_DISPUTES_MAX, DisputeFact, WithdrawDispute
from timeline.effect import claim_effect, finish_effect, list_due_effects
from timeline.people import find_person
from timeline.record import couple_circle, read_facts, single_circle
from timeline.refresh import refresh
from timeline.stream import HeldRecord
from timeline.wake import list_waking_circles

TODAY = datetime.now(DUBAI).date()
YESTERDAY = TODAY - timedelta(days=1)  # noon of it has passed wherever the test runs
HUSBAND, WIFE, CHILD, SECOND_WIFE = (person(number) for number in range(1, 5))
BIRTH = born(CHILD, WIFE, TODAY - timedelta(days=20), source_id="birth-1")


@pytest.fixture
async def gateway(house: TestHouse, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A couple with a child of twenty days, and a registry that answers when the test lets it."""
    house.clock.instant = datetime.now(UTC)  # agencies sign by the machine's clock
    settings = read_settings({}, data_dir=tmp_path)
    async with open_intake(house, settings) as intake, open_gateway(intake, {}) as opened:
        await house.apply(
            married(HUSBAND, WIFE, TODAY - timedelta(days=400)),
            described(HUSBAND, TODAY - timedelta(days=400), nationality=CITIZEN),
        )
        await house.apply(BIRTH)
        yield opened


async def sweep(house: TestHouse) -> None:
    for circle_id in await list_waking_circles(house.ground):
        await refresh(house.ground, circle_id)


def citation(record: Record, kind: str) -> bytes:
    """The citation of the first fact of a kind that a card rests on."""
    place = [fact.kind for fact in record.why.facts].index(kind)
    return record.cited[place * 8 : place * 8 + 8]


async def card_on(house: TestHouse, who: PersonId, kind: str = "birth.notified") -> Record:
    """A card of somebody's whose why cites a fact of that kind."""
    return next(
        card.record
        for card in await house.timeline(who)
        if kind in [fact.kind for fact in card.record.why.facts]
    )


async def send(
    house: TestHouse, who: PersonId, name: str, payload: Any, *, id: CommandId | None = None
) -> str:
    command = Command(id or CommandId(uuid4()), name, payload)
    return (await run_command(house.ground, house.registry, actor_of(who), command)).code


async def dispute(
    house: TestHouse,
    who: PersonId,
    kind: str = "birth.notified",
    *,
    id: CommandId | None = None,
    **said: Any,
) -> str:
    record = await card_on(house, who, kind)
    said.setdefault("claim", "not_so")
    payload = DisputeFact(record.key, citation(record, kind), **said)
    return await send(house, who, "fact.dispute", payload, id=id)


async def withdraw(house: TestHouse, who: PersonId, kind: str = "birth.notified") -> str:
    record = await card_on(house, who, kind)
    payload = WithdrawDispute(record.key, citation(record, kind))
    return await send(house, who, "fact.withdraw_dispute", payload)


async def reviews(house: TestHouse, who: PersonId) -> set[FactReview]:
    """What is said of disputed facts on all of somebody's cards, without the place in the why."""
    found = [review for card in await house.timeline(who) for review in card.record.reviews]
    return {FactReview(0, *(getattr(r, n) for n in r.__struct_fields__[1:])) for r in found}


async def answer(gateway: Gateway, verdict: Verdict, *, place: int = 0) -> str:
    """Lets the registry that was asked answer; how its event stands."""
    asked = list(gateway.registry.questions.values())[place]
    held = gateway.registry.answer_to(asked, verdict)
    told = await gateway.intake.tell(held.agency, held.event)
    reason = told.get("reason")
    return str(told["status"] if reason is None else reason["code"])


async def test_both_versions_show_on_every_card_until_the_registry_answers(
    house: TestHouse, gateway: Gateway
) -> None:
    other_day = TODAY - timedelta(days=21)
    assert await dispute(house, WIFE, claim="other_day", says_on=other_day) == "applied"
    cards = [card.record for card in await house.timeline(WIFE)]
    resting = [r for r in cards if "birth.notified" in [f.kind for f in r.why.facts]]
    assert len(resting) > 1
    for record in cards:
        places = {review.place for review in record.reviews}
        kinds = [fact.kind for fact in record.why.facts]
        assert [kinds[place] for place in places] == ["birth.notified"] * kinds.count(
            "birth.notified"
        )
    (review,) = await reviews(house, WIFE)
    assert (review.state, review.registry, review.since_on) == ("open", "mohap", TODAY)
    assert review.due_on == TODAY + timedelta(days=ANSWER_DAYS)
    assert review.is_draft
    assert review.said is not None
    assert (review.said.claim, review.said.on) == ("other_day", other_day)
    cited = next(f for r in resting for f in r.why.facts if f.kind == "birth.notified")
    assert cited.occurred_on == BIRTH.occurred_on, "what the fact says stays"

    assert await gateway.ask() == 1
    (asked,) = gateway.registry.questions.values()
    assert asked["fact"]["event_id"] == "birth-1"
    assert asked["member"]["says_on"] == other_day.isoformat()
    assert await answer(gateway, Verdict("upheld")) == "applied"
    (review,) = await reviews(house, WIFE)
    assert (review.state, review.answered_on) == ("upheld", TODAY)


async def test_the_other_parent_sees_that_it_is_under_review_and_not_who_says_so(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE, claim="other", words="Not what the doctor said")
    (review,) = await reviews(house, HUSBAND)
    assert (review.state, review.said) == ("open", None)
    await gateway.ask()
    await answer(gateway, Verdict("upheld"))
    assert await reviews(house, HUSBAND) == set()


async def test_words_stand_in_no_circle_of_which_the_member_is_none(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE, claim="other", words="Only hers")
    await gateway.ask()
    keys = house.ground.keys
    holding = {}
    for name, circle in (
        ("hers", single_circle(keys, WIFE)),
        ("the child's", single_circle(keys, CHILD)),
        ("the couple's", couple_circle(keys, HUSBAND, WIFE)),
    ):
        owner = await keys.circle(circle.id)
        async with house.ground.database.read(CircleScope(circle.id)) as session:
            holding[name] = {fact.kind for fact in await read_facts(session, owner)}
    assert {"fact.disputed", "review.opened"} <= holding["hers"]
    assert {"fact.disputed", "review.opened"} <= holding["the couple's"]
    assert "review.opened" in holding["the child's"]
    assert "fact.disputed" not in holding["the child's"]


async def test_a_dispute_in_two_circles_is_one_question(house: TestHouse, gateway: Gateway) -> None:
    """The husband's nationality stands in both of his marriages."""
    gateway.registry.agencies = {**gateway.registry.agencies, "icp": gateway.intake.clients["moj"]}
    await house.apply(married(HUSBAND, SECOND_WIFE, TODAY - timedelta(days=9)))
    resting = {
        card.circle_id
        for card in await house.timeline(HUSBAND)
        if "person.described" in [fact.kind for fact in card.record.why.facts]
    }
    assert len(resting) == 2
    await dispute(house, HUSBAND, "person.described", claim="other", words="by birth")
    assert await gateway.ask() == 1
    await sweep(house)
    assert await gateway.ask() == 0, "the other circles' effects ask nothing"
    assert gateway.registry.ask_count == 1
    (asked,) = gateway.registry.questions.values()
    assert asked["registry"] == "icp", "the population register owns a nationality (0018)"
    said = {
        card.circle_id: {review.said.words for review in card.record.reviews if review.said}
        for card in await house.timeline(HUSBAND)
        if "person.described" in [fact.kind for fact in card.record.why.facts]
    }
    assert said == {circle_id: {"by birth"} for circle_id in resting}


async def test_one_dispute_sent_twice_is_one(house: TestHouse, gateway: Gateway) -> None:
    command_id = CommandId(uuid4())
    assert await dispute(house, WIFE, id=command_id) == "applied"
    assert await dispute(house, WIFE, id=command_id) == "applied"
    assert await dispute(house, WIFE) == "dispute.already_open"
    await gateway.ask()
    assert len(gateway.registry.questions) == 1


async def test_two_members_dispute_one_fact_and_each_is_answered(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE, claim="other", words="hers")
    await dispute(house, HUSBAND, claim="other", words="his")
    assert await gateway.ask() == 2
    assert await answer(gateway, Verdict("upheld"), place=0) == "applied"
    states = {}
    for who in (WIFE, HUSBAND):
        (review,) = await reviews(house, who)
        assert review.said is not None
        states[review.said.words] = review.state
    assert states == {"hers": "open", "his": "open"}, "the other one's is under review still"
    await answer(gateway, Verdict("upheld"), place=1)
    for who in (WIFE, HUSBAND):
        (review,) = await reviews(house, who)
        assert review.state == "upheld"


async def test_corrected_the_old_fact_goes_and_the_new_one_stands(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    assert await answer(gateway, Verdict("corrected")) == "applied"
    (review,) = await reviews(house, WIFE)
    assert review.state == "corrected", "until the correction is here"
    right = born(CHILD, WIFE, TODAY - timedelta(days=21), source_id="birth-2")
    await house.apply(right)
    await house.apply(in_error(BIRTH, TODAY), concerns=(WIFE, CHILD, HUSBAND))
    assert await reviews(house, WIFE) == set()
    record = await card_on(house, WIFE)
    assert {f.occurred_on for f in record.why.facts if f.kind == "birth.notified"} == {
        right.occurred_on
    }


async def test_a_fact_entered_in_error_meanwhile_ends_the_question(
    house: TestHouse, gateway: Gateway
) -> None:
    second = vaccinated(CHILD, "45", TODAY - timedelta(days=20))
    await house.apply(second)
    await dispute(house, WIFE, "vaccination.given")
    await gateway.ask()
    await house.apply(in_error(second, TODAY), concerns=(CHILD,))
    assert await reviews(house, WIFE) == set()
    await sweep(house)
    assert await gateway.ask() == 1
    (asked,) = gateway.registry.questions.values()
    assert gateway.registry.withdrawn == {asked["dispute"]}


async def test_one_taken_back_shows_nowhere_and_its_registry_hears_of_it(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    await sweep(house)
    assert await withdraw(house, WIFE) == "applied"
    assert await reviews(house, WIFE) == await reviews(house, HUSBAND) == set()
    assert await withdraw(house, WIFE) == "dispute.nothing_to_withdraw"
    assert await gateway.ask() == 1
    (asked,) = gateway.registry.questions.values()
    assert gateway.registry.withdrawn == {asked["dispute"]}
    await sweep(house)
    assert await gateway.ask() == 0
    assert await answer(gateway, Verdict("upheld")) == "applied", "too late, and harmless"
    assert await reviews(house, WIFE) == set()
    assert await dispute(house, WIFE) == "applied", "a new one may be raised"


async def test_one_taken_back_before_it_was_asked_is_never_asked(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    await withdraw(house, WIFE)
    await gateway.ask()
    assert gateway.registry.questions == {}
    assert await list_failed_calls(house.ground) == ()


async def test_not_ours_is_asked_of_the_one_it_is_handed_to(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    (before,) = await reviews(house, WIFE)
    await gateway.ask()
    assert await answer(gateway, Verdict("not_ours", "moj")) == "applied"
    (review,) = await reviews(house, WIFE)
    assert (review.state, review.registry) == ("open", "moj")
    assert review.due_on == before.due_on, "the clock runs on"
    await sweep(house)
    assert await gateway.ask() == 1
    assert [asked["registry"] for asked in gateway.registry.questions.values()] == ["mohap", "moj"]
    assert await answer(gateway, Verdict("upheld"), place=1) == "applied"
    (review,) = await reviews(house, WIFE)
    assert (review.state, review.registry) == ("upheld", "moj")


async def test_two_that_hand_it_to_each_other_leave_it_open(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    await answer(gateway, Verdict("not_ours", "moj"))
    await sweep(house)
    await gateway.ask()
    await answer(gateway, Verdict("not_ours", "mohap"), place=1)
    (review,) = await reviews(house, WIFE)
    assert review.state == "open"
    await sweep(house)
    assert await gateway.ask() == 0, "nobody is asked for ever"


@pytest.mark.parametrize(
    ("said_by", "said", "reason"),
    [
        ("moj", {"answer": "upheld"}, "intake.dispute_unknown"),  # who was not asked
        ("mohap", {"answer": "upheld", "dispute": "0" * 32}, "intake.dispute_unknown"),
        ("mohap", {"answer": "not_ours", "passed_to": "nobody"}, "intake.agency_unknown"),
        ("mohap", {"answer": "not_ours", "passed_to": "mohap"}, "intake.agency_unknown"),
    ],
)
async def test_an_answer_of_no_question_of_ours_is_held(
    house: TestHouse, gateway: Gateway, said_by: str, said: dict[str, str], reason: str
) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    (asked,) = gateway.registry.questions.values()
    data = {"dispute": asked["dispute"], **said}
    told = await gateway.intake.tell(
        said_by, event("dispute.answered", data, on=YESTERDAY, id="a-1")
    )
    assert told["reason"]["code"] == reason
    (review,) = await reviews(house, WIFE)
    assert review.state == "open"


@pytest.mark.parametrize("said", [{"answer": "not_ours"}, {"answer": "upheld", "passed_to": "moj"}])
async def test_an_answer_hands_it_on_with_not_ours_alone(
    house: TestHouse, gateway: Gateway, said: dict[str, str]
) -> None:
    data = {"dispute": "0" * 32, **said}
    sent = await gateway.intake.report(
        "mohap", event("dispute.answered", data, on=YESTERDAY, id="a-1")
    )
    assert (sent.status_code, sent.json()["code"]) == (422, "intake.schema")


async def test_an_answer_taken_back_opens_the_dispute_again(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    (asked,) = gateway.registry.questions.values()
    await answer(gateway, Verdict("upheld"))
    answered = f"answer-{asked['id']}-upheld"
    back = event("entered_in_error", {"event_id": answered}, on=YESTERDAY, id="back-1")
    assert (await gateway.intake.tell("mohap", back))["status"] == "applied"
    (review,) = await reviews(house, WIFE)
    assert review.state == "open"


async def test_an_answered_dispute_is_not_raised_again(house: TestHouse, gateway: Gateway) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    await answer(gateway, Verdict("upheld"))
    assert await dispute(house, WIFE) == "dispute.already_answered"
    assert await withdraw(house, WIFE) == "dispute.nothing_to_withdraw"


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("busy", "registry.busy"),
        ("broken", "registry.failed"),
        ("refuses", "registry.refused"),
        ("slow", "registry.unreachable"),
    ],
)
async def test_a_bad_day_of_the_registry_is_waited_for(
    house: TestHouse, gateway: Gateway, mood: Mood, reason: str
) -> None:
    gateway.registry.moods.append(mood)
    gateway.client._http.timeout = 0.3
    await dispute(house, WIFE)
    assert await gateway.ask() == 1
    (failed,) = await list_failed_calls(house.ground)
    assert (failed.attempt_count, failed.reason) == (1, reason)
    await sweep(house)
    house.clock.instant += timedelta(seconds=CALL_WAIT_SECONDS + 1)
    gateway.client._http.timeout = 10
    assert await gateway.ask() == 1
    assert await list_failed_calls(house.ground) == ()
    assert len(gateway.registry.questions) == 1


async def test_a_registry_that_answers_twice_has_answered_once(
    house: TestHouse, gateway: Gateway
) -> None:
    gateway.registry.moods.append("twice")
    gateway.registry.verdict = Verdict("upheld")
    await dispute(house, WIFE)
    await gateway.ask()
    await gateway.settle()
    (review,) = await reviews(house, WIFE)
    assert review.state == "upheld"


async def test_a_registry_that_knows_no_such_fact_still_owes_an_answer(
    house: TestHouse, gateway: Gateway
) -> None:
    gateway.registry.moods.append("unknown")
    await dispute(house, WIFE)
    await gateway.ask()
    (failed,) = await list_failed_calls(house.ground)
    assert (failed.state, failed.reason) == (CALL_DEAD, "registry.not_found")
    (review,) = await reviews(house, WIFE)
    assert review.state == "open"


async def test_a_fact_that_the_member_may_not_see_looks_like_one_that_is_not_there(
    house: TestHouse, gateway: Gateway
) -> None:
    hers, his = await card_on(house, WIFE), await card_on(house, HUSBAND, "person.described")
    for key, cited in (
        (hers.key, citation(his, "person.described")),  # of a card of another
        (hers.key, bytes(8)),
        (his.key, citation(his, "person.described")),
        (hers.key, citation(hers, "birth.notified")[:-1] + b"\0"),
    ):
        payload = DisputeFact(key, cited, "not_so")
        assert await send(house, WIFE, "fact.dispute", payload) == "not_found"
    assert await reviews(house, WIFE) == set()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"claim": "other_day"}, "dispute.says_nothing"),
        ({"claim": "other_day", "says_on": BIRTH.occurred_on}, "dispute.says_nothing"),
        ({"claim": "other_day", "says_on": TODAY + timedelta(days=9)}, "dispute.says_nothing"),
        ({"claim": "other"}, "dispute.says_nothing"),
        ({"claim": "other", "words": " \n "}, "dispute.says_nothing"),
        ({"claim": "not_so"}, "applied"),
        ({"claim": "other", "words": "x"}, "applied"),
    ],
)
async def test_a_dispute_says_what_is_right(
    house: TestHouse, gateway: Gateway, said: dict[str, Any], code: str
) -> None:
    assert await dispute(house, WIFE, **said) == code


async def test_what_a_registry_owns_is_asked_of_it_with_the_number_that_the_sender_gave(
    house: TestHouse, gateway: Gateway
) -> None:
    """A hospital said a nationality; the population register answers for it (0018)."""
    wife = numbered(902, name={"ar": "نورة"}, nationality="ARE")
    husband = numbered(901, name={"ar": "سالم"}, nationality="ARE")
    told = event("marriage.registered", {"husband": husband, "wife": wife}, on=YESTERDAY, id="m-1")
    assert (await gateway.intake.tell("moj", told))["status"] == "applied"
    digits = husband["identifier"]["value"].replace("-", "")
    who = await find_person(house.ground, system="emirates_id", value=f"/{digits}")
    assert who is not None
    assert await dispute(house, who, "person.described", claim="other", words="x") == "applied"
    (review,) = await reviews(house, who)
    assert review.registry == "icp"
    await gateway.ask()
    (failed,) = await list_failed_calls(house.ground)
    assert failed.reason == "registry.not_found", "no agency icp is at this test's gateway"


async def test_a_hospitals_resource_is_asked_about_with_its_patients_number(
    house: TestHouse, gateway: Gateway
) -> None:
    """A dose of a FHIR message names its patient by a reference: the registry gets the number."""
    mother, on = numbered(902, name={"ar": "نورة"}), TODAY - timedelta(days=9)
    birth = event("birth.notified", {"child": BABY, "mother": mother}, on=on, id="b-9")
    assert (await gateway.intake.tell("mohap", birth))["status"] == "applied"
    number = {"system": f"{HOSPITAL_SYSTEM}hospital-1", "value": "B-1"}
    dose = immunization(vaccineCode=concept(CVX, "19"), occurrenceDateTime=on.isoformat())
    message = bundle(patient(identifier=[number], birthDate=on.isoformat()), dose)
    await gateway.intake.tell_fhir("mohap", message)
    digits = mother["identifier"]["value"].replace("-", "")
    who = await find_person(house.ground, system="emirates_id", value=f"/{digits}")
    assert who is not None
    assert await dispute(house, who, "vaccination.given") == "applied"
    await gateway.ask()
    (asked,) = gateway.registry.questions.values()
    assert asked["fact"]["kind"] == "vaccination.given"
    assert asked["identifier"] == {
        "system": "hospital_number",
        "value": "B-1",
        "assigner": "hospital-1",
    }


async def acts_told(house: TestHouse, who: PersonId) -> list[str]:
    """What somebody is told today and was not told before, which is done then."""
    found = []
    for due in await list_due_effects(house.ground, kind="tell"):
        claimed = await claim_effect(house.ground, due)
        if claimed is not None:
            await finish_effect(house.ground, claimed)
            found += [claimed.effect.act] if claimed.effect.recipient == who else []
    return found


async def test_whoever_disputes_is_told_once_that_it_is_answered_and_nobody_else(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    await acts_told(house, WIFE)
    await answer(gateway, Verdict("upheld"))
    due = [
        claimed.effect
        for one in await list_due_effects(house.ground, kind="tell")
        if (claimed := await claim_effect(house.ground, one)) is not None
    ]
    assert [(one.recipient, one.act) for one in due] == [(WIFE, "answered")]
    resting = {c.record.key for c in await house.timeline(WIFE) if c.record.reviews}
    assert len(resting) > 1, "one telling for several cards"
    assert due[0].record_key in resting


async def test_a_dispute_that_its_member_took_back_or_that_is_handed_on_tells_nobody(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, WIFE)
    await gateway.ask()
    await acts_told(house, WIFE)
    await answer(gateway, Verdict("not_ours", "moj"))
    assert await acts_told(house, WIFE) == []
    await withdraw(house, WIFE)
    assert await acts_told(house, WIFE) == []


@pytest.mark.parametrize(
    ("open_count", "code"), [(OPEN_DISPUTES_MAX - 1, None), (OPEN_DISPUTES_MAX, "dispute.too_many")]
)
async def test_so_many_disputes_of_one_member_and_no_more(
    house: TestHouse, gateway: Gateway, open_count: int, code: str | None
) -> None:
    opened = [
        raised
        for at in range(open_count)
        for raised in raised_by(WIFE, f"other-{at}", CommandId(uuid4()))
    ]
    cards = await house.timeline(WIFE)
    card = next(c for c in cards if "birth.notified" in [f.kind for f in c.record.why.facts])
    secret = house.ground.keys.record_secret()
    held = HeldRecord(card.record, card.number)
    standing = Standing(held, 1, (BIRTH, *opened), secret)
    payload = DisputeFact(card.record.key, citation(card.record, "birth.notified"), "not_so")
    command = Command(CommandId(uuid4()), "fact.dispute", payload)
    (kind,) = [kind for kind in COMMANDS if kind.name == "fact.dispute"]
    if code is None:
        kind.decide(house.clock, actor_of(WIFE), command, standing)
        return
    with pytest.raises(Refusal) as refused:
        kind.decide(house.clock, actor_of(WIFE), command, standing)
    assert refused.value.code == code


def raised_by(who: PersonId, about: str, command_id: CommandId) -> tuple[Fact, Fact]:
    """A dispute about another event, as a circle holds it."""
    id_ = dispute_id(who, command_id)
    opened = ReviewOpened(id_, "mohap", about, "", "mohap", TODAY)
    said = FactDisputed(who, id_, "not_so")
    return (
        fact(said, TODAY, source="member", source_id=id_),
        fact(opened, TODAY, source="member", source_id=id_, part="review"),
    )


async def test_a_dispute_goes_on_into_a_marriage_that_comes_later(
    house: TestHouse, gateway: Gateway
) -> None:
    await dispute(house, HUSBAND, "person.described", claim="other", words="his")
    await gateway.ask()
    await house.apply(married(HUSBAND, SECOND_WIFE, TODAY - timedelta(days=1)))
    await sweep(house)
    asked_before = gateway.registry.ask_count
    await gateway.ask()
    assert gateway.registry.ask_count == asked_before
    states = {
        (card.circle_id, review.state)
        for card in await house.timeline(HUSBAND)
        for review in card.record.reviews
    }
    assert len(states) == 2
    assert {state for _, state in states} == {"open"}


def test_the_id_of_a_dispute_is_of_its_member_and_command() -> None:
    one, other = CommandId(uuid4()), CommandId(uuid4())
    ids = {dispute_id(who, of) for who in (WIFE, HUSBAND) for of in (one, other)}
    assert len(ids) == 4
    assert dispute_id(WIFE, one) == dispute_id(WIFE, one)
