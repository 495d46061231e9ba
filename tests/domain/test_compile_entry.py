"""The entries beside services: each is read, refused with its place, held to its schema."""

import copy
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import get_args

import jsonschema_rs
import pytest

from domain.catalogue import Catalogue, Role
from domain.compile.article import (
    BODY_CHARACTERS_MAX,
    PUSH_BODY_CHARACTERS_MAX,
    PUSH_TITLE_CHARACTERS_MAX,
    SMS_PARTS_MAX,
    SUMMARY_CHARACTERS_MAX,
    WORDS_MAX,
)
from domain.compile.catalogue import compile_catalogue
from domain.compile.document import CatalogueError, Problem
from domain.compile.entry import FIGURE_MAX
from domain.ids import EntryId
from tests.domain.test_compile_catalogue import birth_service, spoil

SCHEMAS = Path(__file__).parents[2] / "mobile-contract/catalogue"

Document = dict[str, object]

HEAD: Document = {
    "format": 1,
    "version": 1,
    "revision": 1,
    "draft": False,
    "sources": [{"text": "the law", "sure": "verified"}],
}
WORDS = {"ar": "نص", "en": "a text"}


def entry(kind: str, entry_id: str, **said: object) -> Document:
    return {"kind": kind, "id": entry_id, **copy.deepcopy(HEAD), **said}


def value(number: int, first: str, last: str | None = None) -> Document:
    said: Document = {
        "value": number,
        "valid_from": first,
        "source": "the law",
        "sure": "verified",
    }
    return said | ({"valid_to": last} if last is not None else {})


AGENCY = entry(
    "agency",
    "mohap",
    names=[
        {"name": {"ar": "الصحة", "en": "Health"}, "valid_to": "2024-12-31"},
        {"name": {"ar": "الصحة والوقاية", "en": "Health and more"}, "valid_from": "2025-01-01"},
    ],
    provides=[{"what": "birth_certificate", "valid_to": "2024-12-31"}],
    charter={
        "commitments": [WORDS],
        "duties": [WORDS],
        "contacts": [{"kind": "website", "value": "https://example.ae"}],
    },
    centres=[{"id": "one", "name": WORDS, "emirate": "AE-AJ"}],
)
FIGURE = entry(
    "figure",
    "grant_amount",
    name=WORDS,
    unit="dirhams",
    values=[value(60_000, "2010-01-01", "2016-12-31"), value(70_000, "2017-01-01")],
)
ARTICLE = entry(
    "article",
    "first_days",
    stage="newborn",
    topic="health",
    audience=["mother", "father"],
    agency="mohap",
    title=WORDS,
    summary=WORDS,
    body={
        "ar": "## عنوان\n\nالمنحة {grant_amount} درهم",
        "en": "## Title\n\n{grant_amount} dirhams",
    },
)
MESSAGE = entry(
    "message",
    "welcome",
    texts={
        "push": {
            "title": {"ar": "مولود {child_name}", "en": "Newborn {child_name}"},
            "body": WORDS,
        },
        "sms": {"body": {"ar": "رسالة: {link}", "en": "A message: {link}"}},
        "email": {"title": WORDS, "body": {"ar": "رسالة: {link}", "en": "A message: {link}"}},
    },
    terms={"unnamed": WORDS},
)
POLICY = entry(
    "exchange_policy",
    "birth_fields",
    registry="mohap",
    fields=["child_name"],
    purposes=["vaccination"],
    agency="mohap",
)
BUNDLE = entry("bundle", "osrati", name=WORDS, about=WORDS, manager="mohap")
FORM = entry("questionnaire", "asq", name=WORDS, owner="Brookes", licence="bought")
HOLIDAYS = entry(
    "holiday",
    "holidays_2026",
    year=2026,
    days=[{"on": "2026-12-02", "name": WORDS, "sure": "memory"}],
)
RAMADAN = entry(
    "ramadan",
    "ramadan_1447",
    hijri_year=1447,
    first_on="2026-02-18",
    last_on="2026-03-19",
    sure="memory",
)
SCOPE = entry("scope", "pilot", name=WORDS, emirates=["AE-AJ"], employers=["federal"])
CHOICE: Document = {"field": "support", "form": "choice", "text": WORDS, "required": True}
EVERY = (AGENCY, FIGURE, ARTICLE, MESSAGE, POLICY, BUNDLE, FORM, HOLIDAYS, RAMADAN, SCOPE)


