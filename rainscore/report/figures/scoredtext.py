"""Texts on the picture of a scored map."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.scores.grades import grade_key, percent


def notes(dataset: xr.Dataset) -> list[str]:
    """Lines at the foot: what the words mean, and where the model comes from."""
    attrs = dataset.attrs
    verified = attrs.get("verified_on") or "no real data"
    return [
        f"Map scores: {grade_key()}. A local score is that of the surroundings of a place, from 0 "
        "(no common rain) to 1 (the same rain).",
        f"The model learned from {attrs['learned_from']}; verified on {verified}.",
    ]


def headline(dataset: xr.Dataset) -> tuple[str, list[str]]:
    """Title of a scored map, and remarks: cluster, what the score rests on, and warnings."""
    attrs = dataset.attrs
    time = pd.Timestamp(dataset["time"].item()).strftime("%Y-%m-%d %H:%M UTC")
    simulated = " (simulated world)" if attrs["world"] == "simulated" else ""
    remarks = [] if "window_lat" in dataset else list(_window_remarks(dataset))
    remarks.append(attrs["source"])
    if attrs["unavailable_inputs"]:
        state = attrs.get("calibration_state", "").replace("alone", "a single half-hour")
        intervals = f" (intervals calibrated for {state})" if state else ""
        remarks.append(f"not available for this map: {attrs['unavailable_inputs']}{intervals}")
    if share := attrs.get("withheld_share", 0.0):
        remarks.append(f"{percent(share)} of the local scores withheld: unlike the training")
    if attrs["product_difference"]:
        remarks.append(f"warning: {attrs['product_difference']}")
    return f"IMERG {attrs['version'][:1].upper()}{attrs['version'][1:]}, {time}{simulated}", remarks


def _window_remarks(dataset: xr.Dataset) -> Iterator[str]:
    """Remarks about the map score and the cluster of a window."""
    if float(dataset["map_score_outside"]) > 0:
        yield "wet share outside the calibrated range: the map score and its interval are uncertain"
    cluster = float(dataset["cluster"])
    if not np.isfinite(dataset["precipitation"]).any():
        yield "no score: IMERG is missing in the whole window"
    elif np.isnan(cluster):
        if dataset.attrs.get("model_clusters_sha256"):  # empty if the model has no clusters
            yield "not clustered: the window is too small, or IMERG is missing in its middle"
    elif cluster < 0:
        yield "not clustered: too little rain"
    else:
        # The flag misses many unusual maps (docs/clustering.md): its absence is not reported.
        if float(dataset["novelty"]) > 0:
            yield "unlike the training maps: trust its score less"
        names = ("cluster_score_median", "cluster_score_low", "cluster_score_high")
        yield (
            f"cluster {cluster:.0f}, {dataset.attrs['cluster_name']}: such maps score "
            f"{_with_interval(dataset, *names)}"
        )
    if statement := dataset.attrs.get("which_score"):
        yield statement


def _with_interval(dataset: xr.Dataset, *names: str) -> str:
    """Return three scalars as '0.31 [0.27, 0.36]', without what is missing."""
    value, low, high = (float(dataset[name]) for name in names)
    if not np.isfinite(value):
        return "?"
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(low) else f"{value:.2f}"
