"""Who sent a request: real signatures by the simulated agency, and every way in which one fails."""

import base64
import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.error import Refusal
from gov.signature.claim import (
    COMPONENT_COUNT_MAX,
    KEY_ID_LENGTH_MAX,
    SIGNATURE_FIELD_BYTES_MAX,
    SIGNATURE_SUITE,
)
from gov.signature.error import (
    DigestMismatch,
    SignatureIncomplete,
    SignatureInvalid,
    SignatureMalformed,
    SignatureMissing,
    SignatureStale,
)
from gov.signature.verify import (
    SIGNATURE_AGE_MAX_SECONDS,
    SIGNATURE_SKEW_MAX_SECONDS,
    RequestView,
    load_public_key,
    read_key_id,
    request_view,
    verify,
)
from simulators.agency import COVERED_COMPONENTS, AgencyClient

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
KEY_ID = "agency-1:2026"
PRIVATE_KEY = ec.derive_private_key(0x05AA_71, ec.SECP256R1())
PUBLIC_KEY = PRIVATE_KEY.public_key()
OTHER_KEY = ec.derive_private_key(0x0BAD, ec.SECP256R1()).public_key()
BODY = json.dumps({"id": "a-1", "kind": "person.died"}).encode()

Lines = list[tuple[str, str]]


@cache
def signed(*, created_at: datetime = NOW, body: bytes = BODY) -> RequestView:
    """What the simulated agency sends, as the server sees it."""
    client = AgencyClient("https://osrati.example", KEY_ID, PRIVATE_KEY)
    request = client.signed_request(body, created_at=created_at)
    return request_view(
        method=request.method,
        raw_path=request.url.raw_path,
        query=b"",
        headers=request.headers.raw,
        origin=None,
        scheme="https",
    )


def sign(
    *,
    covered: tuple[str, ...] = COVERED_COMPONENTS,
    url: str = "https://osrati.example/v1/intake/events",
    headers: dict[str, str] | None = None,
    **parameters: Any,  # what the library's signer takes
) -> RequestView:
    """A request signed by the library itself, for what the agency's client never does."""
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    lines = {
        "Content-Type": "application/json",
        "Content-Digest": f"sha-256=:{digest}:",
        **(headers or {}),
    }
    view = RequestView("POST", url, ())
    message = _Mutable(view, lines)
    signer = HTTPMessageSigner(
        signature_algorithm=ECDSA_P256_SHA256,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={KEY_ID: PRIVATE_KEY}),
    )
    given_parameters: dict[str, Any] = {
        "key_id": KEY_ID,
        "created": NOW,
        "label": "intake",
        **parameters,
    }
    signer.sign(
        message, covered_component_ids=covered, use_existing_digest=True, **given_parameters
    )
    return RequestView("POST", url, tuple(lines.items()))


class _Mutable:
    """A message as the library's signer wants it: with headers that it may write."""

    def __init__(self, view: RequestView, headers: dict[str, str]) -> None:
        self.method = view.method
        self.url = view.url
        self.headers = headers


def header(view: RequestView, name: str) -> str:
    return next(value for field, value in view.headers if field.lower() == name.lower())


def with_header(view: RequestView, name: str, value: str | None) -> RequestView:
    kept = [line for line in view.headers if line[0].lower() != name.lower()]
    if value is not None:
        kept.append((name, value))
    return RequestView(view.method, view.url, tuple(kept))


def with_input(view: RequestView, change: Callable[[str], str]) -> RequestView:
    return with_header(view, "Signature-Input", change(header(view, "Signature-Input")))


def check(
    view: RequestView,
    *,
    body: bytes = BODY,
    public_key: ec.EllipticCurvePublicKey | None = PUBLIC_KEY,
    now: datetime = NOW,
) -> None:
    verify(view, body, public_key, now_utc=now)


def refused(
    view: RequestView,
    error: type[Refusal],
    **arguments: Any,  # those of `check`
) -> str:
    with pytest.raises(Refusal) as caught:
        check(view, **arguments)
    assert type(caught.value) is error
    assert caught.value.status == 401
    return caught.value.detail


