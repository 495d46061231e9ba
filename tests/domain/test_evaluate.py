"""Facts, catalogue and a day give cards, reasons and things to tell: each rule on both sides."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from domain.card.record import Effect, Evaluation, Record
from domain.card.state import card_state
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue
from domain.evaluate import STREAM_RECORDS_MAX, evaluate
from domain.fact import Fact
from domain.facts.act import CardAct
from domain.facts.birth import BirthNotified
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members
from tests.support.builders import (
    CITIZEN,
    born,
    described,
    died,
    family_book,
    in_error,
    married,
    pregnancy_ended,
    pregnant,
)

HUSBAND, WIFE, CHILD, TWIN = (PersonId(UUID(int=number)) for number in range(1, 5))
COUPLE = Circle(CircleId(UUID(int=101)), "couple", couple_members(HUSBAND, WIFE))
ALONE = Circle(CircleId(UUID(int=102)), "single", (WIFE,))
SECRET = bytes(range(32))
BOTH = {"ar": "نص", "en": "text"}
TODAY = date(2026, 11, 21)
Json = dict[str, object]


def line(when: str, *, unmet: str = "explain", name: str = "line") -> Json:
    return {"id": name, "when": when, "unmet": unmet, "text": BOTH}


def card(**changes: object) -> Json:
    """Due on the anchor's day, shown 14 days before, 30 days of grace, gone after 60."""
    window = {
        "anchor": "born_on",
        "due": {"days": 0},
        "visible": {"days": -14},
        "due_until": {"days": 30},
        "expires": {"days": 60},
        "catch_up": True,
    }
    said = {"id": "offer", "rank": 10, "notices": ["visible", "due"], "title": BOTH, "body": BOTH}
    return {**said, "window": window | {k: v for k, v in changes.items() if k in window}} | {
        k: v for k, v in changes.items() if k not in window
    }


def catalogue(*cards: Json, **changes: object) -> Catalogue:
    """One service about a birth, told to the mother."""
    document: Json = {
        "kind": "service",
        "format": 1,
        "id": "service",
        "version": 3,
        "revision": 1,
        "draft": False,
        "sources": [{"text": "a source", "sure": "verified"}],
        "nature": "reminder",
        "criterion": "time",
        "agency": "mohap",
        "name": BOTH,
        "starts_with": "birth",
        "audience": ["mother"],
        "terms": {"unnamed": BOTH},
        "cards": list(cards) or [card()],
    }
    return compile_catalogue([("service", document | changes)], version=1)


def look(
    published: Catalogue, *facts: Fact, today: date = TODAY, circle: Circle = COUPLE
) -> Evaluation:
    return evaluate(circle, facts, published, today, SECRET)


def only(found: Evaluation) -> Record:
    (record,) = found.records
    return record


def birth(on: date = TODAY, *, asserted_on: date | None = None, child: PersonId = CHILD) -> Fact:
    return born(child, WIFE, on, father=HUSBAND, asserted_on=asserted_on, source_id="birth")


def act(
    number: int, record: Record, what: str, until: date | None = None, who: PersonId | None = None
) -> Fact:
    payload = CardAct(who or record.recipient, record.key, what, number, until)  # type: ignore[arg-type]  # the four words
    at = datetime.combine(TODAY, time(9), UTC)
    return Fact("member", f"command-{number}", "", TODAY, at, payload)


def days(number: int) -> timedelta:
    return timedelta(days=number)


# When a record exists


def test_a_record_exists_from_ninety_days_before_it_shows() -> None:
    # Due on 1 June 2027, shown on 18 May, there from 17 February.
    late = catalogue(card(due={"days": 192}))
    assert TODAY + days(192) == date(2027, 6, 1)
    before = look(late, birth(), today=date(2027, 2, 16))
    assert before.records == ()
    assert before.next_change_on == date(2027, 2, 17)
    on = look(late, birth(), today=date(2027, 2, 17))
    assert card_state(only(on), date(2027, 2, 17)) == "scheduled"
    assert on.next_change_on == date(2044, 11, 21)  # the child turns 18


def test_a_card_resolved_early_is_there_without_waiting_for_its_day() -> None:
    document = {"starts_with": "marriage", "audience": ["husband"], "terms": {}}
    early = card(anchor="married_on", due={"days": 192}, resolved_when="family_book_issued")
    published = catalogue(early, **document)
    wedding = married(HUSBAND, WIFE, TODAY)
    assert look(published, wedding).records == ()
    booked = look(published, wedding, family_book(HUSBAND, WIFE, TODAY))
    assert only(booked).resolved_on == TODAY