def referring(**said: object) -> Document:
    """A service about a birth that refers to the others."""
    document = birth_service() | {"agency": "mohap"}
    return document | said


def compiled(*documents: Document) -> Catalogue:
    kinds = {document["kind"] for document in documents}
    needed = [document for document in EVERY if document["kind"] not in kinds]
    if "service" not in kinds:
        needed.append(referring())
    pairs = [(f"{one['id']}.yaml", one) for one in (*documents, *needed)]
    return compile_catalogue(pairs, version=1)


def problems(*documents: Document) -> list[Problem]:
    with pytest.raises(CatalogueError) as caught:
        compiled(*documents)
    return list(caught.value.errors)


def validator(document: Mapping[str, object]) -> jsonschema_rs.Validator:
    text = (SCHEMAS / f"{document['kind']}.schema.json").read_text("utf-8")
    return jsonschema_rs.validator_for(json.loads(text))


@pytest.mark.parametrize("document", EVERY, ids=lambda one: str(one["kind"]))
def test_each_kind_is_read_and_follows_its_schema(document: Document) -> None:
    assert validator(document).is_valid(document)
    compiled(document)


def test_the_schema_names_the_roles_that_the_compiler_knows() -> None:
    schema = json.loads((SCHEMAS / "article.schema.json").read_text("utf-8"))
    assert set(schema["properties"]["audience"]["items"]["enum"]) == set(get_args(Role))


# Each is refused by the published schema, and by the compiler with its place and its words.
BOTH_REFUSE: list[tuple[Document, str, object, str, str]] = [
    (AGENCY, "names", [], "names", "at least 1"),
    (AGENCY, "names.0.name.ar", ..., "names[0].name", "'ar' is missing"),
    (AGENCY, "colour", "red", "colour", "unknown key"),
    (AGENCY, "format", 2, "format", "of format 2; this version of Osrati reads up to 1"),
    (AGENCY, "sources", [], "sources", "at least 1"),
    (AGENCY, "draft", True, "draft", "says in sign_off who must confirm"),
    (AGENCY, "withdrawn", "yes", "withdrawn", "true or false"),
    (AGENCY, "charter.duties", [], "charter.duties", "at least 1"),
    (AGENCY, "charter.contacts.0.kind", "fax", "charter.contacts[0].kind", "'fax' is unknown"),
    (AGENCY, "centres.0.emirate", "Ajman", "centres[0].emirate", "'Ajman' is unknown"),
    (FIGURE, "unit", "euros", "unit", "'euros' is unknown"),
    (FIGURE, "values", [], "values", "at least 1"),
    (FIGURE, "values.0.value", -1, "values[0].value", "out of bounds"),
    (FIGURE, "values.0.value", FIGURE_MAX + 1, "values[0].value", "out of bounds"),
    (FIGURE, "values.0.valid_from", ..., "values[0]", "'valid_from' is missing"),
    (FIGURE, "values.0.valid_from", "1.1.2010", "values[0].valid_from", "is no day"),
    (FIGURE, "values.0.sure", "memory", "values[0].sure", "names in sign_off who must confirm"),
    (ARTICLE, "stage", "teenager", "stage", "'teenager' is unknown"),
    (ARTICLE, "topic", "cars", "topic", "'cars' is unknown"),
    (ARTICLE, "audience", [], "audience", "at least 1"),
    (ARTICLE, "body.en", "x" * (BODY_CHARACTERS_MAX + 1), "body.en", f"most {BODY_CHARACTERS_MAX}"),
    (ARTICLE, "summary.en", "x" * (SUMMARY_CHARACTERS_MAX + 1), "summary.en", "at most 300"),
    (MESSAGE, "texts", {}, "texts", "says nothing"),
    (MESSAGE, "texts.fax", {"body": WORDS}, "texts.fax", "'fax' is unknown"),
    (MESSAGE, "texts.sms.title", WORDS, "texts.sms.title", "unknown key"),
    (POLICY, "fields", [], "fields", "at least 1"),
    (POLICY, "fields", ["a", "a"], "fields", "stands twice"),
    (BUNDLE, "manager", ..., "", "'manager' is missing"),
    (FORM, "url", "http://example.com", "url", "begins with https://"),
    (HOLIDAYS, "days", [], "days", "at least 1"),
    (HOLIDAYS, "year", 1999, "year", "out of bounds"),
    (RAMADAN, "hijri_year", 2026, "hijri_year", "out of bounds"),
    (SCOPE, "emirates", ["Ajman"], "emirates[0]", "'Ajman' is unknown"),
    (SCOPE, "employers", ["army"], "employers[0]", "'army' is unknown"),
    (SCOPE, "stages", ["old"], "stages[0]", "'old' is unknown"),
]


