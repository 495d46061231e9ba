"""Who is asking. An `Actor` reaches every query as its scope; nothing is read without one."""

from typing import Literal

import msgspec

from domain.ids import PersonId
from domain.text import Language


class Actor(msgspec.Struct, frozen=True):
    """One signed-in person and the language they read."""

    person_id: PersonId
    language: Language
    assurance: Literal["demonstration", "SOP2", "SOP3"]
