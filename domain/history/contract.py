"""Contracts of marriage: signed electronically, then concluded: two events of one thing."""

from collections.abc import Iterable, Sequence

import msgspec

from domain.fact import Fact
from domain.facts.marriage import ContractSigned
from domain.ids import PersonId
from domain.people.marriage import Marriage


class Contract(msgspec.Struct, frozen=True):
    """`number_of_couple` counts the contracts of this couple from 1, as their marriages."""

    husband: PersonId
    wife: PersonId
    signed: Fact | None
    concluded: Fact | None
    number_of_couple: int
    is_over: bool = False

    @property
    def number(self) -> str | None:
        """The contract's own number, as the conclusion has it, else the signature."""
        for fact in (self.concluded, self.signed):
            found = getattr(fact.payload, "contract_number", None) if fact is not None else None
            if found:
                return str(found)
        return None


def contracts_of(facts: Iterable[Fact], marriages: Iterable[Marriage]) -> tuple[Contract, ...]:
    """The latest contract of each couple, by the facts in order of precedence and the marriages in
    theirs.

    A signature belongs to the first marriage concluded on its day or later; after the last of them
    it is the next contract's.
    """
    signed: dict[tuple[PersonId, PersonId], list[Fact]] = {}
    for fact in facts:
        if isinstance(fact.payload, ContractSigned):
            signed.setdefault((fact.payload.husband, fact.payload.wife), []).append(fact)
    concluded: dict[tuple[PersonId, PersonId], list[Marriage]] = {}
    for marriage in marriages:
        concluded.setdefault((marriage.husband, marriage.wife), []).append(marriage)
    found: list[Contract] = []
    for couple in sorted(
        signed.keys() | concluded.keys(), key=lambda two: (two[0].bytes, two[1].bytes)
    ):
        known = sorted(concluded.get(couple, ()), key=lambda one: one.number)
        last = known[-1] if known else None
        since = known[-2].start.occurred_on if len(known) > 1 else None
        of_last: list[Fact] = []
        next_one: list[Fact] = []
        for fact in signed.get(couple, ()):
            if last is not None and fact.occurred_on <= last.start.occurred_on:
                if since is None or fact.occurred_on > since:
                    of_last.append(fact)
            else:
                next_one.append(fact)
        # Signed anew while married is a copy of the same contract; after its end it is the next.
        if last is not None and (not next_one or last.end is None):
            found.append(
                Contract(
                    *couple,
                    _last(of_last or next_one),
                    last.start,
                    last.number,
                    last.end is not None,
                )
            )
        elif next_one:
            number = last.number + 1 if last is not None else 1
            found.append(Contract(*couple, next_one[-1], None, number))
    return tuple(found)


def _last(facts: Sequence[Fact]) -> Fact | None:
    return facts[-1] if facts else None
