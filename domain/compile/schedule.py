"""Compiles an entry of kind `schedule`: the tables that a calculator needs, passed as an argument.

`content/schedule_entries.py` writes such entries, whole programmes packed and small tables as they
are. The same entry is compiled once, however many versions of the catalogue hold it.
"""

import base64
import binascii
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, TypeVar, get_args

import msgspec

from domain.catalogue import ScheduleTables
from domain.compile.document import Node
from domain.growth.development import DevelopmentTable
from domain.growth.packed_growth import PackedTables, unpack_growth
from domain.growth.standard import make_standard
from domain.immunization.packed_programme import PackedProgramme, unpack_programme
from domain.immunization.schedule import make_schedule
from domain.immunization.supporting_data import SupportingData
from domain.pregnancy.follow import PregnancyTables

FORMAT = 1
UNPACKED_BYTES_MAX = 16 * 1024 * 1024  # CDC's tables unpack to 2 MB
KEPT_MAX = 16  # entries held compiled; four versions of the catalogue mostly share theirs

Tables = Literal["programme", "cdsi", "pregnancy", "development", "growth"]

_Value = TypeVar("_Value")


def read_schedule(root: Node) -> tuple[str, ScheduleTables | None]:
    """The entry's id and its tables; None where a problem was noted."""
    node = root.fields(required=("kind", "format", "id", "tables", "packed"))
    node["kind"].choice(("schedule",))
    node["format"].integer(FORMAT, FORMAT)
    entry_id = node["id"].identifier()
    form: Tables = node["tables"].choice(get_args(Tables))
    packed = node["packed"].value
    if not isinstance(packed, str):
        node["packed"].refuse("expected packed tables as text: import them again")
        return entry_id, None
    try:
        return entry_id, unpack_tables(form, packed)
    except ValueError as error:
        node["packed"].refuse(f"holds no sound tables ({error}): import them again")
        return entry_id, None


def pack_tables(body: bytes) -> str:
    """JSON as an entry holds it: compressed, without a time of writing, in letters."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return base64.b64encode(packer.compress(body) + packer.flush()).decode()


@lru_cache(maxsize=KEPT_MAX)
def unpack_tables(form: Tables, packed: str) -> ScheduleTables:
    """The tables that `pack_tables` wrote. Raises: ValueError when they are not of that form."""
    try:
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        body = unpacker.decompress(base64.b64decode(packed, validate=True), UNPACKED_BYTES_MAX)
    except (zlib.error, binascii.Error) as error:
        raise ValueError(str(error)) from error
    if not unpacker.eof:
        raise ValueError("cut short, or more than can be held")
    return _READERS[form](body)


def _reader(kind: type[_Value], make: Callable[[_Value], ScheduleTables]) -> "_Reader":
    def read(body: bytes) -> ScheduleTables:
        try:
            return make(msgspec.json.decode(body, type=kind))
        except (msgspec.DecodeError, IndexError) as error:
            raise ValueError(str(error)) from error

    return read


_Reader = Callable[[bytes], ScheduleTables]

_READERS: Mapping[Tables, _Reader] = {
    "programme": _reader(PackedProgramme, unpack_programme),
    "cdsi": _reader(SupportingData, make_schedule),
    "pregnancy": _reader(PregnancyTables, lambda tables: tables),
    "development": _reader(DevelopmentTable, lambda table: table),
    "growth": _reader(PackedTables, lambda tables: make_standard(unpack_growth(tables))),
}
