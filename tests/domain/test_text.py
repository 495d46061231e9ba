"""Texts: ICU messages in Arabic and English, and what a card says."""

from datetime import date
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar_date import Offset
from domain.card.record import Line, Parameter, Record, Truth, Why
from domain.card.text import RenderedLine, render_lines, render_record
from domain.catalogue import CardRule, EligibilityLine, Service, WindowRule
from domain.ids import EntryId, PersonId, RecordKey
from domain.rule.condition import compile_condition
from domain.text.bilingual import Bilingual
from domain.text.message import (
    MESSAGE_CHARACTERS_MAX,
    Language,
    Message,
    MessageError,
    ParameterValue,
    compile_message,
    join_texts,
)
from domain.text.message_syntax import NESTING_MAX

FSI, PDI = "\u2068", "\u2069"
ARABIC_PLURAL = (
    "{n, plural, zero{لا أيام} one{يوم واحد} two{يومان} few{# أيام} many{# يوماً} other{# يوم}}"
)


def say(source: str, language: Language = "en", **parameters: ParameterValue) -> str:
    return compile_message(source, language).render(parameters)


def refusal(source: str, language: Language = "en") -> str:
    with pytest.raises(MessageError) as caught:
        compile_message(source, language)
    return str(caught.value)


# CLDR, Arabic: zero 0; one 1; two 2; few n mod 100 in 3..10; many in 11..99; other the rest.
@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "لا أيام"),  # zero
        (1, "يوم واحد"),  # one
        (2, "يومان"),  # two
        (3, "3 أيام"),  # few: 3
        (10, "10 أيام"),  # few: 10
        (11, "11 يوماً"),  # many: 11
        (99, "99 يوماً"),  # many: 99
        (100, "100 يوم"),  # other: 100 mod 100 = 0
        (101, "101 يوم"),  # other: 1
        (102, "102 يوم"),  # other: 2
        (103, "103 أيام"),  # few: 3
        (111, "111 يوماً"),  # many: 11
        (200, "200 يوم"),  # other: 0
    ],
)
def test_arabic_counts_in_six_forms(count: int, expected: str) -> None:
    assert say(ARABIC_PLURAL, "ar", n=count) == expected


@pytest.mark.parametrize(("count", "expected"), [(0, "0 days"), (1, "a day"), (2, "2 days")])
def test_english_counts_in_two_forms(count: int, expected: str) -> None:
    assert say("{n, plural, one{a day} other{# days}}", n=count) == expected


def test_an_exact_number_comes_before_its_form() -> None:
    source = "{n, plural, =0{none} =1{only one} one{one} other{#}}"
    assert [say(source, n=count) for count in (0, 1, 2)] == ["none", "only one", "2"]


@pytest.mark.parametrize("form", ["zero", "one", "two", "few", "many"])
def test_an_arabic_plural_that_lacks_a_form_is_refused(form: str) -> None:
    forms = [f"{name}{{#}}" for name in ("zero", "one", "two", "few", "many") if name != form]
    message = refusal(f"{{n, plural, {' '.join(forms)} other{{#}}}}", "ar")
    assert f"the plural of 'n' lacks {form}" in message


def test_an_english_plural_without_one_is_refused() -> None:
    assert "lacks one" in refusal("{n, plural, other{#}}")


def test_a_plural_within_an_option_is_checked_too() -> None:
    assert "lacks one" in refusal("{s, select, a{{n, plural, other{#}}} other{}}")


def test_a_form_that_the_language_never_uses_is_refused() -> None:
    assert "has few, which 'en' never uses" in refusal("{n, plural, one{a} few{b} other{c}}")


def test_a_choice_without_other_is_refused() -> None:
    assert "no other" in refusal("{n, plural, one{a}}")
    assert "no other" in refusal("{s, select, male{a}}")


def test_select_takes_the_option_or_other() -> None:
    source = "{sex, select, male{his} female{her} other{their}}"
    assert [say(source, sex=sex) for sex in ("male", "female", "unknown")] == [
        "his",
        "her",
        "their",
    ]


def test_dates_are_written_day_first_in_both_languages() -> None:
    day = date(2026, 1, 5)
    assert say("{d, date, long}", d=day) == "5 January 2026"
    assert say("{d, date, long}", "ar", d=day) == "5 يناير 2026"
    assert say("{d, date, short}", d=day) == "05/01/2026"
    assert say("{d, date, short}", "ar", d=day).replace("\u200f", "") == "5/1/2026"
    assert say("{d}", d=day) == "5 January 2026"


