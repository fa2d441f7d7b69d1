"""The picture of a scored new map."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from rainscore.grids import Grid
from rainscore.report.figures.mapaxes import Kind, aspect, draw_map
from rainscore.report.figures.style import figure, save, styled


@styled
def plot_scored(dataset: xr.Dataset, path: Path | str) -> None:
    """Draw rain, score, width of the score's interval and hidden rain, side by side.

    Args:
        dataset: One map. Dims (y, x): `precipitation` [mm/h], NaN where IMERG is missing; `score`,
            `score_low`, `score_high` [1], NaN where IMERG is dry or missing;
            `hidden_rain_probability` [1], NaN where IMERG has rain or is missing. Scalars
            `map_score`, `map_score_low`, `map_score_high` [1], `cluster` (−1 too little rain, NaN
            too small a window), `cluster_score_median`, `cluster_score_low`, `cluster_score_high`
            [1], `novelty` (1: unlike the training), coordinate `time` (start, UTC). Attributes
            `grid` (JSON of `Grid.to_json()`), `cluster_name`, `source`, `version`, `trained_on`,
            `world` ('simulated' or 'real'); `unavailable_inputs` and `product_difference`,
            which may be empty.
        path: File to write; the suffix chooses the format.

    Raises:
        KeyError: A variable or attribute is absent.
    """
    grid = Grid.from_json(dataset.attrs["grid"])
    rain = dataset["precipitation"].to_numpy()
    score = dataset["score"].to_numpy()
    hidden = dataset["hidden_rain_probability"].to_numpy()
    width = (dataset["score_high"] - dataset["score_low"]).to_numpy()
    seen = np.isfinite(rain)
    panels: list[tuple[np.ndarray, Kind, str, dict]] = [
        (rain, "rain", "IMERG rain", {}),
        (score, "score", "Score, median", {"blank": seen & np.isnan(score)}),
        (width, "width", "Width of the 90 % interval", {"blank": seen & np.isnan(width)}),
        (
            hidden,
            "probability",
            "Rain hidden where IMERG is dry",
            {"blank": seen & np.isnan(hidden)},
        ),
    ]
    title, subtitle = headline(dataset)
    fig = figure(
        14, 1.9 + 3.1 * aspect(grid), title=title, subtitle=subtitle, world=dataset.attrs["world"]
    )
    for ax, (values, kind, name, options) in zip(fig.subplots(1, 4), panels, strict=True):
        draw_map(ax, values, grid, kind=kind, **options)
        ax.set_title(name)
    save(fig, path)


def headline(dataset: xr.Dataset) -> tuple[str, str]:
    """Title and subtitle of a scored map: what it is, what was found, what was not known."""
    time = pd.Timestamp(dataset["time"].item()).strftime("%Y-%m-%d %H:%M UTC")
    score = _with_interval(dataset, "map_score", "map_score_low", "map_score_high")
    found = f"map score {score} (90 % interval)" if score else "no map score: no rain seen"
    if float(dataset["map_score_outside"]) > 0:
        found += ", outside the wet shares calibrated"
    cluster = float(dataset["cluster"])
    if not np.isfinite(dataset["precipitation"]).any():
        found = "nothing to score: IMERG is missing in the whole window"
    elif np.isnan(cluster):
        found += " · not clustered: the window is too small, or IMERG is missing in its middle"
    elif cluster < 0:
        found += " · not clustered: too little rain"
    else:
        names = ("cluster_score_median", "cluster_score_low", "cluster_score_high")
        # The flag misses much (docs/clustering.md): without it nothing is promised.
        found += " · unlike the maps of the training" if float(dataset["novelty"]) > 0 else ""
        found += f"\ncluster {cluster:.0f}, {dataset.attrs['cluster_name']}: its maps score "
        found += _with_interval(dataset, *names)
    found += f"\n{dataset.attrs['source']}; model trained on {dataset.attrs['trained_on']}"
    if dataset.attrs["unavailable_inputs"]:
        found += f"\nnot known of this map: {dataset.attrs['unavailable_inputs']}"
    if dataset.attrs["product_difference"]:
        found += f"\nbeware: {dataset.attrs['product_difference']}"
    return f"IMERG {dataset.attrs['version']}, {time}", found


def _with_interval(dataset: xr.Dataset, *names: str) -> str:
    """Three scalars as '0.31 [0.27, 0.36]'; empty where the first is missing."""
    value, low, high = (float(dataset[name]) for name in names)
    return f"{value:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(value) else ""
