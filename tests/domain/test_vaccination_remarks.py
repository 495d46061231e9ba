"""What is said of a child beside doses, on the timeline: refusals, doses not done, conditions,
moves between emirates; each taken back again.

The programme (content/packs/uae, a draft) as in `test_vaccination_cards`.
"""

from datetime import date, timedelta

import msgspec
import pytest

from domain.card.record import GroupStanding, Record
from domain.card.state import card_state
from domain.evaluate import evaluate
from domain.fact import Fact, Payload
from domain.facts.health import (
    ConditionRecorded,
    ConditionResolved,
    VaccinationNotDone,
    VaccinationRefused,
)
from domain.facts.person import ResidenceChanged
from domain.immunization.reason_text import LEFT_OUT_WORDS
from domain.people.secrecy import HIDDEN
from tests.domain.test_law_purity import CHILDREN, HUSBAND, SECRET, WIFE, shipped
from tests.domain.test_vaccination_cards import (
    BOPV,
    BORN,
    COUPLE,
    FIRST_DAY,
    HEXA,
    MMR,
    PCV,
    PENTA,
    ROTA,
    VARICELLA,
    birth,
    doses,
    due,
    look,
    told,
    visits,
)
from tests.support.builders import fact, in_error, vaccinated

pytestmark = pytest.mark.slow  # plans of visits take tens of milliseconds each

CHILD = CHILDREN[0]
AT_BIRTH = [birth(), *doses(BORN, *FIRST_DAY)]
TWO_MONTHS = date(2027, 1, 21)


def said(payload: Payload, on: date, *, asserted_on: date | None = None) -> Fact:
    return fact(payload, on, asserted_on=asserted_on)


def refused(code: str | None, on: date) -> Fact:
    return said(VaccinationRefused(CHILD, code, "personal"), on)


def recorded(code: str, on: date) -> Fact:
    return said(ConditionRecorded(CHILD, "cdsi", code, "contraindication"), on)


def record_of(*facts: Fact, today: date) -> Record:
    (found,) = [
        record
        for record in look(*facts, today=today).records
        if record.vaccinations is not None and (record.recipient, record.subject) == (WIFE, CHILD)
    ]
    return found


def group(name: str, *facts: Fact, today: date) -> GroupStanding:
    record = record_of(*facts, today=today).vaccinations
    assert record is not None
    return next(item for item in record.groups if item.group == name)


def asked(*facts: Fact, today: date) -> set[str]:
    """Every vaccine that a visit asks for, now or to come."""
    return {
        term
        for card in visits(*facts, today=today).values()
        if card.resolved_on is None
        for term in told(card, "vaccines")  # type: ignore[attr-defined]  # a list of terms
    }


# Declined


def test_nobody_is_reminded_of_what_was_refused_and_the_record_says_so() -> None:
    assert "rotavirus" in asked(*AT_BIRTH, today=BORN)
    facts = [*AT_BIRTH, refused(ROTA, BORN + timedelta(days=3))]
    for days in (3, 61, 100, 300):  # before, on and long after the day on which it would be due
        today = BORN + timedelta(days=days)
        assert "rotavirus" not in asked(*facts, today=today)
        assert {"dtp", "pcv"} <= asked(*facts, today=today)
    standing = group("Rotavirus", *facts, today=BORN + timedelta(days=61))
    assert (standing.status, standing.left_out) == ("not_complete", "refused")
    cited = record_of(*facts, today=BORN + timedelta(days=61)).why.facts
    assert ("vaccination.refused", BORN + timedelta(days=3)) in {
        (one.kind, one.occurred_on) for one in cited
    }


def test_without_a_code_every_vaccine_is_refused_and_no_effect_is_left() -> None:
    today = TWO_MONTHS
    facts = [*AT_BIRTH, refused(None, BORN + timedelta(days=5))]
    assert asked(*facts, today=today) == set()
    effects = evaluate(COUPLE, facts, shipped(), today, SECRET).effects
    assert not [one for one in effects if one.entry == "vaccination"]
    assert group("PCV", *facts, today=today).left_out == "refused"
    # What was given before it stays done.
    assert visits(*facts, today=today)["bcg_1"].resolved_on == BORN


