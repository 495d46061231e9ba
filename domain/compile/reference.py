"""Checks what entries say of each other, once all of them are read.

That what is named is there and not withdrawn; that services lead to each other in no circle; that a
field is filled from a registry only as an exchange policy allows; that a notice's message can be
said; that one agency at most answers for one thing on one day.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from domain.catalogue import Catalogue, Service
from domain.compile.document import Node, Reference, nearest
from domain.entry import Provision
from domain.facts.document import DocumentKind
from domain.ids import EntryId
from domain.rule.variable import PARAMETERS

# What a service is allowed, whose it is and what it follows: nothing there needs it, so it can be
# withdrawn alone, and what is said of it lies idle until it is there again.
_IDLE = ("purposes[", "provides[", "leads_to[")

_WORDS: Mapping[str, str] = {"exchange_policy": "exchange policy", "provision": "thing provided"}


def check_references(
    catalogue: Catalogue, references: Iterable[Reference], owners: Mapping[str, EntryId]
) -> None:
    """Notes every reference that does not hold. `owners` says whose document a file is.

    What a withdrawn entry refers to is not asked.
    """
    references = [
        reference
        for reference in references
        if owners.get(reference.node.where) not in catalogue.entries.withdrawn
    ]
    known = _known(catalogue)
    for reference in references:
        _check_there(reference, known[reference.kind], catalogue)
    by_file: dict[str, list[Reference]] = {}
    for reference in references:
        by_file.setdefault(reference.node.where, []).append(reference)
    for where, named in by_file.items():
        service = catalogue.services.get(owners.get(where, EntryId("")))
        if service is not None:
            _check_prefill(service, catalogue, named)
            _check_notices(service, catalogue, named)
            _check_fees(catalogue, named)
            _check_circle(service, catalogue, named)
    _check_provisions(catalogue, references, owners)


def _known(catalogue: Catalogue) -> dict[str, Mapping[str, object]]:
    entries = catalogue.entries
    return {
        "agency": entries.agencies,
        "article": entries.articles,
        "bundle": entries.bundles,
        "exchange_policy": entries.policies,
        "figure": entries.figures,
        "message": entries.messages,
        "provision": {**dict.fromkeys(get_args(DocumentKind)), **catalogue.services},
        "questionnaire": entries.questionnaires,
        "scope": entries.scopes,
        "service": catalogue.services,
    }


def _check_there(reference: Reference, known: Mapping[str, object], catalogue: Catalogue) -> None:
    kind, entry_id = reference.kind, reference.entry_id
    if kind == "agency" and not known:
        return  # a version published before agencies were entries has none
    word = _WORDS.get(kind, kind)
    if entry_id in catalogue.entries.withdrawn:
        if entry_id in catalogue.services and reference.node.path.startswith(_IDLE):
            return
        out = " take it out of this list," if reference.node.path.endswith("]") else ""
        reference.node.refuse(
            f"{entry_id!r} is withdrawn: name another {word},{out} or take the withdrawal back"
        )
    elif entry_id not in known:
        reference.node.refuse(f"no such {word} as {entry_id!r}: {nearest(entry_id, known)}")


def _check_prefill(service: Service, catalogue: Catalogue, named: Sequence[Reference]) -> None:
    places = [one.node for one in named if one.kind == "exchange_policy"]
    for given, node in zip(service.prefill, places, strict=False):
        policy = catalogue.entries.policies.get(given.policy)
        if policy is None:
            continue
        uncovered = [
            said
            for said, is_covered in (
                (f"the registry {given.registry!r}", policy.registry == given.registry),
                (f"the field {given.field!r}", given.field in policy.fields),
                (f"the purpose {service.id!r}", service.id in policy.purposes),
                (f"the agency {service.agency!r}", service.agency == policy.agency),
            )
            if not is_covered
        ]
        if uncovered:
            node.refuse(
                f"the policy {given.policy!r} does not cover {', '.join(uncovered)}: let the"
                " registry's owner extend it, or ask for the field"
            )


def _check_notices(service: Service, catalogue: Catalogue, named: Sequence[Reference]) -> None:
    places = [one.node for one in named if one.kind == "message"]
    notices = [notice for card in service.cards for notice in card.notices if notice.message]
    for notice, node in zip(notices, places, strict=False):
        message = catalogue.entries.messages.get(notice.message or EntryId(""))
        if message is None:
            continue
        for channel in notice.channels:
            if channel not in message.texts:
                node.refuse(
                    f"the message {message.id!r} says nothing by {channel}: add it there, or leave"
                    " the channel out"
                )
        push = message.texts.get("push")
        texts = [text for text in (push.title, push.body) if text] if push is not None else []
        said = {name for text in texts for name in text.ar.placeholders}
        for name in sorted(said - PARAMETERS[service.starts_with].keys()):
            node.refuse(
                f"the message {message.id!r} names {{{name}}}, which a service that starts with"
                f" {service.starts_with!r} does not know: use another message"
            )


def _check_fees(catalogue: Catalogue, named: Sequence[Reference]) -> None:
    for one in named:
        figure = catalogue.entries.figures.get(EntryId(one.entry_id))
        is_fee = one.kind == "figure" and one.node.path.startswith("fees")
        if is_fee and figure is not None and figure.unit != "dirhams":
            one.node.refuse(f"{figure.id!r} counts {figure.unit}, not dirhams: a fee is an amount")


def _check_circle(service: Service, catalogue: Catalogue, named: Sequence[Reference]) -> None:
    for one in named:
        if one.kind == "service" and one.node.path.startswith("leads_to"):
            way = _way_back(EntryId(one.entry_id), service.id, catalogue)
            if way:
                one.node.refuse(
                    f"leads back to itself: {' → '.join((service.id, *way))}: remove one of them"
                )


def _way_back(start: EntryId, goal: EntryId, catalogue: Catalogue) -> tuple[EntryId, ...]:
    """The services from `start` to `goal`, both named, by what they lead to; empty if no way."""
    ways: list[tuple[EntryId, ...]] = [(start,)]
    seen: set[EntryId] = set()
    while ways:
        way = ways.pop()
        if way[-1] == goal:
            return way
        if way[-1] in seen:
            continue
        seen.add(way[-1])
        service = catalogue.services.get(way[-1])
        ways += [(*way, after) for after in (service.leads_to if service is not None else ())]
    return ()


def _check_provisions(
    catalogue: Catalogue, references: Iterable[Reference], owners: Mapping[str, EntryId]
) -> None:
    """One thing has one agency on one day. What nobody provides any more is no fault."""
    given: dict[str, list[tuple[Provision, EntryId]]] = {}
    places: dict[tuple[EntryId, str], Node] = {}
    for reference in references:
        if reference.kind == "provision":
            owner = owners[reference.node.where]
            places[owner, reference.entry_id] = reference.node
    for agency_id, agency in catalogue.entries.agencies.items():
        for provision in agency.provides:
            for other, other_id in given.get(provision.what, ()):
                if provision.overlaps(other) and (agency_id, provision.what) in places:
                    places[agency_id, provision.what].refuse(
                        f"{other_id!r} provides {provision.what!r} on some of these days, too: end"
                        " one the day before the other begins"
                    )
            given.setdefault(provision.what, []).append((provision, agency_id))
