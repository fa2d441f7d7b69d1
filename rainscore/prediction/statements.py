"""Sentence that says which of the scores of a scored map to use, and why."""

from collections.abc import Mapping

import numpy as np


def which_score(scalars: Mapping[str, float], *, withheld: str = "", by_codes: bool = False) -> str:
    """Which score to use where those of a map differ: that of the map, or that of its cluster.

    Args:
        scalars: Scalar variables of a scored map by name: `map_score`, `map_score_outside`,
            `novelty`, `cluster_score_low`, `cluster_score_high`; NaN is missing.
        withheld: Reason why the map score has no interval; empty if it has one.
        by_codes: Whether the map score is that of its cluster.

    Returns:
        A sentence; empty without a map score or without the score of a cluster.
    """
    value, low, high = (
        scalars[name] for name in ("map_score", "cluster_score_low", "cluster_score_high")
    )
    if not np.isfinite([value, low, high]).all():
        return ""
    if scalars["map_score_outside"] > 0 or scalars["novelty"] > 0:
        return "use neither score without a check: the map is unlike those of the calibration"
    if by_codes:
        return (
            "the map score and its interval are those of its cluster, the local scores those of "
            "the codes"
        )
    if not low <= value <= high:
        return (
            "use the map score, which is predicted from this map; it lies outside the interval of "
            "its cluster, as that of one map in ten does"
        )
    if withheld:
        return (
            "use the map score, which is predicted from this map, and the interval of the cluster, "
            "which describes maps of its kind, as a rough range"
        )
    return (
        "use the map score and its interval, which are predicted from this map; the interval of "
        "the cluster describes all maps of its kind"
    )
