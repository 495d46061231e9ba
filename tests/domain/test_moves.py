"""A move as a situation: to another emirate or within one, told once, twice, in any order."""

from datetime import date, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from domain.facts.person import ResidenceChanged
from domain.family import family_of
from domain.ids import CircleId, PersonId
from domain.people.circle import Circle
from domain.start.person import residences_as_situations
from tests.support.builders import fact

WHO = PersonId(UUID(int=1))
OWN = Circle(CircleId(UUID(int=100)), "single", (WHO,))
DAY = date(2026, 11, 1)
AJMAN, DUBAI = "AE-AJ", "AE-DU"


@pytest.mark.parametrize(
    ("homes", "is_elsewhere", "day"),
    [
        ((AJMAN,), False, 0),  # where somebody lived before is not known
        ((AJMAN, DUBAI), True, 1),
        ((AJMAN, DUBAI, DUBAI), True, 1),  # told twice it is one move, on its first day
        ((DUBAI, AJMAN, DUBAI), True, 2),
        ((AJMAN, AJMAN), False, 0),
    ],
)
def test_a_move_told_twice_is_one(homes: tuple[str, ...], is_elsewhere: bool, day: int) -> None:
    moves = [
        fact(ResidenceChanged(WHO, emirate), DAY + timedelta(days=on))
        for on, emirate in enumerate(homes)
    ]
    for told in permutations(moves):
        (situation,) = residences_as_situations(family_of(OWN, told))
        assert situation.variables["moved_emirate"] is is_elsewhere
        assert situation.anchors["moved_on"] == DAY + timedelta(days=day)
