"""Makes the catalogue from authored documents, or says everything that is wrong with them.

`content` calls it before it publishes, `timeline` when it loads a published version. It reads no
file: a document is what a YAML or JSON parser gave. The published form of a document is
`mobile-contract/catalogue/service.schema.json`; what a schema cannot say is checked here.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from domain.catalogue import (
    Calculator,
    CalculatorName,
    Catalogue,
    EligibilityLine,
    Role,
    ScheduleTables,
    Service,
    Start,
    Unmet,
)
from domain.compile_card import compile_cards
from domain.compile_schedule import read_schedule
from domain.compile_text import (
    Scope,
    compile_bilingual,
    compile_when,
    read_terms,
)
from domain.document import CatalogueError, Node, Problem, nearest
from domain.growth.development import DevelopmentTable
from domain.ids import EntryId
from domain.immunization.programme import Programme
from domain.pregnancy.follow import PregnancyTables
from domain.record import Criterion, Nature
from domain.variable import PARAMETERS, VARIABLES, group_term

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
_OPTIONAL = ("sign_off", "otherwise", "eligibility", "calculator", "terms")

# What starts a service of each calculator, and the tables it goes by.
_CALCULATORS: Mapping[CalculatorName, tuple[Start, type[ScheduleTables]]] = {
    "immunization": ("birth", Programme),
    "pregnancy": ("pregnancy", PregnancyTables),
    "development": ("birth", DevelopmentTable),
}


def compile_catalogue(
    documents: Iterable[tuple[str, Mapping[str, object]]], *, version: int
) -> Catalogue:
    """The catalogue of these (where, document) pairs, as one published version.

    Raises: CatalogueError with every problem of every document, and for two with one id.
    """
    problems: list[Problem] = []
    first_seen: dict[str, str] = {}
    schedules: dict[EntryId, ScheduleTables] = {}
    services: dict[EntryId, Service] = {}
    documents = list(documents)
    for where, document in documents:
        if document.get("kind") == "schedule":
            entry_id, tables = read_schedule(Node(document, where, problems))
            _check_unique(entry_id, where, first_seen, problems)
            if tables is not None:
                schedules[EntryId(entry_id)] = tables
    for where, document in documents:
        if document.get("kind") != "schedule":
            service = _read_service(Node(document, where, problems), schedules)
            _check_unique(service.id, where, first_seen, problems)
            services[service.id] = service
    if problems:
        raise CatalogueError(problems)
    return Catalogue(version=version, services=services, schedules=schedules)


def _check_unique(
    entry_id: str, where: str, first_seen: dict[str, str], problems: list[Problem]
) -> None:
    if entry_id in first_seen:
        found = f"{entry_id!r} is {first_seen[entry_id]}'s: rename one"
        problems.append(Problem(where, "id", found))
    first_seen.setdefault(entry_id, where)


def _read_service(root: Node, schedules: Mapping[EntryId, ScheduleTables]) -> Service:
    node = root.fields(required=_REQUIRED, optional=_OPTIONAL)
    _check_head(node)
    starts_with = node["starts_with"].choice(get_args(Start))
    terms = read_terms(node.get("terms"))
    calculator = _read_calculator(node.get("calculator"), starts_with, schedules)
    tables = schedules.get(calculator.schedule) if calculator is not None else None
    scope = Scope(
        variables=VARIABLES[starts_with],
        parameters=PARAMETERS[starts_with],
        terms=terms.keys(),
        groups=[group_term(name) for name in tables.group_names]
        if isinstance(tables, Programme)
        else (),
    )
    if tables is not None and _is_draft(tables) and node["draft"].value is False:
        node["draft"].refuse("its schedule is a draft that nobody has signed: so is the service")
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
        cards=compile_cards(
            node["cards"],
            starts_with,
            scope=scope,
            calculator=calculator.name if calculator is not None else None,
        ),
        terms=terms,
        calculator=calculator,
    )


def _read_calculator(
    node: Node | None, starts_with: Start, schedules: Mapping[EntryId, ScheduleTables]
) -> Calculator | None:
    """The calculator a service names: one for what starts it, with a schedule of its form."""
    if node is None:
        return None
    fields = node.fields(required=("name", "schedule"))
    name = fields["name"].choice(get_args(CalculatorName))
    schedule = EntryId(fields["schedule"].identifier())
    start, form = _CALCULATORS[name]
    if start != starts_with:
        fields["name"].refuse(f"{name!r} is for a service that starts with {start!r}: mend one")
    if schedule not in schedules:
        fields["schedule"].refuse(f"no such schedule: {nearest(schedule, schedules)}")
    elif not isinstance(schedules[schedule], form):
        fields["schedule"].refuse(f"{schedule!r} holds no tables for {name!r}: name another")
    return Calculator(name, schedule)


def _is_draft(tables: ScheduleTables) -> bool:
    """Whether anything of the tables waits for its owner's signature."""
    match tables:
        case Programme():
            return tables.draft
        case PregnancyTables():
            return any(plan.sign_off is not None for plan in tables.plans)
        case DevelopmentTable():
            return tables.sign_off is not None
        case _:
            return False


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
