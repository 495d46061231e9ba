"""What authored documents may name: variables, anchors of windows, parameters of texts.

`evaluate` supplies every one of these; the compiler of catalogues refuses every other.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from domain.catalogue import CalculatorName, Role, Start
from domain.facts.appointment import VisitPurpose
from domain.facts.document import DocumentKind
from domain.facts.person import EmploymentSector, PlaceKind
from domain.rule.condition import VariableType
from domain.text.message import ParameterType

_SPOUSE: Mapping[str, VariableType] = MappingProxyType(
    {
        "alive": "bool",  # no death is recorded
        "nationality": "string",  # ISO 3166-1 alpha-3, "ARE" is a citizen
        "sector": "string",  # of employment: "federal", "local", "private" and the others
        "emirate": "string",  # of residence, ISO 3166-2 ("AE-AJ"); abroad is not supplied
    }
)
"""What is known of an adult, each under the name of the role: `husband_sector`."""

# Then nobody is congratulated (decision 0032).
_MOURNING: Mapping[str, VariableType] = MappingProxyType({"family_mourns": "bool"})

UNSAID = frozenset(_MOURNING)
"""What a `when` may ask and no line, which would say to one parent what is known of the other's
loss."""

_GROUPS: Mapping[Start, Mapping[str, VariableType]] = MappingProxyType(
    {
        "contract": {
            **_MOURNING,
            "contract_signed": "bool",  # electronically, and not taken back
            "marriage_concluded": "bool",
            "marriage_in_force": "bool",  # concluded, and not since dissolved or reversed
        },
        "marriage": {
            "marriage_in_force": "bool",  # registered, and not since dissolved or reversed
            "family_book_issued": "bool",  # to this couple
            "husband_age_at_contract": "int",  # whole years on the day of the marriage
            "wife_age_at_contract": "int",
            "couple_has_children": "bool",  # at home with this couple, living
            "grant_decided": "bool",  # the marriage grant: approved or refused
            "grant_approved": "bool",
            "housing_decided": "bool",  # housing support of the couple or the husband
            "housing_approved": "bool",
            # What a registry answered with yes or no when it was asked about the husband.
            "husband_owns_trade_licence": "bool",
            "husband_owns_home": "bool",
            "husband_income_within_limit": "bool",
            "husband_granted_before": "bool",
            "husband_housed_before": "bool",
            "couple_took_course": "bool",  # both of them
        },
        "pregnancy": {
            **_MOURNING,
            "pregnancy_ongoing": "bool",  # confirmed, and neither born, lost nor reversed
            "pregnancy_lost": "bool",  # ended without a living child; never a termination
            "pregnancy_outcome": "string",  # "ongoing", or as the hospital said
            "father_known": "bool",  # the confirmation named him
        },
        "birth": {
            **_MOURNING,
            "child_alive": "bool",  # no death is recorded
            "birth_confirmed": "bool",  # no loss of the same delivery contradicts it
            "child_nationality": "string",  # ISO 3166-1 alpha-3; often unknown at birth
            "child_sex": "string",  # "male", "female" or "unknown"
            "child_emirate": "string",  # of residence, else the mother's
            "child_disabled": "bool",  # recognised as a child of determination, today
            "father_known": "bool",  # the notification named him
            "born_to_residents": "bool",  # the child, or unknown both parents, are foreign
            "has_older_siblings": "bool",  # of the same mother, known here
            "birth_certificate_issued": "bool",
            "emirates_id_issued": "bool",  # the child's own
            "passport_issued": "bool",
            "seat_reserved": "bool",  # in a public school, and not released since
            "school_stage": "string",  # the last reached: "none", "nursery", "pre_kg", "kg1", …
            "allowance_decided": "bool",  # the child allowance: approved or refused
        },
        "delivery": {
            **_MOURNING,
            "any_child_alive": "bool",  # of those born
            "birth_confirmed": "bool",  # no loss of the same delivery contradicts it
            "birth_certificate_issued": "bool",  # of one of the children at least
            "born_in_country": "bool",  # by the place that was notified
            "child_disabled": "bool",  # one of them who lives, recognised, today
            "maternity_leave_decided": "bool",
            "paternity_leave_decided": "bool",
        },
        "divorce": {
            "divorce_in_force": "bool",  # not taken back, and the two not married again
            "has_children_together": "bool",  # living, and of no full age
        },
        "death": {
            "deceased": "string",  # "child", "husband" or "wife"
            "death_certificate_issued": "bool",
            "leaves_children": "bool",  # of the couple, of no full age
        },
        "disability": {
            "disability_in_force": "bool",  # it lasts, and so does the life it is of
            "disability_of": "string",  # "child" or "self"
            "disability_category": "string",
        },
        "appointment": {
            "appointment_open": "bool",  # neither kept, missed nor cancelled
            "appointment_kept": "bool",
            "appointment_missed": "bool",
            "appointment_cancelled": "bool",
            "appointment_purpose": "string",
            "patient_alive": "bool",
            "patient_pregnancy_lost": "bool",  # an antenatal one of a pregnancy that is over
        },
        "document": {
            "document_kind": "string",
            "document_in_force": "bool",  # neither revoked nor replaced
            "document_expires": "bool",  # it has a last good day
            "holder_alive": "bool",
        },
        "employment": {},
        "residence": {
            "moved_emirate": "bool",  # lived in another emirate before
            "has_children_at_home": "bool",
        },
        "place": {
            "place_kind": "string",  # "hospital", "airport" and the others
            "place_emirate": "string",
        },
        "regulation": {"regulation": "string"},  # its id, as its authority names it
        "licence": {
            "licence_in_force": "bool",  # not cancelled since
            "licence_emirate": "string",
            "is_owner": "bool",  # not only a partner added
        },
        "partner": {"licence_in_force": "bool", "partner_confirmed": "bool"},
    }
)

ROLES: Mapping[Start, tuple[Role, ...]] = MappingProxyType(
    {
        "contract": ("husband", "wife"),
        "marriage": ("husband", "wife"),
        "pregnancy": ("mother", "father"),
        "birth": ("mother", "father"),
        "delivery": ("mother", "father"),
        "divorce": ("self",),
        "death": ("mother", "father", "widowed"),
        "disability": ("self", "mother", "father"),
        "appointment": ("self", "mother", "father"),
        "document": ("self", "mother", "father"),
        "employment": ("self",),
        "residence": ("self",),
        "place": ("self",),
        "regulation": ("self",),
        "licence": ("owner",),
        "partner": ("owner",),
    }
)
"""For each start, who may be told of its cards. `self` is an adult of whom it is said; what is said
of a child goes to `mother` and `father`."""

VARIABLES: Mapping[Start, Mapping[str, VariableType]] = MappingProxyType(
    {
        start: MappingProxyType(
            {
                **own,
                **{
                    f"{role}_{name}": kind
                    for role in ROLES[start]
                    for name, kind in _SPOUSE.items()
                },
            }
        )
        for start, own in _GROUPS.items()
    }
)
"""For each start, the variables of its services' conditions. What is not known is not supplied."""

