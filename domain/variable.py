"""What authored documents may name: variables, anchors of windows, parameters of texts.

`evaluate` supplies every one of these; the compiler of catalogues refuses every other.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.catalogue import CalculatorName, Start
from domain.condition import VariableType
from domain.text import ParameterType

VARIABLES: Mapping[Start, Mapping[str, VariableType]] = MappingProxyType(
    {
        "marriage": {
            "marriage_in_force": "bool",  # registered, and not since dissolved or reversed
            "family_book_issued": "bool",  # to this couple
            "husband_alive": "bool",  # no death is recorded
            "wife_alive": "bool",  # no death is recorded
            "husband_nationality": "string",  # ISO 3166-1 alpha-3, "ARE" is a citizen
            "wife_nationality": "string",  # ISO 3166-1 alpha-3
        },
        "pregnancy": {
            "mother_alive": "bool",  # no death is recorded
            "pregnancy_ongoing": "bool",  # confirmed, and neither born, lost nor reversed
            "father_known": "bool",  # the confirmation named him
            "mother_nationality": "string",  # ISO 3166-1 alpha-3
        },
        "birth": {
            "child_alive": "bool",  # no death is recorded
            "birth_confirmed": "bool",  # no loss of the same delivery contradicts it
            "child_nationality": "string",  # ISO 3166-1 alpha-3; often unknown at birth
            "child_sex": "string",  # "male", "female" or "unknown"
            "father_known": "bool",  # the notification named him
            "father_nationality": "string",  # ISO 3166-1 alpha-3
            "mother_nationality": "string",  # ISO 3166-1 alpha-3
        },
    }
)
"""For each start, the variables of its services' conditions. What is not known is not supplied."""

ANCHORS: Mapping[Start, frozenset[str]] = MappingProxyType(
    {
        "marriage": frozenset({"married_on"}),
        # last_period_on is due_on - 280 days, whatever the pregnancy was dated by
        "pregnancy": frozenset({"last_period_on", "confirmed_on"}),
        "birth": frozenset({"born_on"}),
    }
)
"""For each start, the dates that a window may count from."""

PARAMETERS: Mapping[Start, Mapping[str, ParameterType]] = MappingProxyType(
    {
        "marriage": {"husband_name": "text", "wife_name": "text", "married_on": "date"},
        "pregnancy": {"due_on": "date"},
        "birth": {"child_name": "text", "born_on": "date"},
    }
)
"""For each start, what its cards' texts may name beside the parameters of the card's own rows."""

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
        },
        "pregnancy": {
            "contact": "number",  # which of the plan
            "contact_count": "number",
            "visit": "text",
            "week": "number",  # of the pregnancy
            "children": "text",  # whether it is a multiple pregnancy
        },
        "development": {
            "age": "number",  # of the child, as for a visit
            "age_unit": "text",
            "step": "text",  # whether to answer a form, or to follow what an evaluation found
            "result": "text",  # of the form's evaluation
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
        "visit": frozenset({"check", "contact", "delivery"}),
        "children": frozenset({"one", "several"}),
        "step": frozenset({"form", "follow_up"}),
        "result": frozenset({"none", "on_track", "monitor", "refer"}),
    }
)
"""What those parameters may be that a text chooses by."""

VACCINES_PARAMETER = "vaccines"
"""A list of vaccine groups, each a term of the service by `group_term`."""


def group_term(group: str) -> str:
    """The term by which a service's texts name a vaccine group of its programme."""
    return group.lower().replace(" ", "_")


NAME_PARAMETERS = frozenset({"child_name", "husband_name", "siblings", "wife_name"})
"""Names of persons: a record has one as it is, or by language (`child_name_ar`), or not at all: a
newborn has no name yet, and is then the term below."""

UNNAMED_TERM = "unnamed"
"""What a text says for a person whose name nobody reported; a service that names persons has it."""