def test_nothing_is_overdue_when_it_becomes_known() -> None:
    # Born 40 days ago, 30 days of grace: reported in time it is overdue, reported today it is due.
    born_on = TODAY - days(40)
    assert card_state(only(look(catalogue(), birth(born_on))), TODAY) == "overdue"
    reported_today = look(catalogue(), birth(born_on, asserted_on=TODAY))
    assert card_state(only(reported_today), TODAY) == "due"
    window = only(reported_today).window
    assert window is not None
    assert (window.due_from, window.due_until) == (TODAY, TODAY + days(30))
    assert look(catalogue(card(catch_up=False)), birth(born_on, asserted_on=TODAY)).records == ()


def test_a_child_of_18_has_no_cards_and_one_day_before_still_has() -> None:
    adult = date(2044, 11, 21)
    eve = look(catalogue(), birth(), today=adult - days(1))
    assert (len(eve.records), eve.next_change_on) == (1, adult)
    assert look(catalogue(), birth(), today=adult) == Evaluation(
        records=(), effects=(), next_change_on=None
    )


def test_a_card_due_from_the_18th_birthday_on_is_never_made() -> None:
    last = catalogue(card(due={"months": 216, "days": -1}))
    assert len(look(last, birth(), today=date(2044, 11, 20)).records) == 1
    past = catalogue(card(due={"months": 216}))
    assert look(past, birth(), today=date(2044, 11, 20)).records == ()


# Lines and reasons


def test_a_line_that_is_not_met_shows_a_waiting_card_that_says_which() -> None:
    published = catalogue(eligibility=[line('child_nationality == "ARE"')])
    unknown = only(look(published, birth()))
    assert (unknown.waiting, unknown.window, card_state(unknown, TODAY)) == (True, None, "waiting")
    assert [(one.id, one.truth) for one in unknown.why.lines] == [("line", "unknown")]
    foreign = described(CHILD, TODAY, nationality="IND", source_id="birth")
    assert only(look(published, birth(), foreign)).why.lines[0].truth == "not_met"
    citizen = described(CHILD, TODAY, nationality=CITIZEN, source_id="birth")
    met = only(look(published, birth(), citizen))
    assert (met.waiting, met.why.lines[0].truth) == (False, "met")


def test_a_waiting_card_tells_nobody_anything() -> None:
    assert look(catalogue(eligibility=[line("father_known && false")]), birth()).effects == ()


def test_a_line_that_withdraws_shows_nothing_at_all() -> None:
    published = catalogue(eligibility=[line("child_alive", unmet="withdraw")])
    assert len(look(published, birth()).records) == 1
    gone = look(published, birth(), died(CHILD, TODAY))
    assert (gone.records, gone.effects) == ((), ())


@pytest.mark.parametrize("order", [1, -1])
def test_a_withdrawing_line_silences_an_explaining_one_whichever_stands_first(order: int) -> None:
    lines = [
        line("child_alive", unmet="withdraw", name="alive"),
        line("father_known && false", name="other"),
    ]
    published = catalogue(eligibility=lines[::order])
    assert look(published, birth()).records != ()
    assert look(published, birth(), died(CHILD, TODAY)).records == ()


def test_a_card_names_the_facts_it_rests_on() -> None:
    said = described(CHILD, TODAY, nationality=CITIZEN, source_id="birth")
    record = only(look(catalogue(), birth(TODAY - days(3), asserted_on=TODAY), said))
    assert [(one.kind, one.occurred_on, one.asserted_on) for one in record.why.facts] == [
        ("birth.notified", TODAY - days(3), TODAY),
    ]  # no line of the service asks the nationality
    assert (record.entry, record.version) == ("service", 3)


def test_a_card_cites_a_description_only_where_its_service_asks_what_it_said() -> None:
    line = {
        "id": "citizen",
        "when": 'child_nationality == "ARE"',
        "unmet": "explain",
        "text": {"ar": "مواطن", "en": "Citizen"},
    }
    first = described(CHILD, TODAY, nationality=CITIZEN, source_id="birth")
    again = described(CHILD, TODAY + days(9), nationality=CITIZEN, source_id="later")
    seen = look(catalogue(eligibility=[line]), birth(), first, again, today=TODAY + days(9))
    cited = [one for one in only(seen).why.facts if one.kind == "person.described"]
    # Said again by another event, the first stays the reason: nobody learns of that event.
    assert [one.occurred_on for one in cited] == [TODAY]


# Who is told


@pytest.mark.parametrize(
    ("audience", "otherwise", "dead", "told"),
    [
        (["father"], ["mother"], [], [HUSBAND]),
        (["father"], ["mother"], [HUSBAND], [WIFE]),
        (["father"], [], [HUSBAND], []),
        (["father"], ["mother"], [HUSBAND, WIFE], []),
        (["mother", "father"], [], [], [HUSBAND, WIFE]),
        (["mother", "father"], [], [WIFE], [HUSBAND]),
        (["mother"], ["father"], [WIFE], [HUSBAND]),
    ],
)
def test_the_living_of_the_audience_are_told_else_those_named_otherwise(
    audience: list[str], otherwise: list[str], dead: list[PersonId], told: list[PersonId]
) -> None:
    published = catalogue(audience=audience, otherwise=otherwise)
    found = look(published, birth(), *(died(one, TODAY) for one in dead))
    assert sorted(record.recipient for record in found.records) == sorted(told)


