"""`GET /v1/catalogue`: the words that records do not carry, for one language, signed.

Public: it tells nothing about who reads what, and any cache may keep it. Only what a phone shows is
in it: services with their texts and how their rules read, articles, the figures of law that they
name. What the server calculates with stays here.
"""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import TypeVar

import cbor2
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.catalogue import Catalogue, Service
from domain.entry import Figure
from domain.error import Refusal
from domain.ids import EntryId
from domain.rule.variable import PARAMETERS, PLANNED_PARAMETERS
from domain.text.bilingual import Bilingual
from domain.text.message import LANGUAGES, Language
from store.scope import ReferenceScope
from store.signing import SigningKey
from sync.entry_text import ArticleText, article_text, bundle_names, figure_said, readings_of
from sync.wire import encode
from timeline.catalogue import VERSIONS_KEPT, current_version
from timeline.ground import Ground
from timeline.review_text import REVIEW_TEXTS
from timeline.source import FACT_NAMES, AgencyNames, read_agency_names

CATALOGUE_PATH = "/v1/catalogue"
CATALOGUE_CONTEXT = b"osrati/1/catalogue"
CACHE_SECONDS = 300
ANSWERS_MAX = 16  # kept, signed: two languages, each whole and since each version that is kept
VERSION_DIGITS_MAX = 9
MEDIA_TYPE = "application/cbor"

_Text = TypeVar("_Text", bound=msgspec.Struct)


class CatalogueMalformed(Refusal):
    code = "catalogue.malformed"
    ar = "عنوان الفهرس غير صحيح. اذكر اللغة ar أو en، ورقم النسخة التي لديك."
    en = "The catalogue's address is wrong. Give locale ar or en, and the version that you hold."


class ServiceText(msgspec.Struct, frozen=True):
    """What a phone shows of a service: its texts are ICU messages in one language."""

    id: str
    version: int
    revision: int
    draft: bool
    nature: str
    criterion: str
    agency: str
    name: str
    lines: dict[str, str]
    cards: dict[str, dict[str, str]]
    terms: dict[str, str]
    dates: list[str]
    readings: dict[str, str]
    bundles: list[str]
    articles: list[str]
    fees: list[str] | None
    leads_to: list[str]


class SignedCatalogue(msgspec.Struct, frozen=True):
    body: bytes
    key_id: bytes
    signature: bytes


