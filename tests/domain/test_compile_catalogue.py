"""Documents become a catalogue, or every problem is said with its place and how to mend it."""

import base64
import copy
from collections.abc import Callable

import pytest

from content.schedule_entries import read_schedule_entries
from domain.calendar_date import Offset
from domain.catalogue import Calculator, Row, Service
from domain.compile.card import RANK_MAX
from domain.compile.catalogue import compile_catalogue
from domain.compile.document import ITEMS_MAX, TEXT_CHARACTERS_MAX, CatalogueError, Problem
from domain.compile.head import VERSION_MAX
from domain.compile.schedule import UNPACKED_BYTES_MAX, pack_tables, unpack_tables
from domain.ids import EntryId

BOTH = {"ar": "نص", "en": "text"}


def birth_service() -> dict[str, object]:
    """A small service with a table of ages, from which each test spoils one thing."""
    return {
        "kind": "service",
        "format": 1,
        "id": "vaccination",
        "version": 1,
        "revision": 1,
        "draft": False,
        "sources": [{"text": "a source", "sure": "verified"}],
        "nature": "reminder",
        "criterion": "time",
        "agency": "mohap",
        "name": dict(BOTH),
        "starts_with": "birth",
        "audience": ["mother"],
        "otherwise": ["father"],
        "eligibility": [
            {"id": "alive", "when": "child_alive", "unmet": "withdraw", "text": dict(BOTH)}
        ],
        "cards": [
            {
                "id": "visit",
                "rank": 1,
                "window": {
                    "anchor": "born_on",
                    "visible": {"days": -14},
                    "due_until": {"weeks": 4, "days": 2},
                    "expires": {"months": 6},
                    "catch_up": True,
                },
                "notices": ["visible"],
                "title": {"ar": "{child_name} {age}", "en": "{child_name} {age}"},
                "body": {"ar": "{born_on}", "en": "{born_on}"},
                "rows": [
                    {
                        "id": "birth",
                        "age": {"days": 0},
                        "parameters": {"age": "newborn"},
                    },
                    {
                        "id": "month_1",
                        "age": {"months": 1},
                        "parameters": {"age": "older"},
                    },
                ],
            }
        ],
        "terms": {
            "unnamed": dict(BOTH),
            "newborn": dict(BOTH),
            "older": dict(BOTH),
        },
    }


def pregnancy_service() -> dict[str, object]:
    document = birth_service()
    document |= {"id": "plan", "starts_with": "pregnancy", "eligibility": []}
    document["cards"] = [
        {
            "id": "contact",
            "rank": 1,
            "window": {
                "anchor": "last_period_on",
                "visible": {"days": -14},
                "due_until": {"days": 7},
                "expires": {"weeks": 42},
                "expires_from": "anchor",
                "catch_up": False,
            },
            "notices": [],
            "title": {"ar": "{week} {contact}", "en": "{week} {contact}"},
            "body": {
                "ar": "{visit, select, delivery{أ} other{ب}}",
                "en": "{visit, select, delivery{a} other{b}}",
            },
            "planned": True,
        }
    ]
    document["calculator"] = {"name": "pregnancy", "schedule": "who_antenatal"}
    return document | {"draft": True, "sign_off": "who must confirm it"}


def planned_visits() -> dict[str, object]:
    """A service whose card the immunization calculator plans, with every group of the programme."""
    document = spoil(birth_service(), "cards.0.rows", ...)
    document = spoil(document, "cards.0.planned", True)
    document["terms"] = {"unnamed": dict(BOTH)} | {group: dict(BOTH) for group in GROUPS}
    for language in ("ar", "en"):
        document = spoil(document, f"cards.0.title.{language}", "{child_name}")
        document = spoil(document, f"cards.0.body.{language}", "{vaccines}")
    document["calculator"] = {"name": "immunization", "schedule": "uae_programme"}
    return document | {"draft": True, "sign_off": "who must confirm it"}


GROUPS = (
    *("bcg", "dtp", "hepb", "hib", "hpv", "menacwy", "mmr", "opv", "pcv", "polio"),
    *("rotavirus", "varicella"),
)


