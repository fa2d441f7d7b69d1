"""Check of the IMERG run and version of a training set."""

import logging
from string import ascii_uppercase

import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.imerg.names import parse_name

log = logging.getLogger("rainscore")


def check_versions(granules: pd.DataFrame) -> list[str]:
    """Check that all months of a training set have the same run and version of IMERG.

    Letters of a version (V07B, V07C) are repairs of it and may be mixed; the log then names them.

    Args:
        granules: Manifests of all months, one row per half-hour.

    Returns:
        Versions with their letters, sorted.

    Raises:
        RainscoreError: The months have several runs or versions.
    """
    present = granules.loc[granules["state"] == "present", ["time", "file", "version"]]
    present = present.assign(run=present["file"].map(_run_in_name))
    present["number"] = present["version"].str.rstrip(ascii_uppercase)
    for column, noun, unknown in (("run", "runs", ""), ("number", "versions", "unknown")):
        identified = present[present[column] != unknown]
        if len(identified[column].unique()) > 1:
            raise RainscoreError(
                f"the half-hours mix the {noun} {_periods(identified, column)}; a training set "
                "needs a single one: delete the manifests of the others in results/imerg, and "
                "rerun"
            )
    if len(present["version"].unique()) > 1:
        log.warning(
            "the training set mixes %s, which are repairs of one version; "
            "results/data/availability.parquet has them by day",
            _periods(present, "version"),
        )
    return sorted(present["version"].unique())


def _run_in_name(file: str) -> str:
    """Run in the name of a file; empty if the name is not that of the archive."""
    try:
        return parse_name(file).run
    except ValueError:
        return ""


def _periods(granules: pd.DataFrame, column: str) -> str:
    """Number of half-hours, first day and last day of each value of a column, as text."""
    groups = granules.groupby(column)["time"]
    return " and ".join(
        f"{value} ({len(times)} half-hours, {times.min():%Y-%m-%d} to {times.max():%Y-%m-%d})"
        for value, times in groups
    )
