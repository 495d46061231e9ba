"""Opening a house, as both processes do."""

import gc
import sys
from dataclasses import replace
from pathlib import Path

from api.settings import read_settings
from api.wire import THREAD_SWITCH_SECONDS, open_house, settle

PYTHONS_OWN_SECONDS = 0.005


async def test_the_event_loop_is_given_its_turn_beside_an_evaluation(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    """Python's own interval is five milliseconds for each step of the loop (decision 0022); a house
    that was opened in this process before has changed it.
    """
    database_url, keystore_url = databases
    settings = read_settings({}, data_dir=tmp_path)
    settings = replace(settings, database_url=database_url, keystore_url=keystore_url)
    before = sys.getswitchinterval()
    sys.setswitchinterval(PYTHONS_OWN_SECONDS)
    try:
        async with open_house(settings):
            assert sys.getswitchinterval() == THREAD_SWITCH_SECONDS < PYTHONS_OWN_SECONDS
    finally:
        sys.setswitchinterval(before)


async def test_what_lives_as_long_as_the_process_is_in_no_round_of_the_collector(
    databases: tuple[str, str], tmp_path: Path
) -> None:
    """A round over all of it held every answer up for a tenth of a second and more."""
    database_url, keystore_url = databases
    settings = read_settings({}, data_dir=tmp_path)
    settings = replace(settings, database_url=database_url, keystore_url=keystore_url)
    switched = sys.getswitchinterval()
    try:
        async with open_house(settings) as house:
            assert len(gc.get_objects()) > 50_000  # modules, most of them
            await settle(house)
            assert gc.get_freeze_count() > 50_000
            assert len(gc.get_objects()) < 1_000
    finally:
        gc.unfreeze()
        sys.setswitchinterval(switched)
