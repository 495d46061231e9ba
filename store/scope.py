"""Scopes: whose rows a session may touch. Every session has one; every query takes its ids from
it.
"""

from dataclasses import dataclass
from typing import Literal

from domain.ids import CircleId, PersonId

Purpose = Literal[
    "intake", "sweep", "publish", "catalogue", "identify", "health", "audit", "operate"
]


@dataclass(frozen=True, slots=True)
class CircleScope:
    """One circle: its facts, streams, effects, outcomes."""

    circle_id: CircleId


@dataclass(frozen=True, slots=True)
class MemberScope:
    """One member's stream of one circle, and nothing of the other members'."""

    circle_id: CircleId
    person_id: PersonId


@dataclass(frozen=True, slots=True)
class PersonScope:
    """One person: their profile, their circles, the outcomes of their commands."""

    person_id: PersonId


@dataclass(frozen=True, slots=True)
class PeopleScope:
    """The people of one event: the circles their facts go to; never what they are called."""

    person_ids: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class CirclesScope:
    """The circles that one event concerns, read together; each is written in a unit of its own."""

    circle_ids: tuple[CircleId, ...]


@dataclass(frozen=True, slots=True)
class LookupScope:
    """Keyed hashes only: claims and finds a person id by one identifier."""


@dataclass(frozen=True, slots=True)
class ReferenceScope:
    """What belongs to no family: catalogue, agencies, the inbox before it is understood."""

    purpose: Purpose


@dataclass(frozen=True, slots=True)
class SweepScope:
    """Ids and waking days across circles, bounded; never a body."""


@dataclass(frozen=True, slots=True)
class PopulationScope:
    """The audience projection across circles, for a purpose, by a person or a process: counts
    or ids of circles, never a body. Opened by `timeline/population.py`, which records it first.
    """

    purpose: str
    reader: str


Scope = (
    CircleScope
    | MemberScope
    | PersonScope
    | PeopleScope
    | CirclesScope
    | LookupScope
    | ReferenceScope
    | SweepScope
    | PopulationScope
)
