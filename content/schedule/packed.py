"""Keeps supporting data as one compressed file, and reads it back: the app needs no XML.

The file is gzip over JSON, in one canonical order, with no time of writing: the same data give
the same bytes.
"""

import gzip
import zlib
from pathlib import Path

import msgspec

from content.schedule.xml_text import ScheduleError
from domain.immunization.supporting_data import SupportingData

SHIPPED_CDSI = Path(__file__).parents[1] / "packs" / "cdsi" / "cdsi-4.64.json.gz"

PACKED_BYTES_MAX = 8 * 1024 * 1024  # the shipped file has some 0.15 MB
UNPACKED_BYTES_MAX = 64 * 1024 * 1024  # and unpacks to under 2 MB


def pack_supporting_data(data: SupportingData) -> bytes:
    return gzip.compress(msgspec.json.encode(data, order="deterministic"), mtime=0)


def read_supporting_data(file: Path = SHIPPED_CDSI) -> SupportingData:
    """The data packed in `file`. Raises: ScheduleError when it holds anything else."""
    with file.open("rb") as source:
        packed = source.read(PACKED_BYTES_MAX + 1)
    if len(packed) > PACKED_BYTES_MAX:
        raise ScheduleError(f"{file.name} is larger than {PACKED_BYTES_MAX} bytes")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(packed, UNPACKED_BYTES_MAX)
        if not unpacker.eof:
            raise ScheduleError(f"{file.name} is cut short or unpacks to too much")
        return msgspec.json.decode(body, type=SupportingData)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ScheduleError(f"{file.name} is not packed supporting data: {error}") from error