def test_numbers_are_latin_digits_with_the_language_s_grouping() -> None:
    assert say("{n}", "ar", n=12345) == "12,345"
    assert say("{n}", n=12345) == "12,345"


def test_an_inserted_name_is_isolated() -> None:
    assert say("تطعيم {name}", "ar", name="Omar") == f"تطعيم {FSI}Omar{PDI}"


@given(st.text())
def test_a_name_cannot_leave_its_isolate(name: str) -> None:
    said = say("a {name} b", name=name)
    assert said.startswith(f"a {FSI}")
    assert said.endswith(f"{PDI} b")
    inside = said[len(f"a {FSI}") : -len(f"{PDI} b")]
    assert not set(inside) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\n\r")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("it's {n}", "it's 3"),  # an apostrophe before anything else is itself
        ("it''s", "it's"),  # two are always one
        ("'{n}'", "{n}"),  # before a brace it quotes
        ("'{it''s}'", "{it's}"),
        ("a '}' b", "a } b"),
        ("{n, plural, one{'#'} other{'#' is #}}", "# is 3"),  # before # within a plural
        ("'#'", "'#'"),  # nothing to quote outside one
        ("# stands", "# stands"),
        ("ends with '", "ends with '"),
    ],
)
def test_apostrophes_quote_as_in_icu(source: str, expected: str) -> None:
    assert say(source, n=3) == expected


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("", "empty"),
        ("a } b", "closes nothing"),
        ("a {", "placeholder's name"),
        ("{Name}", "placeholder's name"),
        ("{name", "either '}' or ','"),
        ("{n, number}", "unknown kind 'number'"),
        ("{n, plural}", "',' after 'plural'"),
        ("{d, date, medium}", "unknown date style 'medium'"),
        ("{d, date, long", "after the date's style"),
        ("{n, plural, offset:1 one{a} other{b}}", "offset is not supported"),
        ("{n, plural, one{a other{b}}", "an option such as other"),
        ("{n, plural, one{a} one{b} other{c}}", "stands twice"),
        ("{s, select, =1{a} other{b}}", "belongs to a plural"),
        ("{n, plural, one{a} other{{s, select, other{#}}}}", "ambiguous"),
        ("'{ open", "not closed"),
    ],
)
def test_what_is_not_a_message_is_refused_with_its_cause(source: str, cause: str) -> None:
    assert cause in refusal(source)


def test_an_error_names_the_character() -> None:
    assert "(at character 4)" in refusal("abc}")


def test_the_length_is_bounded() -> None:
    assert say("x" * MESSAGE_CHARACTERS_MAX) == "x" * MESSAGE_CHARACTERS_MAX
    assert f"has {MESSAGE_CHARACTERS_MAX + 1}" in refusal("x" * (MESSAGE_CHARACTERS_MAX + 1))


def test_the_depth_is_bounded() -> None:
    def nested(depth: int) -> str:
        return "{s, select, other{" * (depth - 1) + "{s}" + "}}" * (depth - 1)

    assert say(nested(NESTING_MAX), s="a") == f"{FSI}a{PDI}"
    assert "deep" in refusal(nested(NESTING_MAX + 1))


def test_a_message_knows_its_placeholders_and_their_use() -> None:
    message = compile_message("{a} {s, select, x{{b}} other{{d, date, long}}}", "en")
    assert message.placeholders == {"a", "s", "b", "d"}
    assert message.selects("s")
    assert not message.selects("a")


def test_messages_are_equal_by_language_and_source_and_fit_a_frozen_struct() -> None:
    class Holder(msgspec.Struct, frozen=True):
        text: Message

    assert Holder(compile_message("a", "en")) == Holder(compile_message("a", "en"))
    assert Holder(compile_message("a", "en")) != Holder(compile_message("a", "ar"))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{n, plural, one{a} other{b}}", "three"),
        ("{n, select, other{b}}", 3),
        ("{n, date, long}", "2026-01-01"),
    ],
)
def test_a_value_that_its_placeholder_cannot_use_is_refused(
    source: str, value: ParameterValue
) -> None:
    with pytest.raises(MessageError, match="'n'"):
        say(source, n=value)


def test_a_missing_parameter_is_refused() -> None:
    with pytest.raises(MessageError, match="needs the parameter 'name'"):
        say("{name}")


@given(st.text(alphabet="ab{}'#, =1plursectoh", max_size=60))
def test_whatever_is_written_is_compiled_or_refused(source: str) -> None:
    try:
        compile_message(source, "en")
    except MessageError:
        return


def test_texts_are_joined_as_the_language_does() -> None:
    assert join_texts(("a", "b", "c"), "en") == "a, b and c"
    assert join_texts(("أ", "ب", "ج"), "ar") == "أ وب وج"


