"""Figures of the section on skill on held-out days, from the result files of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from rainscore.evaluation.importance import sensitivity
from rainscore.evaluation.skill import UNET, coverage_table
from rainscore.grids import Grid
from rainscore.io import read_months, read_table
from rainscore.netcdffiles import open_netcdf
from rainscore.prediction.selection import rainiest
from rainscore.regridding.hourly import compared
from rainscore.report.figures.plot_cases import (
    CaseMaps,
    WindowSensitivity,
    plot_cases,
    plot_sensitivity,
)
from rainscore.report.figures.plot_importance import plot_ablation, plot_importance
from rainscore.report.figures.plot_skill import (
    plot_coverage,
    plot_coverage_deciles,
    plot_paired,
    plot_predicted,
    plot_reliability,
    plot_skill,
)
from rainscore.report.figures.plot_transfer import plot_transfer
from rainscore.report.runsample import RunSample
from rainscore.scores import distribution
from rainscore.training.channels import CHANNELS, unscale_rain
from rainscore.training.dataset import ScoreMaps
from rainscore.training.features import learning_grid
from rainscore.training.inference import forward
from rainscore.training.trained import load_trained_unet
from rainscore.training.unet import load_unet

CASES = 4
"""Number of half-hours in the figure of cases, at most."""


SENSITIVE = 3
"""Number of half-hours in the figure of the sensitivity."""


AROUND = 20
"""Pixels around a window, on each side, whose influence on its score is drawn."""


@dataclass(frozen=True)
class SkillFiles:
    """Files that the figures of the skill are drawn from.

    Attributes:
        skill, paired, reliability, importance: Tables of the evaluation.
        ablation: Table of the compared U-Nets, in a list; empty where none is compared.
        transfer: Table of the unseen worlds and real rain, in a list; empty without such cases.
        unet: Weights, card and calibration of the U-Net.
        splits: Table of the split of each half-hour.
        tables: Score tables, one per month.
        features: Training files, one per month.
        pairs: Files of IMERG and radar rain, one per month.
        scores: Files of the score maps, one per month.
    """

    skill: str
    paired: str
    reliability: str
    importance: str
    ablation: Sequence[str]
    transfer: Sequence[str]
    unet: Sequence[str]
    splits: str
    tables: Sequence[str]
    features: Sequence[str]
    pairs: Sequence[str]
    scores: Sequence[str]

    @property
    def unet_stem(self) -> Path:
        """Path of the U-Net's files without ending."""
        return Path(self.unet[0]).with_suffix("")


def _skill(files: SkillFiles, sample: RunSample) -> Figure:
    return plot_skill(read_table(files.skill), period=sample.period, world=sample.world)


def _map_skill(files: SkillFiles, sample: RunSample) -> Figure:
    table = read_table(files.skill)
    return plot_skill(table, split="map", period=sample.period, world=sample.world)


def _paired(files: SkillFiles, sample: RunSample) -> Figure:
    return plot_paired(read_table(files.paired), period=sample.period, world=sample.world)


def _coverage(files: SkillFiles, sample: RunSample) -> Figure:
    return plot_coverage(read_table(files.skill), period=sample.period, world=sample.world)


def _coverage_deciles(files: SkillFiles, sample: RunSample) -> Figure:
    table = coverage_table(read_table(files.skill), UNET)
    return plot_coverage_deciles(table, period=sample.period, world=sample.world)


def _reliability(files: SkillFiles, sample: RunSample) -> Figure:
    table = read_table(files.reliability)
    return plot_reliability(table, period=sample.period, world=sample.world)


def _transfer(files: SkillFiles, sample: RunSample) -> Figure:
    (path,) = files.transfer
    return plot_transfer(read_table(path), period=sample.period)


def _predicted(files: SkillFiles, sample: RunSample) -> Figure:
    return plot_predicted(read_table(files.skill), period=sample.period, world=sample.world)


def _importance(files: SkillFiles, sample: RunSample) -> Figure:
    return plot_importance(read_table(files.importance), period=sample.period, world=sample.world)


def _ablation(files: SkillFiles, sample: RunSample) -> Figure:
    (path,) = files.ablation
    return plot_ablation(read_table(path), period=sample.period, world=sample.world)


