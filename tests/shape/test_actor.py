"""Whoever asks is the scope of what is read for them: no resolver reaches a row without the actor,
or makes a scope of an id that came with the request.
"""

import ast

import pytest

from tests.shape.test_one_commit import sources

WITHOUT_FAMILY = frozenset({"read_agency_names"})  # names of agencies concern nobody


def unscoped(tree: ast.AST) -> list[str]:
    """Calls that hand on the ground and not the actor, and scopes that are made of another id."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).split(".")[-1]
        given = [ast.unparse(one) for one in (*node.args, *(k.value for k in node.keywords))]
        if name.endswith("Scope"):
            if not all(_is_actors(one) for one in given) or not given:
                found.append(name)
        elif given and given[0].split(".")[-1].lstrip("_") == "ground" and name.islower():
            handed = any(_is_actors(one) or one == "session" for one in given[1:])
            if not handed and name not in WITHOUT_FAMILY:
                found.append(name)
    return found


def _is_actors(text: str) -> bool:
    return text.split(".", maxsplit=1)[0] == "actor" or ".actor" in text


def test_no_resolver_reads_without_the_actor() -> None:
    seen = 0
    for path, tree in sources():
        if path.startswith("schema/"):
            assert unscoped(tree) == [], path
            seen += 1
    assert seen > 15


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("find_health_file(ground, person_id)", ["find_health_file"]),
        ("find_health_file(info.context.ground, actor, person_id)", []),
        ("list_sessions(ground, actor.holder)", []),
        ("list_sessions(self._ground, UUID(bytes=raw))", ["list_sessions"]),
        ("ground.database.read(PersonScope(person_id))", ["PersonScope"]),
        ("ground.database.read(PersonScope(actor.person_id))", []),
        ("ground.database.read(SweepScope())", ["SweepScope"]),
        ("run_command(context.ground, context.registry, context.actor, command)", []),
        ("read_agency_names(ground)", []),
    ],
)
def test_a_planted_reading_would_be_seen(planted: str, found: list[str]) -> None:
    assert unscoped(ast.parse(planted)) == found
