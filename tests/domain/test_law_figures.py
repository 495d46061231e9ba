"""Figures of law in an evaluation: the day's value counts, and a change of law wakes the family."""

from datetime import date, timedelta
from uuid import UUID

from domain.card.record import Evaluation
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue
from domain.evaluate import evaluate
from domain.fact import Fact
from domain.ids import CircleId, EntryId
from domain.people.circle import Circle
from tests.domain.test_compile_catalogue import birth_service, spoil
from tests.domain.test_compile_entry import FIGURE, WORDS, Document, value
from tests.support.builders import born
from tests.support.house import person

MOTHER, CHILD = person(1), person(2)
BORN_ON = date(2026, 12, 10)
SECRET = bytes(32)
CIRCLE = CircleId(UUID(int=9))

# 30 days until the end of 2026, 60 from 2027 to the end of June, unknown after.
GRACE: Document = FIGURE | {
    "id": "grace",
    "unit": "days",
    "values": [value(30, "2020-01-01", "2026-12-31"), value(60, "2027-01-01", "2027-06-30")],
}


def catalogue(**said: object) -> Catalogue:
    document = birth_service()
    for path, change in said.items():
        document = spoil(document, path.replace("__", "."), change)
    return compile_catalogue([("service", document), ("figure", GRACE)], version=1)


BIRTH = born(CHILD, MOTHER, BORN_ON)


def seen(made: Catalogue, on: date) -> Evaluation:
    facts: list[Fact] = [BIRTH]
    circle = Circle(CIRCLE, "single", (MOTHER,))
    return evaluate(circle, facts, made, on, SECRET)


def line(when: str) -> list[Document]:
    return [{"id": "long", "when": when, "unmet": "explain", "text": WORDS}]


def test_a_condition_goes_by_the_law_of_today_and_wakes_when_it_changes() -> None:
    made = catalogue(eligibility=line("grace >= 60"))
    before = seen(made, date(2026, 12, 31))
    assert [record.waiting for record in before.records] == [True]
    assert before.next_change_on == date(2027, 1, 1)
    after = seen(made, date(2027, 1, 1))
    assert not any(record.waiting for record in after.records)
    ended = seen(made, date(2027, 7, 1))
    assert [record.why.lines[0].truth for record in ended.records][:1] == ["unknown"]


def test_every_day_before_the_waking_day_gives_the_same() -> None:
    made = catalogue(eligibility=line("grace >= 60"))
    day = BORN_ON
    while day < date(2027, 8, 1):
        now = seen(made, day)
        tomorrow = seen(made, day + timedelta(days=1))
        if now.next_change_on is None or now.next_change_on > day + timedelta(days=1):
            assert tomorrow.records == now.records, day
        day += timedelta(days=1)


def test_a_text_says_the_figure_of_today_and_nothing_where_there_is_none() -> None:
    text = {"ar": "{grace}", "en": "{grace}"}
    made = catalogue(cards__0__body=text)
    assert made.services[EntryId("vaccination")].said_figures == ("grace",)
    for on, wanted in ((date(2026, 12, 11), 30), (date(2027, 1, 1), 60)):
        found = seen(made, on).records
        assert found
        for record in found:
            assert {p.name: p.value for p in record.parameters}["grace"] == wanted
    assert not seen(made, date(2027, 7, 1)).records


def test_a_window_goes_by_the_law_of_its_anchors_day_and_stays() -> None:
    made = catalogue(
        cards__0__window__due_until={"figure": "grace"},
        cards__0__window__expires={"days": 90},
    )
    for on in (date(2026, 12, 11), date(2027, 1, 2)):
        for record in seen(made, on).records:
            assert record.window is not None
            assert (record.window.due_until - record.window.due_from).days == 30
    late = catalogue(
        cards__0__window__due_until={"figure": "grace"},
        cards__0__window__expires={"days": 90},
    )
    facts: list[Fact] = [born(CHILD, MOTHER, date(2027, 2, 1))]
    circle = Circle(CIRCLE, "single", (MOTHER,))
    for record in evaluate(circle, facts, late, date(2027, 2, 2), SECRET).records:
        assert record.window is not None
        assert (record.window.due_until - record.window.due_from).days == 60
    unknown: list[Fact] = [born(CHILD, MOTHER, date(2027, 7, 1))]
    assert not evaluate(circle, unknown, late, date(2027, 7, 2), SECRET).records
