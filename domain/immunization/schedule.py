"""Supporting data with the look-ups that a calculation needs, made once for each version."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from domain.immunization.supporting_data import (
    Antigen,
    Conflict,
    Cvx,
    SupportingData,
    VaccineGroup,
    VaccineType,
)


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """`conflicts` lists, by the vaccine that is spoiled, what spoils it."""

    data: SupportingData
    antigens: Mapping[str, Antigen]
    groups: Mapping[str, VaccineGroup]
    vaccines: Mapping[Cvx, VaccineType]
    conflicts: Mapping[Cvx, Mapping[Cvx, Conflict]]


def make_schedule(data: SupportingData) -> Schedule:
    conflicts: dict[Cvx, dict[Cvx, Conflict]] = defaultdict(dict)
    for conflict in data.conflicts:
        conflicts[conflict.current][conflict.previous] = conflict
    return Schedule(
        data=data,
        antigens={antigen.name: antigen for antigen in data.antigens},
        groups={group.name: group for group in data.groups},
        vaccines={vaccine.cvx: vaccine for vaccine in data.vaccines},
        conflicts=dict(conflicts),
    )
