"""Whose word makes two people one, where what is recorded of them contradicts it."""

from collections.abc import Sequence
from itertools import combinations

from domain.fact import Fact
from domain.facts.person import IdentifierReplaced
from domain.ids import AgencyId
from domain.people.identity import contradict, correction_contradicts
from timeline.apply import read_own_facts
from timeline.duplicate import keep_suspicions
from timeline.ground import Ground

# Draft: the authority that issues Emirates IDs, by its id in the demonstration.
IDENTITY_OWNERS = frozenset({AgencyId("icp")})


async def refuse_contradiction(ground: Ground, fact: Fact) -> bool:
    """Whether a fact says who is whom, and what is known of the two cannot be true of one.

    Only the authority for identity may join such a pair: of others it is listed, for a person to
    decide. A corrected number joins nobody, so it is not listed; nobody at all moves a birth by it.
    """
    said = fact.payload
    if not isinstance(said, IdentifierReplaced):
        return False
    one, other = said.person, said.former
    if said.reason != "corrected" and fact.source in IDENTITY_OWNERS:
        return False
    known = (*await read_own_facts(ground, one), *await read_own_facts(ground, other))
    if said.reason == "corrected":
        return correction_contradicts(fact, known)
    if not contradict(one, known, other):
        return False
    await keep_suspicions(ground, [(one, other) if one.bytes < other.bytes else (other, one)])
    return True


async def refuse_contradictions(ground: Ground, source: AgencyId, facts: Sequence[Fact]) -> bool:
    """Whether the people whom facts of one report join, each with each, cannot be one.

    What those facts themselves say of them counts too: nothing of it is recorded yet. Like a single
    saying, a pair is listed.
    """
    joins = [fact.payload for fact in facts if isinstance(fact.payload, IdentifierReplaced)]
    if not joins or source in IDENTITY_OWNERS:
        return False
    people = sorted({person for join in joins for person in join.subjects()}, key=lambda p: p.bytes)
    own = [fact for person in people for fact in await read_own_facts(ground, person)]
    known = (*own, *(fact for fact in facts if not isinstance(fact.payload, IdentifierReplaced)))
    pairs = [pair for pair in combinations(people, 2) if contradict(pair[0], known, pair[1])]
    await keep_suspicions(ground, pairs)
    return bool(pairs)
