"""What is said of a couple: contract, marriage, its end, family book."""

from typing import ClassVar, Literal

from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

BookChange = Literal["child_added", "child_removed", "spouse_added", "spouse_removed", "renewed"]


class ContractSigned(Statement, frozen=True, tag="marriage.contract_signed"):
    """The electronic signature: the contract is sent, the marriage not yet concluded."""

    carried: ClassVar[Carried] = "couple"
    husband: PersonId
    wife: PersonId
    contract_number: str | None = None
    emirate: str | None = None


class MarriageRegistered(Statement, frozen=True, tag="marriage.registered"):
    """`occurred_on` of the fact is the day on which the marriage was concluded."""

    carried: ClassVar[Carried] = "wife"
    husband: PersonId
    wife: PersonId
    contract_number: str | None = None
    emirate: str | None = None


class MarriageAnnulled(Statement, frozen=True, tag="marriage.annulled"):
    """A court ended the marriage on that day. One that never was is entered in error instead."""

    carried: ClassVar[Carried] = "wife"
    husband: PersonId
    wife: PersonId
    contract_number: str | None = None


class DivorceRegistered(Statement, frozen=True, tag="divorce.registered"):
    """`is_revocable`: within the waiting period it may be taken back without a new contract."""

    carried: ClassVar[Carried] = "wife"
    husband: PersonId
    wife: PersonId
    number: str | None = None
    is_revocable: bool | None = None


class DivorceRevoked(Statement, frozen=True, tag="divorce.revoked"):
    """The couple goes on without a new contract: the marriage never stopped."""

    carried: ClassVar[Carried] = "wife"
    husband: PersonId
    wife: PersonId
    number: str | None = None


class FamilyBookIssued(Statement, frozen=True, tag="family_book.issued"):
    carried: ClassVar[Carried] = "couple"
    husband: PersonId
    wife: PersonId
    number: str | None = None


class FamilyBookChanged(Statement, frozen=True, tag="family_book.changed"):
    """`child` is whom a change adds or removes, where it is one."""

    carried: ClassVar[Carried] = "couple"
    husband: PersonId
    wife: PersonId
    change: BookChange
    child: PersonId | None = None
    number: str | None = None
