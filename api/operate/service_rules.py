"""What `osrati catalogue read` shows of a service: whose it is, who signed it or has yet to, its
rules in plain words of both languages, and whom its cards tell.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import date

from api.operate.command import DONE, WRONG
from api.wire import House
from content.publish import find_publication
from domain.catalogue import Catalogue, Service
from domain.ids import EntryId
from domain.rule.reading import read_condition
from domain.text.bilingual import Bilingual
from domain.text.message import Language
from gov.operation import list_operations
from store.scope import ReferenceScope
from timeline.audience_text import audience_words


def print_rules(made: Catalogue, entry: str, today: date, published: Sequence[str] = ()) -> int:
    """Prints a service of this catalogue as of `today`, `published` after its status."""
    service = made.services.get(EntryId(entry))
    if service is None:
        known = ", ".join(sorted(made.services))
        print(f"osrati: there is no service {entry!r}. Known: {known}.", file=sys.stderr)
        return WRONG
    for line in (
        *_status(service, made, today),
        *published,
        *_rules(service),
        *_told(service, made),
    ):
        print(line)
    return DONE


async def published_line(house: House, service: Service) -> str:
    """In which version these rules and words came, when, and whose deed it was, where one is
    recorded: what comes with the software is published at its start.
    """
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        found = await find_publication(session, service.id, service.version, service.revision)
        deeds = await list_operations(session, house.ground)
    if found is None:
        return "published: by no version that is kept"
    subject = f"version {found.version}"
    by = next((one.operation for one in deeds if one.operation.subject == subject), None)
    whose = f", by {by.operator}: {by.purpose}" if by is not None else ""
    return f"published as {subject} on {found.published_on}{whose}"


def _status(service: Service, made: Catalogue, today: date) -> Iterator[str]:
    """What the service is called, whose it is today, and who has signed it or has yet to."""
    draft = "  (draft)" if service.draft else ""
    yield f"{service.id}, version {service.version}, revision {service.revision}{draft}"
    yield _both(service.name)
    agency = made.entries.agencies.get(EntryId(made.agency_of(service, today)))
    if agency is not None:
        yield f"\nagency: {agency.id}\n  {_both(agency.name_on(today))}"
    if service.sign_off is None:
        yield "signed\n  وقّعتها الجهة المختصة.\n  Signed by its agency."
        return
    yield "a draft until it is signed"
    yield f"  مسودة إلى حين التوقيع: {service.sign_off.ar or service.sign_off.en}".rstrip()
    yield f"  A draft until signed: {service.sign_off.en}".rstrip()


def _both(text: Bilingual) -> str:
    return f"{text.ar.source} · {text.en.source}"


def _rules(service: Service) -> Iterator[str]:
    languages: tuple[Language, ...] = ("ar", "en")
    for line in service.eligibility:
        yield f"\n{line.id}: {line.when.source}"
        for language in languages:
            yield f"  {read_condition(line.when, language, service.figures)}"
    for card in service.cards:
        if card.resolved_when is not None:
            yield f"\n{card.id} is done when: {card.resolved_when.source}"
            for language in languages:
                yield f"  {read_condition(card.resolved_when, language, service.figures)}"
    for figure in service.figures.values():
        yield f"\n{figure.id} ({figure.unit})"
        for value in figure.values:
            last = value.valid_to or "open"
            yield f"  {value.value} from {value.valid_from} to {last} [{value.sure}]"
            if value.sign_off is not None:
                yield f"    يعتمده: {value.sign_off.ar or value.sign_off.en}"
                yield f"    to be signed: {value.sign_off.en}"


def _told(service: Service, made: Catalogue) -> Iterator[str]:
    """Whom each card tells, by which message and channels, and what of it nobody has signed."""
    yield ""
    languages: tuple[Language, ...] = ("ar", "en")
    yield from (f"  {audience_words(service, language)}" for language in languages)
    for card in service.cards:
        if not card.notices:
            yield f"{card.id} tells nobody"
        for notice in card.notices:
            channels = ", ".join(notice.channels) or "the usual channel"
            words = "the card's own words"
            entry = made.entries.messages.get(notice.message) if notice.message else None
            if entry is not None:
                draft = " (draft)" if entry.draft else ""
                words = f"{entry.id}, version {entry.version}, revision {entry.revision}{draft}"
            yield f"{card.id} tells when {notice.moment}, by {channels}: {words}"
