"""What would change a line that is not met: which comparison fails, and by how much.

Pure. `domain/card/plan.py` asks it for every line that is not met, so that a card's why can say
"3,000 dirhams above the limit", and for a change of law, from which day on the line would be met.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from domain.card.record import Gap
from domain.entry import Figure
from domain.ids import EntryId
from domain.rule.condition import Condition
from domain.rule.condition_tree import Constant, Name, Operation, Tree
from domain.rule.variable_name import UNITS, Words, variable_name
from domain.text.message import Language
from domain.text.unit import count_of

Value = bool | int | str

GAPS_MAX = 5  # of one line; a line with more asks too much at once to say by how much

_ABOVE = Words("أعلى من المطلوب بمقدار", "above what is asked")
_BELOW = Words("أقل من المطلوب بمقدار", "below what is asked")


def gaps_of(
    condition: Condition, values: Mapping[str, Value], figures: Mapping[EntryId, Figure]
) -> tuple[Gap, ...]:
    """The comparisons of numbers that keep a condition from being met, each with its distance.

    Nothing for a condition that is met or unknown, and for what is no comparison of numbers.
    """
    if condition.evaluate(values) != "not_met":
        return ()
    found = dict.fromkeys(_failing(condition.tree, values, figures, is_wanted=True))
    return tuple(found)[:GAPS_MAX]


def met_from(
    condition: Condition,
    values: Mapping[str, Value],
    figures: Mapping[EntryId, Figure],
    today: date,
) -> date | None:
    """The first day on which a change of law that is decided already makes the condition met."""
    named = [figures[EntryId(name)] for name in condition.variables if EntryId(name) in figures]
    begins = {value.valid_from for figure in named for value in figure.values if value.valid_from}
    for day in sorted(day for day in begins if day > today):
        then = dict(values)
        for figure in named:
            value = figure.on(day)
            then.pop(figure.id, None)
            if value is not None:
                then[figure.id] = value.value
        if condition.evaluate(then) == "met":
            return day
    return None


def say_gap(gap: Gap, language: Language) -> str:
    """ "The husband's age at the contract: 2 years below what is asked"."""
    name = variable_name(gap.name, language)
    name = name[:1].upper() + name[1:]
    amount = count_of(gap.amount, gap.unit or None, language)
    word = (_ABOVE if gap.is_above else _BELOW).say(language)
    return f"{name}: {word} {amount}" if language == "ar" else f"{name}: {amount} {word}"


def _failing(
    tree: Tree, values: Mapping[str, Value], figures: Mapping[EntryId, Figure], *, is_wanted: bool
) -> Iterator[Gap]:
    match tree:
        case Operation("!", (inner,)):
            yield from _failing(inner, values, figures, is_wanted=not is_wanted)
        case Operation("&&" | "||", operands):
            for operand in operands:
                if _holds(operand, values) is not is_wanted:
                    yield from _failing(operand, values, figures, is_wanted=is_wanted)
        case Operation("?:", (asked, met, unmet)):
            chosen = met if _holds(asked, values) else unmet
            yield from _failing(chosen, values, figures, is_wanted=is_wanted)
        case Operation(operator, (one, other)) if operator in _WANTED:
            left, right = _number(one, values), _number(other, values)
            if left is not None and right is not None:
                yield from _gap(
                    _WANTED[operator][not is_wanted], one, other, (left, right), figures
                )
        case _:
            pass


# Each comparison, and what it is when it is wanted not to hold.
_WANTED: Mapping[str, tuple[str, str]] = {
    "<=": ("<=", ">"),
    "<": ("<", ">="),
    ">=": (">=", "<"),
    ">": (">", "<="),
    "==": ("==", "!="),
}
_FLIPPED: Mapping[str, str] = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "=="}


def _gap(
    operator: str,
    one: Tree,
    other: Tree,
    numbers: tuple[int, int],
    figures: Mapping[EntryId, Figure],
) -> Iterator[Gap]:
    """How far the family's number is from what is asked of it. A figure of law is not theirs."""
    left, right = numbers
    if not _is_theirs(one, figures):
        if not _is_theirs(other, figures) or operator not in _FLIPPED:
            return
        one, other, left, right, operator = other, one, right, left, _FLIPPED[operator]
    difference = left - right
    amount = {
        "<=": difference,
        "<": difference + 1,
        ">=": -difference,
        ">": 1 - difference,
        "==": abs(difference),
    }.get(operator, 0)
    if amount > 0 and isinstance(one, Name):
        yield Gap(
            one.name, operator[0] == "<" or difference > 0, amount, _unit(one, other, figures)
        )


def _is_theirs(tree: Tree, figures: Mapping[EntryId, Figure]) -> bool:
    return isinstance(tree, Name) and EntryId(tree.name) not in figures


def _unit(one: Name, other: Tree, figures: Mapping[EntryId, Figure]) -> str:
    figure = figures.get(EntryId(other.name)) if isinstance(other, Name) else None
    return UNITS.get(one.name) or (figure.unit if figure is not None else "")


def _number(tree: Tree, values: Mapping[str, Value]) -> int | None:
    match tree:
        case Constant(value) if isinstance(value, int) and not isinstance(value, bool):
            return value
        case Name(name):
            held = values.get(name)
            return held if isinstance(held, int) and not isinstance(held, bool) else None
        case Operation("neg", (inner,)):
            number = _number(inner, values)
            return None if number is None else -number
        case Operation("+" | "-" | "*" as operator, (one, other)):
            left, right = _number(one, values), _number(other, values)
            if left is None or right is None:
                return None
            return {"+": left + right, "-": left - right, "*": left * right}[operator]
        case _:
            return None


def _holds(tree: Tree, values: Mapping[str, Value]) -> bool | None:
    """Whether a part holds, as CEL would say; None where that is unknown."""
    match tree:
        case Constant(value):
            return value if isinstance(value, bool) else None
        case Name(name):
            found = values.get(name)
            return found if isinstance(found, bool) else None
        case Operation("!", (inner,)):
            held = _holds(inner, values)
            return None if held is None else not held
        case Operation("&&" | "||" as operator, operands):
            decides = operator == "||"
            all_held = [_holds(operand, values) for operand in operands]
            if decides in all_held:
                return decides
            return None if None in all_held else not decides
        case Operation("?:", (asked, met, unmet)):
            held = _holds(asked, values)
            return None if held is None else _holds(met if held else unmet, values)
        case Operation("in", (one, several)):
            sought = _value(one, values)
            items = [_value(item, values) for item in getattr(several, "items", ())]
            return None if sought is None else sought in items
        case Operation(operator, (one, other)) if operator in (*_WANTED, "!="):
            return _compared(operator, _value(one, values), _value(other, values))
        case _:
            return None


def _value(tree: Tree, values: Mapping[str, Value]) -> Value | None:
    match tree:
        case Constant(value):
            return value
        case Name(name):
            return values.get(name)
        case _:
            number = _number(tree, values)
            return _holds(tree, values) if number is None else number


def _compared(operator: str, one: Value | None, other: Value | None) -> bool | None:
    if one is None or other is None:
        return None
    if operator in ("==", "!="):
        return (one == other) == (operator == "==")
    if isinstance(one, str) or isinstance(other, str):
        return None
    return {"<=": one <= other, "<": one < other, ">=": one >= other, ">": one > other}[operator]
