"""Packs are read strictly, and the shipped one compiles, speaks both languages and follows WHO."""

import json
import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import get_args

import jsonschema_rs
import pytest

from content.pack import (
    DEPTH_MAX,
    FILE_BYTES_MAX,
    FILES_MAX,
    SHIPPED_PACK,
    parse_document,
    read_pack,
)
from content.schedule.read_programme import read_programme
from domain.card.record import Criterion, Nature
from domain.catalogue import CardRule, Catalogue, Service
from domain.compile.catalogue import Kind, compile_catalogue
from domain.compile.document import CatalogueError
from domain.ids import EntryId
from domain.pregnancy.follow import PregnancyTables
from domain.rule.variable import PARAMETERS, PLANNED_CHOICES, START_CHOICES, group_term
from domain.text.bilingual import Bilingual
from domain.text.message import LANGUAGES, ParameterValue

ROOT = Path(__file__).parents[2]
SCHEMAS = {
    file.name.removesuffix(".schema.json"): json.loads(file.read_text("utf-8"))
    for file in (ROOT / "mobile-contract/catalogue").glob("*.schema.json")
}
SCHEMA = SCHEMAS["service"]

# Lines of WHO's matrix (WHO-SRH-21.2, ANC.S.01): an early one, an ordinary one, one of those that
# leave the interval rules (22), a late one.
WHO_PLANS = {
    4: [12, 20, 26, 30, 34, 36, 38, 40, 41],
    12: [20, 26, 30, 34, 36, 38, 40, 41],
    22: [28, 32, 34, 36, 38, 40, 41],
    40: [41],
}


def refusal(directory: Path) -> str:
    with pytest.raises(CatalogueError) as caught:
        read_pack(directory)
    return str(caught.value)


def write(directory: Path, text: str | bytes, name: str = "a.yaml") -> Path:
    body = text if isinstance(text, bytes) else text.encode()
    (directory / name).write_bytes(body)
    return directory


# Reading


def test_a_pack_is_its_yaml_files_in_order_of_name(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "README.md"):
        write(tmp_path, f"id: {name}", name)
    assert read_pack(tmp_path) == [("a.yaml", {"id": "a.yaml"}), ("b.yaml", {"id": "b.yaml"})]


