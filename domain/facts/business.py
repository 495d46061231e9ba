"""What is said of a business: licence issued, renewed, about to expire, a partner added or gone.
A business is known by its licence's number in an emirate (ISO 3166-2), for two emirates may give
one number; an event names one owner."""

from datetime import date
from typing import ClassVar, Literal

from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

RenewedPart = Literal["bundle", "licence", "chamber_membership", "establishment_card"]


class LicenceIssued(Statement, frozen=True, tag="licence.issued"):
    """`expires_on` is its last good day."""

    carried: ClassVar[Carried] = "business"
    owner: PersonId
    number: str
    expires_on: date
    emirate: str | None = None


class LicenceRenewed(Statement, frozen=True, tag="licence.renewed"):
    """`part` is what was renewed: the whole bundle, or one of its three documents."""

    carried: ClassVar[Carried] = "business"
    owner: PersonId
    number: str
    expires_on: date
    part: RenewedPart = "bundle"
    emirate: str | None = None


class LicenceExpiring(Statement, frozen=True, tag="licence.expiring"):
    """A department says so of a licence that was not told of before."""

    carried: ClassVar[Carried] = "business"
    owner: PersonId
    number: str
    expires_on: date
    emirate: str | None = None


class PartnerAdded(Statement, frozen=True, tag="partner.added"):
    """`partner` was added to the business of `owner`, and confirms it."""

    carried: ClassVar[Carried] = "business"
    partner: PersonId
    number: str
    owner: PersonId | None = None
    is_confirmed: bool = False
    emirate: str | None = None


class PartnerRemoved(Statement, frozen=True, tag="partner.removed"):
    """`partner`, or an owner, has left the business."""

    carried: ClassVar[Carried] = "business"
    partner: PersonId
    number: str
    emirate: str | None = None


BusinessFact = LicenceIssued | LicenceRenewed | LicenceExpiring | PartnerAdded | PartnerRemoved
