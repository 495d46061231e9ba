"""One visit for several services: vaccinations, an antenatal contact, a talk of development.

The days are worked out from the drafted tables: a vaccination visit may wait 14 days for another,
a contact serves from its day for a week, a form of development until the next takes its place.
"""

import random
from datetime import date, timedelta
from uuid import UUID

import pytest

from domain.card.record import Evaluation, Record
from domain.card.text import render_record
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.facts.act import CardAct
from domain.facts.birth import CustodyDecided
from domain.facts.health import QuestionnaireEvaluated
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle, couple_members
from tests.domain.test_law_purity import CHILDREN, HUSBAND, SECRET, WIFE, shipped
from tests.support.builders import (
    born,
    described,
    died,
    fact,
    pregnancy_ended,
    pregnant,
    vaccinated,
)

pytestmark = pytest.mark.slow  # plans of visits take tens of milliseconds each

CHILD, TWIN = CHILDREN[:2]
COUPLE = Circle(CircleId(UUID(int=101)), "couple", couple_members(HUSBAND, WIFE))
BORN = date(2026, 1, 21)
TODAY = date(2026, 12, 15)
YEAR = date(2027, 1, 21)  # the visit of 12 months is wanted; the form of 12 months begins
KEPT = (
    (BORN, ("19", "08")),
    (date(2026, 3, 21), ("146", "133", "119")),
    (date(2026, 5, 21), ("146", "133", "119")),
    (date(2026, 7, 21), ("198", "178", "133", "10")),
)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def birth(child: PersonId = CHILD, on: date = BORN) -> Fact:
    return born(child, WIFE, on, father=HUSBAND, source_id=f"birth {child}")


def doses(child: PersonId = CHILD) -> list[Fact]:
    """All that the programme asks for before 12 months."""
    return [vaccinated(child, code, on) for on, codes in KEPT for code in codes]


def expecting(week_20_on: date) -> Fact:
    """Confirmed on the first day of week 12: her second contact is that of week 20."""
    due_on = week_20_on + days((40 - 20) * 7)
    return pregnant(WIFE, week_20_on - days(56), due_on=due_on, father=HUSBAND)


def look(*facts: Fact, today: date) -> Evaluation:
    return evaluate(COUPLE, facts, shipped(), today, SECRET)


def cards(*facts: Fact, today: date, reader: PersonId = WIFE) -> dict[str, Record]:
    """The reader's cards by service, occurrence and, of children, number."""
    children = {child: f" {number}" for number, child in enumerate(CHILDREN, 1)}
    return {
        f"{record.entry}/{record.occurrence.rpartition('/')[2]}"
        f"{children.get(record.subject, '')}": record
        for record in look(*facts, today=today).records
        if record.recipient == reader and record.is_card
    }


def joint(record: Record) -> tuple[object, object]:
    """What else the card's visit can serve, and on which day; two times None for nothing."""
    said = {parameter.name: parameter.value for parameter in record.parameters}
    assert len(said) == len(record.parameters)
    assert said["joint"] == (("yes",) if "beside" in said else ("no",))
    return said.get("beside"), said.get("joint_on")


def body(record: Record, language: str = "en") -> str:
    service = shipped().services[record.entry]
    return render_record(service, record, "ar" if language == "ar" else "en").body


VISIT, FORM, CONTACT = (
    "vaccination/mmr_1 1",
    "growth_questionnaire/ltsae_12 1",
    "pregnancy_followup/contact_2",
)


def test_vaccines_an_antenatal_contact_and_a_talk_of_development_are_one_visit() -> None:
    # Week 20 begins on 25 January: wanted are 21 January (vaccines, form) and 25 January.
    facts = [birth(), *doses(), expecting(date(2027, 1, 25))]
    found = cards(*facts, today=TODAY)
    assert joint(found[VISIT]) == (("visit_development", "visit_pregnancy"), "2027-01-25")
    assert joint(found[FORM]) == (("visit_immunization", "visit_pregnancy"), "2027-01-25")
    assert joint(found[CONTACT]) == (("visit_development", "visit_immunization"), "2027-01-25")
    said = body(found[VISIT]).replace("\u2068", "").replace("\u2069", "")
    assert (
        "The same visit, on 25 January 2027, can serve a talk with the doctor of how the child"
        " grows and the pregnancy visit."
    ) in said
    assert "the vaccinations of your children" in body(found[CONTACT])
    assert "تطعيمات أطفالك" in body(found[CONTACT], "ar")
    assert "25 January 2027" in body(found[FORM])


def test_the_father_learns_nothing_of_the_mothers_contacts_and_forms() -> None:
    facts = [birth(), *doses(), expecting(date(2027, 1, 25))]
    found = cards(*facts, today=TODAY, reader=HUSBAND)
    assert set(found) & {FORM, CONTACT} == set()
    assert joint(found[VISIT]) == (None, None)
    bare = cards(birth(), *doses(), today=TODAY, reader=HUSBAND)
    assert found[VISIT].parameters == bare[VISIT].parameters


