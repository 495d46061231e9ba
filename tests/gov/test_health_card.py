"""SMART Health Cards: read and verified by code that shares none with ours; every flip fails."""

import base64
import json
import zlib
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from gov.health_card import (
    DOSES_TRIED_MAX,
    JWS_CHARACTERS_MAX,
    CardDose,
    CardPatient,
    HealthCard,
    issue_cards,
    issuer_key,
)
from gov.health_card_qr import draw_qr, numeric_text
from tests.support.card_reader import Json, jws_of, scan, verify

KEY = issuer_key(bytes(range(64)))
PUBLISHED: Json = {"keys": [msgspec.to_builtins(KEY.public)]}
ISSUER = "https://osrati.example"
ISSUED_AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
HIND = CardPatient("Hind Salem Al-Tajribi", date(2026, 1, 10))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def dose(number: int, **more: Any) -> CardDose:
    """The n-th of a long life's doses. Any: fields by name."""
    given_on = date(2026, 1, 10) + timedelta(days=17 * number)
    return CardDose(cvx=f"{number % 90 + 1:02}", given_on=given_on, **more)


def issue(*doses: CardDose, patient: CardPatient = HIND) -> list[HealthCard]:
    return list(issue_cards(patient, doses, issuer=ISSUER, issued_at=ISSUED_AT, key=KEY))


def bundle(card: HealthCard) -> Json:
    found: Json = verify(card.jws, PUBLISHED)["vc"]["credentialSubject"]["fhirBundle"]
    return found


def test_a_card_says_who_what_and_when_and_nothing_else() -> None:
    (card,) = issue(
        CardDose(
            cvx="08", given_on=date(2026, 1, 10), lot_number="AB12", performer="Ajman Hospital"
        )
    )
    payload = verify(card.jws, PUBLISHED)
    assert payload == {
        "iss": ISSUER,
        "nbf": 1795248000,  # 21 November 2026, 08:00 UTC
        "vc": {
            "type": [
                "https://smarthealth.cards#health-card",
                "https://smarthealth.cards#immunization",
            ],
            "credentialSubject": {
                "fhirVersion": "4.0.1",
                "fhirBundle": {
                    "resourceType": "Bundle",
                    "type": "collection",
                    "entry": [
                        {
                            "fullUrl": "resource:0",
                            "resource": {
                                "resourceType": "Patient",
                                "name": [{"family": "Al-Tajribi", "given": ["Hind", "Salem"]}],
                                "birthDate": "2026-01-10",
                            },
                        },
                        {
                            "fullUrl": "resource:1",
                            "resource": {
                                "resourceType": "Immunization",
                                "status": "completed",
                                "vaccineCode": {
                                    "coding": [
                                        {"system": "http://hl7.org/fhir/sid/cvx", "code": "08"}
                                    ]
                                },
                                "patient": {"reference": "resource:0"},
                                "occurrenceDateTime": "2026-01-10",
                                "performer": [{"actor": {"display": "Ajman Hospital"}}],
                                "lotNumber": "AB12",
                            },
                        },
                    ],
                },
            },
        },
    }


def test_the_header_names_the_key_by_its_thumbprint() -> None:
    (card,) = issue(dose(1))
    header = json.loads(base64.urlsafe_b64decode(card.jws.split(".")[0] + "=="))
    assert header == {"zip": "DEF", "alg": "ES256", "kid": KEY.public.kid}
    members = {name: getattr(KEY.public, name) for name in ("kty", "crv", "x", "y")}
    assert ECKey.import_key(members).thumbprint() == KEY.public.kid


def test_a_secret_is_one_key_and_another_is_another() -> None:
    assert issuer_key(bytes(range(64))).public == KEY.public
    assert issuer_key(bytes(64)).public != KEY.public
    highest = issuer_key(b"\xff" * 64)  # still between 1 and the order
    assert len(base64.urlsafe_b64decode(highest.public.x + "=")) == 32


@pytest.mark.parametrize("name", ["هند سالم التجريبي", "Hind", None, " ", "  Hind   Al-Tajribi "])
def test_a_name_in_any_script_reads_as_it_was_written(name: str | None) -> None:
    (card,) = issue(dose(1), patient=CardPatient(name, date(2026, 1, 10)))
    patient = bundle(card)["entry"][0]["resource"]
    if not (name or "").strip():
        assert "name" not in patient
        return
    assert name is not None
    (shown,) = patient["name"]
    assert [*shown["given"], *([shown["family"]] if "family" in shown else [])] == name.split()


def test_a_code_is_scanned_back_to_the_card() -> None:
    (card,) = issue(*(dose(n, lot_number=f"L{n}7") for n in range(12)))
    svg = draw_qr(card, title="Vaccination record, 1 of 1")
    assert svg is not None
    assert "<title>Vaccination record, 1 of 1</title>" in svg
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')  # as a file of its own
    assert "<script" not in svg
    text = scan(svg)
    assert text == numeric_text(card.jws)
    assert verify(jws_of(text), PUBLISHED)["iss"] == ISSUER