def test_a_mother_alone_is_told_where_no_father_is_registered() -> None:
    published = catalogue(audience=["father"], otherwise=["mother"])
    found = look(published, born(CHILD, WIFE, TODAY), circle=ALONE)
    assert only(found).recipient == WIFE


def test_one_card_has_a_key_for_each_recipient_and_subject_and_the_same_in_each_circle() -> None:
    published = catalogue(audience=["mother", "father"])
    both = look(published, birth(), born(TWIN, WIFE, TODAY, father=HUSBAND)).records
    assert len({record.key for record in both}) == 4
    other = Circle(CircleId(UUID(int=999)), "couple", COUPLE.members)
    assert look(published, birth(), circle=other) == look(published, birth())
    assert all(
        record.key not in {one.key for one in both}
        for record in evaluate(COUPLE, [birth()], published, TODAY, bytes(32)).records
    )


# What is resolved


def test_the_family_book_resolves_on_its_own_day_and_a_card_without_a_rule_never() -> None:
    document = {"starts_with": "marriage", "audience": ["husband"], "terms": {}}
    open_ended = card(anchor="married_on")
    resolving = open_ended | {"resolved_when": "family_book_issued"}
    facts = married(HUSBAND, WIFE, TODAY), family_book(HUSBAND, WIFE, TODAY + days(4))
    assert only(look(catalogue(resolving, **document), *facts)).resolved_on == TODAY + days(4)
    assert only(look(catalogue(open_ended, **document), *facts)).resolved_on is None


# The pregnancy


def test_an_ended_pregnancy_is_known_to_the_conditions() -> None:
    published = catalogue(
        card(anchor="confirmed_on"),
        starts_with="pregnancy",
        terms={},
        eligibility=[line("pregnancy_ongoing", unmet="withdraw")],
    )
    ongoing = pregnant(WIFE, TODAY - days(30), due_on=TODAY + days(200))
    assert len(look(published, ongoing, circle=ALONE).records) == 1
    ended = look(published, ongoing, pregnancy_ended(WIFE, TODAY), circle=ALONE)
    assert ended.records == ()


# What members do


def test_acts_stand_until_they_are_undone_latest_first() -> None:
    base = only(look(catalogue(), birth()))
    until = TODAY + days(5)
    acts = [
        act(1, base, "acknowledged"),
        act(2, base, "snoozed", until),
        act(3, base, "snoozed", until + days(1)),
        act(4, base, "dismissed"),
    ]
    undos = [act(5 + number, base, "undone") for number in range(5)]

    def after(count: int) -> tuple[bool, date | None, bool]:
        found = only(look(catalogue(), birth(), *acts, *undos[:count]))
        return found.acknowledged, found.snoozed_until, found.dismissed

    assert after(0) == (True, until + days(1), True)
    assert after(1) == (True, until + days(1), False)
    assert after(2) == (True, until, False)
    assert after(3) == (True, None, False)
    assert after(4) == (False, None, False)
    assert after(5) == (False, None, False)  # nothing left to take back
    assert only(look(catalogue(), birth(), *acts, *undos[:4])) == base


def test_the_order_of_acts_is_their_sequence_and_no_clock() -> None:
    base = only(look(catalogue(), birth()))
    undone, dismissed = act(1, base, "undone"), act(2, base, "dismissed")
    for facts in ((undone, dismissed), (dismissed, undone)):
        assert only(look(catalogue(), birth(), *facts)).dismissed


def test_an_act_is_on_the_card_of_whoever_acted() -> None:
    published = catalogue(audience=["mother", "father"])
    mine, other = look(published, birth()).records
    found = look(published, birth(), act(1, mine, "dismissed")).records
    assert {record.key: record.dismissed for record in found} == {mine.key: True, other.key: False}
    forged = look(published, birth(), act(1, mine, "dismissed", who=other.recipient)).records
    assert not any(record.dismissed for record in forged)


# What is told


def told(*facts: Fact) -> dict[str, tuple[date, date]]:
    found = look(catalogue(card(due={"days": 30})), birth(), *facts)
    return {one.act: (one.not_before_on, one.not_after_on) for one in found.effects}


def test_a_card_is_told_when_it_shows_and_when_it_is_due() -> None:
    # Due on day 30 to 60, shown from day 16: the first notice is of use through day 29.
    assert told() == {
        "visible": (TODAY + days(16), TODAY + days(29)),
        "due": (TODAY + days(30), TODAY + days(60)),
    }