@pytest.mark.parametrize(
    ("week_20_on", "on"),
    [
        (date(2027, 1, 15), "2027-01-21"),  # the contact serves through 21 January
        (date(2027, 1, 14), None),  # only through the 20th; the vaccines may not come earlier
        (date(2027, 2, 4), "2027-02-04"),  # the vaccines may wait 14 days, until 4 February
        (date(2027, 2, 5), None),
    ],
)
def test_windows_that_only_just_meet_are_joined_and_no_others(
    week_20_on: date, on: str | None
) -> None:
    facts = [birth(), *doses(), expecting(week_20_on)]
    found = cards(*facts, today=TODAY)
    beside, joint_on = joint(found[VISIT])
    assert beside == (("visit_development", "visit_pregnancy") if on else ("visit_development",))
    assert joint_on == (on or "2027-01-21")


def test_a_day_that_went_by_is_proposed_no_more() -> None:
    facts = [birth(), *doses()]
    # The vaccines wait until 4 February: after the wanted day the last one is proposed, then none.
    assert joint(cards(*facts, today=YEAR)[VISIT])[1] == "2027-01-21"
    assert joint(cards(*facts, today=YEAR + days(1))[VISIT])[1] == "2027-02-04"
    assert joint(cards(*facts, today=date(2027, 2, 4))[VISIT])[1] == "2027-02-04"
    assert joint(cards(*facts, today=date(2027, 2, 5))[VISIT]) == (None, None)


def test_what_is_done_ended_or_given_up_is_joined_with_nothing() -> None:
    facts = [birth(), *doses(), expecting(date(2027, 1, 25))]
    today = YEAR + days(1)  # 22 January
    answered = fact(QuestionnaireEvaluated(CHILD, "ltsae_12", "on_track"), today)
    assert joint(cards(*facts, answered, today=today)[VISIT])[0] == ("visit_pregnancy",)
    assert joint(cards(*facts, answered, today=today)[FORM]) == (None, None)
    lost = pregnancy_ended(WIFE, today)
    found = cards(*facts, lost, today=today)
    assert CONTACT not in found
    assert joint(found[VISIT])[0] == ("visit_development",)
    bereaved = cards(*facts, died(CHILD, today), today=today)
    assert joint(bereaved[CONTACT]) == (None, None)
    given_up = cards(*facts, today=today)[FORM]
    dismissed = fact(CardAct(WIFE, given_up.key, "dismissed", 9), today, source="osrati")
    assert joint(cards(*facts, dismissed, today=today)[VISIT])[0] == ("visit_pregnancy",)


def test_twins_and_their_mother_come_on_one_day() -> None:
    facts = [
        *(birth(child) for child in (CHILD, TWIN)),
        *(dose for child in (CHILD, TWIN) for dose in doses(child)),
        described(CHILD, BORN, name_en="Maitha", name_ar="ميثاء", source_id="c"),
        described(TWIN, BORN, name_en="Rashid", name_ar="راشد", source_id="t"),
        expecting(date(2027, 1, 25)),
    ]
    found = cards(*facts, today=TODAY)
    for number, other in ((1, "Rashid"), (2, "Maitha")):
        card = found[f"vaccination/mmr_1 {number}"]
        said = {parameter.name: parameter.value for parameter in card.parameters}
        assert (said["siblings_en"], said["shared_on"]) == (other, "2027-01-25")
        assert joint(card) == (("visit_development", "visit_pregnancy"), "2027-01-25")
        assert joint(found[f"growth_questionnaire/ltsae_12 {number}"])[1] == "2027-01-25"


def test_whoever_holds_a_child_learns_nothing_of_its_mothers_pregnancy() -> None:
    holder = PersonId(UUID(int=700))
    facts = [
        birth(),
        *doses(),
        expecting(date(2027, 1, 25)),
        fact(CustodyDecided(CHILD, holder), TODAY, source="moj"),
    ]
    found = cards(*facts, today=TODAY, reader=holder)
    assert joint(found[VISIT])[0] == ("visit_development",)


def test_nobody_comes_twice_for_one_child_on_one_day() -> None:
    for today in (BORN, TODAY, YEAR, YEAR + days(40)):
        found = look(birth(), birth(TWIN), today=today).records
        for reader in (WIFE, HUSBAND):
            proposed = [
                (one.entry, one.subject, parameter.value)
                for one in found
                if one.recipient == reader
                for parameter in one.parameters
                if parameter.name == "joint_on"
            ]
            assert len(set(proposed)) == len(proposed)


def test_order_means_nothing_and_no_day_changes_unannounced() -> None:
    facts = [
        birth(),
        birth(TWIN),
        *doses(),
        expecting(date(2027, 1, 25)),
    ]
    today, shuffler = TODAY, random.Random(3)
    while today < date(2027, 2, 20):
        expected = look(*facts, today=today)
        assert look(*shuffler.sample(facts, len(facts)), today=today) == expected
        assert expected.next_change_on is not None
        last = expected.next_change_on - days(1)
        assert look(*facts, today=last).records == expected.records
        today = expected.next_change_on
