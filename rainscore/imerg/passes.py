"""Microwave passes: kinds of sensors, and the time before and after each half-hour."""

import numpy as np

from rainscore.times import HALF_HOUR

SOURCES = {
    "source_imager": (1, 3, 9, 15),
    "source_ssmis": (4, 5),
    "source_sounder": (6, 7, 11, 20),
}
"""Source codes of microwave sensors by kind: conical imagers, SSMI and SSMIS, and sounders."""


SOURCE_NAMES = ("imager", "SSMIS", "sounder", "morphed", "infrared")
"""Sources of a cell's precipitation: the kinds of `SOURCES`, then the sources without microwave."""


MAX_AGE_H = 6.0
"""Upper limit of the time from a microwave pass [h]."""


def pass_ages(mw_source: np.ndarray, present: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Hours since the last and until the next microwave pass over each cell.

    Args:
        mw_source: Microwave source code, dims (time, lat, lon), 0 without microwave, NaN where it
            is unknown. Ages are not counted across an unknown source, because there may have been
            a pass.
        present: Whether the granule of the half-hour was read, dims (time,). Ages are not counted
            across an absent half-hour, because a pass may have been in it.
        times: Half-hour starts in order, dims (time,).

    Returns:
        Ages [h], dims (2, time, lat, lon): since the last pass, until the next pass. 0 in a
        half-hour with microwave, at most `MAX_AGE_H`, NaN where the record is too short.
    """
    has_pass, known = mw_source > 0, np.isfinite(mw_source)
    ages = np.empty((2, *has_pass.shape), np.float32)
    for direction, order in enumerate((range(len(times)), range(len(times) - 1, -1, -1))):
        age = np.full(has_pass.shape[1:], np.nan, np.float32)
        record = np.zeros(age.shape, np.float32)  # length of the record without a gap [h]
        previous = None
        for i in order:
            gap = previous is None or abs(times[i] - previous) > HALF_HOUR
            if gap or not present[i]:
                age[:], record[:] = np.nan, 0.0
            else:
                step = np.float32(abs(times[i] - previous) / np.timedelta64(1, "h"))
                age += step
                record += step
            age[~known[i]], record[~known[i]] = np.nan, 0.0
            age[has_pass[i]] = 0.0
            age[np.isnan(age) & (record >= MAX_AGE_H)] = MAX_AGE_H
            np.minimum(age, MAX_AGE_H, out=age)
            ages[direction, i] = age if present[i] else np.nan
            previous = times[i]
    return ages