def test_a_card_that_shows_when_it_is_due_is_told_once() -> None:
    found = look(catalogue(card(visible={"days": 0})), birth())
    assert [(one.act, one.not_before_on) for one in found.effects] == [("visible", TODAY)]


def test_an_acknowledged_card_is_told_again_only_when_due() -> None:
    base = only(look(catalogue(card(due={"days": 30})), birth()))
    assert set(told(act(1, base, "acknowledged"))) == {"due"}


def test_a_dismissed_or_resolved_card_is_not_told() -> None:
    base = only(look(catalogue(card(due={"days": 30})), birth()))
    assert told(act(1, base, "dismissed")) == {}
    assert set(told(act(1, base, "dismissed"), act(2, base, "undone"))) == {"visible", "due"}


@pytest.mark.parametrize(
    ("snoozed_days", "expected"),
    [
        (16, {"visible": (16, 29), "due": (30, 60)}),  # the day it shows anyway
        (17, {"visible": (17, 29), "due": (30, 60)}),
        (29, {"visible": (29, 29), "due": (30, 60)}),
        (30, {"due": (30, 60)}),  # the first notice has no day left
        (31, {"due": (31, 60)}),
        (60, {"due": (60, 60)}),
        (61, {}),
    ],
)
def test_a_snooze_moves_notices_to_its_day_or_past_their_use(
    snoozed_days: int, expected: dict[str, tuple[int, int]]
) -> None:
    base = only(look(catalogue(card(due={"days": 30})), birth()))
    moved = told(act(1, base, "snoozed", TODAY + days(snoozed_days)))
    assert moved == {
        name: (TODAY + days(first), TODAY + days(last)) for name, (first, last) in expected.items()
    }


def test_a_notice_that_its_reader_asked_for_again_is_another_act() -> None:
    def keys(*facts: Fact) -> dict[str, bytes]:
        found: tuple[Effect, ...] = look(catalogue(card(due={"days": 30})), birth(), *facts).effects
        return {one.act: one.key for one in found}

    base = only(look(catalogue(card(due={"days": 30})), birth()))
    snoozed = keys(act(1, base, "snoozed", TODAY + days(20)))
    assert snoozed["visible"] != keys()["visible"]  # told on the day chosen, though told before
    assert snoozed["due"] == keys()["due"]
    assert len(set(keys().values())) == 2


# Corrections and limits


def test_what_was_entered_in_error_leaves_nothing_and_taking_that_back_restores_it() -> None:
    first = birth()
    error = in_error(first, TODAY)
    assert look(catalogue(), first, error).records == ()
    assert look(catalogue(), first, error, in_error(error, TODAY)) == look(catalogue(), first)


def many(count: int) -> list[Fact]:
    """Births of `count` children; the later born, the greater the number."""
    first = date(2020, 1, 1)
    return [
        Fact(
            source="mohap",
            source_id=f"birth-{number}",
            part="",
            occurred_on=first + days(number // 2),
            asserted_at=datetime.combine(first + days(number // 2), time(8), UTC),
            payload=BirthNotified(PersonId(UUID(int=10_000 + number)), WIFE, HUSBAND),
        )
        for number in range(count)
    ]


def test_a_stream_holds_its_maximum_and_one_past_it_the_oldest_resolved_leaves() -> None:
    resolving = catalogue(card(resolved_when='child_sex == "male"'))
    births = many(STREAM_RECORDS_MAX + 1)
    older, newer = births[3], births[1_000]
    assert isinstance(older.payload, BirthNotified)
    assert isinstance(newer.payload, BirthNotified)
    boys = [
        described(one.payload.child, one.occurred_on, sex="male", source_id=one.source_id)
        for one in (older, newer)
        if isinstance(one.payload, BirthNotified)
    ]
    full = look(resolving, *births[:STREAM_RECORDS_MAX], *boys)
    assert len(full.records) == STREAM_RECORDS_MAX
    assert sum(record.resolved_on is not None for record in full.records) == 2
    past = look(resolving, *births, *boys)
    assert len(past.records) == STREAM_RECORDS_MAX
    subjects = {record.subject for record in past.records}
    assert older.payload.child not in subjects
    assert newer.payload.child in subjects
    assert {effect.record_key for effect in past.effects} <= {r.key for r in past.records}


def test_one_members_full_stream_takes_nothing_from_anothers() -> None:
    published = catalogue(audience=["mother", "father"])
    found = look(published, *many(STREAM_RECORDS_MAX + 1))
    for who in (HUSBAND, WIFE):
        assert sum(record.recipient == who for record in found.records) == STREAM_RECORDS_MAX
