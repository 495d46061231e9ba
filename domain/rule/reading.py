"""A rule in plain Arabic and English, from the tree that is run.

Authors, lawyers and auditors read it beside the rule (`osrati catalogue read`); it is published
with the catalogue. It says what the rule says, not what the line's own text promises.
"""

from collections.abc import Mapping

from domain.entry import Figure
from domain.ids import EntryId
from domain.rule.condition import Condition
from domain.rule.condition_tree import Constant, Name, Operation, Several, Tree
from domain.rule.variable_name import UNITS, Words, value_name, variable_name
from domain.text.bilingual import Bilingual
from domain.text.message import Language
from domain.text.unit import count_of

_COMPARISONS: Mapping[str, Words] = {
    ">=": Words("لا يقل عن", "is at least"),
    "<=": Words("لا يزيد على", "is at most"),
    ">": Words("يزيد على", "is more than"),
    "<": Words("يقل عن", "is less than"),
}
_NOT = Words("ليس صحيحًا أن ", "it is not so that ")
_AND = Words("، و", ", and ")
_OR = Words("، أو ", ", or ")
_ONE_OF = Words(": أحد ما يلي: ", " is one of ")
_IS = Words(": ", " is ")
_IS_NOT = Words(": غير ", " is not ")
_SIGNS: Mapping[str, str] = {"+": "+", "-": "−", "*": "×", "/": "÷", "%": "mod"}
_LOGICAL = ("&&", "||", "?:")
_COMMA: Mapping[Language, str] = {"ar": "، ", "en": ", "}


def read_condition(
    condition: Condition, language: Language, figures: Mapping[EntryId, Figure]
) -> str:
    """What the condition says, as a sentence without its full stop."""
    return _Reader(language, figures).clause(condition.tree)


class _Reader:
    def __init__(self, language: Language, figures: Mapping[EntryId, Figure]) -> None:
        self._language: Language = language
        self._figures = figures

    def clause(self, tree: Tree) -> str:
        """What is true or false."""
        match tree:
            case Name(name):
                return variable_name(name, self._language)
            case Constant(value):
                always = Words("دائمًا", "always") if value else Words("أبدًا", "never")
                return always.say(self._language)
            case Operation("!", (inner,)):
                return _NOT.say(self._language) + self._inner(inner)
            case Operation("&&" | "||" as operator, operands):
                word = (_AND if operator == "&&" else _OR).say(self._language)
                return word.join(self._parts(operator, operands))
            case Operation("?:", (asked, met, unmet)):
                return self._choice(asked, met, unmet)
            case Operation("in", (one, Several(items))):
                options = _COMMA[self._language].join(self.term(item) for item in items)
                return self.term(one) + _ONE_OF.say(self._language) + options
            case Operation("==" | "!=" as operator, (one, other)):
                return self._equal(operator == "==", one, other)
            case Operation(operator, (one, other)) if operator in _COMPARISONS:
                word = _COMPARISONS[operator].say(self._language)
                return f"{self.term(one)} {word} {self.term(other, unit=self._unit(one))}"
            case _:
                return self.term(tree)

    def term(self, tree: Tree, *, unit: str | None = None) -> str:
        """What has a value."""
        match tree:
            case Name(name):
                figure = self._figures.get(EntryId(name))
                if figure is not None:
                    return self._said(figure.name)
                return variable_name(name, self._language)
            case Constant(value) if isinstance(value, str):
                return value_name(value, self._language)
            case Constant(value):
                return count_of(int(value), unit, self._language)
            case Operation("neg", (inner,)):
                return f"−{self.term(inner)}"
            case Operation(operator, (one, other)) if operator in _SIGNS:
                return f"({self.term(one)} {_SIGNS[operator]} {self.term(other)})"
            case _:
                return f"({self.clause(tree)})"

    def _equal(self, is_wanted: bool, one: Tree, other: Tree) -> str:
        if isinstance(other, Constant) and isinstance(other.value, bool):
            is_wanted = is_wanted == other.value
            return self.clause(one if is_wanted else Operation("!", (one,)))
        word = (_IS if is_wanted else _IS_NOT).say(self._language)
        return self.term(one) + word + self.term(other, unit=self._unit(one))

    def _choice(self, asked: Tree, met: Tree, unmet: Tree) -> str:
        if self._language == "ar":
            return (
                f"إذا صحّ أن {self._inner(asked)} فالشرط: {self._inner(met)}، "
                f"وإلا فالشرط: {self._inner(unmet)}"
            )
        return f"if {self._inner(asked)}, then {self._inner(met)}; otherwise {self._inner(unmet)}"

    def _parts(self, operator: str, operands: tuple[Tree, ...]) -> list[str]:
        """The parts of a row of one operator, without brackets among themselves."""
        parts: list[str] = []
        for operand in operands:
            if isinstance(operand, Operation) and operand.operator == operator:
                parts += self._parts(operator, operand.operands)
            else:
                parts.append(self._inner(operand))
        return parts

    def _inner(self, tree: Tree) -> str:
        said = self.clause(tree)
        is_row = isinstance(tree, Operation) and tree.operator in _LOGICAL
        return f"({said})" if is_row else said

    def _unit(self, tree: Tree) -> str | None:
        if not isinstance(tree, Name):
            return None
        figure = self._figures.get(EntryId(tree.name))
        return figure.unit if figure is not None else UNITS.get(tree.name)

    def _said(self, text: Bilingual) -> str:
        return text.message(self._language).render({})
