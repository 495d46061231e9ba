"""Which form of development an evaluation answers, and what the evaluations of one form say.

An agency names the form, or only the service or its questionnaire: then the day tells.
Evaluations come late, doubled and in any order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from domain.fact import Fact
from domain.facts.health import QuestionnaireEvaluated, QuestionnaireResult
from domain.growth.development import DevelopmentTable, FormOnDay

_CARE: Mapping[QuestionnaireResult, int] = {"on_track": 0, "monitor": 1, "refer": 2}


class Answer(msgspec.Struct, frozen=True):
    """One evaluation; `form` is None where it lies at no form's age."""

    form: str | None
    on: date
    result: QuestionnaireResult
    fact: Fact


def match_answers(
    evaluations: Iterable[Fact],
    forms: Sequence[FormOnDay],
    table: DevelopmentTable,
    *,
    unnamed: Collection[str],
) -> tuple[Answer, ...]:
    """The evaluations of this table's forms, in order; those of another questionnaire are none.

    `evaluations` are in the order in which they happened. One by an id of `unnamed`, which names
    no form, is of the form that is asked on its day; shortly after that form began
    (`answers_within_days`), of the one before, where nobody answered that yet. Another source's
    word within those days is the same evaluation told again.
    """
    ids = {name_of_form(form.form): form.form for form in forms}
    told: list[Answer] = []
    for fact in evaluations:
        said = fact.payload
        if isinstance(said, QuestionnaireEvaluated) and said.questionnaire in ids:
            form = ids[said.questionnaire]
            told.append(Answer(form, fact.occurred_on, said.result, fact))
    for fact in evaluations:
        said = fact.payload
        if isinstance(said, QuestionnaireEvaluated) and said.questionnaire in unnamed:
            again = _told_before(fact, told, table.answers_within_days)
            form_id = again.form if again is not None else _form_on(fact, forms, table, told)
            told.append(Answer(form_id, fact.occurred_on, said.result, fact))
    return tuple(sorted(told, key=lambda answer: (answer.on, answer.fact.precedence)))


def name_of_form(form: str) -> str:
    """A form as cards and agencies call it."""
    return form.replace("-", "_")


def result_of(answers: Iterable[Answer]) -> QuestionnaireResult | None:
    """What counts: the latest day's word; of several on one day the most careful."""
    latest = max(answers, key=lambda answer: (answer.on, _CARE[answer.result]), default=None)
    return latest.result if latest is not None else None


def _told_before(fact: Fact, told: Iterable[Answer], within_days: int) -> Answer | None:
    """The nearest evaluation of which this one is another report: of one day, or by another."""
    again = [
        answer
        for answer in told
        if fact.occurred_on == answer.on
        or (answer.fact.source != fact.source and _days_between(fact, answer) <= within_days)
    ]
    return min(again, key=lambda answer: _days_between(fact, answer), default=None)


def _days_between(fact: Fact, answer: Answer) -> int:
    return abs((fact.occurred_on - answer.on).days)


def _form_on(
    fact: Fact, forms: Sequence[FormOnDay], table: DevelopmentTable, told: Iterable[Answer]
) -> str | None:
    on = fact.occurred_on
    place = next(
        (at for at, form in enumerate(forms) if form.due_on <= on < form.expires_on),
        None,
    )
    if place is None:
        return None
    form = forms[place]
    answered = {answer.form for answer in told}
    if place and on < form.due_on + timedelta(days=table.answers_within_days):
        before = forms[place - 1]
        if before.form not in answered:
            return before.form
    return form.form