def spoil(document: dict[str, object], path: str, value: object) -> dict[str, object]:
    """The document with one value put in place (or, for `...`, taken away)."""
    spoiled = copy.deepcopy(document)
    at: object = spoiled
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        at = at[step]  # type: ignore[index]  # a test knows its document
    if value is ...:
        del at[last]  # type: ignore[attr-defined]  # likewise
    else:
        at[last] = value  # type: ignore[index]  # likewise
    return spoiled


def compiled(document: dict[str, object]) -> Service:
    (service,) = compile_catalogue(
        [("file.yaml", document), *read_schedule_entries()], version=1
    ).services.values()
    return service


def problems(document: dict[str, object]) -> list[Problem]:
    with pytest.raises(CatalogueError) as caught:
        compiled(document)
    return list(caught.value.errors)


def test_a_document_becomes_a_service() -> None:
    service = compiled(birth_service())
    card = service.card("visit")
    assert service.id == EntryId("vaccination")
    assert service.audience == ("mother",)
    assert service.otherwise == ("father",)
    assert card.window.due_until == Offset(days=30)
    assert card.window.expires_from == "due"
    assert card.rows[1] == Row("month_1", Offset(months=1), (("age", "older"),))
    assert card.title.ar.placeholders == {"child_name", "age"}


def test_a_service_names_its_calculator_and_one_card_that_it_plans() -> None:
    service = compiled(planned_visits())
    assert service.calculator == Calculator("immunization", EntryId("uae_programme"))
    assert service.card("visit").planned
    assert service.card("visit").rows == ()


WINDOW = "cards.0.window"
ROWS = "cards.0.rows"
ONE_ERROR: list[tuple[str, object, str, str]] = [
    # where it is spoiled, by what, the path of the problem, words of its message
    ("kind", "servise", "kind", "did you mean 'service'?"),
    ("format", 2, "format", "reads up to 1: upgrade it"),
    ("colour", "red", "colour", "unknown key"),
    ("audiance", [], "audiance", "did you mean 'audience'?"),
    ("version", ..., "", "the key 'version' is missing"),
    ("name", ..., "", "the key 'name' is missing"),
    ("cards", ..., "", "the key 'cards' is missing"),
    ("id", "Vaccination", "id", "is not an id"),
    ("id", "a" * 65, "id", "is not an id"),
    ("version", True, "version", "expected a whole number, got True"),
    ("draft", "no", "draft", "expected true or false"),
    ("draft", True, "draft", "says in sign_off who must confirm"),
    ("sign_off", "the ministry", "draft", "only a draft does"),
    ("sources", [], "sources", "at least 1"),
    ("sources.0.sure", "maybe", "sources[0].sure", "'maybe' is unknown"),
    ("sources.0.text", "  ", "sources[0].text", "expected a text"),
    ("nature", "remind", "nature", "did you mean 'reminder'?"),
    ("audience", [], "audience", "at least 1"),
    ("audience", "mother", "audience", "expected a list"),
    ("audience", ["husband"], "audience[0]", "'husband' is unknown"),
    ("audience", ["mother", "mother"], "audience", "a role stands twice"),
    ("otherwise", ["mother"], "otherwise", "'mother' is told already"),
    ("name.ar", ..., "name", "the key 'ar' is missing"),
    ("name.en", "", "name.en", "expected a text, got ''"),
    ("name.en", "{child_name}", "name.en", "{child_name} is not known here: known: none"),
    ("name", "text", "name", "expected keys and values"),
    ("terms.older.en", "{age}", "terms.older.en", "is not known here"),
    (
        "terms.older.ar",
        "{n, plural, one{a} other{b}}",
        "terms.older.ar",
        "lacks few, many, two, zero",
    ),
    ("terms.Big", BOTH, "terms.Big", "'Big' is not an id"),
    ("terms", {1: BOTH} | birth_service()["terms"], "terms", "the key 1 is not a word"),  # type: ignore[operator]  # it is a dict
    ("eligibility.0.when", "child_alife", "eligibility[0].when", "closest is 'child_alive'"),
    ("eligibility.0.when", "wife_alive", "eligibility[0].when", "'wife_alive' is not declared"),
    ("eligibility.0.unmet", "hide", "eligibility[0].unmet", "'hide' is unknown"),
    ("eligibility.0.text.en", "{vaccines}", "eligibility[0].text.en", "is not known here"),
    ("cards", [], "cards", "at least 1"),
    ("cards.0.notices", ["due", "due"], "cards[0].notices", "one message for one act"),
    ("cards.0.notices", ["later"], "cards[0].notices[0]", "'later' is unknown"),
    ("cards.0.title.en", "{child_name} {aeg}", "cards[0].title.en", "did you mean 'age'?"),
    ("cards.0.title.en", "{child_name}", "cards[0].title", "only one language names age"),
    ("cards.0.title.ar", "{", "cards[0].title.ar", "placeholder's name"),
    (f"{WINDOW}.anchor", "married_on", f"{WINDOW}.anchor", "'married_on' is unknown"),
    (f"{WINDOW}.due", {"days": 1}, f"{WINDOW}.due", "the rows say when each is due"),
    (f"{WINDOW}.expires", ..., WINDOW, "the key 'expires' is missing"),
    (f"{WINDOW}.expires", {}, f"{WINDOW}.expires", "says no time"),
    (f"{WINDOW}.expires", {"years": 1}, f"{WINDOW}.expires.years", "unknown key"),
    (f"{WINDOW}.visible", {"days": 1}, f"{WINDOW}.visible", "out of order"),
    (f"{WINDOW}.due_until", {"days": -1}, f"{WINDOW}.due_until", "out of order"),
    (f"{WINDOW}.expires", {"days": 29}, f"{WINDOW}.expires", "out of order"),
    (f"{WINDOW}.expires_from", "birth", f"{WINDOW}.expires_from", "'birth' is unknown"),
    (f"{ROWS}.1.id", "birth", f"{ROWS}.1.id", "'birth' stands twice"),
    (f"{ROWS}.1.age", {"days": 0}, f"{ROWS}.1.age", "is not after the row before"),
    (f"{ROWS}.0.parameters.age", "unborn", "cards[0].title.ar", "needs the term 'unborn'"),
    (f"{ROWS}.1.parameters", ..., f"{ROWS}.1", "other parameters than the first row"),
    (f"{ROWS}.0.parameters.age", 1, f"{ROWS}.1", "other parameters than the first row"),
    ("cards.0.planned", True, "cards", "a service with a calculator has one planned card"),
    ("cards.0.planned", True, "cards[0].rows", "the calculator says so of a planned card"),
    ("cards.0.doses", [], "cards[0].doses", "unknown key"),
]


