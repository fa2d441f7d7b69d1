"""Rival of the U-Net: IMERG's score against radar rain that a published error model simulates.

The error model gives the distribution of the radar's rain of a pixel, given IMERG's rain there and
the wet share around it (`censoredgamma`). The score of a window depends on all its pixels together.
Fields of radar rain are therefore drawn from these distributions with a noise that is correlated
in space, and IMERG is scored against each of them.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.fft import irfft2, rfft2
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.special import betainc, ndtr

from rainscore.evaluation.blocks import CHANNEL_NAMES, Block
from rainscore.evaluation.censoredgamma import RainRegression, fit_regression
from rainscore.grids import Grid
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.hourly import compared
from rainscore.scores.distribution import EDGES, MASSES
from rainscore.scores.localscore import WindowMeans, local_score, score_parts
from rainscore.scores.scoremaps import ScoreSettings, cell_rates
from rainscore.training.channels import unscale_rain

HALF_HOURS = 96
"""Largest number of half-hours that the error model is fitted to."""

CELLS = 8000
"""Largest number of cells of these half-hours that are drawn for the fit."""

WET_SIDE = 5
"""Side of the square of the wet share [cells]."""

RANGE_KM = 200.0
"""Distance at which the correlation of the noise is 1/e; chosen on the validation days [km]."""

MEMBERS = 16
"""Number of simulated fields of radar rain per map."""

POOL = 128
"""Number of fields of noise that the members are drawn from."""

MEAN_STEPS, NOISE_STEPS = 200, 161
"""Sizes of the table of rain by mean and noise."""

LARGEST_NOISE = 4.0
"""Noise is cut at this number of standard deviations."""

MOMENT_STEPS = 64
"""Number of steps of the mean and of the spread in the table of beta distributions."""


class ErrorModel:
    """Distribution of the score of each window, from simulated fields of radar rain.

    A mass of 0 is the share of members with a score of 0. The scores above 0 get the beta
    distribution of their mean and variance, since the histogram of few members is rough.

    Args:
        regression: Error model.
        settings: Settings of the score.
        range_km: Distance at which the correlation of the noise is 1/e [km].
        seed: Random seed.
    """

    def __init__(
        self,
        regression: RainRegression,
        settings: ScoreSettings,
        *,
        seed: int,
        range_km: float = RANGE_KM,
    ) -> None:
        self._regression, self._settings = regression, settings
        self._range = range_km / settings.learning_step_km
        self._rng = np.random.default_rng([seed, 4])
        self._noise = np.empty((0, 0, 0), np.float32)
        self._means, self._table = _rain_table(regression)

    def learn(self, block: Block) -> None:
        """Nothing is learnt from blocks: the regression was fitted to pairs."""

    def predict(self, block: Block) -> np.ndarray:
        """Masses of the score of each evaluated window, dims (n, mass)."""
        rain = unscale_rain(block.inputs[:, CHANNEL_NAMES.index("rain")])
        valid = block.inputs[:, CHANNEL_NAMES.index("valid")] > 0
        parts = [
            score_masses(self._scores(imerg, known)[:, inside])
            for imerg, known, inside in zip(rain, valid, block.evaluated, strict=True)
        ]
        return np.concatenate(parts) if parts else np.empty((0, MASSES))

    def _scores(self, imerg: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Scores of IMERG against each member, dims (member, y, x).

        Args:
            imerg: Rain [mm/h], dims (y, x).
            valid: Whether it is available, dims (y, x).
        """
        if self._noise.shape[1:] != imerg.shape:
            self._noise = noise_fields(imerg.shape, self._range, count=POOL, rng=self._rng)
        imerg = np.where(valid, imerg, 0)
        wet = (imerg >= self._settings.wet_threshold_mm_h).astype(np.float32)
        mean = self._regression.predictor(imerg, uniform_filter(wet, WET_SIDE, mode="nearest"))
        row = np.searchsorted(self._means, mean).clip(max=len(self._means) - 1)
        chosen = self._rng.choice(POOL, MEMBERS, replace=False)
        radar = np.where(valid, self._table[row, self._noise[chosen]], 0)
        means = pixel_means(imerg, radar, self._settings)
        return local_score(score_parts(self._settings.name, means))


