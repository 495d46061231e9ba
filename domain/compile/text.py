"""Compiles the texts and conditions of a document within what they may name."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from domain.compile.document import TEXT_CHARACTERS_MAX, Node, nearest
from domain.entry import Figure
from domain.ids import EntryId
from domain.rule.condition import Condition, ConditionError, VariableType, compile_condition
from domain.rule.variable import (
    BESIDE_PARAMETER,
    NAME_PARAMETERS,
    UNNAMED_TERM,
    VACCINES_PARAMETER,
)
from domain.text.bilingual import Bilingual
from domain.text.message import Language, Message, MessageError, ParameterType, Use, compile_message

_WANTED: Mapping[Use, ParameterType] = {"plural": "number", "select": "text", "date": "date"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a text or a condition may name. `rules` are the texts of rows: a `select` needs one."""

    variables: Mapping[str, VariableType] = field(default_factory=dict)
    parameters: Mapping[str, ParameterType] = field(default_factory=dict)
    terms: Collection[str] = ()
    rules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    groups: Collection[str] = ()
    figures: Mapping[EntryId, Figure] = field(default_factory=dict)
    beside: Collection[str] = ()


def compile_bilingual(
    node: Node, scope: Scope, *, characters_max: int = TEXT_CHARACTERS_MAX
) -> Bilingual:
    """The text in both languages, which name the same things."""
    texts = node.fields(required=("ar", "en"))
    arabic = _compile_one(texts["ar"], "ar", scope, characters_max)
    english = _compile_one(texts["en"], "en", scope, characters_max)
    if arabic is None or english is None:
        stand_in = compile_message("?", "en")
        return Bilingual(ar=arabic or stand_in, en=english or stand_in)
    if different := arabic.placeholders ^ english.placeholders:
        node.refuse(f"only one language names {', '.join(sorted(different))}: say the same in both")
    return Bilingual(ar=arabic, en=english)


def compile_when(node: Node, variables: Mapping[str, VariableType]) -> Condition:
    """The condition, or one that always holds in place of one that is refused."""
    try:
        return compile_condition(node.text(), variables)
    except ConditionError as error:
        node.refuse(str(error))
        return compile_condition("true", {})


def read_terms(node: Node | None) -> dict[str, Bilingual]:
    """The service's own words. They name nothing: what they say is put into other texts."""
    terms: dict[str, Bilingual] = {}
    for name, item in (node.named() if node else {}).items():
        terms[name] = compile_bilingual(item, Scope())
    return terms


def _compile_one(
    node: Node, language: Language, scope: Scope, characters_max: int
) -> Message | None:
    if node.missing:
        return None
    try:
        source = node.text(characters_max=characters_max)
        message = compile_message(source, language, characters_max=characters_max)
    except MessageError as error:
        node.refuse(str(error))
        return None
    for name in sorted({name for name, use in message.uses if use == "select"}):
        if (name, "plain") in message.uses:
            node.refuse(f"{name!r} chooses and is printed: use two parameters")
    for name, use in sorted(message.uses):
        _check_use(node, name, use, scope)
    return message


def _check_use(node: Node, name: str, use: Use, scope: Scope) -> None:
    kind = scope.parameters.get(name)
    if kind is None:
        node.refuse(f"{{{name}}} is not known here: {nearest(name, scope.parameters)}")
        return
    wanted = _WANTED.get(use, kind)
    if kind != wanted or (use == "select" and name not in scope.rules):
        node.refuse(f"{{{name}, {use}, …}} needs a {wanted} of the rows; {name!r} is a {kind}")
        return
    if use != "plain" or kind != "text":
        return
    if name in NAME_PARAMETERS:
        needed = frozenset({UNNAMED_TERM})
        reason = "what to say while a name is not known"
    elif name == VACCINES_PARAMETER:
        needed, reason = frozenset(scope.groups), "what parents call the vaccine"
    elif name == BESIDE_PARAMETER:
        needed, reason = frozenset(scope.beside), "what the other visit is for"
    else:
        needed, reason = scope.rules.get(name, frozenset()), f"the words of {name!r}"
    for term in sorted(needed - set(scope.terms)):
        node.refuse(f"{{{name}}} needs the term {term!r}: add it to terms, with {reason}")
