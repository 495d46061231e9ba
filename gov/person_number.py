"""Who has a number: a number means a person within its system alone, a hospital's within that
hospital.
"""

from collections.abc import Sequence

from domain.ids import PersonId
from gov.event.data import Identifier
from timeline.ground import Ground
from timeline.people import identify_all


async def identify_numbers(ground: Ground, numbers: Sequence[Identifier]) -> tuple[PersonId, ...]:
    """The person of each number, in their order; a new one whom nobody has reported before."""
    named = [canonical_number(number) for number in numbers]
    found = await identify_all(ground, named) if named else {}
    return tuple(found[number] for number in named)


def canonical_number(number: Identifier) -> tuple[str, str]:
    """The number as it is looked up: its system, and its value within whoever assigned it."""
    return number.system, f"{number.assigner or ''}/{number.value}"
