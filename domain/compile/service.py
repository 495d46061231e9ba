"""Compiles a service: its audience, its lines, its cards, and what it refers to."""

from collections.abc import Iterator, Mapping
from typing import get_args

import msgspec

from domain.card.record import Criterion, Nature
from domain.catalogue import (
    Asked,
    AskedForm,
    Calculator,
    CalculatorName,
    EligibilityLine,
    Prefill,
    Role,
    ScheduleTables,
    Service,
    Start,
    Unmet,
    Waits,
)
from domain.compile.card import compile_cards
from domain.compile.document import Node, nearest
from domain.compile.entry import fields_of, refer_once
from domain.compile.head import read_head
from domain.compile.text import Scope, compile_bilingual, compile_when, read_terms
from domain.compile.window import read_offset
from domain.entry import Entries
from domain.growth.development import DevelopmentTable
from domain.ids import EntryId
from domain.immunization.programme import Programme
from domain.pregnancy.follow import PregnancyTables
from domain.rule.variable import (
    ANCHORS,
    LATER_ANCHORS,
    PARAMETERS,
    ROLES,
    START_CHOICES,
    UNSAID,
    VARIABLES,
    group_term,
)
from domain.text.bilingual import Bilingual

_REQUIRED = (
    "nature",
    "criterion",
    "agency",
    "name",
    "starts_with",
    "audience",
    "cards",
)
_OPTIONAL = (
    "otherwise",
    "eligibility",
    "calculator",
    "terms",
    "bundles",
    "articles",
    "prefill",
    "asked",
    "fees",
    "leads_to",
    "questionnaire",
    "scope",
    "waits",
    "when",
)

# What starts a service of each calculator, and the tables it goes by.
_CALCULATORS: Mapping[CalculatorName, tuple[Start, type[ScheduleTables]]] = {
    "immunization": ("birth", Programme),
    "pregnancy": ("pregnancy", PregnancyTables),
    "development": ("birth", DevelopmentTable),
}


def read_service(
    root: Node, schedules: Mapping[EntryId, ScheduleTables], entries: Entries
) -> Service:
    """The service that a document is; what it refers to is looked for when all are known."""
    node = fields_of(root, _REQUIRED, _OPTIONAL)
    head = read_head(node)
    starts_with = node["starts_with"].choice(get_args(Start))
    terms = read_terms(node.get("terms"))
    calculator = _read_calculator(node.get("calculator"), starts_with, schedules)
    tables = schedules.get(calculator.schedule) if calculator is not None else None
    scope = Scope(
        variables={**VARIABLES[starts_with], **dict.fromkeys(entries.figures, "int")},
        parameters={**dict.fromkeys(entries.figures, "number"), **PARAMETERS[starts_with]},
        terms=terms.keys(),
        rules=START_CHOICES.get(starts_with, {}),
        groups=[group_term(name) for name in tables.group_names]
        if isinstance(tables, Programme)
        else (),
        figures=entries.figures,
    )
    if tables is not None and _is_draft(tables) and node["draft"].value is False:
        node["draft"].refuse("its schedule is a draft that nobody has signed: so is the service")
    audience = _read_roles(node["audience"], starts_with, minimum=1)
    otherwise = _read_roles(node.get("otherwise"), starts_with)
    for role in set(audience) & set(otherwise):
        node["otherwise"].refuse(f"{role!r} is told already: remove it from one of the two lists")
    service = Service(
        **head,
        nature=node["nature"].choice(get_args(Nature)),
        criterion=node["criterion"].choice(get_args(Criterion)),
        agency=node["agency"].refers_to("agency"),
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
        bundles=_refer(node, "bundles", "bundle"),
        articles=_refer(node, "articles", "article"),
        prefill=_read_prefill(node.get("prefill")),
        asked=_read_asked(node.get("asked")),
        fees=_refer(node, "fees", "figure") if "fees" in node else None,
        leads_to=_refer(node, "leads_to", "service"),
        questionnaire=node["questionnaire"].refers_to("questionnaire")
        if "questionnaire" in node
        else None,
        scope=entries.scopes.get(node["scope"].refers_to("scope")) if "scope" in node else None,
        waits=_read_waits(node["waits"], starts_with) if "waits" in node else None,
        when=compile_when(node["when"], scope.variables) if "when" in node else None,
    )
    _check_later_anchors(node, service)
    return _with_figures(node, service, entries)


