"""A programme as it is published: what its editions share is written once.

The tables of twelve editions differ in a few antigens only; packed, the shipped programme has some
11 kB. `content` packs what authors wrote, `domain/compile/schedule.py` reads it back.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from domain.immunization.programme import (
    Edition,
    PlanLimits,
    Product,
    Programme,
    Source,
)
from domain.immunization.reason_text import Words
from domain.immunization.repeated_report import RepeatRule
from domain.immunization.schedule import make_schedule
from domain.immunization.supporting_data import (
    Antigen,
    Conflict,
    Cvx,
    Observation,
    SupportingData,
    VaccineGroup,
    VaccineType,
)


class PackedEdition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`antigens` are places in the programme's list."""

    born_from: date | None
    born_before: date | None
    emirate: str | None
    version: str
    source: str
    antigens: tuple[int, ...]
    groups: tuple[VaccineGroup, ...]
    voluntary: frozenset[str]


class PackedProgramme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    version: str
    published_on: date
    draft: bool
    sign_off: str
    sources: tuple[Source, ...]
    products: tuple[Product, ...]
    vaccine_names: Mapping[Cvx, Words]
    group_names: Mapping[str, Words]
    limits: PlanLimits
    repeats: RepeatRule
    antigens: tuple[Antigen, ...]
    vaccines: tuple[VaccineType, ...]
    conflicts: tuple[Conflict, ...]
    observations: tuple[Observation, ...]
    editions: tuple[PackedEdition, ...]


def pack_programme(programme: Programme) -> PackedProgramme:
    """The programme with everything shared written once; `unpack_programme` gives it back."""
    first = programme.editions[0].schedule.data
    antigens: dict[bytes, int] = {}
    pool: list[Antigen] = []
    editions: list[PackedEdition] = []
    for edition in programme.editions:
        data = edition.schedule.data
        same = (data.vaccines, data.conflicts, data.observations, data.published_on)
        assert same == (first.vaccines, first.conflicts, first.observations, first.published_on)
        places: list[int] = []
        for antigen in data.antigens:
            key = msgspec.json.encode(antigen, order="deterministic")
            if key not in antigens:
                antigens[key] = len(pool)
                pool.append(antigen)
            places.append(antigens[key])
        editions.append(
            PackedEdition(
                born_from=edition.born_from,
                born_before=edition.born_before,
                emirate=edition.emirate,
                version=data.version,
                source=data.source,
                antigens=tuple(places),
                groups=data.groups,
                voluntary=edition.voluntary,
            )
        )
    return PackedProgramme(
        id=programme.id,
        version=programme.version,
        published_on=programme.published_on,
        draft=programme.draft,
        sign_off=programme.sign_off,
        sources=programme.sources,
        products=programme.products,
        vaccine_names=programme.vaccine_names,
        group_names=programme.group_names,
        limits=programme.limits,
        repeats=programme.repeats,
        antigens=tuple(pool),
        vaccines=first.vaccines,
        conflicts=first.conflicts,
        observations=first.observations,
        editions=tuple(editions),
    )


def unpack_programme(packed: PackedProgramme) -> Programme:
    """The programme, its editions sharing what they have in common."""
    return Programme(
        id=packed.id,
        version=packed.version,
        published_on=packed.published_on,
        draft=packed.draft,
        sign_off=packed.sign_off,
        sources=packed.sources,
        products=packed.products,
        vaccine_names=packed.vaccine_names,
        group_names=packed.group_names,
        limits=packed.limits,
        repeats=packed.repeats,
        editions=tuple(
            Edition(
                born_from=edition.born_from,
                born_before=edition.born_before,
                emirate=edition.emirate,
                schedule=make_schedule(
                    SupportingData(
                        version=edition.version,
                        published_on=packed.published_on,
                        source=edition.source,
                        antigens=tuple(packed.antigens[place] for place in edition.antigens),
                        groups=edition.groups,
                        vaccines=packed.vaccines,
                        conflicts=packed.conflicts,
                        observations=packed.observations,
                    )
                ),
                voluntary=edition.voluntary,
            )
            for edition in packed.editions
        ),
    )
