"""The public catalogue: services, bundles, agencies with their charters and centres, articles.

What the page `/services` shows and `/services.json` gives, made from a published version and a day:
nothing of a family is in it. A text is said in both languages.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar, get_args

import msgspec

from domain.catalogue import Catalogue, EligibilityLine, Service, Start
from domain.entry import Agency, Article, Figure
from domain.ids import EntryId
from domain.rule.reading import read_condition
from domain.rule.variable import NAME_PARAMETERS, UNNAMED_TERM
from domain.text.article import reading_minutes
from domain.text.bilingual import Bilingual
from domain.text.message import Language, MessageError, ParameterValue
from domain.text.unit import count_of

_Entry = TypeVar("_Entry")


class Said(msgspec.Struct, frozen=True):
    """A text in both languages."""

    ar: str
    en: str

    def say(self, language: Language) -> str:
        return self.ar if language == "ar" else self.en


class PublicLine(msgspec.Struct, frozen=True):
    """A condition: in the service's words, and as the rule that is run reads."""

    id: str
    text: Said
    reading: Said
    shown: bool  # whether a family is told that it is not met


class PublicFee(msgspec.Struct, frozen=True):
    """A fee of the day; `draft` until its owner signed it."""

    name: Said
    amount: Said
    draft: bool


class PublicService(msgspec.Struct, frozen=True):
    id: str
    version: int
    revision: int
    draft: bool
    nature: str
    criterion: str
    starts_with: str
    audience: tuple[str, ...]
    name: Said
    agency: str
    agency_name: Said
    bundles: tuple[str, ...]
    lines: tuple[PublicLine, ...]
    fees: tuple[PublicFee, ...] | None
    prefilled: tuple[str, ...]
    asked: tuple[Said, ...]
    leads_to: tuple[str, ...]
    articles: tuple[str, ...]


class PublicContact(msgspec.Struct, frozen=True):
    kind: str
    value: str


class PublicCentre(msgspec.Struct, frozen=True):
    id: str
    name: Said
    emirate: str
    address: Said | None
    contacts: tuple[PublicContact, ...]


class PublicAgency(msgspec.Struct, frozen=True):
    id: str
    name: Said
    draft: bool
    provides: tuple[str, ...]
    commitments: tuple[Said, ...]
    duties: tuple[Said, ...]
    contacts: tuple[PublicContact, ...]
    centres: tuple[PublicCentre, ...]


class PublicBundle(msgspec.Struct, frozen=True):
    id: str
    name: Said
    about: Said
    manager: str
    services: tuple[str, ...]


class PublicArticle(msgspec.Struct, frozen=True):
    id: str
    title: Said
    summary: Said
    stage: str
    topic: str
    audience: tuple[str, ...]
    draft: bool
    minutes_ar: int
    minutes_en: int


class PublicCatalogue(msgspec.Struct, frozen=True):
    """Everything of one version as it stands on a day."""

    version: int
    on: date
    bundles: tuple[PublicBundle, ...]
    services: tuple[PublicService, ...]
    agencies: tuple[PublicAgency, ...]
    articles: tuple[PublicArticle, ...]


def public_catalogue(catalogue: Catalogue, on: date) -> PublicCatalogue:
    """The catalogue for everybody: services in the order of a family's life, the rest by id."""
    entries = catalogue.entries
    services = _in_order_of_life(catalogue.services)
    return PublicCatalogue(
        version=catalogue.version,
        on=on,
        bundles=tuple(
            PublicBundle(
                id=one.id,
                name=_said(one.name),
                about=_said(one.about),
                manager=one.manager,
                services=tuple(service.id for service in services if one.id in service.bundles),
            )
            for one in _sorted(entries.bundles)
        ),
        services=tuple(_service(service, catalogue, on) for service in services),
        agencies=tuple(_agency(one, on) for one in _sorted(entries.agencies)),
        articles=tuple(_article(one) for one in _sorted(entries.articles)),
    )


def article_body(article: Article, language: Language, on: date) -> str:
    """The article's Markdown with the day's figures in it.

    Raises: MessageError where a figure is not known on that day: the article is not shown then.
    """
    return article.body.message(language).render(_figures(article.figures, on))