def test_a_refusal_entered_in_error_brings_the_visit_back_as_due_not_overdue() -> None:
    no = refused(None, BORN + timedelta(days=5))
    today = date(2027, 6, 1)  # four months past the visit at two months
    facts = [*AT_BIRTH, no, in_error(no, today)]
    found = visits(*facts, today=today)["dtp_1"]
    assert card_state(found, today) == "due"
    assert due(found)[0] == today
    assert group("PCV", *facts, today=today).left_out is None


def test_a_dose_given_after_a_refusal_is_consent_for_what_is_in_it() -> None:
    # Everything refused in December; in February pentavalent (DTP, Hib, hepatitis B) is accepted.
    accepted = date(2027, 2, 1)
    facts = [*AT_BIRTH, refused(None, date(2026, 12, 1)), *doses(accepted, PENTA)]
    today = accepted + timedelta(days=40)
    assert asked(*facts, today=today) == {"dtp", "hib", "hepb"}
    assert group("PCV", *facts, today=today).left_out == "refused"


def test_a_refusal_after_a_dose_counts() -> None:
    kept = TWO_MONTHS
    facts = [*AT_BIRTH, *doses(kept, HEXA, PCV, ROTA), refused(PCV, kept + timedelta(days=1))]
    assert "pcv" not in asked(*facts, today=kept + timedelta(days=60))
    assert visits(*facts, today=kept + timedelta(days=60))["dtp_1"].resolved_on == kept


def test_a_refused_combination_is_not_given_in_another_one() -> None:
    # The hexavalent is diphtheria, tetanus, pertussis, Hib, hepatitis B and polio.
    facts = [*AT_BIRTH, refused(HEXA, BORN + timedelta(days=3))]
    assert asked(*facts, today=TWO_MONTHS) == {"pcv", "rotavirus"}


def test_a_refusal_dated_ahead_counts_from_its_day() -> None:
    on = BORN + timedelta(days=20)
    facts = [*AT_BIRTH, said(VaccinationRefused(CHILD, None), on, asserted_on=BORN)]
    woken_on = look(*facts, today=BORN).next_change_on
    assert woken_on is not None
    assert woken_on <= on
    assert "dtp" in asked(*facts, today=on - timedelta(days=1))
    assert asked(*facts, today=on) == set()


def test_a_refusal_of_an_unknown_vaccine_moves_nothing_and_is_shown() -> None:
    today = date(2027, 3, 1)  # the visit at two months is overdue since 21 February
    facts = [*AT_BIRTH, refused("999", today)]
    assert card_state(visits(*facts, today=today)["dtp_1"], today) == "overdue"
    assert "vaccination.refused" in {one.kind for one in record_of(*facts, today=today).why.facts}


# Not done


@pytest.mark.parametrize(
    ("reason", "state"),
    [("ill", "due"), ("out_of_stock", "due"), ("absent", "overdue"), ("other", "overdue")],
)
def test_a_visit_put_off_is_due_again_and_an_absence_stays_overdue(reason: str, state: str) -> None:
    today = date(2027, 3, 1)
    not_done = VaccinationNotDone(CHILD, HEXA, reason)  # type: ignore[arg-type]  # one of the reasons
    facts = [*AT_BIRTH, said(not_done, today)]
    assert card_state(visits(*facts, today=today)["dtp_1"], today) == state


def test_what_a_clinic_did_not_give_for_health_is_not_reminded() -> None:
    no = said(VaccinationNotDone(CHILD, ROTA, "contraindicated"), TWO_MONTHS)
    facts = [*AT_BIRTH, *doses(TWO_MONTHS, HEXA, PCV), no]
    today = TWO_MONTHS + timedelta(days=1)
    assert "rotavirus" not in asked(*facts, today=today)
    assert group("Rotavirus", *facts, today=today).left_out == "contraindicated"
    assert "rotavirus" in asked(*facts, in_error(no, today), today=today)


def test_immunity_told_by_a_clinic_spares_the_dose_and_leaves_the_combination() -> None:
    # Hepatitis B is no more asked for, and pentavalent or hexavalent still serve the others.
    facts = [*AT_BIRTH, said(VaccinationNotDone(CHILD, "08", "immune"), BORN + timedelta(days=1))]
    visit = visits(*facts, today=TWO_MONTHS)["dtp_1"]
    assert set(told(visit, "vaccines")) == {"dtp", "hib", "pcv", "polio", "rotavirus"}  # type: ignore[call-overload]  # a list of terms
    assert group("HepB", *facts, today=TWO_MONTHS).left_out == "immune"


