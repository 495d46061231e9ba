"""Where something happened."""

import msgspec


class Place(msgspec.Struct, frozen=True):
    """`emirate` is ISO 3166-2 ("AE-AJ"), `country` ISO 3166-1 alpha-3; abroad is no emirate."""

    facility: str | None = None
    emirate: str | None = None
    country: str | None = None
    at_home: bool | None = None
