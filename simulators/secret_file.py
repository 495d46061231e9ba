"""Writing a file of secrets: for its owner alone, and whole as soon as it is there."""

import os
from pathlib import Path


def write_secret(path: Path, body: bytes) -> None:
    """Writes `body` in place of whatever was there."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
    fresh.replace(path)
