"""Accumulation period of a radar frame."""

from pathlib import Path

import numpy as np

from rainscore.errors import DamagedFile

MAX_HOURS = 24.0
"""Longest accumulation of a frame [h]; longer sums resolve no half-hour and no hour."""


def accumulation_hours(period: np.timedelta64, file: Path | str) -> float:
    """Length of an accumulation period [h].

    Args:
        period: Time between the start and the end of the accumulation.
        file: File that the period was read from, for the error message.

    Raises:
        DamagedFile: The period is zero or negative, or longer than `MAX_HOURS`.
    """
    hours = float(period / np.timedelta64(1, "h"))
    remedy = "ask its producer for the correct times"
    if not hours > 0:
        raise DamagedFile(file, "the end of its accumulation is not after its start", remedy)
    if hours > MAX_HOURS:
        raise DamagedFile(
            file, f"its accumulation period is {hours:g} h, more than {MAX_HOURS:g} h", remedy
        )
    return hours
