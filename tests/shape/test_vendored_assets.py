"""What we serve of others is what its README says, and no page of ours asks another host."""

import hashlib
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
STATIC = CHECKOUT / "api" / "static"
FOLDERS = ("fonts", "graphiql")
ROW = re.compile(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)

# What we wrote ourselves; all else must have a row with its hash.
OURS = {
    "fonts": {"README.md", "osrati.css"},
    "graphiql": {"README.md", "index.html", "explorer.js", "explorer.css"},
}

# The explorer is the largest thing we serve; a new version should not grow unseen.
STATIC_BYTES_MAX = 1_500_000


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_vendored_file_has_its_hash_in_the_readme(folder: str) -> None:
    listed = dict(ROW.findall((STATIC / folder / "README.md").read_text()))
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / folder).iterdir()
        if path.name not in OURS[folder]
    }
    assert found == listed


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_vendored_folder_carries_its_licences(folder: str) -> None:
    text = (STATIC / folder / "README.md").read_text()
    named = set(re.findall(r"`(LICENSE[^`]*)`", text))
    assert named
    assert all((STATIC / folder / name).stat().st_size > 0 for name in named)


@pytest.mark.parametrize("folder", FOLDERS)
def test_our_own_pages_name_no_other_host(folder: str) -> None:
    for name in OURS[folder] - {"README.md"}:
        text = (STATIC / folder / name).read_text()
        assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text), name


def test_what_we_serve_stays_small() -> None:
    files = [path for folder in FOLDERS for path in (STATIC / folder).iterdir()]
    assert sum(path.stat().st_size for path in files) < STATIC_BYTES_MAX
