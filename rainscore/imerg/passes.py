"""Microwave passes: which sensor, and how long before and after a half-hour."""

import numpy as np

SOURCES = {
    "source_imager": (1, 3, 9, 15),
    "source_ssmis": (4, 5),
    "source_sounder": (6, 7, 11, 20),
}
"""Microwave sensors by kind: conical imagers, SSMI and SSMIS, cross-track sounders and SAPHIR."""


MAX_AGE_H = 6.0
"""Beyond it the time from a microwave pass no longer matters [h]; a day has no longer hole."""


def pass_ages(mw_source: np.ndarray, present: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Hours since the last and until the next microwave pass over each cell.

    Args:
        mw_source: Microwave source code, dims (time, lat, lon), 0 or NaN without microwave.
        present: Whether the half-hour's granule was read, dims (time,). Across an absent half-hour
            nothing is known: a pass may have been in it.
        times: Half-hour starts in order, dims (time,).

    Returns:
        Ages [h] (2, time, lat, lon): since the last, until the next pass; 0 in a half-hour that has
        microwave, at most MAX_AGE_H, NaN where the record is too short to know.
    """
    seen = np.nan_to_num(mw_source) > 0
    ages = np.empty((2, *seen.shape), np.float32)
    for direction, order in enumerate((range(len(times)), range(len(times) - 1, -1, -1))):
        age = np.full(seen.shape[1:], np.nan, np.float32)
        covered, before = 0.0, None
        for i in order:
            step = np.inf if before is None else abs(times[i] - before) / np.timedelta64(1, "h")
            if step > 0.5 or not present[i]:
                age[:], covered = np.nan, 0.0
            else:
                age += np.float32(step)
                covered += step
            age[seen[i]] = 0.0
            if covered >= MAX_AGE_H:
                age[np.isnan(age)] = MAX_AGE_H
            np.minimum(age, MAX_AGE_H, out=age)
            ages[direction, i] = age if present[i] else np.nan
            before = times[i]
    return ages


SOURCE_NAMES = ("imager", "SSMIS", "sounder", "morphed", "infrared")
