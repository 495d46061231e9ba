"""A vaccination programme as people write it: one `programme.yaml`, one document a vaccine group.

Every age and interval is a text such as "12 months - 4 days"; `read_programme.py` compiles these
forms. An unknown key is an error. Doses are numbered by their order.
"""

from datetime import date
from typing import Literal

import msgspec

from domain.immunization.programme import Route, Source
from domain.immunization.reason_text import Words
from domain.immunization.supporting_data import Cvx, SkipContext

FORMAT = 1


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Scope(_Form, frozen=True):
    """For whom a series or dose is meant: birthdays from `born_from` to before `born_before`, and
    emirates by name, or all but some."""

    born_from: date | None = None
    born_before: date | None = None
    emirates: frozenset[str] = frozenset()
    not_emirates: frozenset[str] = frozenset()


class AuthoredAges(_Form, frozen=True):
    """`minimum` has the programme's grace; `late_after` is the day a dose becomes late."""

    minimum: str | None = None
    recommended: str | None = None
    late_after: str | None = None
    maximum: str | None = None


class AuthoredInterval(_Form, frozen=True):
    """From the dose before, or from dose `after_dose`. `absolute` stands instead of the grace."""

    minimum: str
    absolute: str | None = None
    recommended: str | None = None
    late_after: str | None = None
    after_dose: int | None = None


class AuthoredSkip(_Form, frozen=True):
    """All that is said holds: an age reached, more than some number of doses counted, the last
    of those at some age.

    `from_age` is the person's; `counted` doses were given from `counted_from_age` on, or ever.
    `from_day` and on the skip is in effect.
    """

    when: SkipContext = "both"
    from_age: str | None = None
    counted_more_than: int | None = None
    counted_from_age: str | None = None
    last_counted_from_age: str | None = None
    from_day: date | None = None


class AuthoredDose(_Form, frozen=True):
    """`give` names products by preference; `accept` what counts, None: all with the antigen."""

    visit: str
    give: tuple[Cvx, ...]
    accept: tuple[Cvx, ...] | None = None
    ages: AuthoredAges = AuthoredAges()
    intervals: tuple[AuthoredInterval, ...] = ()
    skips: tuple[AuthoredSkip, ...] = ()
    scope: Scope = Scope()


class AuthoredSeries(_Form, frozen=True):
    name: str
    doses: tuple[AuthoredDose, ...]
    default: bool = False
    product_path: bool = False
    start_before: str | None = None
    sexes: frozenset[Literal["female", "male", "unknown"]] = frozenset()
    mandatory: bool = True
    scope: Scope = Scope()


class AuthoredContraindication(_Form, frozen=True):
    observation: str
    text: str


class AuthoredGroup(_Form, frozen=True):
    """One vaccine group; each series stands for each of its antigens."""

    kind: Literal["schedule_group"]
    format: Literal[1]
    group: str
    name: Words
    antigens: tuple[str, ...]
    sources: tuple[Source, ...]
    sign_off: str
    series: tuple[AuthoredSeries, ...]
    whole: bool = False
    immune_by: frozenset[str] = frozenset()
    contraindicated_by: tuple[AuthoredContraindication, ...] = ()


class AuthoredVaccine(_Form, frozen=True):
    cvx: Cvx
    name: Words
    antigens: tuple[str, ...] = ()
    live_virus_injection: bool = False


class AuthoredProduct(_Form, frozen=True):
    cvx: Cvx
    route: Route
    from_age: str | None = None
    until_age: str | None = None


class AuthoredObservation(_Form, frozen=True):
    code: str
    title: str
    codes: tuple[tuple[str, str], ...] = ()


class AuthoredLimits(_Form, frozen=True):
    injections_max: int
    visits_apart_days: int
    wait_days: int
    replan_days: int
    early: str
    until_age: str


class AuthoredRepeats(_Form, frozen=True):
    days_max: int
    same_codes: tuple[frozenset[Cvx], ...] = ()


class AuthoredProgramme(_Form, frozen=True):
    """`grace_days` go off every minimum age and interval, and never off `live_virus_days`."""

    kind: Literal["schedule_programme"]
    format: Literal[1]
    id: str
    version: str
    published_on: date
    draft: bool
    sign_off: str
    sources: tuple[Source, ...]
    grace_days: int
    live_virus_days: int
    emirates: tuple[str, ...]
    limits: AuthoredLimits
    repeats: AuthoredRepeats
    products: tuple[AuthoredProduct, ...]
    observations: tuple[AuthoredObservation, ...] = ()


class AuthoredVaccines(_Form, frozen=True):
    kind: Literal["schedule_vaccines"]
    format: Literal[1]
    sources: tuple[Source, ...]
    vaccines: tuple[AuthoredVaccine, ...]
