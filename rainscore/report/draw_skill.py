"""Figures of the skill on held-out days, from the files of a run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from rainscore.evaluation.importance import sensitivity
from rainscore.grids import Grid
from rainscore.prediction.selection import rainiest
from rainscore.report.figures.plot_importance import plot_case, plot_importance, plot_sensitivity
from rainscore.report.figures.plot_skill import (
    plot_coverage,
    plot_paired,
    plot_predicted,
    plot_reliability,
    plot_skill,
)
from rainscore.report.results import Results
from rainscore.training.calibration import calibrated, read_calibration
from rainscore.training.channels import CHANNELS, unscale_rain
from rainscore.training.dataset import ScoreMaps
from rainscore.training.features import learning_grid
from rainscore.training.inference import forward
from rainscore.training.models import load_unet

CASES = 10


SENSITIVE = 3


AROUND = 20
"""Pixels around a window, on each side, whose influence is drawn."""


def cases(run: Results, times: np.ndarray) -> Figure:
    """Held-out half-hours beside the prediction."""
    pairs = [_at(path, times, ["imerg", "radar"]) for path in run.paths("pairs/{}.nc")]
    found = [_at(path, times, ["score"]) for path in run.paths("scores/{}.nc")]
    model, card = load_unet(run.folder / "models/unet")
    features = [Path(p) for p in run.paths("features/{}.h5")]
    data = ScoreMaps(features, times, hidden=card["hidden"])
    inputs, _, wet, _ = (array.numpy() for array in data.read(np.arange(len(data))))
    known = read_calibration(run.folder / "models/unet", card)
    quantiles = calibrated(forward(model, inputs)[0], inputs, known)
    low, middle, high = (quantiles[:, i] for i in (0, quantiles.shape[1] // 2, -1))
    pair = xr.concat([p for p in pairs if p.sizes["time"]], "time")
    score = xr.concat([s for s in found if s.sizes["time"]], "time")
    predicted, lower, upper = (np.where(wet, part, np.nan) for part in (middle, low, high))
    return plot_case(
        pair["imerg"].values,
        pair["radar"].values,
        score["score"].values,
        predicted,
        lower,
        upper,
        times,
        grid=Grid.from_json(pair.attrs["grid"]),
        score_grid=learning_grid(features[0]),
        world=run.world,
    )


def sensitivities(run: Results, times: np.ndarray) -> Figure:
    """Gradients of the network for the inner window with the most rain of each half-hour."""
    model, card = load_unet(run.folder / "models/unet")
    features = [Path(p) for p in run.paths("features/{}.h5")]
    data = ScoreMaps(features, times, hidden=card["hidden"])
    inputs = data.read(np.arange(len(data)))[0].numpy()
    spread = inputs.std(axis=(0, 2, 3))
    rain = unscale_rain(inputs[:, CHANNELS.index("rain")])
    grid = learning_grid(features[0])
    half = min(AROUND, (min(grid.shape) - 1) // 2)
    inner = rain[:, half : grid.ny - half, half : grid.nx - half]
    rows, columns = np.divmod(inner.reshape(len(rain), -1).argmax(axis=1), inner.shape[-1])
    shown = []
    for i, (top, left) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        depends = sensitivity(model, inputs[i], (top + half, left + half), spread)
        here = np.s_[top : top + 2 * half + 1, left : left + 2 * half + 1]
        around = replace(
            grid,
            x0=grid.x0 + left * grid.dx,
            y0=grid.y0 + top * grid.dy,
            nx=2 * half + 1,
            ny=2 * half + 1,
        )
        cut = {name: field[here] for name, field in depends.items()}
        shown.append((around, rain[i][here], cut))
    return plot_sensitivity(shown, times, world=run.world)


def _at(path: str, times: np.ndarray, names: list[str]) -> xr.Dataset:
    with xr.open_dataset(path, engine="h5netcdf") as month:
        return month[names].sel(time=np.intersect1d(month["time"].values, times)).load()


def figures(run: Results) -> dict[str, Callable[[], Figure]]:
    """What draws each figure, by its name."""
    skill, paired, reliability, importance = (
        run.read(f"evaluation/{name}.parquet")
        for name in ("skill", "paired", "reliability", "importance")
    )
    times = rainiest(run.read("splits.parquet"), run.table, CASES)
    some = times[np.unique(np.linspace(0, len(times) - 1, SENSITIVE).astype(int))]
    first, second = np.array_split(times, 2)
    return {
        "skill": lambda: plot_skill(skill, **run.about),
        "map_skill": lambda: plot_skill(skill, split="map", **run.about),
        "paired": lambda: plot_paired(paired, **run.about),
        "coverage": lambda: plot_coverage(skill, **run.about),
        "reliability": lambda: plot_reliability(reliability, **run.about),
        "predicted": lambda: plot_predicted(skill, **run.about),
        "importance": lambda: plot_importance(importance, **run.about),
        "sensitivity": lambda: sensitivities(run, some),
        "cases": lambda: cases(run, first),
        "more_cases": lambda: cases(run, second if len(second) else first),
    }