def _sensitivity(files: SkillFiles, sample: RunSample) -> Figure:
    times = _case_times(files)
    chosen = times[np.unique(np.linspace(0, len(times) - 1, SENSITIVE).astype(int))]
    return plot_sensitivity(_sensitivities(files, chosen), chosen, world=sample.world)


def _cases(files: SkillFiles, sample: RunSample) -> Figure:
    times = _case_times(files)
    return plot_cases(case_maps(files, times), times, world=sample.world)


SKILL_FIGURES: Mapping[str, Callable[[SkillFiles, RunSample], Figure]] = {
    "skill": _skill,
    "map_skill": _map_skill,
    "paired": _paired,
    "coverage": _coverage,
    "coverage_deciles": _coverage_deciles,
    "reliability": _reliability,
    "transfer": _transfer,
    "predicted": _predicted,
    "importance": _importance,
    "ablation": _ablation,
    "sensitivity": _sensitivity,
    "cases": _cases,
}
"""Function that draws each figure, by name."""


def _case_times(files: SkillFiles) -> np.ndarray:
    """Return the starts of the half-hours that are drawn, dims (time,), UTC."""
    return rainiest(read_table(files.splits), read_months(list(files.tables)), CASES)


def case_maps(files: SkillFiles, times: np.ndarray) -> CaseMaps:
    """Read held-out half-hours and predict their scores.

    Args:
        files: Files of the run.
        times: Starts of the half-hours, dims (time,), UTC.
    """
    pair = _at_times(files.pairs, times, ["imerg", "radar"])
    score = _at_times(files.scores, times, ["score"])
    unet = load_trained_unet(files.unet_stem)
    features = [Path(path) for path in files.features]
    data = ScoreMaps(features, times, hidden=unet.card.hidden)
    inputs, _, wet, _ = (array.numpy() for array in data.read(np.arange(len(data))))
    masses = unet.calibration.local(forward(unet.model, inputs)[0], inputs, wet)
    median, low, high = np.full((3, *wet.shape), np.nan)
    median[wet] = distribution.quantiles(masses, (0.5,))[:, 0]
    low[wet], high[wet] = distribution.interval(masses)
    return CaseMaps(
        imerg=pair["imerg"].values,
        radar=pair["radar"].values,
        observed=score["score"].values,
        median=median,
        low=low,
        high=high,
        grid=Grid.from_json(pair.attrs["grid"]),
        score_grid=learning_grid(features[0]),
    )


def _at_times(paths: Sequence[str], times: np.ndarray, names: list[str]) -> xr.Dataset:
    """Read variables of monthly files at some half-hours."""
    parts = []
    for path in paths:
        with open_netcdf(path) as opened:
            month = compared(opened)
            part = month[names].sel(time=np.intersect1d(month["time"].values, times)).load()
        if part.sizes["time"]:
            parts.append(part)
    return xr.concat(parts, "time")


def _sensitivities(files: SkillFiles, times: np.ndarray) -> list[WindowSensitivity]:
    """Return the sensitivity of the score of the rainiest inner window of each half-hour."""
    model, card = load_unet(files.unet_stem)
    features = [Path(path) for path in files.features]
    data = ScoreMaps(features, times, hidden=card.hidden)
    inputs = data.read(np.arange(len(data)))[0].numpy()
    spread = inputs.std(axis=(0, 2, 3))
    rain = unscale_rain(inputs[:, CHANNELS.index("rain")])
    grid = learning_grid(features[0])
    half = min(AROUND, (min(grid.shape) - 1) // 2)
    inner = rain[:, half : grid.ny - half, half : grid.nx - half]
    rows, columns = np.divmod(inner.reshape(len(rain), -1).argmax(axis=1), inner.shape[-1])
    windows = []
    for i, (top, left) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        influence = sensitivity(model, inputs[i], (top + half, left + half), spread)
        square = np.s_[top : top + 2 * half + 1, left : left + 2 * half + 1]
        around = replace(
            grid,
            x0=grid.x0 + left * grid.dx,
            y0=grid.y0 + top * grid.dy,
            nx=2 * half + 1,
            ny=2 * half + 1,
        )
        cut = {name: field[square] for name, field in influence.items()}
        windows.append(WindowSensitivity(around, rain[i][square], cut))
    return windows