def _service(service: Service, catalogue: Catalogue, on: date) -> PublicService:
    agency_id = catalogue.agency_of(service, on)
    agency = catalogue.entries.agencies.get(EntryId(agency_id))
    figures = catalogue.entries.figures
    return PublicService(
        id=service.id,
        version=service.version,
        revision=service.revision,
        draft=service.draft,
        nature=service.nature,
        criterion=service.criterion,
        starts_with=service.starts_with,
        audience=service.audience,
        name=_said(service.name),
        agency=agency_id,
        agency_name=_said(agency.name_on(on)) if agency else Said(agency_id, agency_id),
        bundles=service.bundles,
        lines=tuple(_line(line, service, on) for line in service.eligibility),
        fees=None
        if service.fees is None
        else tuple(fee for name in service.fees for fee in _fee(figures[name], on)),
        prefilled=tuple(dict.fromkeys(given.registry for given in service.prefill)),
        asked=tuple(_said(asked.text) for asked in service.asked),
        leads_to=service.leads_to,
        articles=service.articles,
    )


def _line(line: EligibilityLine, service: Service, on: date) -> PublicLine:
    reading = Said(
        read_condition(line.when, "ar", service.figures),
        read_condition(line.when, "en", service.figures),
    )
    values: dict[str, ParameterValue] = dict(_figures(service.figures, on))

    def say(language: Language) -> str:
        unnamed = service.terms.get(UNNAMED_TERM)
        word = "" if unnamed is None else unnamed.message(language).source
        try:
            return line.text.message(language).render(values | dict.fromkeys(NAME_PARAMETERS, word))
        except MessageError:
            return reading.say(language)  # it names what only a family's own card knows

    return PublicLine(line.id, Said(say("ar"), say("en")), reading, line.unmet == "explain")


def _fee(figure: Figure, on: date) -> Iterable[PublicFee]:
    value = figure.on(on)
    if value is not None:
        amount = Said(
            count_of(value.value, figure.unit, "ar"), count_of(value.value, figure.unit, "en")
        )
        yield PublicFee(_said(figure.name), amount, value.sign_off is not None)


def _agency(agency: Agency, on: date) -> PublicAgency:
    charter = agency.charter
    return PublicAgency(
        id=agency.id,
        name=_said(agency.name_on(on)),
        draft=agency.draft,
        provides=tuple(given.what for given in agency.provides if given.holds_on(on)),
        commitments=tuple(_said(one) for one in charter.commitments) if charter else (),
        duties=tuple(_said(one) for one in charter.duties) if charter else (),
        contacts=tuple(PublicContact(one.kind, one.value) for one in charter.contacts)
        if charter
        else (),
        centres=tuple(
            PublicCentre(
                id=one.id,
                name=_said(one.name),
                emirate=one.emirate,
                address=_said(one.address) if one.address is not None else None,
                contacts=tuple(PublicContact(way.kind, way.value) for way in one.contacts),
            )
            for one in agency.centres
        ),
    )


def _article(article: Article) -> PublicArticle:
    return PublicArticle(
        id=article.id,
        title=_said(article.title),
        summary=_said(article.summary),
        stage=article.stage,
        topic=article.topic,
        audience=article.audience,
        draft=article.draft,
        minutes_ar=reading_minutes(article.words_ar),
        minutes_en=reading_minutes(article.words_en),
    )


def _figures(figures: Mapping[EntryId, Figure], on: date) -> dict[str, int]:
    found = {name: figure.on(on) for name, figure in figures.items()}
    return {name: value.value for name, value in found.items() if value is not None}


def _said(text: Bilingual) -> Said:
    return Said(text.ar.render({}), text.en.render({}))


def _in_order_of_life(services: Mapping[EntryId, Service]) -> list[Service]:
    """By what they start with, from the contract on; of one start, what leads to others first."""
    after: dict[EntryId, int] = {}

    def steps(one: EntryId) -> int:  # `leads_to` has no circle
        if one not in after:
            before = (two for two, service in services.items() if one in service.leads_to)
            after[one] = 1 + max((steps(two) for two in before), default=-1)
        return after[one]

    starts = get_args(Start)
    return sorted(
        services.values(), key=lambda one: (starts.index(one.starts_with), steps(one.id), one.id)
    )


def _sorted(entries: Mapping[EntryId, _Entry]) -> list[_Entry]:
    return [entries[entry_id] for entry_id in sorted(entries)]
