"""What the audience projection says of one member of a circle: little, of fixed width, and enough
to choose whom a publication, a preview or a campaign may concern.

Pure. `domain/project.py` makes it, `timeline/audience.py` seals it; whoever needs more evaluates
the facts of those that are left.
"""

import struct
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, TypeVar, get_args

import msgspec

from domain.ids import EntryId

T = TypeVar("T")
ProjectedRole = Literal[
    "husband", "wife", "mother", "father", "holder", "guardian", "self", "owner"
]
Reach = Literal["app", "mobile", "email"]
Stage = Literal["married", "divorced", "widowed", "expecting", "parent", "bereaved", "citizen"]

CHILDREN_MAX = 12  # the youngest; an older one beyond is said by `has_more`
SERVICES_MAX = 320  # numbers of services; one beyond is said by `has_more`
FORMAT = 1

# Append only: a bit keeps its meaning for ever.
_ROLES: tuple[ProjectedRole, ...] = get_args(ProjectedRole)
_REACH: tuple[Reach, ...] = get_args(Reach)
_STAGES: tuple[Stage, ...] = get_args(Stage)
STARTS: tuple[str, ...] = (
    "marriage",
    "pregnancy",
    "birth",
    "contract",
    "delivery",
    "divorce",
    "death",
    "disability",
    "appointment",
    "document",
    "employment",
    "residence",
    "place",
    "regulation",
    "licence",
    "partner",
)
EMIRATES = ("AE-AJ", "AE-AZ", "AE-DU", "AE-FU", "AE-RK", "AE-SH", "AE-UQ")
LANGUAGES = ("ar", "en")
_MORE_BIT = 31
_FIRST_YEAR = 1900

# format, roles, emirate, language, reach, stages, starts (the last bit: more), children, services
_ROW = struct.Struct(f">BBBBBHI{CHILDREN_MAX}H{SERVICES_MAX // 8}s")
_EMIRATE_PLACE = 2
ROW_BYTES = _ROW.size  # 75, and 50 of the envelope: 125 of the 128 that a row may have


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """One member in one circle. `starts` are what services can start from in this circle;
    `services` are those of which the member has a card that is not done. `has_more` says that
    something did not fit: such a row may be concerned by anything.

    `birth_months` are of the living children over whom the member has a right, the youngest first,
    as the first day of the month.
    """

    roles: frozenset[ProjectedRole] = frozenset()
    emirate: str | None = None
    language: str | None = None
    reach: frozenset[Reach] = frozenset()
    stages: frozenset[Stage] = frozenset()
    starts: frozenset[str] = frozenset()
    birth_months: tuple[date, ...] = ()
    services: frozenset[EntryId] = frozenset()
    has_more: bool = False


def encode_projection(projection: Projection, numbers: Mapping[EntryId, int]) -> bytes:
    """`ROW_BYTES` bytes; `numbers` gives every service its own, for ever."""
    bits = 0
    has_more = projection.has_more
    for entry in projection.services:
        number = numbers[entry]
        if number < SERVICES_MAX:
            bits |= 1 << number
        else:
            has_more = True
    starts = _bits(projection.starts & set(STARTS), STARTS) | (has_more << _MORE_BIT)
    months = [_month_number(day) for day in projection.birth_months]
    return _ROW.pack(
        FORMAT,
        _bits(projection.roles, _ROLES),
        _number(projection.emirate, EMIRATES),
        _number(projection.language, LANGUAGES),
        _bits(projection.reach, _REACH),
        _bits(projection.stages, _STAGES),
        starts,
        *months,
        *([0] * (CHILDREN_MAX - len(months))),
        bits.to_bytes(SERVICES_MAX // 8, "big"),
    )


def decode_projection(row: bytes, entries: Mapping[int, EntryId]) -> Projection | None:
    """The projection that `encode_projection` wrote; None of another format: to be made anew.

    `entries` are the services by number.
    """
    if len(row) != ROW_BYTES or row[0] != FORMAT:
        return None
    _, roles, emirate, language, reach, stages, starts, *rest = _ROW.unpack(row)
    months, bits = rest[:CHILDREN_MAX], int.from_bytes(rest[CHILDREN_MAX], "big")
    return Projection(
        roles=frozenset(_of_bits(roles, _ROLES)),
        emirate=_of_number(emirate, EMIRATES),
        language=_of_number(language, LANGUAGES),
        reach=frozenset(_of_bits(reach, _REACH)),
        stages=frozenset(_of_bits(stages, _STAGES)),
        starts=frozenset(_of_bits(starts, STARTS)),
        birth_months=tuple(_month(number) for number in months if number),
        services=frozenset(entries[number] for number in _set_bits(bits)),
        has_more=bool(starts >> _MORE_BIT),
    )


def emirate_in(row: bytes) -> str | None:
    """The emirate that a row says, without the rest of it; None where none is, or of another
    format.
    """
    if len(row) != ROW_BYTES or row[0] != FORMAT:
        return None
    return _of_number(row[_EMIRATE_PLACE], EMIRATES)


def _bits(held: Iterable[str], names: tuple[str, ...]) -> int:
    return sum(1 << names.index(name) for name in held)


def _of_bits(bits: int, names: tuple[T, ...]) -> Iterable[T]:
    return (name for number, name in enumerate(names) if bits >> number & 1)


def _set_bits(bits: int) -> Iterable[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _number(name: str | None, names: tuple[str, ...]) -> int:
    return 0 if name is None else names.index(name) + 1


def _of_number(number: int, names: tuple[str, ...]) -> str | None:
    return names[number - 1] if 1 <= number <= len(names) else None


def _month_number(day: date) -> int:
    """Months since 1900, from 1 on; 0 is no child."""
    return (day.year - _FIRST_YEAR) * 12 + day.month


def _month(number: int) -> date:
    year, month = divmod(number - 1, 12)
    return date(_FIRST_YEAR + year, month + 1, 1)
