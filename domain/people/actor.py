"""Who is asking. An `Actor` reaches every query as its scope; nothing is read without one."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.ids import PersonId
from domain.text.message import Language


class Actor(msgspec.Struct, frozen=True):
    """One signed-in person and the language they read.

    `holder_id` is whose session it is where their number was joined with an older one: then
    `person_id` is whom they are read as. `session_id` and `signed_in_at` are None for whoever acts
    as a demonstration parent.
    """

    person_id: PersonId
    language: Language
    assurance: Literal["demonstration", "SOP1", "SOP2", "SOP3"]
    session_id: UUID | None = None
    signed_in_at: datetime | None = None
    holder_id: PersonId | None = None

    @property
    def holder(self) -> PersonId:
        """Whose session it is."""
        return self.holder_id or self.person_id