@pytest.mark.parametrize(("document", "path", "wrong", "at", "words"), BOTH_REFUSE)
def test_the_schema_and_the_compiler_refuse_the_same(
    document: Document, path: str, wrong: object, at: str, words: str
) -> None:
    spoiled = spoil(document, path, wrong)
    assert not validator(document).is_valid(spoiled)
    found = problems(spoiled)
    assert any(one.path == at and words in one.message for one in found), found


# What a schema cannot say.
COMPILER_REFUSES: list[tuple[Document, str, object, str, str]] = [
    (AGENCY, "names.1.valid_from", "2025-02-01", "names[1]", "from 2025-01-01 to 2025-01-31"),
    (AGENCY, "names.1.valid_from", "2024-06-01", "names[1]", "still holds until 2024-12-31"),
    (AGENCY, "names.0.valid_to", ..., "names[1]", "has no valid_to"),
    (AGENCY, "names.1.valid_from", ..., "names[1]", "names no valid_from: add 2025-01-01"),
    (AGENCY, "provides.0.what", "birth_certificat", "provides[0].what", "mean 'birth_certificate'"),
    (AGENCY, "charter.contacts.0.value", "example.ae", "charter.contacts[0].value", "https://"),
    (FIGURE, "values.1.valid_from", "2017-02-01", "values[1]", "there is no value"),
    (FIGURE, "values.1.valid_from", "2016-12-31", "values[1]", "the value before still holds"),
    (FIGURE, "values.0.valid_to", "2009-12-31", "values[0].valid_to", "before it begins"),
    (FIGURE, "values.0.valid_from", "2010-02-30", "values[0].valid_from", "is no day"),
    (FIGURE, "values.1.sign_off", "the ministry", "draft", "so it is a draft"),
    (FIGURE, "id", "child_alive", "id", "is a variable of 'birth'"),
    (ARTICLE, "body.ar", "{grant_amont}", "body.ar", "did you mean 'grant_amount'?"),
    (ARTICLE, "body.en", "nothing", "body", "only one language names grant_amount"),
    (ARTICLE, "body.en", "{grant_amount} <b>bold</b>", "body.en", "HTML is shown as it is"),
    (ARTICLE, "body.en", "{grant_amount} [x](http://a.b)", "body.en", "write https://"),
    (ARTICLE, "body.en", "{grant_amount} ![x](https://a.b)", "body.en", "pictures"),
    (ARTICLE, "body.en", "{grant_amount}\n# Big", "body.en", "headings are ## and ###"),
    (ARTICLE, "body.en", "{grant_amount} " + "a " * WORDS_MAX, "body.en", f"at most {WORDS_MAX}"),
    (ARTICLE, "agency", "mohapp", "agency", "did you mean 'mohap'?"),
    (MESSAGE, "texts.sms.body.ar", "{child_name}", "texts.sms.body.ar", "not known here"),
    (MESSAGE, "texts.email.body.en", "{child_name}", "texts.email.body.en", "not known here"),
    (MESSAGE, "terms", {}, "texts.push.title.en", "needs the term 'unnamed'"),
    (
        MESSAGE,
        "texts.sms.body.ar",
        "ا" * 201 + "{link}",
        "texts.sms.body",
        f"at most {SMS_PARTS_MAX}",
    ),
    (
        MESSAGE,
        "texts.push.body.en",
        "x" * (PUSH_BODY_CHARACTERS_MAX + 1),
        "texts.push.body",
        f"a push has {PUSH_BODY_CHARACTERS_MAX}",
    ),
    (
        MESSAGE,
        "texts.push.title",
        {"ar": "ا", "en": "x" * (PUSH_TITLE_CHARACTERS_MAX + 1)},
        "texts.push.title",
        f"title has {PUSH_TITLE_CHARACTERS_MAX}",
    ),
    (POLICY, "registry", "icp", "registry", "no such agency as 'icp'"),
    (POLICY, "purposes", ["vaccines"], "purposes[0]", "no such service as 'vaccines'"),
    (BUNDLE, "manager", "icp", "manager", "no such agency"),
    (HOLIDAYS, "days.0.on", "2027-12-02", "days[0].on", "is not in 2026"),
    (RAMADAN, "last_on", "2026-03-17", "last_on", "29 or 30 days"),
    (SCOPE, "emirates", ..., "", ""),
]