def test_a_long_record_is_several_whole_cards_in_order() -> None:
    doses = tuple(dose(n, lot_number=f"LOT{n * 7919 % 100_000}") for n in range(100))
    cards = issue(*doses)
    assert len(cards) > 1
    told = []
    for card in cards:
        assert len(card.jws) <= JWS_CHARACTERS_MAX
        patient, *rest = [entry["resource"] for entry in bundle(card)["entry"]]
        assert patient["birthDate"] == "2026-01-10"
        assert len(rest) == card.dose_count
        told += [(r["vaccineCode"]["coding"][0]["code"], r["occurrenceDateTime"]) for r in rest]
        svg = draw_qr(card, title="")
        assert svg is not None
        assert jws_of(scan(svg)) == card.jws
    assert told == [(item.cvx, item.given_on.isoformat()) for item in doses]
    # Each but the last is as full as it can be: with the next dose it would not fit.
    end = 0
    for card in cards[:-1]:
        begin, end = end, end + card.dose_count
        assert card.dose_count < DOSES_TRIED_MAX
        assert issue(*doses[begin : end + 1])[0].dose_count == card.dose_count


def test_the_largest_code_holds_exactly_the_limit_and_one_more_is_not_drawn() -> None:
    at_limit = HealthCard("e" * JWS_CHARACTERS_MAX, 1)
    svg = draw_qr(at_limit, title="")
    assert svg is not None
    assert 'viewBox="0 0 113 113"' in svg  # version 22: 105 modules, and the quiet zone twice
    assert jws_of(scan(svg)) == at_limit.jws
    assert draw_qr(HealthCard("e" * (JWS_CHARACTERS_MAX + 1), 1), title="") is None


def test_a_dose_too_long_for_a_code_has_its_card_and_no_code() -> None:
    noise = "".join(ALPHABET[n * 7919 % 64] + str(n * 104_729 % 9973) for n in range(900))
    long, after = issue(dose(1, lot_number=noise), dose(2))
    assert (long.dose_count, after.dose_count) == (1, 1)
    assert draw_qr(long, title="") is None
    assert bundle(long)["entry"][1]["resource"]["lotNumber"] == noise


def test_no_doses_are_no_card() -> None:
    assert issue() == []


def flip(text: str, place: int) -> str:
    """Another character there, of another value in the bits that count."""
    if text[place] == ".":
        return text[:place] + "-" + text[place + 1 :]
    other = ALPHABET[ALPHABET.index(text[place]) ^ 32]
    return text[:place] + other + text[place + 1 :]


def test_a_card_with_any_character_changed_fails() -> None:
    (card,) = issue(dose(1, lot_number="AB12"), dose(2))
    assert verify(card.jws, PUBLISHED)
    for place in range(len(card.jws)):
        with pytest.raises(Exception):  # noqa: B017, PT011  # of whatever library it fails in
            verify(flip(card.jws, place), PUBLISHED)


def list_leaves(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, inner in items for leaf in list_leaves(inner, (*path, key))]
    return [path]


def test_a_card_with_any_field_changed_and_packed_again_fails() -> None:
    (card,) = issue(dose(1, lot_number="AB12", performer="Clinic"), dose(2))
    header, _, signature = card.jws.split(".")
    payload = verify(card.jws, PUBLISHED)
    leaves = list_leaves(payload)
    assert len(leaves) > 15
    for path in leaves:
        forged: Any = deepcopy(payload)
        holder = forged
        for key in path[:-1]:
            holder = holder[key]
        old = holder[path[-1]]
        holder[path[-1]] = old + 1 if isinstance(old, int) else old + "x"
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(json.dumps(forged).encode()) + packer.flush()
        body = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
        with pytest.raises(Exception, match=r"(?i)signature"):
            verify(f"{header}.{body}.{signature}", PUBLISHED)


def test_a_card_of_another_s_key_fails() -> None:
    other = issuer_key(bytes(64))
    (card,) = issue_cards(HIND, (dose(1),), issuer=ISSUER, issued_at=ISSUED_AT, key=other)
    with pytest.raises(Exception):  # noqa: B017, PT011  # no such key
        verify(card.jws, PUBLISHED)
    posing: Json = {"keys": [{**msgspec.to_builtins(other.public), "kid": KEY.public.kid}]}
    (ours,) = issue(dose(1))
    with pytest.raises(Exception, match=r"(?i)signature"):
        verify(ours.jws, posing)


TEXTS = st.none() | st.text(min_size=1, max_size=30).filter(lambda text: text.strip())
DOSES = st.lists(
    st.builds(
        CardDose,
        cvx=st.sampled_from(["08", "146", "03", "x", ""]),
        given_on=st.dates(),
        lot_number=TEXTS,
        performer=TEXTS,
    ),
    max_size=30,
)


@settings(max_examples=30, deadline=None)
@given(TEXTS, DOSES)
def test_whatever_was_reported_is_signed_as_it_was(name: str | None, doses: list[CardDose]) -> None:
    cards = issue(*doses, patient=CardPatient(name, date(2026, 1, 10)))
    assert sum(card.dose_count for card in cards) == len(doses)
    told = [entry["resource"] for card in cards for entry in bundle(card)["entry"][1:]]
    assert [item.get("lotNumber") for item in told] == [item.lot_number for item in doses]
