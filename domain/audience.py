"""Who is told of a service's cards, and who sees them untold: its audience, by roles and rights."""

from collections.abc import Iterator

import msgspec

from domain.catalogue import Service
from domain.family import Family
from domain.ids import PersonId
from domain.people.rights import Reached, Right, rights_over
from domain.situation import Situation


class Recipient(msgspec.Struct, frozen=True):
    """One who sees a service's cards. `is_quiet`: sees them and is not told of them."""

    person: PersonId
    is_quiet: bool = False


def recipients_of(
    service: Service, situation: Situation, family: Family, reached: Reached
) -> tuple[Recipient, ...]:
    """Who sees the service's cards about this situation: the living who have a right to.

    Those of the audience, else those of `otherwise`. About a child, whoever a court named sees what
    both parents would, and takes the place of parents of whom none is left. Where one of them holds
    the child, the others are not told; what only a mother is told goes to whoever holds her child.
    """
    if situation.care is not None and situation.care.is_own:
        return (Recipient(situation.care.child, is_quiet=True),)
    rights = _rights(situation, family, reached)
    for wanted in (service.audience, service.otherwise):
        people = [situation.roles[role] for role in wanted if role in situation.roles]
        told = [person for person in people if person in rights]
        named = [right for right in rights.values() if right.role in ("holder", "guardian")]
        if len(wanted) > 1 or (not told and wanted is service.otherwise):
            told += [right.person for right in named]
        if told and all(rights[one].role == "mother" and not rights[one].is_told for one in told):
            told += [right.person for right in rights.values() if right.is_told]
        if told:
            return tuple(_with_quiet(dict.fromkeys(told), rights))
    return ()


def _rights(situation: Situation, family: Family, reached: Reached) -> dict[PersonId, Right]:
    def is_alive(person: PersonId) -> bool:
        return family.person(person).died_on is None

    if situation.care is not None:
        held = rights_over(situation.care, is_alive=is_alive, reached=reached)
        return {right.person: right for right in held}
    return {
        person: Right(person, "self", is_told=True)
        for person in situation.roles.values()
        if is_alive(person)
    }


def _with_quiet(people: dict[PersonId, None], rights: dict[PersonId, Right]) -> Iterator[Recipient]:
    is_anyone_told = any(rights[person].is_told for person in people)
    for person in people:
        yield Recipient(person, is_quiet=is_anyone_told and not rights[person].is_told)
