"""Accumulation period of a radar frame."""

from pathlib import Path

import numpy as np

from rainscore.errors import DamagedFile, RainscoreError


def accumulation_hours(period: np.timedelta64, file: Path | str) -> float:
    """Length of an accumulation period [h].

    Args:
        period: Time between the start and the end of the accumulation.
        file: File that the period was read from, for the error message.

    Raises:
        DamagedFile: The period is zero or negative.
        RainscoreError: The period is longer than an IMERG half-hour.
    """
    minutes = float(period / np.timedelta64(1, "m"))
    if not minutes > 0:
        raise DamagedFile(
            file, "the end of its accumulation is not after its start", "download it again"
        )
    if minutes > 30:
        raise RainscoreError(
            f"{file}: its accumulation period is {minutes:g} min, longer than an IMERG half-hour; "
            "use frames of 30 min or less"
        )
    return minutes / 60
