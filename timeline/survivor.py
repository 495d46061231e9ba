"""Who is joined with nobody, as far as their facts said at a version: nearly everybody, always.

Each request asks as whom its person is read. The answer lies in facts, which are only ever added;
so it stands until the version of their own circle rises, and reading that is one row instead of
every fact opened. `timeline/known.py` asks and fills it.
"""

from collections import OrderedDict

from domain.ids import PersonId

PEOPLE_MAX = 65_536  # x some 150 bytes = 10 MB a process


class Alone:
    """People by the version of their own circle's facts at which nobody was joined with them."""

    def __init__(self) -> None:
        self._held: OrderedDict[PersonId, int] = OrderedDict()

    def holds(self, person: PersonId, facts_version: int) -> bool:
        """Whether the person was found alone at this very version."""
        if self._held.get(person) != facts_version:
            return False
        self._held.move_to_end(person)
        return True

    def put(self, person: PersonId, facts_version: int) -> None:
        """Remembers one found alone, letting go of the longest unseen past the bound."""
        self._held[person] = facts_version
        self._held.move_to_end(person)
        while len(self._held) > PEOPLE_MAX:
            self._held.popitem(last=False)
