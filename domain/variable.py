"""What authored documents may name: variables, anchors of windows, parameters of texts.

`evaluate` supplies every one of these; the compiler of catalogues refuses every other.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.catalogue import Start
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

ROW_VARIABLES: Mapping[Start, Mapping[str, VariableType]] = MappingProxyType(
    {
        "marriage": {},
        "pregnancy": {},
        "birth": {"row_complete": "bool"},  # every dose of the row is given
    }
)
"""Beside those, what `resolved_when` of a card with rows may ask of the row itself."""

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
        "birth": {
            "child_name": "text",
            "born_on": "date",
            "vaccines": "text",  # the groups of the row's doses, each a term of the service
            "vaccine_count": "number",  # how many groups that is
        },
    }
)
"""For each start, what its cards' texts may name beside the parameters of the card's own rows."""

DOSE_PARAMETERS = frozenset({"vaccines", "vaccine_count"})
"""Parameters that only a card whose rows have doses is given."""

NAME_PARAMETERS = frozenset({"child_name", "husband_name", "wife_name"})
"""Names of persons: a record has one as it is, or by language (`child_name_ar`), or not at all: a
newborn has no name yet, and is then the term below."""

UNNAMED_TERM = "unnamed"
"""What a text says for a person whose name nobody reported; a service that names persons has it."""
