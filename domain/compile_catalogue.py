"""Makes the catalogue from authored documents, or says everything that is wrong with them.

`content` calls it before it publishes, `timeline` when it loads a published version. It reads no
file: a document is what a YAML or JSON parser gave. The published form of a document is
`mobile-contract/catalogue/service.schema.json`; what a schema cannot say is checked here.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from domain.catalogue import (
    Catalogue,
    EligibilityLine,
    Role,
    Service,
    Start,
    Unmet,
)
from domain.compile_card import compile_cards
from domain.compile_text import (
    Scope,
    compile_bilingual,
    compile_when,
    read_terms,
)
from domain.document import CatalogueError, Node, Problem
from domain.ids import EntryId
from domain.record import Criterion, Nature
from domain.variable import DOSE_PARAMETERS, PARAMETERS, VARIABLES

FORMAT = 1  # of the documents; another number is another compiler
VERSION_MAX = 1_000_000

Sure = Literal["verified", "secondary", "memory", "conflicting"]

_ROLES: Mapping[Start, tuple[Role, ...]] = {
    "marriage": ("husband", "wife"),
    "pregnancy": ("mother", "father"),
    "birth": ("mother", "father"),
}
_REQUIRED = (
    "kind",
    "format",
    "id",
    "version",
    "revision",
    "draft",
    "sources",
    "nature",
    "criterion",
    "agency",
    "name",
    "starts_with",
    "audience",
    "cards",
)
_OPTIONAL = ("sign_off", "otherwise", "eligibility", "vaccine_groups", "terms")


def compile_service(document: Mapping[str, object], *, where: str) -> Service:
    """The service that `document` says; `where` names it in errors.

    Raises: CatalogueError with every problem found.
    """
    problems: list[Problem] = []
    service = _read_service(Node(document, where, problems))
    if problems:
        raise CatalogueError(problems)
    return service


def compile_catalogue(
    documents: Iterable[tuple[str, Mapping[str, object]]], *, version: int
) -> Catalogue:
    """The catalogue of these (where, document) pairs, as one published version.

    Raises: CatalogueError with every problem of every document, and for two with one id.
    """
    problems: list[Problem] = []
    services: dict[EntryId, Service] = {}
    first_seen: dict[EntryId, str] = {}
    for where, document in documents:
        root = Node(document, where, problems)
        service = _read_service(root)
        if service.id in first_seen:
            problems.append(
                Problem(where, "id", f"{service.id!r} is {first_seen[service.id]}'s: rename one")
            )
        first_seen.setdefault(service.id, where)
        services[service.id] = service
    if problems:
        raise CatalogueError(problems)
    return Catalogue(version=version, services=services)


def _read_service(root: Node) -> Service:
    node = root.fields(required=_REQUIRED, optional=_OPTIONAL)
    _check_head(node)
    starts_with = node["starts_with"].choice(get_args(Start))
    terms = read_terms(node.get("terms"))
    groups = _read_groups(node.get("vaccine_groups"))
    scope = Scope(
        variables=VARIABLES[starts_with],
        parameters={
            name: kind
            for name, kind in PARAMETERS[starts_with].items()
            if name not in DOSE_PARAMETERS
        },
        terms=terms.keys(),
    )
    audience = _read_roles(node["audience"], starts_with, minimum=1)
    otherwise = _read_roles(node.get("otherwise"), starts_with)
    for role in set(audience) & set(otherwise):
        node["otherwise"].refuse(f"{role!r} is told already: remove it from one of the two lists")
    return Service(
        id=EntryId(node["id"].identifier()),
        version=node["version"].integer(1, VERSION_MAX),
        revision=node["revision"].integer(1, VERSION_MAX),
        draft=node["draft"].boolean(),
        nature=node["nature"].choice(get_args(Nature)),
        criterion=node["criterion"].choice(get_args(Criterion)),
        agency=node["agency"].identifier(),
        name=compile_bilingual(node["name"], Scope()),
        starts_with=starts_with,
        audience=audience,
        otherwise=otherwise,
        eligibility=_read_eligibility(node.get("eligibility"), scope),
        cards=compile_cards(node["cards"], starts_with, scope=scope, groups=groups.keys()),
        vaccine_groups=groups,
        terms=terms,
    )


def _check_head(node: Mapping[str, Node]) -> None:
    """What a document says of itself: its form, its sources, who has yet to sign it."""
    node["kind"].choice(("service",))
    node["format"].integer(FORMAT, FORMAT)
    for item in node["sources"].items(minimum=1):
        source = item.fields(required=("text", "sure"))
        source["text"].text()
        source["sure"].choice(get_args(Sure))
    if "sign_off" in node:
        node["sign_off"].text()
    if (node["draft"].value is True) != ("sign_off" in node):
        node["draft"].refuse(
            "a draft says in sign_off who must confirm what, and only a draft does: mend one"
        )


def _read_roles(node: Node | None, starts_with: Start, *, minimum: int = 0) -> tuple[Role, ...]:
    if node is None:
        return ()
    roles = tuple(item.choice(_ROLES[starts_with]) for item in node.items(minimum=minimum))
    if len(set(roles)) < len(roles):
        node.refuse("a role stands twice: remove one")
    return roles


def _read_eligibility(node: Node | None, scope: Scope) -> tuple[EligibilityLine, ...]:
    lines: list[EligibilityLine] = []
    for item in node.items() if node else ():
        line = item.fields(required=("id", "when", "unmet", "text"))
        line_id = line["id"].identifier()
        if any(line_id == other.id for other in lines):
            line["id"].refuse(f"{line_id!r} stands twice: rename one")
        lines.append(
            EligibilityLine(
                id=line_id,
                when=compile_when(line["when"], scope.variables),
                unmet=line["unmet"].choice(get_args(Unmet)),
                text=compile_bilingual(line["text"], scope),
            )
        )
    return tuple(lines)


def _read_groups(node: Node | None) -> dict[str, frozenset[str]]:
    """Each vaccine group with the CVX codes that count for it."""
    groups: dict[str, frozenset[str]] = {}
    for name, codes in (node.named() if node else {}).items():
        read = [item.text() for item in codes.items(minimum=1)]
        for item, code in zip(codes.items(), read, strict=True):
            if not (code.isascii() and code.isdigit() and 2 <= len(code) <= 3):
                item.refuse(f"{code!r} is not a CVX code: two or three digits in quotes")
        if len(set(read)) < len(read):
            codes.refuse("a code stands twice: remove one")
        groups[name] = frozenset(read)
    return groups
