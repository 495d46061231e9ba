"""What the compiler refuses of dates that come later, waiting, submissions and years of school."""

import pytest

from domain.calendar_date import Offset
from domain.catalogue import Service
from domain.compile.catalogue import compile_catalogue
from domain.compile.document import CatalogueError
from domain.ids import EntryId

BOTH = {"ar": "نص", "en": "text"}
Json = dict[str, object]
HEAD: Json = {
    "format": 1,
    "version": 1,
    "revision": 1,
    "draft": True,
    "sign_off": "An owner.",
    "sources": [{"text": "a source", "sure": "memory"}],
}
AGENCY: Json = {**HEAD, "kind": "agency", "id": "fahr", "names": [{"name": BOTH}]}
CUT_OFF: Json = {
    **HEAD,
    "kind": "figure",
    "id": "cut_off",
    "name": BOTH,
    "unit": "months",
    "values": [
        {
            "value": 12,
            "valid_from": "2020-01-01",
            "source": "a source",
            "sure": "memory",
            "sign_off": "An owner.",
        }
    ],
}


def window(**changes: object) -> Json:
    said: Json = {
        "anchor": "certificate_issued_on",
        "due": {"days": 0},
        "visible": {"days": 0},
        "due_until": {"days": 30},
        "expires": {"days": 60},
        "catch_up": True,
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def line(when: str = "birth_certificate_issued", unmet: str = "explain") -> Json:
    return {"id": "line", "when": when, "unmet": unmet, "text": BOTH}


def document(card: Json | None = None, **changes: object) -> Json:
    """A leave that counts from the certificate, and waits three months for it."""
    said: Json = {
        **HEAD,
        "kind": "service",
        "id": "leave",
        "nature": "procedure",
        "criterion": "dependency",
        "agency": "fahr",
        "name": BOTH,
        "starts_with": "delivery",
        "audience": ["mother"],
        "waits": {"anchor": "delivered_on", "until": {"months": 3}},
        "eligibility": [line()],
        "cards": [
            {
                "id": "activated",
                "rank": 10,
                "window": window(),
                "notices": [],
                "title": BOTH,
                "body": BOTH,
            }
            | (card or {})
        ],
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def compiled(said: Json) -> Service:
    found = compile_catalogue([("a", AGENCY), ("f", CUT_OFF), ("s", said)], version=1)
    return found.services[EntryId("leave")]


SUBMIT: Json = {"kind": "leave", "agency": "fahr", "by": "itself", "fields": ["mother"]}


def test_a_service_may_wait_for_a_date_that_comes_later() -> None:
    service = compiled(document({"submit": SUBMIT | {"required": ["mother"]}}))
    assert service.waits is not None
    assert (service.waits.anchor, service.waits.until) == ("delivered_on", Offset(months=3))
    submit = service.cards[0].submit
    assert submit is not None
    assert (submit.by, submit.fields, submit.required) == ("itself", ("mother",), ("mother",))


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (document(waits=None), "say in waits how long"),
        (
            document(waits={"anchor": "certificate_issued_on", "until": {"days": 1}}),
            "'certificate_issued_on' is unknown",
        ),
        (document(eligibility=[line("any_child_alive")]), "until birth_certificate_issued"),
        (document({"when": "stork_landed"}), "'stork_landed' is not declared"),
        (document({"submit": SUBMIT | {"agency": "nobody"}}), "nobody"),
        (document({"submit": SUBMIT | {"by": "magic"}}), "'magic' is unknown"),
        (document({"submit": SUBMIT | {"fields": []}}), "at least 1"),
        (document({"submit": SUBMIT | {"fields": ["salary"]}}), "'salary' is unknown"),
        (document({"submit": SUBMIT | {"fields": ["mother", "mother"]}}), "stands twice"),
        (document({"submit": SUBMIT | {"required": ["father"]}}), "'father' is unknown"),
        (document(audience=["husband"]), "'husband' is unknown"),
        (document({"window": window(anchor="born_on")}), "'born_on' is unknown"),
        (
            document({"window": window(in_year={"month": 13, "day": 1, "reached_by": "cut_off"})}),
            "13 is out of bounds",
        ),
        (
            document({"window": window(in_year={"month": 2, "day": 1, "reached_by": "nothing"})}),
            "nothing",
        ),
        (
            document(
                {
                    "window": window(
                        in_year={"month": 2, "day": 1, "reached_by": "cut_off"},
                        expires_from="anchor",
                    )
                }
            ),
            "goes with neither",
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_mend(said: Json, refusal: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        compiled(said)
    assert refusal in str(caught.value)


def test_a_service_that_explains_nothing_shows_nothing_until_its_date_comes() -> None:
    assert compiled(document(eligibility=[line(unmet="withdraw")], waits=None)).waits is None
