"""The elements of FHIR R4 that resources are made of, with the few members that are read here.

Members that nobody reads are neither checked nor lost: the raw resource is kept. Used by
`gov/fhir/resource.py`; no element here knows what it means for a family.

Source: HL7 FHIR R4 (4.0.1), datatypes and their required bindings.
"""

from typing import Annotated, Literal

import msgspec

# The longest text that is read: a name, a code, an address of a system. FHIR itself has 1 MiB.
TEXT_CHARACTERS_MAX = 1_000
LIST_ITEMS_MAX = 100  # codings of a concept, identifiers and names of a person

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
Id = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9.-]{1,64}\Z", max_length=64)]


class Element(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The root of all: members in camel case; what is absent is None or empty."""


class Meta(Element, frozen=True):
    version_id: Id | None = None
    last_updated: Text | None = None


class Coding(Element, frozen=True):
    system: Text | None = None
    code: Text | None = None


class Concept(Element, frozen=True):
    """CodeableConcept."""

    coding: Annotated[tuple[Coding, ...], msgspec.Meta(max_length=LIST_ITEMS_MAX)] = ()
    text: Text | None = None

    def find_code(self, systems: frozenset[str]) -> str | None:
        """The first code of one of these systems."""
        for coding in self.coding:
            if coding.system in systems and coding.code is not None:
                return coding.code
        return None


class Period(Element, frozen=True):
    start: Text | None = None
    end: Text | None = None


class Identifier(Element, frozen=True):
    use: Literal["usual", "official", "temp", "secondary", "old"] | None = None
    type: Concept | None = None
    system: Text | None = None
    value: Text | None = None
    period: Period | None = None


class Reference(Element, frozen=True):
    """By address, or by a business identifier of what is meant."""

    reference: Text | None = None
    type: Text | None = None
    identifier: Identifier | None = None


class Extension(Element, frozen=True):
    url: Text
    value_string: Text | None = None
    value_code: Text | None = None
    extension: Annotated[tuple["Extension", ...], msgspec.Meta(max_length=LIST_ITEMS_MAX)] = ()


class Extended(Element, frozen=True):
    """What stands beside a primitive: `_family` beside `family`."""

    extension: Annotated[tuple[Extension, ...], msgspec.Meta(max_length=LIST_ITEMS_MAX)] = ()


class HumanName(Element, frozen=True):
    use: Literal["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"] | None = (
        None
    )
    text: Text | None = None
    family: Text | None = None
    given: Annotated[tuple[Text | None, ...], msgspec.Meta(max_length=LIST_ITEMS_MAX)] = ()
    extension: Annotated[tuple[Extension, ...], msgspec.Meta(max_length=LIST_ITEMS_MAX)] = ()
    period: Period | None = None
    # "_text" and "_family": extensions beside a primitive (the language, a translation).
    text_beside: Extended | None = msgspec.field(default=None, name="_text")
    family_beside: Extended | None = msgspec.field(default=None, name="_family")


class Quantity(Element, frozen=True):
    value: float | None = None
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    unit: Text | None = None
    system: Text | None = None
    code: Text | None = None