@pytest.mark.parametrize(("document", "path", "wrong", "at", "words"), COMPILER_REFUSES)
def test_the_compiler_refuses_what_a_schema_cannot_say(
    document: Document, path: str, wrong: object, at: str, words: str
) -> None:
    spoiled = spoil(document, path, wrong)
    if document is SCOPE:
        del spoiled["employers"]
        at, words = "", "holds for everybody"
    found = problems(spoiled)
    assert any(one.path == at and words in one.message for one in found), found


def test_an_unknown_kind_is_said_with_the_nearest() -> None:
    (found,) = problems(entry("artikle", "x"))
    assert (found.path, "did you mean 'article'?" in found.message) == ("kind", True)
    with pytest.raises(CatalogueError, match=r"x\.yaml: the key 'kind' is missing"):
        compile_catalogue([("x.yaml", {"id": "x"})], version=1)


# References


def test_a_service_refers_to_the_other_entries() -> None:
    service = referring(
        bundles=["osrati"],
        articles=["first_days"],
        prefill=[{"field": "child_name", "registry": "mohap", "policy": "birth_fields"}],
        asked=[{"field": "photo", "form": "photo", "text": WORDS, "required": True}],
        fees=["grant_amount"],
        questionnaire="asq",
        scope="pilot",
    )
    service = spoil(
        service,
        "cards.0.notices",
        ["due", {"moment": "visible", "message": "welcome", "channels": ["push", "sms"]}],
    )
    assert validator(service).is_valid(service)
    made = compiled(service).services[EntryId("vaccination")]
    assert made.bundles == ("osrati",)
    assert made.fees == ("grant_amount",)
    assert made.scope is not None
    assert made.scope.emirates == ("AE-AJ",)
    assert made.cards[0].notices[0].message is None
    assert made.cards[0].notices[1].channels == ("push", "sms")


@pytest.mark.parametrize(
    ("key", "said", "at", "words"),
    [
        ("bundles", ["basher"], "bundles[0]", "no such bundle as 'basher'"),
        ("articles", ["first_day"], "articles[0]", "did you mean 'first_days'?"),
        ("fees", ["amount"], "fees[0]", "no such figure"),
        ("leads_to", ["nothing"], "leads_to[0]", "no such service"),
        ("leads_to", ["vaccination"], "leads_to[0]", "vaccination → vaccination: remove one"),
        ("questionnaire", "mchat", "questionnaire", "no such questionnaire"),
        ("scope", "north", "scope", "no such scope"),
        ("agency", "icp", "agency", "no such agency"),
        (
            "asked",
            [{"field": "a", "form": "choice", "text": WORDS, "required": True}],
            "asked[0].form",
            "has options",
        ),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest(
    key: str, said: object, at: str, words: str
) -> None:
    found = problems(referring(**{key: said}))
    assert any(one.path == at and words in one.message for one in found), found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"registry": "icp"}, "the registry 'mohap'"),
        ({"fields": ["born_on"]}, "the field 'child_name'"),
        ({"purposes": []}, "the purpose 'vaccination'"),
        ({"agency": "icp"}, "the agency 'mohap'"),
    ],
)
def test_a_field_that_no_policy_covers_is_refused(change: Document, words: str) -> None:
    icp = AGENCY | {"id": "icp", "provides": []}
    prefill = [{"field": "child_name", "registry": "mohap", "policy": "birth_fields"}]
    found = problems(AGENCY, icp, POLICY | change, referring(prefill=prefill))
    (one,) = [one for one in found if one.path == "prefill[0].policy"]
    assert f"does not cover {words}" in one.message


def test_services_that_lead_back_to_themselves_are_refused() -> None:
    def leading(entry_id: str, *to: str) -> Document:
        return referring(id=entry_id, leads_to=list(to))

    round_ = [leading("a", "b"), leading("b", "c", "d"), leading("c", "a"), leading("d")]
    policy = POLICY | {"purposes": ["a"]}
    found = problems(policy, *round_)
    assert {(one.where, one.path) for one in found} == {
        ("a.yaml", "leads_to[0]"),
        ("b.yaml", "leads_to[0]"),
        ("c.yaml", "leads_to[0]"),
    }
    assert "a → b → c → a" in found[0].message
    straight = [leading("a", "b", "d"), leading("b", "c", "d"), leading("c"), leading("d")]
    compiled(policy, *straight)


