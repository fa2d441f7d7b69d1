"""How long a frame accumulates rain."""

from pathlib import Path

import numpy as np

from rainscore.errors import DamagedFile, RainscoreError


def accumulation_hours(span: np.timedelta64, file: Path | str) -> float:
    """Length of an accumulation [h].

    Args:
        span: From its start to its end.
        file: Where it is from.

    Raises:
        DamagedFile: It has no duration.
        RainscoreError: It is longer than a half-hour of IMERG.
    """
    minutes = float(span / np.timedelta64(1, "m"))
    if not minutes > 0:
        raise DamagedFile(file, "its accumulation has no duration", "fetch it again")
    if minutes > 30:
        raise RainscoreError(
            f"{file}: it accumulates over {minutes:g} min, longer than IMERG's half-hour; "
            "give frames of 30 minutes or less"
        )
    return minutes / 60