def fit_error_model(
    pairs: Sequence[Path], times: np.ndarray, settings: ScoreSettings, *, seed: int
) -> RainRegression:
    """Fit the error model on IMERG's cells in some half-hours.

    Args:
        pairs: Pair files of all months.
        times: Starts of the half-hours of the training days.
        settings: Settings of the score.
        seed: Random seed of the drawn cells.
    """
    chosen = times[:: max(len(times) // HALF_HOURS, 1)].astype("datetime64[ns]")
    columns = np.concatenate([_cells(path, chosen, settings) for path in pairs], axis=1)
    rng = np.random.default_rng([seed, 3])
    drawn = rng.permutation(columns.shape[1])[:CELLS]
    return fit_regression(*columns[:, drawn])


def _cells(path: Path, times: np.ndarray, settings: ScoreSettings) -> np.ndarray:
    """Rain of IMERG, wet share and rain of the radar where IMERG is wet nearby, dims (3, n)."""
    with xr.open_dataset(path, engine="h5netcdf") as file:
        pair = compared(file)[["precipitation", "radar", "radar_valid"]]
        rows = np.flatnonzero(np.isin(pair["time"].values, times))
        if not rows.size:
            return np.empty((3, 0))
        part = pair.isel(time=rows).load()
    grid, cells_grid = (Grid.from_json(pair.attrs[name]) for name in ("grid", "cells"))
    to_cells = overlap_weights(grid, cells_grid)
    cells = cell_rates(part, to_cells, settings)
    wet = np.nan_to_num(cells.imerg) >= settings.wet_threshold_mm_h
    share = uniform_filter(wet.astype(np.float32), (1, WET_SIDE, WET_SIDE), mode="nearest")
    known = np.isfinite(cells.imerg) & np.isfinite(cells.radar) & (share > 0)
    return np.stack([cells.imerg[known], share[known], cells.radar[known]]).astype(np.float64)


def _rain_table(regression: RainRegression) -> tuple[np.ndarray, np.ndarray]:
    """Rain [mm/h] by the mean of the gamma variable and by the noise.

    Returns:
        Means [mm/h], dims (mean,); rain, dims (mean, noise), in the steps of `noise_fields`.
    """
    ends = regression.predictor(np.array([0.0, 200.0]), np.array([0.0, 1.0]))
    means = np.geomspace(float(ends[0]), float(ends[1]), MEAN_STEPS)
    level = ndtr(np.linspace(-LARGEST_NOISE, LARGEST_NOISE, NOISE_STEPS))
    return means, regression.distribution(means[:, None]).quantile(level).astype(np.float32)


def noise_fields(
    shape: tuple[int, int], reach: float, *, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Fields of Gaussian noise with an exponential correlation in space.

    Args:
        shape: Rows and columns.
        reach: Distance at which the correlation is 1/e [pixels].
        count: Number of fields.
        rng: Random generator.

    Returns:
        Steps of the noise, 0 … NOISE_STEPS − 1 for −LARGEST_NOISE … LARGEST_NOISE, dims
        (field, y, x), int16.
    """
    # Twice the size, so that opposite edges of the periodic field are not correlated.
    size = tuple(2 * n for n in shape)
    distance = np.hypot(*np.meshgrid(*(np.minimum(np.arange(n), n - np.arange(n)) for n in size)))
    spectrum = np.maximum(rfft2(np.exp(-distance.T / reach)).real, 0)
    steps = np.empty((count, *shape), np.int16)
    for field in steps:
        white = rfft2(rng.standard_normal(size))
        noise = irfft2(white * np.sqrt(spectrum), size)[: shape[0], : shape[1]]
        scaled = (noise / LARGEST_NOISE + 1) / 2 * (NOISE_STEPS - 1)
        field[:] = np.rint(scaled).clip(0, NOISE_STEPS - 1)
    return steps


def pixel_means(imerg: np.ndarray, radar: np.ndarray, settings: ScoreSettings) -> WindowMeans:
    """Means over the windows of the score, whose cells are here the pixels of the learning grid.

    Args:
        imerg: Rain of IMERG [mm/h], dims (y, x).
        radar: Rain of the members [mm/h], dims (member, y, x).
        settings: Settings of the score.
    """
    sigma = settings.window_km / np.sqrt(4 * np.pi) / settings.learning_step_km
    cut = settings.window_km / np.sqrt(2) / settings.learning_step_km / sigma

    def mean(field: np.ndarray) -> np.ndarray:
        axes = (*(0,) * (field.ndim - 2), sigma, sigma)
        return gaussian_filter(field.astype(np.float32), axes, truncate=cut, mode="constant")

    if settings.name in ("affinity", "amount"):
        f, o = mean(imerg), mean(radar)
        hit, overlap = mean(np.minimum(imerg, radar)), mean(np.sqrt(imerg * radar))
        zero = np.zeros_like(o)
        return WindowMeans(hit, o - hit, f - hit, overlap, zero, zero, zero, zero + 1)
    wet, wet_radar = (field >= settings.wet_threshold_mm_h for field in (imerg, radar))
    one, both = mean(np.ones_like(imerg)), mean(wet & wet_radar)
    zero = np.zeros_like(both)
    return WindowMeans(zero, zero, zero, zero, mean(wet), mean(wet_radar), both, zero + one)


def score_masses(scores: np.ndarray) -> np.ndarray:
    """Masses of the score of each window from those of the members.

    Args:
        scores: Dims (member, window), without NaN.

    Returns:
        Dims (window, mass).
    """
    positive = scores > 0
    count = positive.sum(axis=0)
    mean = scores.sum(axis=0) / np.maximum(count, 1)
    variance = (scores**2).sum(axis=0) / np.maximum(count, 1) - mean**2
    # Relative to the largest possible variance of that mean.
    relative = np.sqrt(np.maximum(variance, 0) / np.maximum(mean * (1 - mean), 1e-9))
    row, column = (np.rint(x * MOMENT_STEPS).astype(int) for x in (mean, relative))
    inside = _beta_table()[row.clip(0, MOMENT_STEPS), column.clip(0, MOMENT_STEPS)]
    share = (count / len(scores))[:, None]
    return np.hstack([1 - share, share * inside, np.zeros_like(share)])


@lru_cache(maxsize=1)
def _beta_table() -> np.ndarray:
    """Probability of each bin by the mean and the relative spread, dims (mean, spread, bin)."""
    steps = np.arange(MOMENT_STEPS + 1) / MOMENT_STEPS
    mean = steps.clip(0.5 / MOMENT_STEPS, 1 - 0.5 / MOMENT_STEPS)[:, None, None]
    relative = steps.clip(0.5 / MOMENT_STEPS, 1 - 0.5 / MOMENT_STEPS)[None, :, None]
    total = 1 / relative**2 - 1
    return np.diff(betainc(mean * total, (1 - mean) * total, EDGES), axis=2)
