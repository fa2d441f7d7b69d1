"""What follows a code: the codes half an hour later at the same pixel."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rainscore.clustering.codebook import NO_CODE
from rainscore.clustering.codemaps import read_codes
from rainscore.io import MAPS_PER_CHUNK
from rainscore.times import HALF_HOUR
from rainscore.training.features import read_features

UNKNOWN = -1
"""State of a window that is not evaluated."""


def count_successors(
    codes: Path, features: Sequence[Path], times: np.ndarray, *, count: int
) -> np.ndarray:
    """Count what follows each code half an hour later at the same pixel.

    Only pairs of half-hours that are 30 minutes apart and both have codes are used, and only
    windows that are evaluated in both: a window without a code has no rain where IMERG is known
    there (`truth` of the training files), and is left out elsewhere.

    Args:
        codes: File of `codemaps.write_codes`.
        features: Training files.
        times: Half-hours to use; both of a pair must be among them.
        count: Number of codes.

    Returns:
        Number of windows by code and by code half an hour later, dims (code, code + 1); the last
        column is no rain.
    """
    pairs = np.zeros((count, count + 1), np.int64)
    last: tuple[np.ndarray, np.ndarray] | None = None
    for part, arrays in read_features(features, times, ["truth"], maps=MAPS_PER_CHUNK):
        for stamps, maps in read_codes(codes, part):
            states = _states(maps, arrays["truth"][np.isin(part, stamps)], count)
            if last is not None:
                stamps, states = (
                    np.concatenate([old, new])
                    for old, new in zip(last, (stamps, states), strict=True)
                )
            pairs += _pairs(stamps, states, count)
            last = stamps[-1:], states[-1:]
    return pairs


def _states(codes: np.ndarray, evaluated: np.ndarray, count: int) -> np.ndarray:
    """Code of each window, `count` without rain, UNKNOWN where it is not evaluated."""
    states = np.where(codes == NO_CODE, count, codes.astype(np.int16))
    return np.where(evaluated, states, UNKNOWN)


def _pairs(times: np.ndarray, states: np.ndarray, count: int) -> np.ndarray:
    """Pairs of successive states, dims (code, code + 1)."""
    first = np.flatnonzero(np.diff(times) == HALF_HOUR)
    before, after = states[first].astype(np.int64), states[first + 1]
    used = (before != UNKNOWN) & (before < count) & (after != UNKNOWN)
    pairs = before[used] * (count + 1) + after[used]
    return np.bincount(pairs, minlength=count * (count + 1)).reshape(count, count + 1)


def successor_table(pairs: np.ndarray, family: np.ndarray, *, families: bool) -> pd.DataFrame:
    """Shares of what follows each code, or each family.

    Args:
        pairs: Counts of `count_successors`.
        family: Family of each code, dims (code,).
        families: Whether the rows are the families; otherwise the codes.

    Returns:
        One row per code or family: followed (number of its windows that are evaluated half an hour
        later); of these, stays (share of the same code, for a family of the same family),
        stays_family (share of the same family), ends (share without rain), next_family (most
        frequent other family; missing if there is none) and next_share [1]. Shares are missing
        without such windows.
    """
    member = np.eye(family.max() + 1, dtype=np.int64)[family]  # (code, family)
    to_family, ends, same = pairs[:, :-1] @ member, pairs[:, -1], np.diagonal(pairs)
    own = family
    if families:
        to_family, ends = member.T @ to_family, member.T @ ends
        own = np.arange(len(to_family))
        same = np.diagonal(to_family)
    followed = to_family.sum(axis=1) + ends
    rows = np.arange(len(own))
    others = to_family.copy()
    others[rows, own] = 0
    most = others.max(axis=1)
    total = np.where(followed > 0, followed, np.nan)
    next_family = pd.array(others.argmax(axis=1), "Int64")
    next_family[most == 0] = pd.NA
    return pd.DataFrame(
        {
            "followed": followed,
            "stays": same / total,
            "stays_family": to_family[rows, own] / total,
            "ends": ends / total,
            "next_family": next_family,
            "next_share": np.where(most > 0, most, np.nan) / total,
        }
    )
