"""What is said of documents: issued, replaced, revoked. A document is a number of one kind."""

from datetime import date
from typing import ClassVar, Literal

from domain.facts.statement import Carried, Statement
from domain.ids import PersonId

DocumentKind = Literal[
    "birth_certificate",
    "death_certificate",
    "disability_card",
    "divorce_certificate",
    "emirates_id",
    "family_book",
    "health_card",
    "marriage_contract",
    "passport",
    "residence_permit",
]
RevocationReason = Literal["cancelled", "lost", "stolen", "damaged", "holder_died"]


class DocumentIssued(Statement, frozen=True, tag="document.issued"):
    """`spouse` is the second holder of a document of two. `expires_on` is its last good day."""

    carried: ClassVar[Carried] = "document"
    person: PersonId
    document: DocumentKind
    number: str
    spouse: PersonId | None = None
    issuer: str | None = None
    expires_on: date | None = None


class DocumentReplaced(Statement, frozen=True, tag="document.replaced"):
    """`number` holds from that day on in place of `replaced_number`."""

    carried: ClassVar[Carried] = "document"
    person: PersonId
    document: DocumentKind
    number: str
    replaced_number: str
    spouse: PersonId | None = None
    issuer: str | None = None
    expires_on: date | None = None


class DocumentRevoked(Statement, frozen=True, tag="document.revoked"):
    carried: ClassVar[Carried] = "document"
    person: PersonId
    document: DocumentKind
    number: str
    spouse: PersonId | None = None
    reason: RevocationReason | None = None