def test_only_true_false_null_and_whole_numbers_are_not_text() -> None:
    text = "a: no\nb: 08\nc: 2026-01-01\nd: 1.5\ne: 12:30\nf: true\ng: 10\nh: null\ni: -3"
    assert parse_document(text, where="a.yaml") == {
        "a": "no",
        "b": "08",
        "c": "2026-01-01",
        "d": "1.5",
        "e": "12:30",
        "f": True,
        "g": 10,
        "h": None,
        "i": -3,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "a.yaml:3: the key 'a' stands twice"),
        ("x:\n  a: 1\n  a: 2", "a.yaml:3: the key 'a' stands twice"),
        ("a: 1\n1: 2", "a.yaml:2: the key 1 is not a word"),
        ("? [a]\n: 1", "a.yaml:1: the key"),
        ("a: [1, 2\nb: 3", "a.yaml:2:"),
        ("a: 1\n\tb: 2", "a.yaml:2:"),
        ("a: &x 1\nb: 2", "a.yaml:1: anchors and aliases are not read"),
        ("a: 1\nb: *x", "a.yaml:2: anchors and aliases are not read"),
        ("a: 1\n---\nb: 2", "a.yaml:2: holds two documents"),
        ("a: !!python/name:os.system ''", "a.yaml:1: could not determine a constructor"),
        ("a: \x07", "a.yaml: "),
        ("- a", "a.yaml: expected keys and values"),
        ("", "a.yaml: expected keys and values"),
    ],
)
def test_what_is_not_one_plain_mapping_is_refused_with_file_and_line(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refusal(write(tmp_path, text))


def test_the_problems_of_all_files_are_said_together(tmp_path: Path) -> None:
    write(tmp_path, "a: [", "one.yaml")
    write(tmp_path, b"a: \xff", "two.yaml")
    write(tmp_path, "a: 1", "three.yml")
    message = refusal(tmp_path)
    assert "one.yaml:" in message
    assert "two.yaml: is not UTF-8" in message
    assert "three.yml: is not read: rename it to .yaml" in message


def test_a_directory_without_documents_is_refused(tmp_path: Path) -> None:
    assert "has 0 .yaml files" in refusal(tmp_path)
    assert "has 0 .yaml files" in refusal(tmp_path / "missing")


def test_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    for number in range(FILES_MAX):
        write(tmp_path, "a: 1", f"{number}.yaml")
    assert len(read_pack(tmp_path)) == FILES_MAX
    write(tmp_path, "a: 1", "more.yaml")
    assert f"has {FILES_MAX + 1} .yaml files" in refusal(tmp_path)


def test_the_size_of_a_file_is_bounded(tmp_path: Path) -> None:
    just = "a: ".ljust(FILE_BYTES_MAX, "x")
    assert read_pack(write(tmp_path, just))
    assert f"larger than {FILE_BYTES_MAX} bytes" in refusal(write(tmp_path, just + "x"))


def test_the_depth_of_a_document_is_bounded(tmp_path: Path) -> None:
    def nested(depth: int) -> str:
        return "a: " + "[" * (depth - 1) + "]" * (depth - 1)

    assert read_pack(write(tmp_path, nested(DEPTH_MAX)))
    assert f"a.yaml:1: is nested past {DEPTH_MAX}" in refusal(
        write(tmp_path, nested(DEPTH_MAX + 1))
    )
    assert "nested" in refusal(write(tmp_path, nested(20_000)))


# The shipped pack


def service(catalogue: Catalogue, entry_id: str) -> Service:
    return catalogue.services[EntryId(entry_id)]


def test_every_shipped_file_follows_the_published_schema_of_its_kind() -> None:
    assert {*SCHEMAS, "schedule"} == set(get_args(Kind))
    for schema in SCHEMAS.values():
        jsonschema_rs.meta.validate(schema)
    validators = {kind: jsonschema_rs.validator_for(schema) for kind, schema in SCHEMAS.items()}
    for where, document in read_pack(SHIPPED_PACK):
        assert not list(validators[str(document["kind"])].iter_errors(document)), where


@pytest.mark.parametrize(
    "broken",
    [
        {"colour": "red"},
        {"draft": False},
        {"cards": []},
        {"audience": ["neighbour"]},
        {"id": "Family Book"},
    ],
)
def test_the_published_schema_refuses_what_the_compiler_refuses(broken: dict[str, object]) -> None:
    document = dict(read_pack(SHIPPED_PACK))["family_book.yaml"] | broken
    assert not jsonschema_rs.validator_for(SCHEMA).is_valid(document)
    with pytest.raises(CatalogueError):
        compile_catalogue([("family_book.yaml", document)], version=1)


def test_nobody_but_an_owner_signs_a_figure(catalogue: Catalogue) -> None:
    figures = catalogue.entries.figures.values()
    assert len(figures) >= 30
    assert all(figure.draft for figure in figures)
    assert all(value.sign_off is not None for figure in figures for value in figure.values)


def test_an_agency_has_the_name_and_the_duties_of_the_day(catalogue: Catalogue) -> None:
    icp = catalogue.entries.agencies[EntryId("icp")]
    assert "(ICA)" in icp.name_on(date(2020, 9, 1)).en.source
    assert "(ICP)" in icp.name_on(date(2026, 9, 1)).en.source
    form = service(catalogue, "growth_questionnaire")
    assert catalogue.agency_of(form, date(2020, 9, 1)) == "mocd"
    assert catalogue.agency_of(form, date(2026, 9, 1)) == "family_ministry"
    assert catalogue.agency_of(service(catalogue, "family_book"), date(2026, 9, 1)) == "icp"


def test_the_shipped_pack_has_the_journey_and_its_variants(catalogue: Catalogue) -> None:
    journey = {  # the sixteen rows; content is one of them, by stage
        *("marriage_contract", "family_book", "marriage_grant", "housing_support"),
        *("pregnancy_followup", "medical_appointments", "newborn_bundle", "maternity_leave"),
        *("paternity_leave", "child_allowance", "school_seat", "vaccination"),
        *("growth_questionnaire", "nursery", "school_registration"),
        *("content_marriage", "content_pregnancy", "content_father", "content_child"),
    }
    variants = {
        *("newborn_bundle_residents", "maternity_leave_elsewhere", "parental_leave_elsewhere"),
        *("bereavement_pregnancy", "bereavement_family", "divorce_guidance"),
        *("determination_support", "moved_emirate", "work_and_family"),
        *("hospital_visit", "fines_reduced", "document_renewal"),  # place, law, time
        *("licence_renewal", "partner_added"),  # the bundle Basher
        "newborn_documents",  # the newborn bundle where a family mourns
    }
    assert set(catalogue.services) == journey | variants


def test_every_kind_and_every_criterion_of_the_guide_is_there(catalogue: Catalogue) -> None:
    services = catalogue.services.values()
    assert {entry.nature for entry in services} == set(get_args(Nature))
    assert {entry.criterion for entry in services} == set(get_args(Criterion))


def test_only_what_government_does_by_itself_is_sent_unasked(catalogue: Catalogue) -> None:
    sent = {
        (entry.id, card.submit.agency)
        for entry in catalogue.services.values()
        for card in entry.cards
        if card.submit is not None and card.submit.by == "itself"
    }
    assert sent == {
        *(("maternity_leave", "fahr"), ("paternity_leave", "fahr"), ("child_allowance", "fahr")),
        ("school_seat", "moe"),
    }


def test_what_an_agency_is_sent_is_covered_by_a_policy_or_asked(catalogue: Catalogue) -> None:
    used: set[tuple[str, str, str]] = set()
    for entry in catalogue.services.values():
        filled = {given.field for given in entry.prefill}
        asked = {one.field for one in entry.asked}
        assert not filled & asked, entry.id  # what government holds is not asked again
        sent = {name for card in entry.cards if card.submit for name in card.submit.fields}
        assert sent <= filled, (entry.id, sent - filled)
        used |= {(given.policy, given.field, entry.id) for given in entry.prefill}
    allowed = {
        (policy.id, field, purpose)
        for policy in catalogue.entries.policies.values()
        for field in policy.fields
        for purpose in policy.purposes
    }
    assert used == allowed  # no policy allows more than is used


def test_only_what_government_cannot_know_is_asked(catalogue: Catalogue) -> None:
    assert {
        entry.id: [one.field for one in entry.asked]
        for entry in catalogue.services.values()
        if entry.asked
    } == {
        "document_renewal": ["photo"],
        "fines_reduced": ["use_reduction"],
        "housing_support": ["kind_of_support"],
        "licence_renewal": ["part"],
        "newborn_bundle": ["child_name", "child_photo"],
        "newborn_bundle_residents": ["child_name", "child_photo"],
        "newborn_documents": ["child_name", "child_photo"],
        "nursery": ["nursery"],
        "partner_added": ["contract_signature"],
        "school_registration": ["school"],
    }


def test_the_journey_leads_on_from_the_contract(catalogue: Catalogue) -> None:
    reached, ahead = set[str](), ["marriage_contract"]
    while ahead:
        entry_id = ahead.pop()
        reached.add(entry_id)
        ahead += [one for one in service(catalogue, entry_id).leads_to if one not in reached]
    assert reached >= {"family_book", "marriage_grant", "housing_support", "content_marriage"}
    assert service(catalogue, "newborn_bundle").leads_to[:4] == (
        *("maternity_leave", "paternity_leave", "child_allowance", "school_seat"),
    )


def test_a_father_reads_nothing_of_the_mothers_health(catalogue: Catalogue) -> None:
    of_pregnancy = [one for one in catalogue.services.values() if one.starts_with == "pregnancy"]
    assert {one.id for one in of_pregnancy if "father" in (*one.audience, *one.otherwise)} == {
        "content_father"
    }
    for card in service(catalogue, "content_father").cards:
        for text in (card.title, card.body):
            assert set(text.ar.placeholders) == set(text.en.placeholders) == {"advice"}
            assert not any(word in text.ar.source for word in ("أسبوع", "زيار", "نزف", "فحص"))


def test_who_mourns_is_sent_no_notice(catalogue: Catalogue) -> None:
    for entry_id in ("bereavement_pregnancy", "bereavement_family"):
        assert all(not card.notices for card in service(catalogue, entry_id).cards)


def test_nothing_unsigned_is_shown_as_official(catalogue: Catalogue) -> None:
    assert all(entry.draft for entry in catalogue.services.values())


def test_a_death_or_a_loss_is_never_put_before_a_family(catalogue: Catalogue) -> None:
    # A line that is not met is explained; but not of a death or a loss, a marriage that is over, a
    # birth that is contradicted (but where a plan waits for the hospital's word), and not to whom a
    # service is not for: it is not news to an employee elsewhere that a service is for others.
    not_for = {
        *("employee", "residents", "no_residents", "not_registered", "told", "in_force", "place"),
        *("covers", "document", "moved", "employed", "not_cancelled", "not_over"),
    }
    plans = {"vaccination", "growth_questionnaire"}
    for entry in catalogue.services.values():
        for line in entry.eligibility:
            names = line.when.variables
            grave = any("alive" in n or "ongoing" in n or "lost" in n for n in names)
            grave |= "birth_confirmed" in names and entry.id not in plans
            is_apart = line.id in not_for or line.id == "marriage_in_force"
            assert (line.unmet == "withdraw") == (grave or is_apart), (entry.id, line.id)


def texts(entry: Service) -> Iterator[tuple[str, Bilingual, CardRule | None]]:
    yield "name", entry.name, None
    for line in entry.eligibility:
        yield line.id, line.text, None
    for name, term in entry.terms.items():
        yield name, term, None
    for card in entry.cards:
        yield f"{card.id}.title", card.title, card
        yield f"{card.id}.body", card.body, card


def plausible(card: CardRule | None, entry: Service) -> Iterator[dict[str, ParameterValue]]:
    """Parameters as a record has them: each row, each plural form, each choice of a calculator or
    of what starts the service."""
    own: dict[str, ParameterValue] = {
        "child_name": "سالم",
        "born_on": date(2026, 1, 5),
        "married_on": date(2025, 2, 28),
        "due_on": date(2026, 10, 12),
        "vaccines": "لقاح",
        "siblings": "مها",
        "shared_on": date(2026, 3, 5),
        "beside": "زيارة",
        "joint_on": date(2026, 3, 5),
        "husband_name": "سالم",
        "wife_name": "نورة",
        "person_name": "هند",
        "deceased_name": "هند",
        "appointment_time": "09:30",
        "licence_number": "L-7",
    }
    for name, kind in PARAMETERS[entry.starts_with].items():
        if kind == "date":
            own[name] = date(2026, 3, 5)
    numbers = (
        *("vaccine_count", "age", "contact", "contact_count", "week", "children_count"),
        *entry.said_figures,
    )
    said = START_CHOICES.get(entry.starts_with, {})
    of_start = [[(name, value) for value in sorted(said[name])] for name in said]
    choices = [
        [(name, value) for value in sorted(PLANNED_CHOICES[name])] for name in PLANNED_CHOICES
    ]
    for count in (0, 1, 2, 3, 11, 100):
        counted = own | dict.fromkeys(numbers, count)
        for row in (card.rows if card is not None else ()) or (None,):
            of_row = dict(row.parameters if row is not None else ())
            for starts in product(*of_start):
                yield counted | of_row | dict(starts)
        for chosen in product(*choices) if card is not None and card.planned else ():
            yield counted | dict(chosen)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_renders_for_every_row(catalogue: Catalogue, language: str) -> None:
    for entry in catalogue.services.values():
        for name, text, card in texts(entry):
            message = text.ar if language == "ar" else text.en
            rendered_count = 0
            for parameters in plausible(card, entry):
                if not message.placeholders <= parameters.keys():
                    continue
                rendered_count += 1
                said = message.render(parameters)
                assert said.strip() == said != "", (entry.id, name)
                assert not set(said) & set("{}#"), (entry.id, name, said)
                assert "  " not in said, (entry.id, name, said)
            assert rendered_count, (entry.id, name)


def words_of(source: str, entry: Service) -> str:
    """The source without what is syntax: placeholders, kinds and options."""
    options = [*PLANNED_CHOICES.values(), *START_CHOICES.get(entry.starts_with, {}).values()]
    options += [
        frozenset({value})
        for card in entry.cards
        for row in card.rows
        for _, value in row.parameters
        if isinstance(value, str)
    ]
    chosen = "|".join(sorted({value for values in options for value in values}))
    syntax = rf"\b(?:plural|select|date|long|short|zero|one|two|few|many|other|{chosen})\b"
    return re.sub(syntax, "", re.sub(r"\{\s*[a-z_0-9]+\s*[,}]", "", source))


def test_arabic_texts_are_arabic_and_english_ones_are_english(catalogue: Catalogue) -> None:
    for entry in catalogue.services.values():
        for name, text, _ in texts(entry):
            assert not re.search("[A-Za-z]", words_of(text.ar.source, entry)), (entry.id, name)
            assert not re.search("[\u0600-\u06ff]", text.en.source), (entry.id, name)
            assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", text.ar.source), (entry.id, name)
            if words_of(text.ar.source, entry).strip(" {}:"):
                assert re.search("[\u0621-\u064a]", text.ar.source), (entry.id, name)


def test_titles_name_the_child(catalogue: Catalogue) -> None:
    for entry in catalogue.services.values():
        if entry.starts_with == "birth":
            for card in entry.cards:
                assert "child_name" in card.title.ar.placeholders


def test_the_fee_of_a_family_book_is_said_first(catalogue: Catalogue) -> None:
    body = service(catalogue, "family_book").card("offer").body
    assert body.ar.source.startswith("الرسوم")
    assert body.en.source.startswith("Fee")


@pytest.mark.parametrize("entry_id", ["newborn_bundle", "newborn_bundle_residents"])
def test_of_a_newborn_congratulations_come_first_and_fees_before_consent(
    catalogue: Catalogue, entry_id: str
) -> None:
    body = service(catalogue, entry_id).card("offer").body
    assert body.ar.source.startswith("نبارك")
    assert body.en.source.startswith("Congratulations")
    assert body.ar.source.index("الرسوم") < body.ar.source.index("أكّدوا")
    assert body.en.source.index("Fees") < body.en.source.index("confirm the request")


def test_the_pregnancy_plan_is_who_s_matrix(catalogue: Catalogue) -> None:
    calculator = service(catalogue, "pregnancy_followup").calculator
    assert calculator is not None
    tables = catalogue.schedules[calculator.schedule]
    assert isinstance(tables, PregnancyTables)
    (plan,) = tables.plans
    rows = {row[0]: row[1:] for row in plan.rows}
    assert sorted(rows) == list(range(4, 42))
    for week, following in WHO_PLANS.items():
        assert rows[week] == tuple(following)
    # The whole matrix, as one number: the sum of all the contacts still to come, and of the
    # referral for delivery of week 41, which is a contact of its own there.
    assert sum(sum(row[1:]) for row in plan.rows) + 41 == 8_076


def test_the_published_programme_is_the_authored_one(catalogue: Catalogue) -> None:
    assert catalogue.schedules[EntryId("uae_programme")] == read_programme()


def test_every_vaccine_group_of_the_programme_has_its_words(catalogue: Catalogue) -> None:
    terms = service(catalogue, "vaccination").terms
    for group in read_programme().group_names:
        assert group_term(group) in terms