@pytest.mark.parametrize(("path", "value", "at", "words"), ONE_ERROR)
def test_each_error_is_said_with_its_place(path: str, value: object, at: str, words: str) -> None:
    found = problems(spoil(birth_service(), path, value))
    at = at.replace(".0", "[0]").replace(".1", "[1]")
    assert any(problem.path == at and words in problem.message for problem in found), found
    assert all(problem.where == "file.yaml" for problem in found)


def test_a_name_needs_a_word_for_who_has_none_yet() -> None:
    found = problems(spoil(birth_service(), "terms.unnamed", ...))
    assert [problem.path for problem in found] == ["cards[0].title.ar", "cards[0].title.en"]
    assert "needs the term 'unnamed'" in found[0].message


PLANNED_ERROR = [
    ("terms.bcg", ..., "cards[0].body.ar", "{vaccines} needs the term 'bcg'"),
    ("terms.unnamed", ..., "cards[0].title.ar", "needs the term 'unnamed'"),
    ("cards.0.planned", False, "cards", "a service with a calculator has one planned card"),
    ("cards.0.window.due", {"days": 1}, "cards[0].window.due", "the calculator says when"),
    ("cards.0.resolved_when", "child_alive", "cards[0].resolved_when", "the calculator says so"),
    ("calculator.name", "imunization", "calculator.name", "did you mean 'immunization'?"),
    ("calculator.name", "pregnancy", "calculator.name", "starts with 'pregnancy'"),
    ("calculator.schedule", "uae", "calculator.schedule", "no such schedule"),
    ("calculator.schedule", "cdsi", "calculator.schedule", "holds no tables for 'immunization'"),
    ("calculator.dose", 1, "calculator.dose", "unknown key"),
    ("draft", False, "draft", "its schedule is a draft"),
]