def _with_figures(node: Mapping[str, Node], service: Service, entries: Entries) -> Service:
    """The service with the figures of law that it names. One by an unsigned figure is a draft."""
    said = {name for text in _texts(service) for name in text.ar.placeholders}
    asked = {name for line in service.eligibility for name in line.when.variables}
    asked |= service.when.variables if service.when is not None else frozenset()
    for card in service.cards:
        asked |= card.resolved_when.variables if card.resolved_when is not None else frozenset()
        asked |= card.when.variables if card.when is not None else frozenset()
    used = {name: entries.figures[name] for name in entries.figures if name in said | asked}
    spans = [span.figure for card in service.cards for span in card.window.figures.values()]
    spans += [c.window.in_year.reached_by for c in service.cards if c.window.in_year is not None]
    unsigned = [figure.id for figure in (*used.values(), *spans) if figure.draft]
    if unsigned and not service.draft:
        names = ", ".join(sorted(set(unsigned)))
        node["draft"].refuse(f"nobody has signed {names}, which it names: so it is a draft")
    return msgspec.structs.replace(
        service, figures=used, said_figures=tuple(name for name in used if name in said)
    )


def _texts(service: Service) -> Iterator[Bilingual]:
    yield service.name
    yield from (line.text for line in service.eligibility)
    for card in service.cards:
        yield card.title
        yield card.body


def _refer(node: Mapping[str, Node], key: str, kind: str) -> tuple[EntryId, ...]:
    return refer_once(node[key], kind) if key in node else ()


def _read_prefill(node: Node | None) -> tuple[Prefill, ...]:
    found: list[Prefill] = []
    for item in node.items() if node else ():
        fields = item.fields(required=("field", "registry", "policy"))
        name = fields["field"].identifier()
        if any(name == other.field for other in found):
            fields["field"].refuse(f"{name!r} stands twice: fill it from one registry")
        registry = fields["registry"].refers_to("agency")
        found.append(Prefill(name, registry, fields["policy"].refers_to("exchange_policy")))
    return tuple(found)


def _read_asked(node: Node | None) -> tuple[Asked, ...]:
    found: list[Asked] = []
    for item in node.items() if node else ():
        fields = item.fields(required=("field", "form", "text", "required"), optional=("options",))
        name = fields["field"].identifier()
        if any(name == other.field for other in found):
            fields["field"].refuse(f"{name!r} stands twice: rename one")
        form = fields["form"].choice(get_args(AskedForm))
        if (form == "choice") != ("options" in fields):
            fields["form"].refuse("a choice has options, and only a choice has: mend one")
        text = compile_bilingual(fields["text"], Scope())
        options = read_terms(fields.get("options"))
        found.append(Asked(name, form, text, fields["required"].boolean(), options))
    return tuple(found)


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


def _read_roles(node: Node | None, starts_with: Start, *, minimum: int = 0) -> tuple[Role, ...]:
    if node is None:
        return ()
    roles = tuple(item.choice(ROLES[starts_with]) for item in node.items(minimum=minimum))
    if len(set(roles)) < len(roles):
        node.refuse("a role stands twice: remove one")
    return roles


def _read_waits(node: Node, starts_with: Start) -> Waits:
    fields = node.fields(required=("anchor", "until"))
    known = sorted(ANCHORS[starts_with] - LATER_ANCHORS.keys())
    return Waits(fields["anchor"].choice(known or ["none"]), read_offset(fields["until"]))


def _check_later_anchors(node: Mapping[str, Node], service: Service) -> None:
    """A service whose cards all count from a date that comes later says why it waits, and how long;
    one that explains no line shows nothing until then."""
    later = {LATER_ANCHORS.get(card.window.anchor) for card in service.cards}
    lines = [line for line in service.eligibility if line.unmet == "explain"]
    asked = {name for line in lines for name in line.when.variables}
    if None in later or not lines:
        return
    if not later & asked:
        names = ", ".join(sorted(name for name in later if name))
        node["cards"].refuse(f"no card has its date until {names}: ask for it in a line")
    if service.waits is None:
        node["cards"].refuse("all cards count from dates that come later: say in waits how long")


def _read_eligibility(node: Node | None, scope: Scope) -> tuple[EligibilityLine, ...]:
    lines: list[EligibilityLine] = []
    for item in node.items() if node else ():
        line = item.fields(required=("id", "when", "unmet", "text"))
        line_id = line["id"].identifier()
        if any(line_id == other.id for other in lines):
            line["id"].refuse(f"{line_id!r} stands twice: rename one")
        when = compile_when(line["when"], scope.variables)
        for name in sorted(when.variables & UNSAID):
            line["when"].refuse(
                f"{name!r} is not for a line, which every reader of the card sees: ask it in the"
                " when of the service or of a card"
            )
        lines.append(
            EligibilityLine(
                id=line_id,
                when=when,
                unmet=line["unmet"].choice(get_args(Unmet)),
                text=compile_bilingual(line["text"], scope),
            )
        )
    return tuple(lines)