ANCHORS: Mapping[Start, frozenset[str]] = MappingProxyType(
    {
        "contract": frozenset({"signed_on", "concluded_on"}),
        "marriage": frozenset(
            {"married_on", "family_book_issued_on", "grant_decided_on"} | {"housing_decided_on"}
        ),
        # last_period_on is due_on - 280 days, whatever the pregnancy was dated by
        "pregnancy": frozenset({"last_period_on", "confirmed_on", "lost_on"}),
        "birth": frozenset({"born_on", "certificate_issued_on", "seat_reserved_on"}),
        "delivery": frozenset({"delivered_on", "certificate_issued_on"}),
        "divorce": frozenset({"divorced_on"}),
        "death": frozenset({"died_on", "death_certificate_issued_on"}),
        "disability": frozenset({"recognised_on"}),
        "appointment": frozenset({"appointment_on", "missed_on"}),
        "document": frozenset({"issued_on", "expires_on"}),
        "employment": frozenset({"employed_on"}),
        "residence": frozenset({"moved_on"}),
        "place": frozenset({"entered_on"}),
        "regulation": frozenset({"in_force_on"}),
        "licence": frozenset({"licence_issued_on", "licence_expires_on"}),
        "partner": frozenset({"added_on"}),
    }
)
"""For each start, the dates that a window may count from."""

LATER_ANCHORS: Mapping[str, str] = MappingProxyType(
    {
        "signed_on": "contract_signed",
        "concluded_on": "marriage_concluded",
        "family_book_issued_on": "family_book_issued",
        "grant_decided_on": "grant_decided",
        "housing_decided_on": "housing_decided",
        "lost_on": "pregnancy_lost",
        "certificate_issued_on": "birth_certificate_issued",
        "seat_reserved_on": "seat_reserved",
        "death_certificate_issued_on": "death_certificate_issued",
        "missed_on": "appointment_missed",
        "expires_on": "document_expires",
    }
)
"""The anchors that are not known until a fact comes, each with the variable that says it has. Until
then a card that counts from one is not made; a service that has no other card must ask the
variable, so that its waiting card can say why not yet."""

PARAMETERS: Mapping[Start, Mapping[str, ParameterType]] = MappingProxyType(
    {
        "contract": {"husband_name": "text", "wife_name": "text"},
        "marriage": {"husband_name": "text", "wife_name": "text", "married_on": "date"},
        "pregnancy": {"due_on": "date"},
        "birth": {"child_name": "text", "born_on": "date"},
        "delivery": {"children_count": "number", "delivered_on": "date"},
        "divorce": {"divorced_on": "date"},
        "death": {"deceased_name": "text", "deceased": "text"},
        "disability": {"person_name": "text"},
        "appointment": {
            "person_name": "text",
            "appointment_on": "date",
            "appointment_time": "text",  # in Dubai: "09:30"
            "purpose": "text",
        },
        "document": {"person_name": "text", "document": "text", "document_expires_on": "date"},
        "employment": {"sector": "text"},
        "residence": {"emirate": "text"},
        "place": {"place": "text"},
        "regulation": {"in_force_on": "date"},
        "licence": {"licence_number": "text", "licence_expires_on": "date"},
        "partner": {"licence_number": "text", "added_on": "date"},
    }
)
"""For each start, what its cards' texts may name beside the parameters of the card's own rows."""