@pytest.mark.parametrize(("path", "value", "at", "words"), PLANNED_ERROR)
def test_each_error_of_a_planned_service_is_said_with_its_place(
    path: str, value: object, at: str, words: str
) -> None:
    found = problems(spoil(planned_visits(), path, value))
    assert any(problem.path == at and words in problem.message for problem in found), found


SCHEDULE_ERROR = [
    ("packed", 1, "packed", "expected packed tables as text"),
    ("packed", "?", "packed", "holds no sound tables"),
    ("packed", "aGVsbG8=", "packed", "holds no sound tables"),
    ("tables", "pregnancy", "packed", "holds no sound tables"),
    ("tables", "growth", "packed", "holds no sound tables"),
    ("tables", "growht", "tables", "is unknown"),
    ("format", 2, "format", "out of bounds"),
]


@pytest.mark.parametrize(("path", "value", "at", "words"), SCHEDULE_ERROR)
def test_each_error_of_a_schedule_is_said_with_its_place(
    path: str, value: object, at: str, words: str
) -> None:
    _, shipped = read_schedule_entries()[0]
    with pytest.raises(CatalogueError) as caught:
        compile_catalogue([("schedule", spoil(shipped, path, value))], version=1)
    found = caught.value.errors
    assert any(problem.path == at and words in problem.message for problem in found), found


def test_packed_tables_that_are_cut_short_or_too_large_are_refused() -> None:
    whole = base64.b64decode(pack_tables(b" " * (UNPACKED_BYTES_MAX + 1)))
    with pytest.raises(ValueError, match="more than can be held"):
        unpack_tables("cdsi", base64.b64encode(whole).decode())
    with pytest.raises(ValueError, match="cut short"):
        unpack_tables("cdsi", base64.b64encode(whole[:-9]).decode())
    body = b"{}".ljust(UNPACKED_BYTES_MAX)
    with pytest.raises(ValueError, match="missing required field"):
        unpack_tables("cdsi", pack_tables(body))


def test_a_schedule_is_compiled_once_however_often_it_is_published() -> None:
    one = compile_catalogue(read_schedule_entries(), version=1).schedules
    other = compile_catalogue(read_schedule_entries(), version=2).schedules
    assert set(one) == {
        "cdsi",
        "development_ages",
        "uae_programme",
        "who_antenatal",
        "who_growth",
    }
    assert all(one[entry] is other[entry] for entry in one)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{born_on, plural, zero{} one{} two{} few{} many{} other{}}", "needs a number"),
        ("{child_name, date, long}", "needs a date"),
        ("{child_name, select, other{}}", "needs a text of the rows"),
        ("{age} {age, select, other{}}", "'age' chooses and is printed"),
    ],
)
def test_a_parameter_is_used_as_what_it_is(text: str, words: str) -> None:
    found = problems(spoil(birth_service(), "cards.0.body.ar", text))
    assert any(words in problem.message for problem in found), found


def test_a_word_that_only_chooses_needs_no_term() -> None:
    document = spoil(birth_service(), "cards.0.rows.0.parameters.age", "unborn")
    for language in ("ar", "en"):
        document = spoil(document, f"cards.0.title.{language}", "{age, select, unborn{a} other{b}}")
    assert compiled(document).cards[0].rows[0].parameters == (("age", "unborn"),)


def test_what_a_calculator_says_is_known_only_to_the_card_that_it_plans() -> None:
    document = spoil(birth_service(), "cards.0.body.en", "{vaccines}")
    assert any("{vaccines} is not known here" in problem.message for problem in problems(document))


def test_a_card_without_rows_says_when_it_is_due() -> None:
    document = spoil(birth_service(), "cards.0.rows", ...)
    assert any("the key 'due' is missing" in problem.message for problem in problems(document))


def test_two_of_one_id_are_refused_in_a_document() -> None:
    document = birth_service()
    for path in ("cards", "eligibility"):
        items = document[path]
        assert isinstance(items, list)
        items.append(copy.deepcopy(items[0]))
    paths = [problem.path for problem in problems(document)]
    assert paths == ["eligibility[1].id", "cards[1].id"]


def test_a_row_s_parameter_has_a_name_of_its_own() -> None:
    document = birth_service()
    for row in (0, 1):
        document = spoil(document, f"cards.0.rows.{row}.parameters.born_on", 3)
    assert "given by the system already" in problems(document)[0].message


