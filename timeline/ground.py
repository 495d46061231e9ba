"""What every function of this floor stands on: the database, the keys, the clock, the catalogue.

Made once a process by `api/wire.py` (and by tests), and handed down as an argument.
"""

from dataclasses import dataclass, field

from store.clock import Clock
from store.keys import KeyRing
from store.session import Database
from timeline.catalogue import Catalogues
from timeline.opened import OpenedStreams
from timeline.survivor import Alone


@dataclass(frozen=True, slots=True)
class Ground:
    database: Database
    keys: KeyRing
    clock: Clock
    catalogues: Catalogues
    opened: OpenedStreams = field(default_factory=OpenedStreams)
    alone: Alone = field(default_factory=Alone)
