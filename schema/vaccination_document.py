"""The vaccination record as a document: signed SMART Health Cards, each with its QR code.

Anybody can check it offline with our published keys; nobody has to ask us. Drawing a code takes
tens of milliseconds, so it is done in a thread, and only where it is asked for.
"""

import asyncio
from uuid import UUID

import msgspec
import strawberry

from domain.error import Refusal
from domain.fact import MEMBER_SOURCE
from domain.health_file import HealthFile, vaccines_given
from domain.ids import PersonId
from domain.text.message import Language
from gov.health_card import CardDose, CardPatient, HealthCard, issue_cards
from gov.health_card_qr import draw_qr, numeric_text
from gov.issuer import get_issuer_key
from schema.context import Asked
from schema.field import described
from schema.language import InLanguage, chosen
from schema.node import decode_id
from timeline.health_file import find_health_file

DOSES_MAX = 200  # of one document: some ten codes; a long life has sixty


class TooManyDoses(Refusal):
    code = "vaccination_document.too_many_doses"
    status = 422
    ar = "الجرعات المسجّلة أكثر مما تتسع له وثيقة واحدة. راجع المركز الصحي لتصحيح المكرّر منها."
    en = (
        "More doses are recorded than one document holds. "
        "Ask the health centre to correct those that are repeated."
    )


@strawberry.type(description="One signed card: a SMART Health Card that a verifier's app reads.")
class VaccinationCard:
    jws: str = strawberry.field(description="The card itself, as a compact JWS (ES256, DEFLATE).")
    number: int = strawberry.field(description="Its place among the document's cards, from 1.")
    dose_count: int
    card: strawberry.Private[HealthCard]
    title: strawberry.Private[str]

    @described("What its QR code says: `shc:/` and digits; hand it to another app on the phone.")
    def code(self) -> str:
        return numeric_text(self.jws)

    @described("The QR code as SVG, black on white. Null for a card too long for a code.")
    async def qr(self) -> str | None:
        return await asyncio.to_thread(draw_qr, self.card, title=self.title)


@strawberry.type(
    description="All doses that agencies reported, in one card or more, the earliest first."
)
class VaccinationDocument:
    issuer: str = strawberry.field(
        description="Its keys lie at this address + `/.well-known/jwks.json`."
    )
    cards: list[VaccinationCard]
    file: str = strawberry.field(
        description="What to save as a file named `*.smart-health-card`: every card."
    )


@strawberry.type
class VaccinationDocumentQuery:
    @described(
        "The vaccination document of a child of yours (`subject` of a card), or your own. Null for"
        " anybody else, and where no day of birth is known."
    )
    async def vaccination_document(
        self, info: Asked, person: strawberry.ID, language: InLanguage = None
    ) -> VaccinationDocument | None:
        actor, ground = info.context.signed_in(), info.context.ground
        raw = decode_id("Person", person)
        subject = None if raw is None else PersonId(UUID(bytes=raw))
        file = None if subject is None else await find_health_file(ground, actor, subject)
        if file is None:
            return None
        doses = _doses(file)
        issuer, key = info.context.issuer, await get_issuer_key(ground.keys)
        cards = await asyncio.to_thread(
            lambda: tuple(
                issue_cards(
                    CardPatient(file.person.name_en or file.person.name_ar, file.born_on),
                    doses,
                    issuer=issuer,
                    issued_at=ground.clock.now_utc(),
                    key=key,
                )
            )
        )
        return _document(cards, issuer, chosen(language, info.context.language))


def _doses(file: HealthFile) -> tuple[CardDose, ...]:
    """What agencies reported as given whole: nobody's own word is signed.

    Raises: TooManyDoses.
    """
    given = [
        CardDose(
            cvx=dose.vaccine_code,
            given_on=dose.given_on,
            lot_number=dose.said.lot_number,
            performer=None if dose.said.place is None else dose.said.place.facility,
        )
        for dose in vaccines_given(file)
        if dose.fact.source != MEMBER_SOURCE
    ]
    if len(given) > DOSES_MAX:
        raise TooManyDoses
    return tuple(given)


def _document(
    cards: tuple[HealthCard, ...], issuer: str, language: Language
) -> VaccinationDocument:
    words = (
        "سجل التطعيم، {n} من {count}" if language == "ar" else "Vaccination record, {n} of {count}"
    )
    return VaccinationDocument(
        issuer=issuer,
        cards=[
            VaccinationCard(
                jws=card.jws,
                number=number,
                dose_count=card.dose_count,
                card=card,
                title=words.format(n=number, count=len(cards)),
            )
            for number, card in enumerate(cards, 1)
        ],
        file=msgspec.json.encode({"verifiableCredential": [card.jws for card in cards]}).decode(),
    )
