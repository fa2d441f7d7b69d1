"""Figure of a map scored without radar."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import Kind, aspect, draw_map
from rainscore.report.figures.style import figure, save, styled


def draw_scored(dataset: xr.Dataset, path: Path) -> None:
    """Draw a scored map as `plot_scored` does and save it; the suffix of `path` is the format."""
    save(plot_scored(dataset), path)


@styled
def plot_scored(dataset: xr.Dataset) -> Figure:
    """Draw rain, score, width of the score's interval and probability of hidden rain.

    Args:
        dataset: One scored map (docs/contracts.md). Dims (y, x): `precipitation` [mm/h], NaN where
            IMERG is missing; `score`, `score_low`, `score_high` [1], NaN where IMERG is dry or
            missing; `hidden_rain_probability` [1], NaN where IMERG has rain or is missing. Scalars
            `map_score`, `map_score_low`, `map_score_high` [1], `cluster` (−1: too little rain, NaN:
            window too small), `cluster_score_median`, `cluster_score_low`, `cluster_score_high`
            [1], `novelty` (1: unlike the training maps); coordinate `time` (start, UTC). Attributes
            `grid` (JSON of `Grid.to_json()`), `cluster_name`, `source`, `version`, `trained_on`,
            `world` ('simulated' or 'real'), `unavailable_inputs`, `map_interval_withheld`,
            `calibration_state`, `which_score` and `product_difference` (from the training data),
            which may be empty.

    Raises:
        KeyError: A variable or attribute is absent.
    """
    grid = Grid.from_json(dataset.attrs["grid"])
    rain = dataset["precipitation"].to_numpy()
    score = dataset["score"].to_numpy()
    hidden = dataset["hidden_rain_probability"].to_numpy()
    width = (dataset["score_high"] - dataset["score_low"]).to_numpy()
    valid = np.isfinite(rain)
    panels: list[tuple[np.ndarray, Kind, str, dict]] = [
        (rain, "rain", "IMERG rain", {}),
        (score, "score", "Predicted score (median)", {"blank": valid & np.isnan(score)}),
        (width, "width", "Width of the 90 % interval", {"blank": valid & np.isnan(width)}),
        (hidden, "probability", "Probability of hidden rain", {"blank": valid & np.isnan(hidden)}),
    ]
    title, subtitle = headline(dataset)
    fig = figure(
        14, 1.9 + 3.1 * aspect(grid), title=title, subtitle=subtitle, world=dataset.attrs["world"]
    )
    for ax, (values, kind, name, options) in zip(fig.subplots(1, 4), panels, strict=True):
        draw_map(ax, values, grid, kind=kind, **options)
        ax.set_title(name)
    return fig


def headline(dataset: xr.Dataset) -> tuple[str, str]:
    """Return the title and the subtitle of a scored map: scores, cluster, origin and remarks."""
    time = pd.Timestamp(dataset["time"].item()).strftime("%Y-%m-%d %H:%M UTC")
    score = _with_interval(dataset, "map_score", "map_score_low", "map_score_high")
    text = f"map score {score}" if score else "no map score: no rain"
    if score:
        withheld = dataset.attrs["map_interval_withheld"]
        text += " (no interval for this size of window)" if withheld else " (90 % interval)"
    if float(dataset["map_score_outside"]) > 0:
        text += ", wet share outside the calibrated range"
    cluster = float(dataset["cluster"])
    if not np.isfinite(dataset["precipitation"]).any():
        text = "no score: IMERG is missing in the whole window"
    elif np.isnan(cluster):
        text += " · not clustered: the window is too small, or IMERG is missing in its middle"
    elif cluster < 0:
        text += " · not clustered: too little rain"
    else:
        names = ("cluster_score_median", "cluster_score_low", "cluster_score_high")
        # The flag misses many unusual maps (docs/clustering.md): its absence is not reported.
        text += " · unlike the training maps" if float(dataset["novelty"]) > 0 else ""
        text += f"\ncluster {cluster:.0f}, {dataset.attrs['cluster_name']}: map scores "
        text += _with_interval(dataset, *names)
    if statement := dataset.attrs.get("which_score"):
        text += f"\n{statement}"
    text += f"\n{dataset.attrs['source']}; model trained on {dataset.attrs['trained_on']}"
    if dataset.attrs["unavailable_inputs"]:
        text += f"\nnot available for this map: {dataset.attrs['unavailable_inputs']}"
        if state := dataset.attrs.get("calibration_state"):
            text += f" (intervals of the state: {state})"
    if dataset.attrs["product_difference"]:
        text += f"\nwarning: {dataset.attrs['product_difference']}"
    return f"IMERG {dataset.attrs['version']}, {time}", text


def _with_interval(dataset: xr.Dataset, *names: str) -> str:
    """Return three scalars as '0.31 [0.27, 0.36]', without what is missing."""
    value, low, high = (float(dataset[name]) for name in names)
    if not np.isfinite(value):
        return ""
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(low) else f"{value:.2f}"