class CatalogueAnswers:
    """Answers by (version, since, language, names), signed once."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._signer: SigningKey = ground.keys.signer("publisher")
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()

    def routes(self) -> list[Route]:
        """The call's route."""
        return [Route(CATALOGUE_PATH, self.answer, methods=["GET"])]

    async def answer(self, request: Request) -> Response:
        """The texts in one language, whole or since a version. Raises: CatalogueMalformed."""
        since, language = _asked(request)
        async with self._ground.database.read(ReferenceScope("catalogue")) as session:
            version = await current_version(session)
        if not version - VERSIONS_KEPT < since <= version:
            since = 0
        now = await self._ground.catalogues.whole(version)
        before = await self._ground.catalogues.whole(since)
        agencies = await read_agency_names(self._ground, now)
        body = cbor2.dumps(_said(now, before, agencies, language), canonical=True)
        digest = hashlib.sha256(body).digest()
        tag = f'"{base64.urlsafe_b64encode(digest[:12]).decode()}"'
        headers = {"ETag": tag, "Cache-Control": f"public, max-age={CACHE_SECONDS}"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(self._signed(digest, body), media_type=MEDIA_TYPE, headers=headers)

    def _signed(self, digest: bytes, body: bytes) -> bytes:
        """The body with a signature: the same bytes as long as it is kept."""
        if digest not in self._kept:
            signature = self._signer.sign(CATALOGUE_CONTEXT + body)
            self._kept[digest] = encode(SignedCatalogue(body, self._signer.key_id, signature))
            if len(self._kept) > ANSWERS_MAX:
                self._kept.popitem(last=False)
        return self._kept[digest]


def _asked(request: Request) -> tuple[int, Language]:
    since, locale = request.query_params.get("since", "0"), request.query_params.get("locale", "")
    if locale not in LANGUAGES:
        raise CatalogueMalformed("locale")
    if not (since.isascii() and since.isdecimal() and len(since) <= VERSION_DIGITS_MAX):
        raise CatalogueMalformed("since")
    return int(since), locale


def _said(
    now: Catalogue, before: Catalogue, agencies: AgencyNames, language: Language
) -> dict[str, object]:
    services, held = _service_texts(now, language), _service_texts(before, language)
    articles, read = _article_texts(now, language), _article_texts(before, language)
    was, now_named = {*held, *read}, {*services, *articles}
    gone = {id_ for id_, _ in was} - {id_ for id_, _ in now_named}
    return {
        "version": now.version,
        "since": before.version,
        "locale": language,
        "services": _changed(services, held),
        "articles": _changed(articles, read),
        "gone": sorted(gone),
        "figures": [
            msgspec.structs.asdict(figure_said(figure, language))
            for _, figure in sorted(_shown_figures(now).items())
        ],
        "bundles": bundle_names(now, language),
        "agencies": {id_: named.say(language) for id_, named in agencies.items()},
        "reviews": {name: named.say(language) for name, named in REVIEW_TEXTS.items()},
        "facts": {kind: named.say(language) for kind, named in FACT_NAMES.items()},
    }


_Rules = tuple[EntryId, int]  # an entry and its version: a roll-out has two of one entry


def _service_texts(catalogue: Catalogue, language: Language) -> dict[_Rules, ServiceText]:
    """Of both sides: a phone keeps each version, and a card names its own."""
    return {
        (one.id, one.version): service_text(one, language)
        for side in _sides(catalogue)
        for one in side.services.values()
    }


def _article_texts(catalogue: Catalogue, language: Language) -> dict[_Rules, ArticleText]:
    return {
        (one.id, one.version): article_text(one, language)
        for side in _sides(catalogue)
        for one in side.entries.articles.values()
    }


def _sides(catalogue: Catalogue) -> tuple[Catalogue, ...]:
    return (catalogue,) if catalogue.other is None else (catalogue, catalogue.other)


def _changed(now: Mapping[_Rules, _Text], before: Mapping[_Rules, _Text]) -> list[object]:
    return [
        msgspec.structs.asdict(text) for id_, text in sorted(now.items()) if before.get(id_) != text
    ]


def _shown_figures(catalogue: Catalogue) -> dict[EntryId, Figure]:
    """Those that a phone says: fees, and what an article names. A card brings its own values."""
    shown: dict[EntryId, Figure] = {}
    for side in _sides(catalogue):
        for article in side.entries.articles.values():
            shown.update(article.figures)
        for service in side.services.values():
            shown.update({fee: side.entries.figures[fee] for fee in service.fees or ()})
    return shown


def service_text(service: Service, language: Language) -> ServiceText:
    """A service as a phone is sent it: its words in one language, and how to read its cards."""

    def say(text: Bilingual) -> str:
        return text.message(language).source

    return ServiceText(
        id=service.id,
        version=service.version,
        revision=service.revision,
        draft=service.draft,
        nature=service.nature,
        criterion=service.criterion,
        agency=service.agency,
        name=say(service.name),
        lines={line.id: say(line.text) for line in service.eligibility},
        cards={
            card.id: {"title": say(card.title), "body": say(card.body)} for card in service.cards
        },
        terms={term: say(text) for term, text in service.terms.items()},
        dates=_dates(service),
        readings=readings_of(service, language),
        bundles=list(service.bundles),
        articles=list(service.articles),
        fees=None if service.fees is None else list(service.fees),
        leads_to=list(service.leads_to),
    )


def _dates(service: Service) -> list[str]:
    """Which parameters of its cards are days: those of its start, and those its calculator adds."""
    known = dict(PARAMETERS[service.starts_with])
    if service.calculator is not None:
        known.update(PLANNED_PARAMETERS[service.calculator.name])
    return sorted(name for name, kind in known.items() if kind == "date")