def test_the_end_counted_from_the_anchor_is_after_the_last_row_is_due() -> None:
    document = spoil(birth_service(), "cards.0.window.expires_from", "anchor")
    compiled(spoil(document, "cards.0.window.expires", {"months": 1}))
    found = problems(spoil(document, "cards.0.window.expires", {"months": 1, "days": -1}))
    assert found[0].path == "cards[0].window.expires"


def test_every_problem_is_said_at_once_and_in_one_text() -> None:
    document = spoil(birth_service(), "nature", "remind")
    document = spoil(document, "eligibility.0.when", "child_alife")
    document = spoil(document, "cards.0.title.ar", "{")
    with pytest.raises(CatalogueError) as caught:
        compiled(document)
    assert {problem.path for problem in caught.value.errors} == {
        "nature",
        "eligibility[0].when",
        "cards[0].title.ar",
    }
    assert "file.yaml: nature: 'remind' is unknown: did you mean" in str(caught.value)


def test_nothing_is_said_twice_of_what_is_missing() -> None:
    assert len(problems({"kind": "service"})) == 13  # the required keys but `kind`


def _terms(count: int) -> dict[str, object]:
    own = ["unnamed", "bcg", "newborn", "older"]
    return dict.fromkeys([*own, *(f"term_{i}" for i in range(count - len(own)))], BOTH)


LIMITS: list[tuple[str, Callable[[int], object], int, int]] = [
    # where, the value for a number, the last one allowed, the first one refused
    ("version", lambda n: n, VERSION_MAX, VERSION_MAX + 1),
    ("version", lambda n: n, 1, 0),
    ("revision", lambda n: n, VERSION_MAX, VERSION_MAX + 1),
    ("cards.0.rank", lambda n: n, RANK_MAX, RANK_MAX + 1),
    ("cards.0.rank", lambda n: n, 0, -1),
    ("cards.0.rows.1.age", lambda n: {"months": n}, 1_200, 1_201),
    ("cards.0.rows.1.age", lambda n: {"weeks": n}, 5_200, 5_201),
    ("cards.0.rows.1.age", lambda n: {"days": n}, 36_600, 36_601),
    ("terms", _terms, ITEMS_MAX, ITEMS_MAX + 1),
    (
        "sources",
        lambda n: [{"text": "a", "sure": "memory"} for _ in range(n)],
        ITEMS_MAX,
        ITEMS_MAX + 1,
    ),
    ("sources.0.text", lambda n: "a" * n, TEXT_CHARACTERS_MAX, TEXT_CHARACTERS_MAX + 1),
    ("id", lambda n: "a" * n, 64, 65),
]


@pytest.mark.parametrize(("path", "make", "allowed", "refused"), LIMITS)
def test_each_limit_holds_on_both_sides(
    path: str, make: Callable[[int], object], allowed: int, refused: int
) -> None:
    compiled(spoil(birth_service(), path, make(allowed)))
    assert problems(spoil(birth_service(), path, make(refused)))


def test_a_catalogue_holds_its_services_by_id() -> None:
    documents = [("a.yaml", birth_service()), ("b.yaml", pregnancy_service())]
    documents += read_schedule_entries()
    catalogue = compile_catalogue(documents, version=7)
    assert catalogue.version == 7
    assert list(catalogue.services) == ["vaccination", "plan"]


def test_two_entries_of_one_id_are_refused() -> None:
    documents = [("a.yaml", birth_service()), ("b.yaml", birth_service())]
    with pytest.raises(CatalogueError) as caught:
        compile_catalogue(documents, version=1)
    assert str(caught.value) == "b.yaml: id: 'vaccination' is a.yaml's: rename one"


def test_the_problems_of_all_documents_are_said_together() -> None:
    documents = [
        ("a.yaml", spoil(birth_service(), "nature", "x")),
        ("b.yaml", spoil(pregnancy_service(), "criterion", "x")),
    ]
    with pytest.raises(CatalogueError) as caught:
        compile_catalogue([*documents, *read_schedule_entries()], version=1)
    assert [(p.where, p.path) for p in caught.value.errors] == [
        ("a.yaml", "nature"),
        ("b.yaml", "criterion"),
    ]
