"""A directory for embedded servers that lives as long as a test.

pytest's own `tmp_path` lies under a directory closed to others, and a server that root starts
runs as `nobody`, who could not enter it.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fresh_data_dir() -> Iterator[Path]:
    """An empty directory that every user may enter, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="osrati-test-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path)
