"""What an agency may report: judged by kind, then by every assigner, facility and emirate named."""

import pytest

from domain.error import Refusal
from gov.agency_right import (
    ANY,
    ANYTHING,
    NOTHING,
    KindNotAllowed,
    Rights,
    SubjectNotAllowed,
    decode_rights,
    encode_rights,
    refuse_beyond,
)

HOSPITAL = Rights(
    kinds=("birth.notified", "vaccination.given"),
    assigners=("h1",),
    facilities=("h1",),
    emirates=("AE-AJ",),
)


def number(assigner: str | None) -> dict[str, object]:
    if assigner is None:
        return {"identifier": {"system": "emirates_id", "value": "784-0000-0000001-8"}}
    return {"identifier": {"system": "hospital_number", "value": "A-1", "assigner": assigner}}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("vaccination.given", {"person": number("h1")}),
        ("vaccination.given", {"person": number(None)}),
        ("birth.notified", {"child": number("h1"), "mother": number(None)}),
        ("birth.notified", {"place": {"facility": "h1", "emirate": "AE-AJ"}}),
        ("birth.notified", {"place": {}}),
        ("birth.notified", None),
        ("entered_in_error", {"event_id": "b-1"}),  # its own, whatever else it may report
    ],
)
def test_what_lies_within_the_rights_passes(kind: str, data: object) -> None:
    refuse_beyond(HOSPITAL, kind, data)
    refuse_beyond(ANYTHING, kind, data)


@pytest.mark.parametrize(
    ("kind", "data", "error", "pointer"),
    [
        ("marriage.registered", {}, KindNotAllowed, "/kind"),
        ("vaccination.givenx", {}, KindNotAllowed, "/kind"),
        (
            "vaccination.given",
            {"person": number("h2")},
            SubjectNotAllowed,
            "/data/person/identifier/assigner",
        ),
        (
            "birth.notified",
            {"child": number("h1"), "mother": number("h2")},
            SubjectNotAllowed,
            "/data/mother/identifier/assigner",
        ),
        (
            "birth.notified",
            {"place": {"facility": "h2"}},
            SubjectNotAllowed,
            "/data/place/facility",
        ),
        (
            "birth.notified",
            {"place": {"facility": "h1", "emirate": "AE-DU"}},
            SubjectNotAllowed,
            "/data/place/emirate",
        ),
        (
            "birth.notified",
            {"others": [number("h1"), number("h2")]},
            SubjectNotAllowed,
            "/data/others/1/identifier/assigner",
        ),
    ],
)
def test_what_lies_outside_is_refused_with_the_place(
    kind: str, data: object, error: type[Refusal], pointer: str
) -> None:
    with pytest.raises(error) as refused:
        refuse_beyond(HOSPITAL, kind, data)
    assert refused.value.detail == pointer
    refuse_beyond(ANYTHING, kind, data)


def test_who_has_no_rights_may_take_back_alone() -> None:
    with pytest.raises(KindNotAllowed):
        refuse_beyond(NOTHING, "vaccination.given", {})
    refuse_beyond(NOTHING, "entered_in_error", {"event_id": "x"})


@pytest.mark.parametrize("rights", [NOTHING, ANYTHING, HOSPITAL])
def test_rights_are_kept_as_they_were_given(rights: Rights) -> None:
    assert decode_rights(encode_rights(rights)) == rights


def test_the_rights_of_an_agency_that_was_known_before_are_none() -> None:
    assert decode_rights("{}") == NOTHING


@pytest.mark.parametrize(
    ("emirates", "only"),
    [((), None), (("AE-AJ",), "AE-AJ"), (("AE-AJ", "AE-DU"), None), ((ANY,), None)],
)
def test_an_agency_of_one_emirate_alone_speaks_of_that_one(
    emirates: tuple[str, ...], only: str | None
) -> None:
    assert Rights(emirates=emirates).only_emirate == only
