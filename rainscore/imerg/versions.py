"""Versions of IMERG in a training set: never mixed silently."""

import logging
from string import ascii_uppercase

import pandas as pd

from rainscore.errors import RainscoreError
from rainscore.imerg.names import parse_name

log = logging.getLogger("rainscore")


def check_versions(granules: pd.DataFrame) -> list[str]:
    """Look at what a training set is made of: one run and one version, in all its months.

    Letters of a version (V07B, V07C) are repairs of it and may mix, which the log then says.

    Args:
        granules: Manifests of all months.

    Returns:
        The versions, letters included, in order.

    Raises:
        RainscoreError: The months mix runs, or versions.
    """
    present = granules.loc[granules["state"] == "present", ["time", "file", "version"]]
    present = present.assign(run=present["file"].map(_named_run))
    present["number"] = present["version"].str.rstrip(ascii_uppercase)
    for what, unknown in (("run", ""), ("number", "unknown")):
        kinds = present[present[what] != unknown]
        if len(kinds[what].unique()) > 1:
            noun = "runs" if what == "run" else "versions"
            raise RainscoreError(
                f"the half-hours mix the {noun} {_where(kinds, what)}: a training set is of one; "
                "delete the manifests of the others in results/imerg and run again"
            )
    if len(present["version"].unique()) > 1:
        log.warning(
            "the training set mixes %s, repairs of one version; by day: "
            "results/data/availability.parquet",
            _where(present, "version"),
        )
    return sorted(present["version"].unique())


def _named_run(file: str) -> str:
    """Run that the name of a file says; empty where it is not the archive's name."""
    try:
        return parse_name(file).run
    except ValueError:
        return ""


def _where(granules: pd.DataFrame, what: str) -> str:
    """Say of each kind how many half-hours there are, and from when to when."""
    groups = granules.groupby(what)["time"]
    return " and ".join(
        f"{kind} ({len(times)} half-hours, {times.min():%Y-%m-%d} to {times.max():%Y-%m-%d})"
        for kind, times in groups
    )