def test_every_reason_for_leaving_out_has_its_words() -> None:
    assert set(LEFT_OUT_WORDS) == {"refused", "contraindicated", "immune", "unplanned"}


# Conditions


def test_a_contraindication_takes_the_live_vaccines_out_and_its_end_brings_them_back() -> None:
    # 246, severe immunocompromise: no BCG, oral polio, MMR, varicella (content/packs/uae).
    born_on, today = date(2025, 11, 1), BORN
    ill = recorded("246", today)
    facts = [birth(born_on, known_on=today), ill]
    live = {"bcg", "mmr", "varicella", "opv"}
    assert live & asked(*facts[:1], today=today)
    assert not live & asked(*facts, today=today)
    standing = group("MMR", *facts, today=today)
    assert standing.status == "contraindicated"
    well_on = today + timedelta(days=90)
    well = said(ConditionResolved(CHILD, "cdsi", "246"), well_on)
    assert not live & asked(*facts, well, today=well_on - timedelta(days=1))
    assert {"bcg", "mmr"} <= asked(*facts, well, today=well_on)
    again = visits(*facts, in_error(ill, well_on), today=well_on)
    assert "overdue" not in {card_state(card, well_on) for card in again.values()}
    assert {"bcg", "mmr"} <= asked(*facts, in_error(ill, well_on), today=well_on)


def test_evidence_of_immunity_by_a_hospitals_own_code_ends_the_group() -> None:
    # SNOMED 38907003, varicella: observation 024 of the programme.
    born_on, today = date(2025, 11, 1), BORN
    had = said(ConditionRecorded(CHILD, "snomed", "38907003", "immunity"), date(2026, 5, 1))
    facts = [birth(born_on, known_on=today), had]
    assert "varicella" in asked(*facts[:1], today=today)
    assert "varicella" not in asked(*facts, today=today)
    assert group("Varicella", *facts, today=today).status == "immune"


def test_a_condition_that_the_programme_does_not_know_moves_no_visit() -> None:
    today = date(2027, 3, 1)
    asthma = said(ConditionRecorded(CHILD, "icd10", "J45.0"), today)
    unknown = said(ConditionRecorded(CHILD, "icd10", "D84.9", "contraindication"), today)
    for told_of in (asthma, unknown):
        facts = [*AT_BIRTH, told_of]
        assert card_state(visits(*facts, today=today)["dtp_1"], today) == "overdue"
        facts.append(in_error(told_of, today + timedelta(days=5)))
        later = today + timedelta(days=5)
        assert card_state(visits(*facts, today=later)["dtp_1"], later) == "overdue"
    cited = record_of(*AT_BIRTH, unknown, today=today).why.facts
    assert "condition.recorded" in {one.kind for one in cited}


# Emirates and cohorts

# PCV had a dose at 15 months in Dubai for those born before August 2018, at 18 months elsewhere for
# those born before May 2018; from November 2019 on neither is asked for (content/packs/uae/pcv).
OLDER = date(2018, 6, 1)
SEEN = date(2019, 10, 1)  # 16 months
GIVEN_2018 = [
    (date(2018, 6, 1), FIRST_DAY),
    (date(2018, 8, 1), (HEXA, PCV, ROTA)),
    (date(2018, 10, 1), (HEXA, PCV, ROTA)),
    (date(2018, 12, 1), (PENTA, BOPV, PCV)),
    (date(2019, 6, 1), (MMR, VARICELLA)),
]


def older() -> list[Fact]:
    return [
        birth(OLDER, known_on=OLDER),
        *(one for on, codes in GIVEN_2018 for one in doses(on, *codes)),
    ]


