"""Whose word makes two people one, where what is recorded of them contradicts it."""

from domain.fact import Payload
from domain.facts.person import IdentifierReplaced
from domain.identity import contradict
from domain.ids import AgencyId
from timeline.apply import read_own_facts
from timeline.duplicate import keep_suspicions
from timeline.ground import Ground

# Draft: the authority that issues Emirates IDs, by its id in the demonstration.
IDENTITY_OWNERS = frozenset({AgencyId("icp")})


async def refuse_contradiction(ground: Ground, agency_id: AgencyId, payload: Payload) -> bool:
    """Whether a saying joins two people of whom what is known cannot be true of one.

    Only the authority for identity may: of others such a pair is listed, for a person to decide.
    A corrected number joins nobody: it moves what its own source said.
    """
    if not isinstance(payload, IdentifierReplaced) or payload.reason == "corrected":
        return False
    if agency_id in IDENTITY_OWNERS:
        return False
    one, other = payload.person, payload.former
    known = (*await read_own_facts(ground, one), *await read_own_facts(ground, other))
    if not contradict(one, known, other):
        return False
    await keep_suspicions(ground, [(one, other) if one.bytes < other.bytes else (other, one)])
    return True
