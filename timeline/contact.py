"""How a person is reached: the number, the address and the language that were reported last.

Read from the person's own circle, which holds every fact about them; nobody else's is asked.
"""

import msgspec

from domain.facts.person import ContactReported
from domain.ids import PersonId
from domain.standing import standing_facts
from store.scope import CircleScope
from timeline.ground import Ground
from timeline.record import read_facts, single_circle


class Contact(msgspec.Struct, frozen=True):
    """What is known. `mobile` is E.164, `language` ISO 639-1."""

    mobile: str | None = None
    email: str | None = None
    language: str | None = None


async def find_contact(ground: Ground, person_id: PersonId) -> Contact:
    """The person's contact details, each as it was asserted last; nothing where nobody said."""
    circle_id = single_circle(ground.keys, person_id).id
    keys = await ground.keys.circle(circle_id)
    async with ground.database.read(CircleScope(circle_id)) as session:
        facts = standing_facts(await read_facts(session, keys))
    said = sorted(
        (fact.asserted_at, fact.source, fact.source_id, fact.payload)
        for fact in facts
        if isinstance(fact.payload, ContactReported) and fact.payload.person == person_id
    )
    mobile = email = language = None
    for *_, payload in said:
        mobile = payload.mobile or mobile
        email = payload.email or email
        language = payload.language or language
    return Contact(mobile, email, language)