def test_a_withdrawn_entry_is_left_out_and_may_not_be_referred_to() -> None:
    gone = ARTICLE | {"withdrawn": True}
    catalogue = compiled(gone)
    assert not catalogue.entries.articles
    assert catalogue.entries.withdrawn == {"first_days"}
    (found,) = problems(gone, referring(articles=["first_days"]))
    assert found.path == "articles[0]"
    assert "name another article, take it out of this list, or take the withdra" in found.message
    compiled(gone, referring(articles=["first_days"], withdrawn=True), POLICY | {"withdrawn": True})


def test_a_service_is_withdrawn_alone_and_what_is_said_of_it_lies_idle() -> None:
    gone = referring(withdrawn=True)
    before = referring(id="before", leads_to=["vaccination"], prefill=[])
    agency = spoil(AGENCY, "provides.0.what", "vaccination")
    made = compiled(gone, before, POLICY, agency)
    assert made.services.keys() == {"before"}
    assert made.services[EntryId("before")].leads_to == ()
    assert made.entries.policies[EntryId("birth_fields")].purposes == ("vaccination",)


def test_what_a_service_needs_is_not_withdrawn_alone() -> None:
    found = problems(referring(), AGENCY | {"withdrawn": True})
    assert {"'mohap' is withdrawn: name another agency, or take the withdrawal back"} == {
        one.message for one in found
    }


def test_one_thing_has_one_agency_on_one_day() -> None:
    other = AGENCY | {
        "id": "ehs",
        "provides": [{"what": "birth_certificate", "valid_from": "2024-12-31"}],
    }
    (found,) = problems(AGENCY, other)
    assert "'mohap' provides 'birth_certificate' on some of these days" in found.message
    after = spoil(other, "provides.0.valid_from", "2025-01-01")
    catalogue = compiled(AGENCY, after)
    assert catalogue.providers_of("birth_certificate", date(2024, 12, 31)) == ("mohap",)
    assert catalogue.providers_of("birth_certificate", date(2025, 1, 1)) == ("ehs",)


def test_a_notice_names_a_message_that_can_be_said() -> None:
    def told(**said: object) -> Document:
        return spoil(
            referring(), "cards.0.notices", [{"moment": "due", "message": "welcome"} | said]
        )

    pushless = spoil(MESSAGE, "texts.push", ...)
    (found,) = problems(pushless, told(channels=["push"]))
    assert "says nothing by push" in found.message
    married = spoil(MESSAGE, "texts.push.title", {"ar": "{married_on}", "en": "{married_on}"})
    (found,) = problems(married, told())
    assert (
        "names {married_on}, which a service that starts with 'birth' does not know"
        in found.message
    )
    (found,) = problems(told(message="goodbye"))
    assert "no such message" in found.message


def test_a_fee_is_an_amount() -> None:
    days = FIGURE | {"unit": "days", "id": "wait"}
    (found,) = problems(FIGURE, days, referring(fees=["wait"]))
    assert "counts days, not dirhams" in found.message


# Figures


def test_a_figure_is_what_its_day_says() -> None:
    figure = compiled().entries.figures[EntryId("grant_amount")]
    at = [figure.on(date(2009, 12, 31)), figure.on(date(2016, 12, 31)), figure.on(date(2017, 1, 1))]
    assert [one.value if one is not None else None for one in at] == [None, 60_000, 70_000]


def test_a_service_by_an_unsigned_figure_is_a_draft() -> None:
    unsigned = spoil(FIGURE, "values.1.sure", "memory")
    unsigned = spoil(unsigned, "values.1.sign_off", "the ministry") | {
        "draft": True,
        "sign_off": "the ministry",
    }
    line = {
        "id": "rich",
        "when": "grant_amount > 0",
        "unmet": "explain",
        "text": {"ar": "{grant_amount}", "en": "{grant_amount}"},
    }
    official = referring(eligibility=[line])
    found = problems(unsigned, spoil(ARTICLE, "draft", True) | {"sign_off": "x"}, official)
    assert any("nobody has signed grant_amount" in one.message for one in found)
    draft = official | {"draft": True, "sign_off": "the ministry"}
    made = compiled(unsigned, ARTICLE | {"draft": True, "sign_off": "x"}, draft)
    service = made.services[EntryId("vaccination")]
    assert service.said_figures == ("grant_amount",)
