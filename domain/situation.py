"""One marriage, pregnancy, child, appointment … as the catalogue's rules see it: variables, dates,
roles, words.

`domain/rule/variable.py` declares the variables and what they mean; `domain/start/` fills them
from a family. A variable that nobody reported is left out: the condition then answers *unknown*,
not false.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.card.record import Parameter
from domain.catalogue import Role, Start
from domain.fact import Fact
from domain.family import Child
from domain.history.gestation import Pregnancy
from domain.ids import PersonId
from domain.people.rights import Care

Value = bool | int | str


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a service starts from.

    `known_on` is the day it was first known here: nothing is overdue before. `variable_facts` says
    which fact gave a variable, `anchor_facts` which gave a date that came later: a card cites and
    heeds them only where its service asks. `ends_on` is the first day it no longer concerns the
    audience (a child turned 18), `begins_on` the first on which it does (the same day, in the grown
    child's own circle). `care` says who may see what is about a child. `child` and `pregnancy` are
    for the calculators. `fields` are what an agency may be sent of it, by name, each with the facts
    it came from.
    """

    start: Start
    subject: PersonId
    occurrence: str = ""
    roles: Mapping[Role, PersonId]
    variables: Mapping[str, Value]
    anchors: Mapping[str, date]
    parameters: tuple[Parameter, ...] = ()
    facts: tuple[Fact, ...]
    known_on: date
    variable_facts: Mapping[str, Fact] = {}
    anchor_facts: Mapping[str, Fact] = {}
    begins_on: date | None = None
    ends_on: date | None = None
    child: Child | None = None
    pregnancy: Pregnancy | None = None
    care: Care | None = None
    fields: Mapping[str, "Field"] = {}


class Field(msgspec.Struct, frozen=True):
    """A value that government already holds, and the fact that said it."""

    value: str
    fact: Fact
