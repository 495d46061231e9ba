"""Who is asking. An `Actor` reaches every query as its scope; nothing is read without one."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.ids import PersonId
from domain.text import Language


class Actor(msgspec.Struct, frozen=True):
    """One signed-in person and the language they read.

    `session_id` and `signed_in_at` are None for whoever acts as a demonstration parent.
    """

    person_id: PersonId
    language: Language
    assurance: Literal["demonstration", "SOP1", "SOP2", "SOP3"]
    session_id: UUID | None = None
    signed_in_at: datetime | None = None