def test_what_the_agencys_client_signs_is_proven() -> None:
    view = signed()
    assert read_key_id(view.headers) == KEY_ID
    proven = verify(view, BODY, PUBLIC_KEY, now_utc=NOW)
    assert proven.key_id == KEY_ID
    assert proven.created_at == NOW
    assert proven.components == COVERED_COMPONENTS


def test_a_key_survives_its_storage() -> None:
    der = PUBLIC_KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    check(signed(), public_key=load_public_key(der))


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
    ],
)
def test_a_key_of_another_kind_is_not_loaded(
    key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
) -> None:
    with pytest.raises(ValueError, match="P-256"):
        load_public_key(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_an_unsigned_request_is_told_what_is_missing() -> None:
    view = signed()
    assert refused(with_header(view, "Signature", None), SignatureMissing) == "signature"
    without_input = with_header(view, "Signature-Input", None)
    assert refused(without_input, SignatureMissing) == "signature-input"
    with pytest.raises(SignatureMissing):
        read_key_id(())


@pytest.mark.parametrize(
    "value",
    [
        "",
        "intake",
        "intake=1",
        "intake=()",
        'intake=("@method"',
        'intake=("@method");created=1;created=2;keyid="a"',
        'intake=(1 2);created=1;keyid="a"',
        'intake=("@method" "content-digest";sf);created=1;keyid="a"',
        'intake=("@method");created=1;keyid="a";unheard="b"',
        'intake=("@method");created=1;keyid="' + "a" * 5000 + '"',
        "intake=\xff",
    ],
)
def test_a_signature_input_that_cannot_be_read_is_malformed(value: str) -> None:
    refused_as = SignatureIncomplete if value == "intake=()" else SignatureMalformed
    refused(with_header(signed(), "Signature-Input", value), refused_as)


@pytest.mark.parametrize("value", ["", "intake=1", "intake=(:YQ==:)", "intake=:YQ==:"])
def test_a_signature_that_is_no_signature_proves_nothing(value: str) -> None:
    refused_as = SignatureMalformed if value == "" else SignatureInvalid
    refused(with_header(signed(), "Signature", value), refused_as)


def test_exactly_one_signature_is_accepted() -> None:
    view = signed()
    for name in ("Signature-Input", "Signature"):
        value = header(view, name)
        view = with_header(view, name, f"{value}, {value.replace('intake', 'proxy', 1)}")
    assert refused(view, SignatureMalformed) == "one signature is expected"


def test_the_two_headers_name_one_label() -> None:
    view = with_header(signed(), "Signature", header(signed(), "Signature").replace("intake", "x"))
    assert refused(view, SignatureMalformed) == "labels differ"


@pytest.mark.parametrize("parameter", ["created", "keyid"])
def test_time_and_key_are_required(parameter: str) -> None:
    other = {"created": ";created=1795248000", "keyid": f';keyid="{KEY_ID}"'}[parameter]
    view = with_input(signed(), lambda value: value.replace(other, ""))
    assert refused(view, SignatureIncomplete) == parameter


@pytest.mark.parametrize("key_id", ["", " a", "a b", '\\"', "a" * (KEY_ID_LENGTH_MAX + 1)])
def test_a_key_id_is_short_and_plain(key_id: str) -> None:
    view = with_input(signed(), lambda value: value.replace(KEY_ID, key_id))
    assert refused(view, SignatureMalformed) == "keyid"


def test_a_key_id_may_be_as_long_as_its_limit() -> None:
    view = with_input(signed(), lambda value: value.replace(KEY_ID, "a" * KEY_ID_LENGTH_MAX))
    assert len(read_key_id(view.headers)) == KEY_ID_LENGTH_MAX


def test_only_the_houses_algorithm_is_accepted() -> None:
    other = with_input(signed(), lambda value: value.replace("ecdsa-p256-sha256", "hmac-sha256"))
    assert refused(other, SignatureMalformed) == "alg"
    check(sign(include_alg=False))


def test_a_signature_for_another_purpose_is_refused() -> None:
    assert refused(sign(tag="another-service"), SignatureMalformed) == "tag"
    check(sign(tag="osrati-intake"))
    check(sign())


@pytest.mark.parametrize("missing", COVERED_COMPONENTS)
def test_every_required_component_must_be_covered(missing: str) -> None:
    view = sign(covered=tuple(name for name in COVERED_COMPONENTS if name != missing))
    assert refused(view, SignatureIncomplete) == missing


def test_the_target_uri_stands_for_authority_and_path() -> None:
    check(sign(covered=("@method", "@target-uri", "content-type", "content-digest")))


def test_a_query_must_be_covered_too() -> None:
    url = "https://osrati.example/v1/intake/events?dry=1"
    assert refused(sign(url=url), SignatureIncomplete) == "@query"
    check(sign(url=url, covered=(*COVERED_COMPONENTS, "@query")))


def test_further_components_may_be_covered_within_a_limit() -> None:
    room = COMPONENT_COUNT_MAX - len(COVERED_COMPONENTS)
    names = tuple(f"x-{number}" for number in range(room + 1))
    headers = dict.fromkeys(names, "v")
    check(sign(covered=COVERED_COMPONENTS + names[:room], headers=headers))
    view = sign(covered=COVERED_COMPONENTS + names, headers=headers)
    assert refused(view, SignatureMalformed) == "components"


def test_a_signature_field_is_bounded() -> None:
    filler = SIGNATURE_FIELD_BYTES_MAX - len(header(sign(nonce=""), "Signature-Input"))
    check(sign(nonce="n" * filler))
    assert refused(sign(nonce="n" * (filler + 1)), SignatureMalformed) == "signature-input"


def test_a_signature_is_good_for_five_minutes_and_thirty_seconds_ahead() -> None:
    oldest = NOW - timedelta(seconds=SIGNATURE_AGE_MAX_SECONDS)
    newest = NOW + timedelta(seconds=SIGNATURE_SKEW_MAX_SECONDS)
    check(signed(created_at=oldest))
    check(signed(created_at=newest))
    second = timedelta(seconds=1)
    assert refused(signed(created_at=oldest - second), SignatureStale) == "created"
    assert refused(signed(created_at=newest + second), SignatureStale) == "created"


def test_a_signature_ends_when_it_says_so() -> None:
    view = sign(expires=NOW + timedelta(seconds=60))
    check(view, now=NOW + timedelta(seconds=60))
    assert refused(view, SignatureStale, now=NOW + timedelta(seconds=61)) == "expires"


@pytest.mark.parametrize("created", ["999999999999999", "-999999999999999", "1.5", "?1", '"1"'])
def test_a_time_that_is_no_time_is_refused(created: str) -> None:
    view = with_input(signed(), lambda value: value.replace("1795248000", created))
    refused(view, SignatureStale if created.lstrip("-").isdigit() else SignatureMalformed)


def test_another_body_is_told_apart_from_a_wrong_signature() -> None:
    assert refused(signed(), DigestMismatch, body=BODY + b" ") == ""


@pytest.mark.parametrize(
    "digest",
    ["", "sha-512=:YQ==:", "sha-256=:YQ==:", "sha-256", "sha-256=:" + "A" * 43 + "=:;a=1"],
)
def test_a_digest_must_be_a_sha_256(digest: str) -> None:
    view = with_header(signed(), "Content-Digest", digest)
    assert refused(view, DigestMismatch) == "content-digest"


def test_a_digest_by_another_algorithm_may_stand_beside() -> None:
    sha_256 = header(signed(), "Content-Digest")
    sha_512 = base64.b64encode(hashlib.sha512(BODY).digest()).decode()
    check(sign(headers={"Content-Digest": f"sha-512=:{sha_512}:, {sha_256}"}))
    twice = with_header(signed(), "Content-Digest", f"{sha_256}, {sha_256}")
    assert refused(twice, DigestMismatch) == "content-digest"


def _other_method(view: RequestView) -> RequestView:
    return RequestView("PUT", view.url, view.headers)


def _other_host(view: RequestView) -> RequestView:
    return RequestView(view.method, view.url.replace("osrati", "other"), view.headers)


def _other_path(view: RequestView) -> RequestView:
    return RequestView(view.method, view.url + "/x", view.headers)


def _other_type(view: RequestView) -> RequestView:
    return with_header(view, "Content-Type", "application/xml")


def _other_time(view: RequestView) -> RequestView:
    return with_input(view, lambda value: value.replace("1795248000", "1795248001"))


def _other_key_id(view: RequestView) -> RequestView:
    return with_input(view, lambda value: value.replace(KEY_ID, "agency-2"))


def _other_order(view: RequestView) -> RequestView:
    return with_input(
        view, lambda value: value.replace('"@method" "@authority"', '"@authority" "@method"')
    )


def _flipped_bit(view: RequestView) -> RequestView:
    value = base64.b64decode(header(view, "Signature").removeprefix("intake=").strip(":"))
    flipped = base64.b64encode(bytes([value[0] ^ 1]) + value[1:]).decode()
    return with_header(view, "Signature", f"intake=:{flipped}:")


@pytest.mark.parametrize(
    "tamper",
    [
        _other_method,
        _other_host,
        _other_path,
        _other_type,
        _other_time,
        _other_key_id,
        _other_order,
        _flipped_bit,
    ],
)
def test_nothing_that_is_covered_can_be_changed(
    tamper: Callable[[RequestView], RequestView],
) -> None:
    assert refused(tamper(signed()), SignatureInvalid) == ""


def test_a_changed_body_with_its_own_digest_breaks_the_signature() -> None:
    body = BODY.replace(b"a-1", b"a-2")
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    view = with_header(signed(), "Content-Digest", f"sha-256=:{digest}:")
    assert refused(view, SignatureInvalid, body=body) == ""


def test_an_unknown_key_is_answered_like_a_wrong_signature() -> None:
    def answer(public_key: ec.EllipticCurvePublicKey | None) -> tuple[str, int, str, str]:
        with pytest.raises(SignatureInvalid) as caught:
            check(signed(), public_key=public_key)
        error = caught.value
        return (error.code, error.status, error.detail, str(error))

    assert answer(None) == answer(OTHER_KEY)


def test_the_key_of_nobody_opens_nothing() -> None:
    # Its private half is 1: whoever signs with it is still unknown.
    client = AgencyClient(
        "https://osrati.example", KEY_ID, ec.derive_private_key(1, ec.SECP256R1())
    )
    request = client.signed_request(BODY, created_at=NOW)
    view = RequestView("POST", str(request.url), tuple(request.headers.items()))
    refused(view, SignatureInvalid, public_key=None)


def test_behind_a_proxy_the_public_origin_is_what_was_signed() -> None:
    def seen(origin: str | None) -> RequestView:
        lines = [
            (name.encode(), b"10.0.0.7:8000" if name.lower() == "host" else value.encode())
            for name, value in signed().headers
        ]
        return request_view(
            method="POST",
            raw_path=b"/v1/intake/events",
            query=b"",
            headers=lines,
            origin=origin,
        )

    check(seen("https://osrati.example"))
    refused(seen(None), SignatureInvalid)


def test_a_request_view_is_made_of_plain_text_and_one_host() -> None:
    def view(**changes: Any) -> RequestView:  # what `request_view` takes
        arguments: dict[str, Any] = {
            "method": "POST",
            "raw_path": b"/x",
            "query": b"a=1",
            "headers": [(b"host", b"h:1")],
            "origin": None,
        }
        return request_view(**{**arguments, **changes})

    assert view().url == "http://h:1/x?a=1"
    changes: list[dict[str, Any]] = [
        {"raw_path": b"/\xff"},
        {"query": b"\xff"},
        {"headers": [(b"\xff", b"")]},
        {"headers": []},
        {"headers": [(b"host", b"a"), (b"host", b"b")]},
    ]
    for change in changes:
        with pytest.raises(SignatureMalformed):
            view(**change)


RFC_KEY = load_pem_public_key(
    b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----"""
)

# RFC 9421, appendix B.2.4: a response, so only the algorithm applies to us.
RFC_B_2_4 = (
    '"@status": 200\n'
    '"content-type": application/json\n'
    '"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdX'
    "ymyU0rjJuahq4l5aGgfLQ==:\n"
    '"content-length": 23\n'
    '"@signature-params": ("@status" "content-type" "content-digest" "content-length")'
    ';created=1618884473;keyid="test-key-ecc-p256"'
)
RFC_B_2_4_SIGNATURE = (
    "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw=="
)

# RFC 9421, section 4.3: a request by the same key, with a query that its signature leaves out.
RFC_4_3 = (
    '"@method": POST\n'
    '"@authority": example.com\n'
    '"@path": /foo\n'
    '"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNN'
    "yealdVLvRwEmTHWXvJwew==:\n"
    '"content-type": application/json\n'
    '"content-length": 18\n'
    '"@signature-params": ("@method" "@authority" "@path" "content-digest" "content-type" '
    '"content-length");created=1618884475;keyid="test-key-ecc-p256"'
)
RFC_4_3_SIGNATURE = (
    "X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp+kve2w4NIyqeAuM7jTDX+sNalzA8ESSaHD3A=="
)


@pytest.mark.parametrize(
    ("base", "signature"),
    [(RFC_B_2_4, RFC_B_2_4_SIGNATURE), (RFC_4_3, RFC_4_3_SIGNATURE)],
)
def test_the_suite_verifies_what_rfc_9421_publishes(base: str, signature: str) -> None:
    suite = SIGNATURE_SUITE(public_key=RFC_KEY)  # type: ignore[no-untyped-call]  # the library's
    suite.verify(base64.b64decode(signature), base.encode())
    with pytest.raises(InvalidSignature):
        suite.verify(base64.b64decode(signature), base.encode() + b" ")


def test_the_request_of_rfc_9421_is_refused_for_its_open_query_and_its_digest() -> None:
    values = dict(line.split(": ", 1) for line in RFC_4_3.split("\n"))
    view = RequestView(
        "POST",
        "https://example.com/foo?param=Value&Pet=dog",
        (
            ("Content-Digest", values['"content-digest"']),
            ("Content-Type", "application/json"),
            ("Content-Length", "18"),
            ("Signature-Input", "sig1=" + values['"@signature-params"']),
            ("Signature", f"sig1=:{RFC_4_3_SIGNATURE}:"),
        ),
    )
    body, then = b'{"hello": "world"}', datetime.fromtimestamp(1618884475, UTC)
    assert isinstance(RFC_KEY, ec.EllipticCurvePublicKey)
    assert refused(view, SignatureIncomplete, body=body, now=then) == "@query"
    without_query = RequestView("POST", "https://example.com/foo", view.headers)
    refused(without_query, DigestMismatch, body=body, now=then)


_FIELD = st.text(st.characters(max_codepoint=0x100), max_size=200)


@settings(max_examples=400, deadline=None)
@given(_FIELD, _FIELD, _FIELD)
def test_arbitrary_headers_never_raise_anything_but_a_refusal(
    signature_input: str, signature: str, digest: str
) -> None:
    lines = (
        ("Signature-Input", signature_input),
        ("Signature", signature),
        ("Content-Digest", digest),
    )
    only_refuses(RequestView("POST", "https://osrati.example/", lines))


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["Signature-Input", "Signature", "Content-Digest", "Content-Type"]),
    st.integers(0, 400),
    st.text(st.characters(max_codepoint=0x100), max_size=3),
    st.integers(0, 3),
)
def test_damaged_headers_never_raise_anything_but_a_refusal(
    name: str, position: int, inserted: str, dropped: int
) -> None:
    view = signed()
    value = header(view, name)
    start = position % len(value)
    only_refuses(with_header(view, name, value[:start] + inserted + value[start + dropped :]))


def only_refuses(view: RequestView) -> None:
    """Check it; damage may leave it whole (a label is not signed), but no other error comes."""
    with suppress(Refusal):
        check(view)
