"""Split of the period into blocks of days for training, validation, calibration and test."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError


def split_blocks(
    times: np.ndarray, *, pattern: Sequence[str], block_hours: int, gap_hours: int
) -> pd.DataFrame:
    """Assign each half-hour to a split by the block of hours of its month that holds it.

    Blocks count from the start of each month and take the splits of `pattern` in turn; the pattern
    starts one further each month, so that no split keeps one part of the month. What a half-hour
    gets does not depend on which other months a run has. The first `gap_hours` of a block whose
    split differs from the block before are left out (`gap`), since neighbours in time are alike.

    Args:
        times: Half-hour starts, dims (time,), datetime64.

    Returns:
        Columns time, block (start of the block), split.
    """
    stamps = pd.DatetimeIndex(times)
    block = pd.Timedelta(hours=block_hours)

    def place(when: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, np.ndarray]:
        month = when.to_period("M").to_timestamp()
        number = (when - month) // block
        turn = (number + when.year * 12 + when.month) % len(pattern)
        return month + number * block, np.asarray(pattern, dtype=object)[turn]

    start, split = place(stamps)
    _, before = place(start - pd.Timedelta(1, "ns"))
    early = (stamps - start) < pd.Timedelta(hours=gap_hours)
    split = np.where(early & (split != before), "gap", split)
    return pd.DataFrame({"time": stamps, "block": start, "split": split})


def check_splits(splits: pd.DataFrame) -> None:
    """Refuse a period that is too short for its splits.

    Args:
        splits: Of `split_blocks`.

    Raises:
        RainscoreError: A split that the stages need has no half-hour.
    """
    missing = {"train", "validation", "calibration", "test"} - set(splits["split"])
    if missing:
        raise RainscoreError(
            f"splits: the period has no days for {', '.join(sorted(missing))}; give it more days "
            "(period), or make the blocks shorter (splits.block_hours)"
        )
