"""The packages that run are those of this checkout, and every check knows all of them.

`sync`, `push`, `content` are names that another distribution may bring, too: it would win
silently if it came first on the path.
"""

import importlib.util
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in CHECKOUT.glob("*/__init__.py"))
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_imported_from_this_checkout(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin) == CHECKOUT / name / "__init__.py"


def test_every_package_is_built_typed_and_layered() -> None:
    tool = PROJECT["tool"]
    built = set(tool["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert len(PACKAGES) > 1
    # Tests and measurements are checked but not shipped, and stand outside the floors.
    beside = {"tests", "bench"}
    assert built == set(PACKAGES) - beside
    assert set(tool["mypy"]["packages"]) >= set(PACKAGES)
    assert set(tool["importlinter"]["root_packages"]) == built
