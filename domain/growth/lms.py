"""The LMS method: from a measurement to a z-score and back.

Pure arithmetic over one row of a table; which row it is, `standard.py` knows.

Source: WHO Child Growth Standards, Methods and development (2006), chapter 7, "Computation of
centiles and z-scores"; the same rule is used with the WHO Reference 2007.
"""

from math import exp, log
from statistics import NormalDist

import msgspec

RESTRICTED_FROM_Z = 3.0  # beyond it the distance between 2 and 3 SD is carried on

_NORMAL = NormalDist()


class Lms(msgspec.Struct, frozen=True):
    """One row: the power of Box and Cox, the median, and the coefficient of variation."""

    power: float
    median: float
    variation: float


def z_score(measured: float, lms: Lms) -> float:
    """How many standard deviations `measured` (above 0) lies from the median.

    Beyond 3 SD the measurement is counted in steps of the distance between 2 and 3 SD. WHO does so
    for all but length, height and head: those have power 1, where every step is equal and the
    rule changes nothing.
    """
    score = _score(measured, lms)
    if -RESTRICTED_FROM_Z <= score <= RESTRICTED_FROM_Z:
        return score
    side = RESTRICTED_FROM_Z if score > 0 else -RESTRICTED_FROM_Z
    third = _measure(side, lms)
    second = _measure(side * 2 / 3, lms)
    return side + (measured - third) / abs(third - second)


def measure_at(score: float, lms: Lms) -> float:
    """The measurement that has this z-score: `z_score` backwards."""
    if -RESTRICTED_FROM_Z <= score <= RESTRICTED_FROM_Z:
        return _measure(score, lms)
    side = RESTRICTED_FROM_Z if score > 0 else -RESTRICTED_FROM_Z
    third = _measure(side, lms)
    return third + (score - side) * abs(third - _measure(side * 2 / 3, lms))


def percentile(score: float) -> float:
    """Of 100 healthy children, how many measure less."""
    return 100 * _NORMAL.cdf(score)


def z_of_percentile(percent: float) -> float:
    """The z-score of a percentile between 0 and 100, both excluded."""
    return _NORMAL.inv_cdf(percent / 100)


def _score(measured: float, lms: Lms) -> float:
    if lms.power == 0:  # the limit of the formula below
        return log(measured / lms.median) / lms.variation
    return float((measured / lms.median) ** lms.power - 1) / (lms.variation * lms.power)


def _measure(score: float, lms: Lms) -> float:
    if lms.power == 0:
        return lms.median * exp(lms.variation * score)
    return lms.median * float((1 + lms.power * lms.variation * score) ** (1 / lms.power))