_FIELDS: Mapping[Start, tuple[str, ...]] = MappingProxyType(
    {
        "contract": ("contract_number",),
        "marriage": ("contract_number", "married_on", "family_book_number"),
        "pregnancy": ("due_on",),
        "birth": ("born_on", "child", "child_sex", "birth_certificate_number"),
        "delivery": ("delivered_on", "birth_certificate_number"),
        "document": ("document_number",),
        "licence": ("licence_number",),
        "partner": ("licence_number",),
    }
)


def fields_of(start: Start) -> tuple[str, ...]:
    """What an agency may be sent of a situation: persons by their roles, and what is held of it."""
    persons = [
        name
        for role in ROLES[start]
        for name in (role, f"{role}_nationality", f"{role}_employer", f"{role}_emirate")
    ]
    return (*persons, *_FIELDS.get(start, ()))


EMIRATES = frozenset({"ae_aj", "ae_az", "ae_du", "ae_fu", "ae_rk", "ae_sh", "ae_uq"})
"""ISO 3166-2 of the Emirates, as terms are written."""

START_CHOICES: Mapping[Start, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "death": {"deceased": frozenset({"child", "husband", "wife"})},
        "appointment": {"purpose": frozenset(get_args(VisitPurpose))},
        "document": {"document": frozenset(get_args(DocumentKind))},
        "employment": {"sector": frozenset(get_args(EmploymentSector))},
        "residence": {"emirate": EMIRATES | {"abroad"}},
        "place": {"place": frozenset(get_args(PlaceKind))},
    }
)
"""Which of those parameters are words of a list: a text chooses by one, or names it by a term."""

_JOINT: Mapping[str, ParameterType] = MappingProxyType(
    {
        "joint": "text",  # whether one visit can serve another service as well
        "beside": "text",  # what else, each a term of the service by `beside_term`
        "joint_on": "date",  # the day that serves all of it
    }
)

PLANNED_PARAMETERS: Mapping[CalculatorName, Mapping[str, ParameterType]] = MappingProxyType(
    {
        "immunization": {
            "vaccines": "text",  # the groups of the visit's doses, each a term of the service
            "vaccine_count": "number",  # how many groups that is
            "age": "number",  # of the child on the day of the visit, in `age_unit`
            "age_unit": "text",
            "course": "text",  # whether a dose of it comes late
            "duty": "text",  # whether the programme demands or recommends it
            "shared": "text",  # whether one visit can serve a brother or sister as well
            "siblings": "text",  # their names
            "shared_on": "date",  # the day that serves all of them
            **_JOINT,
        },
        "pregnancy": {
            "contact": "number",  # which of the plan
            "contact_count": "number",
            "visit": "text",
            "week": "number",  # of the pregnancy
            "children": "text",  # whether it is a multiple pregnancy
            **_JOINT,
        },
        "development": {
            "age": "number",  # of the child, as for a visit
            "age_unit": "text",
            "step": "text",  # whether to answer a form, or to follow what an evaluation found
            "result": "text",  # of the form's evaluation
            **_JOINT,
        },
    }
)
"""For each calculator, what the texts of the cards that it plans may name beside that."""

DATE_PARAMETERS = frozenset(
    name
    for known in (*PARAMETERS.values(), *PLANNED_PARAMETERS.values())
    for name, kind in known.items()
    if kind == "date"
)
"""The names of days: a record has them as text, and a text says them in words."""

PLANNED_CHOICES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "age_unit": frozenset({"birth", "weeks", "months", "years"}),
        "course": frozenset({"routine", "catch_up"}),
        "duty": frozenset({"mandatory", "voluntary"}),
        "shared": frozenset({"yes", "no"}),
        "joint": frozenset({"yes", "no"}),
        "visit": frozenset({"check", "contact", "delivery"}),
        "children": frozenset({"one", "several"}),
        "step": frozenset({"form", "follow_up"}),
        "result": frozenset({"none", "on_track", "monitor", "refer"}),
    }
)
"""What those parameters may be that a text chooses by."""

VACCINES_PARAMETER = "vaccines"
"""A list of vaccine groups, each a term of the service by `group_term`."""

BESIDE_PARAMETER = "beside"
"""A list of what other calculators plan, each a term of the service by `beside_term`."""


def beside_term(calculator: CalculatorName) -> str:
    """The term by which a service's texts name what another calculator's card asks to come for."""
    return f"visit_{calculator}"


def group_term(group: str) -> str:
    """The term by which a service's texts name a vaccine group of its programme."""
    return group.lower().replace(" ", "_")


NAME_PARAMETERS = frozenset(
    {"child_name", "deceased_name", "husband_name", "person_name", "siblings", "wife_name"}
)
"""Names of persons: a record has one as it is, or by language (`child_name_ar`), or not at all: a
newborn has no name yet, and is then the term below."""

UNNAMED_TERM = "unnamed"
"""What a text says for a person whose name nobody reported; a service that names persons has it."""