# Cards


def both(ar: str, en: str) -> Bilingual:
    return Bilingual(compile_message(ar, "ar"), compile_message(en, "en"))


SERVICE = Service(
    id=EntryId("vaccination"),
    version=1,
    revision=1,
    draft=True,
    nature="reminder",
    criterion="time",
    agency="mohap",
    name=both("التطعيمات", "Vaccinations"),
    starts_with="birth",
    audience=("mother",),
    otherwise=(),
    eligibility=(
        EligibilityLine(
            "alive",
            compile_condition("child_alive", {"child_alive": "bool"}),
            "explain",
            both("سجل الطفل قائم.", "The child's record is active."),
        ),
        EligibilityLine(
            "known",
            compile_condition("father_known", {"father_known": "bool"}),
            "explain",
            both("أب {child_name} مسجل.", "The father of {child_name} is registered."),
        ),
    ),
    cards=(
        CardRule(
            id="visit",
            rank=1,
            window=WindowRule("born_on", Offset(), Offset(), Offset(), Offset(), False),
            rows=(),
            resolved_when=None,
            title=both("تطعيم {child_name}", "Vaccination of {child_name}"),
            body=both(
                "{vaccines} {born_on} {visit, select, last{آخر} other{تال}}",
                "{vaccines} {born_on} {visit, select, last{last} other{next}}",
            ),
            notices=(),
        ),
    ),
    terms={
        "bcg": both("لقاح السل", "BCG"),
        "hepb": both("لقاح الكبد", "hepatitis B"),
        "unnamed": both("طفلكم", "your child"),
    },
)


def record(
    *parameters: Parameter, waiting: bool = False, truths: tuple[Truth, Truth] = ("met", "met")
) -> Record:
    return Record(
        key=RecordKey(b"k" * 16),
        recipient=PersonId(UUID(int=1)),
        entry=SERVICE.id,
        version=1,
        card="visit",
        occurrence="visit/birth",
        subject=PersonId(UUID(int=2)),
        rank=1,
        waiting=waiting,
        window=None,
        resolved_on=None,
        parameters=parameters,
        why=Why((Line("alive", truths[0]), Line("known", truths[1])), ()),
    )


NAMED = (Parameter("child_name_ar", "سالم"), Parameter("child_name_en", "Salem"))
OF_VISIT = (
    Parameter("vaccines", ("bcg", "hepb")),
    Parameter("born_on", "2026-01-05"),
    Parameter("visit", ("last",)),
)


def test_a_card_says_the_name_of_its_language_and_its_terms_as_a_list() -> None:
    arabic = render_record(SERVICE, record(*NAMED, *OF_VISIT), "ar")
    english = render_record(SERVICE, record(*NAMED, *OF_VISIT), "en")
    assert arabic.title == f"تطعيم {FSI}سالم{PDI}"
    assert arabic.body == f"{FSI}لقاح السل ولقاح الكبد{PDI} 5 يناير 2026 آخر"
    assert english.title == f"Vaccination of {FSI}Salem{PDI}"
    assert english.body == f"{FSI}BCG and hepatitis B{PDI} 5 January 2026 last"


def test_a_name_without_a_language_serves_both() -> None:
    card = render_record(SERVICE, record(Parameter("child_name", "Salem"), *OF_VISIT), "ar")
    assert card.title == f"تطعيم {FSI}Salem{PDI}"


def test_a_child_without_a_name_is_called_by_the_term() -> None:
    unnamed = Parameter("child_name", ("unnamed",))
    assert (
        render_record(SERVICE, record(unnamed, *OF_VISIT), "ar").title == f"تطعيم {FSI}طفلكم{PDI}"
    )


def test_a_card_explains_its_lines() -> None:
    known = record(*NAMED, *OF_VISIT, truths=("met", "unknown"))
    assert render_lines(SERVICE, known, "en") == (
        RenderedLine("alive", "The child's record is active.", "met"),
        RenderedLine("known", f"The father of {FSI}Salem{PDI} is registered.", "unknown"),
    )


def test_a_waiting_card_says_what_it_waits_for_and_offers_nothing() -> None:
    card = render_record(SERVICE, record(*NAMED, waiting=True, truths=("met", "not_met")), "en")
    assert card.title == "Vaccinations"
    assert card.body == f"The father of {FSI}Salem{PDI} is registered."


def test_a_record_that_lacks_a_parameter_is_a_defect() -> None:
    with pytest.raises(MessageError, match="child_name"):
        render_record(SERVICE, record(*OF_VISIT), "en")
