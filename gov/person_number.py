"""Who has a number: a number means a person within its system alone, a hospital's within that
hospital.
"""

from domain.ids import PersonId
from gov.event.data import Identifier
from timeline.ground import Ground
from timeline.people import identify


async def identify_number(ground: Ground, number: Identifier) -> PersonId:
    """The person whose number this is; a new one when nobody has reported it before."""
    return await identify(ground, system=number.system, value=_canonical(number))


def _canonical(number: Identifier) -> str:
    return f"{number.assigner or ''}/{number.value}"
