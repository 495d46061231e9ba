"""What may date a pregnancy, as it was recorded; what cannot be true is refused.

The caller makes these from facts. The order of telling never means anything.
"""

from datetime import date
from typing import Literal

import msgspec

from domain.error import Refusal

SCAN_DAYS_MIN, SCAN_DAYS_MAX = 4 * 7, 44 * 7  # what an ultrasound can say of a pregnancy's age
EMBRYO_DAYS_MAX = 7  # embryos are transferred from the day of fertilisation to the seventh
FETUSES_MAX = 9
EVIDENCE_MAX = 100  # scans, transfers, corrections, visits and endings of one pregnancy, each

EndingKind = Literal["birth", "loss", "stillbirth", "termination"]


class ScanOutOfRange(Refusal):
    code = "pregnancy.scan_out_of_range"
    ar = "عمر الحمل في الفحص بالموجات فوق الصوتية يجب أن يكون بين 4 و44 أسبوعاً. صحّحه."
    en = "The age of pregnancy at a scan must be 4 to 44 weeks. Correct it."


class EmbryoOutOfRange(Refusal):
    code = "pregnancy.embryo_out_of_range"
    ar = "عمر الجنين عند النقل يجب أن يكون بين 0 و7 أيام. صحّحه."
    en = "The age of an embryo at transfer must be 0 to 7 days. Correct it."


class FetusesOutOfRange(Refusal):
    code = "pregnancy.fetuses_out_of_range"
    ar = "عدد الأجنة يجب أن يكون بين 1 و9. صحّحه."
    en = "The number of fetuses must be 1 to 9. Correct it."


class EvidenceTooLong(Refusal):
    code = "pregnancy.evidence_too_long"
    ar = "سجل الحمل أطول مما يمكن حسابه. راجع القيود المكررة ثم أعد المحاولة."
    en = "The record has more entries than can be counted. Remove repeated ones and try again."


class LastPeriod(msgspec.Struct, frozen=True):
    """The first day of the last period; `cycle_days` where the cycle's length is known."""

    began_on: date
    cycle_days: int | None = None


class Scan(msgspec.Struct, frozen=True):
    """An ultrasound: on that day it found the pregnancy `gestation_days` old."""

    scanned_on: date
    gestation_days: int


class Transfer(msgspec.Struct, frozen=True):
    """An embryo of `embryo_days` after fertilisation was transferred."""

    transferred_on: date
    embryo_days: int


class AssignedDueDate(msgspec.Struct, frozen=True):
    """A due date that a clinician set as such: a correction, above all that can be worked out."""

    due_on: date
    assigned_on: date


class Ending(msgspec.Struct, frozen=True):
    """How it ended; `fetus_count` where only some of several are meant."""

    kind: EndingKind
    ended_on: date
    fetus_count: int | None = None


class PregnancyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything told of one pregnancy.

    `first_contact_on` is the visit that confirmed it; `visits` are those kept since. `first_birth`
    is None where it is not known whether she has given birth before.
    """

    last_period: LastPeriod | None = None
    scans: tuple[Scan, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    assigned: tuple[AssignedDueDate, ...] = ()
    first_contact_on: date | None = None
    visits: tuple[date, ...] = ()
    fetus_count: int = 1
    first_birth: bool | None = None
    endings: tuple[Ending, ...] = ()


def check_record(record: PregnancyRecord) -> None:
    """Raises: EvidenceTooLong, ScanOutOfRange, EmbryoOutOfRange, FetusesOutOfRange."""
    kinds = (record.scans, record.transfers, record.assigned, record.visits, record.endings)
    if any(len(kind) > EVIDENCE_MAX for kind in kinds):
        raise EvidenceTooLong
    if not all(SCAN_DAYS_MIN <= scan.gestation_days <= SCAN_DAYS_MAX for scan in record.scans):
        raise ScanOutOfRange
    if not all(0 <= item.embryo_days <= EMBRYO_DAYS_MAX for item in record.transfers):
        raise EmbryoOutOfRange
    meant = [ending.fetus_count for ending in record.endings if ending.fetus_count is not None]
    if not all(1 <= count <= FETUSES_MAX for count in (record.fetus_count, *meant)):
        raise FetusesOutOfRange
