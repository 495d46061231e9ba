"""Texts on the phone: the contract's vectors, and whatever the server says the same way."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text.message import Language, MessageError, ParameterValue, compile_message, join_texts
from phone.message import Unrenderable, join, render

CONTRACT = Path(__file__).parents[2] / "mobile-contract" / "text"
VECTORS = json.loads((CONTRACT / "vectors.json").read_text(encoding="utf-8"))


def values_of(
    said: dict[str, dict[str, Any]],
) -> dict[str, ParameterValue]:  # Any: JSON
    return {
        name: date.fromisoformat(typed["date"]) if "date" in typed else next(iter(typed.values()))
        for name, typed in said.items()
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_phone_and_server_say_what_the_contract_says(vector: dict[str, Any]) -> None:
    values = values_of(vector["parameters"])
    assert render(vector["message"], vector["language"], dict(values)) == vector["said"]
    compiled = compile_message(vector["message"], vector["language"])
    assert compiled.render(values) == vector["said"]


WORDS = st.text(st.sampled_from("ab '{}#\u2068\n"), max_size=8)


def quoted(words: str) -> str:
    return words.replace("'", "''").replace("{", "'{'").replace("}", "'}'").replace("#", "")


PLAIN = st.one_of(WORDS.map(quoted), st.sampled_from(["{n}", "{s}", "{d}", "{d, date, short}"]))


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=3).map("".join),
        inner.map(lambda text: f"{{n, plural, =0{{nil}} one{{{text}}} other{{#{text}}}}}"),
        inner.map(lambda text: f"{{s, select, a{{{text}}} other{{-{text}}}}}"),
    )


@given(st.recursive(PLAIN, nested, max_leaves=6), st.integers(-3, 200), WORDS)
def test_whatever_the_catalogue_may_say_the_phone_says_alike(
    source: str, count: int, word: str
) -> None:
    values: dict[str, ParameterValue] = {"n": count, "s": word, "d": date(2026, 11, 21)}
    try:
        expected = compile_message(source, "en").render(values)
    except MessageError:
        return  # never published
    assert render(source, "en", dict(values)) == expected


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_lists_are_joined_alike(language: Language, count: int) -> None:
    words = tuple("abcd"[:count])
    assert join(words, language) == join_texts(words, language)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("{n", "not closed"),
        ("'{", "not closed"),
        ("{n, number}", "a choice without other"),
        ("{n, spellout, other{x}}", "unknown kind"),
        ("{n, plural, one{x}}", "without other"),
        ("{m}", "no value for m"),
        ("{s, plural, other{x}}", "no number"),
        ("{n, date, long}", "no date"),
        ("{d, date, full}", "no date in the style"),
        ("{n, plural, other{" * 9 + "}}" * 9, "too deep"),
    ],
)
def test_what_the_phone_cannot_say_it_says(source: str, cause: str) -> None:
    with pytest.raises(Unrenderable, match=cause):
        render(source, "en", {"n": 1, "s": "x", "d": date(2026, 11, 21)})
