"""`docs/alerts.yaml` watches what there is: every metric it names is shown, every code is one."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any  # YAML

import pytest
import yaml

from api.metrics import render_metrics
from domain.error import OsratiError
from push.queue import Queues
from schema.error import BUG_CODE

CHECKOUT = Path(__file__).parents[2]
PACKAGES = ("api", "schema", "sync", "push", "content", "gov", "identity", "timeline", "domain")
_CODE = re.compile(r'code=(~?)"([^"]+)"')


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load((CHECKOUT / "docs" / "alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def codes() -> set[str]:
    """Every code that a refusal can have."""
    for package in PACKAGES:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    return {BUG_CODE, *(kind.code for kind in _kinds(OsratiError) if hasattr(kind, "code"))}


def _kinds(kind: type[OsratiError]) -> Iterator[type[OsratiError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def wrong_in(rule: dict[str, Any], metrics: set[str], known: set[str]) -> list[str]:
    """What a rule names that is not there."""
    named = set(re.findall(r"osrati_\w+", rule["expr"])) - metrics
    asked = [one for is_pattern, said in _CODE.findall(rule["expr"]) for one in said.split("|")]
    return sorted(named) + [one for one in asked if not any(re.fullmatch(one, c) for c in known)]


def test_each_rule_watches_what_there_is() -> None:
    shown = render_metrics(Queues((), 0, 0.0, {}), {"not_found": 1}).decode()
    metrics = set(re.findall(r"^(osrati_\w+)", shown, re.MULTILINE))
    known = codes()
    assert len(known) > 60
    every = rules()
    assert len({rule["alert"] for rule in every}) == len(every) >= 10
    assert [wrong for rule in every if (wrong := wrong_in(rule, metrics, known))] == []


@pytest.mark.parametrize(
    ("expr", "wrong"),
    [
        ('osrati_refusals_total{code=~"not_found|no.such"} > 1', ["no.such"]),
        ("osrati_refused > 1", ["osrati_refused"]),
    ],
)
def test_a_planted_name_would_be_seen(expr: str, wrong: list[str]) -> None:
    assert wrong_in({"expr": expr}, {"osrati_refusals_total"}, {"not_found"}) == wrong