@pytest.mark.parametrize("who", [CHILD, WIFE])
def test_a_child_who_moves_to_dubai_has_dubais_programme_from_that_day(who: object) -> None:
    moved_on = date(2019, 9, 20)
    move = said(ResidenceChanged(who, "AE-DU"), moved_on, asserted_on=date(2019, 9, 1))  # type: ignore[arg-type]  # a person id
    eve = moved_on - timedelta(days=1)
    assert "pcv" not in asked(*older(), move, today=eve)
    woken_on = look(*older(), move, today=eve).next_change_on
    assert woken_on == moved_on
    assert "pcv" in asked(*older(), move, today=moved_on)
    card = next(
        card
        for card in visits(*older(), move, today=moved_on).values()
        if "pcv" in told(card, "vaccines") and not card.resolved_on  # type: ignore[operator]  # a list of terms
    )
    # Wanted since 1 September, at 15 months, and late from 1 October: no visit is before the move.
    assert due(card)[0] >= moved_on
    assert card_state(card, moved_on) in ("upcoming", "due")
    back = said(ResidenceChanged(who, "AE-SH"), SEEN)  # type: ignore[arg-type]  # a person id
    assert "pcv" not in asked(*older(), move, back, today=SEEN)
    assert "pcv" not in asked(*older(), move, in_error(move, SEEN), today=SEEN)


def test_where_the_child_itself_lives_counts_above_where_the_mother_does() -> None:
    mothers = said(ResidenceChanged(WIFE, "AE-DU"), OLDER)
    own = said(ResidenceChanged(CHILD, "AE-AJ"), OLDER)
    assert "pcv" in asked(*older(), mothers, today=SEEN)
    assert "pcv" not in asked(*older(), mothers, own, today=SEEN)


def test_a_protected_address_shows_in_no_plan() -> None:
    move = said(ResidenceChanged(WIFE, "AE-DU"), OLDER)
    hidden = said(ResidenceChanged(WIFE, is_protected=True), date(2019, 9, 1))
    known = older()  # the same facts: a card says by which it is there
    assert visits(*known, move, hidden, today=SEEN) == visits(*known, move, today=SEEN)


def test_no_dose_since_an_address_is_protected_names_who_reported_it() -> None:
    hidden = said(ResidenceChanged(HUSBAND, is_protected=True), TWO_MONTHS)
    at_home = vaccinated(CHILD, HEXA, TWO_MONTHS - timedelta(days=1), source="clinic-before")
    away = vaccinated(CHILD, MMR, TWO_MONTHS, source="clinic-of-an-emirate")
    record = record_of(*AT_BIRTH, at_home, away, hidden, today=TWO_MONTHS).vaccinations
    assert record is not None
    reporters = {report.source for dose in record.doses for report in dose.reports}
    assert "clinic-before" in reporters
    assert HIDDEN in reporters
    assert "clinic-of-an-emirate" not in reporters


@pytest.mark.parametrize(
    ("known_on", "wanted"), [(date(2019, 10, 31), True), (date(2019, 11, 1), False)]
)
def test_from_november_2019_on_dubais_dose_is_no_longer_planned(
    known_on: date, wanted: bool
) -> None:
    move = said(ResidenceChanged(CHILD, "AE-DU"), OLDER)
    known = [birth(OLDER, known_on=known_on), *older()[1:]]
    told_of = [move, known[0]]
    told_of += [msgspec.structs.replace(one, received_on=known_on) for one in known[1:]]
    assert ("pcv" in asked(*told_of, today=known_on)) == wanted


@pytest.mark.parametrize(
    ("born_on", "first_on"),
    [
        # Oral polio from 4 months for those born before July 2019, else from 6 (opv.yaml).
        (date(2019, 6, 30), date(2019, 10, 30)),
        (date(2019, 7, 1), date(2020, 1, 1)),
    ],
)
def test_the_change_of_2019_holds_by_birthday(born_on: date, first_on: date) -> None:
    facts = [birth(born_on, known_on=born_on)]
    assert group("OPV", *facts, today=born_on).recommended_on == first_on
    asking = [
        due(card)
        for card in visits(*facts, today=born_on + timedelta(days=100)).values()
        if "opv" in told(card, "vaccines")  # type: ignore[operator]  # a list of terms
    ]
    assert asking[0][1] >= first_on


def test_a_move_where_the_tables_are_the_same_moves_no_visit() -> None:
    today = date(2027, 3, 1)
    move = said(ResidenceChanged(CHILD, "AE-DU"), today)
    found = visits(*AT_BIRTH, move, today=today)["dtp_1"]
    assert card_state(found, today) == "overdue"
    assert due(found) == due(visits(*AT_BIRTH, today=today)["dtp_1"])
