"""Splits of the period into blocks of days for training, validation, calibration and test."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rainscore.errors import RainscoreError


def split_blocks(
    times: np.ndarray, *, pattern: Sequence[str], block_hours: int, gap_hours: int
) -> pd.DataFrame:
    """Assign each half-hour to a split, by blocks of hours.

    Blocks count from the start of each month and take the splits of `pattern` in turn. The pattern
    is shifted by one each month, so that no split stays in one part of the month. The split of a
    half-hour does not depend on the other months of the run. The first `gap_hours` of a block with
    another split than the block before get the split `gap`, because successive maps are similar.

    Args:
        times: Half-hour starts, dims (time,), datetime64.
        pattern: Names of the splits, in the order of the blocks.
        block_hours: Length of a block [h].
        gap_hours: Length of the gap [h].

    Returns:
        Columns time, block (start of the block), split.
    """
    stamps = pd.DatetimeIndex(times)
    block = pd.Timedelta(hours=block_hours)

    def block_and_split(when: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, np.ndarray]:
        month = when.to_period("M").to_timestamp()
        number = (when - month) // block
        turn = (number + when.year * 12 + when.month) % len(pattern)
        return month + number * block, np.asarray(pattern, dtype=object)[turn]

    start, split = block_and_split(stamps)
    _, before = block_and_split(start - pd.Timedelta(1, "ns"))
    early = (stamps - start) < pd.Timedelta(hours=gap_hours)
    split = np.where(early & (split != before), "gap", split)
    return pd.DataFrame({"time": stamps, "block": start, "split": split})


def check_splits(splits: pd.DataFrame) -> None:
    """Check that every split has a half-hour.

    Args:
        splits: Table of `split_blocks`.

    Raises:
        RainscoreError: A split is empty; the period is too short.
    """
    missing = {"train", "validation", "calibration", "test"} - set(splits["split"])
    if missing:
        raise RainscoreError(
            f"splits: the period has no days for {', '.join(sorted(missing))}; give it more days "
            "(period), or make the blocks shorter (splits.block_hours)"
        )
