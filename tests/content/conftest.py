"""The shipped catalogue, compiled once for all that is asked of it."""

import pytest

from content.pack import SHIPPED_PACK
from content.schedule_entries import read_catalogue
from domain.catalogue import Catalogue
from domain.compile.catalogue import compile_catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return compile_catalogue(read_catalogue(SHIPPED_PACK), version=1)
