"""Surrogate maps without clusters: the null hypothesis against which clusterings are compared.

The surrogate maps are draws of one stationary Gaussian process in space and time, transformed into
rain. Wet share, intensity, texture, position and persistence vary continuously and as much as in
the real maps, but all maps follow one law, so that any clusters found in them are artefacts.

- Each wavenumber is a first-order autoregressive process in time. Its complex coefficient describes
  both the persistence and the drift of structures.
- Each surrogate is matched with a real map of the same split: the surrogate whose field has the
  k-th largest mean gets the wet share of the real map with the k-th largest one. Its pixels are
  ranked by the field, and get the mean sorted values of the real maps of about that wet share.
- The spectrum of the process is adjusted until the surrogates have the mean spectrum of the real
  maps.

The score of a surrogate is that of its matched map: it depends on the wet share alone.

Phase-randomised copies of each map would not do, because they keep the classes of maps that differ
in spectrum or intensity; nor would independent draws, because the half-hours of one day resemble
each other.

Reference: Theiler et al. (1992), doi:10.1016/0167-2789(92)90102-S; here with a pooled spectrum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.fft import irfft2, rfft2

from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.algorithms.methods import BATCH
from rainscore.clustering.mapsets import MapSet, read_rain, thinned
from rainscore.times import HALF_HOUR
from rainscore.training.autoencoder import AutoEncoder

SPECTRUM_MAPS = 400
"""Maximum number of maps from which a spectrum is estimated, evenly spaced."""

ROUNDS = 4
"""Adjustments of the spectrum; each leaves about a third of the mismatch."""

WET_SHARE_CLASSES = 24
"""Classes of wet share in which the values of the real maps are averaged."""

MAX_MEMORY = 0.995
"""Maximum modulus of the autoregressive coefficients."""


@dataclass(frozen=True)
class Process:
    """A Gaussian process on a torus twice as wide as the maps, so that maps do not wrap around.

    Attributes:
        power: Power of each wavenumber of `rfft2`, dims (2y, x + 1).
        memory: Autoregressive coefficient of each wavenumber for a half-hour, complex, same dims.
    """

    power: np.ndarray
    memory: np.ndarray


def make_surrogates(
    features: Sequence[Path],
    table: pd.DataFrame,
    encoder: AutoEncoder,
    *,
    min_wet_share: float,
    max_training_maps: int,
    epochs: int,
    seed: int,
) -> MapSet:
    """Draw surrogate maps, and train the auto-encoder further on them.

    Args:
        features: Training files.
        table: All real maps, one row per map: time, split, wet_share, map_score.
        encoder: Auto-encoder of the real maps.
        min_wet_share: Minimum wet share of the surrogates that are kept [1].
        max_training_maps: Maximum number of surrogates that the auto-encoder is trained on.
        epochs: Number of training epochs, as many as a joint method may use.
        seed: Random seed of the draws and of the training.

    Returns:
        Surrogates with enough rain, at the times of the real maps; their table, with wet_share and
        map_score of the matched maps; and the auto-encoder.
    """
    table = table.sort_values("time", ignore_index=True)
    rain = read_rain(features, table["time"].to_numpy())[:, 0]
    drawn, matched = draw_surrogates(
        rain, table["time"].to_numpy(), table["wet_share"].to_numpy(), table["split"].to_numpy(),
        seed=seed,
    )  # fmt: skip
    properties = table[["wet_share", "map_score"]].iloc[matched].reset_index(drop=True)
    surrogate_table = table[["time", "split"]].join(properties)
    rainy = (surrogate_table["wet_share"] >= min_wet_share).to_numpy()
    maps = MapSet(drawn[rainy][:, None], surrogate_table[rainy].reset_index(drop=True), encoder)
    train = thinned(maps.training_rows, max_training_maps)
    # A k-means clusterer with one cluster is the training of an auto-encoder alone.
    learner = LatentKMeans(
        k=1, network=encoder, pretrain_epochs=epochs, batch=BATCH, seed=seed, progress=False
    )
    return MapSet(maps.rain, maps.table, learner.fit(maps.rain[train]).network_.cpu())


def draw_surrogates(
    rain: np.ndarray, times: np.ndarray, wet_share: np.ndarray, split: np.ndarray, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one surrogate for each map, at the same time.

    Args:
        rain: Log-rain maps, dims (n, y, x), in order of time, nothing missing.
        times: Half-hours, dims (n,), datetime64; gaps are allowed.
        wet_share: Wet share of each map, dims (n,) [1].
        split: Name of the split of each map, dims (n,).
        seed: Random seed of the draws.

    Returns:
        Surrogates, dims (n, y, x), float16; and the row of the map matched with each, in the same
        split, dims (n,).
    """
    values = _sorted_values(rain, wet_share)
    ranks = _ranks(wet_share)
    target, memory = spectrum(rain, times)
    process = Process(target, memory)
    some = np.linspace(0, len(rain) - 1, min(len(rain), SPECTRUM_MAPS)).round().astype(int)
    # Consecutive maps would be correlated: these are drawn days apart.
    separate = np.arange(len(some)) * np.timedelta64(10, "D") + times[0]
    for i in range(ROUNDS):
        fields = _fields(process, separate, rain.shape[1:], np.random.default_rng([seed, i]))
        drawn, _ = _as_rain(fields, values, ranks[some], np.zeros(len(some), int))
        power, _ = spectrum(drawn, separate)
        process = Process(process.power * target / np.maximum(power, 1e-12), memory)
    fields = _fields(process, times, rain.shape[1:], np.random.default_rng([seed, ROUNDS]))
    return _as_rain(fields, values, ranks, np.unique(split, return_inverse=True)[1])


def spectrum(rain: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean power and autoregressive coefficient of each wavenumber.

    Both are of the deviations from the mean map, padded with zeros to twice the size.

    Args:
        rain: Dims (n, y, x).
        times: Half-hours, dims (n,).

    Returns:
        power and memory as in `Process`.
    """
    mean = rain.mean(axis=0, dtype=np.float64).astype(np.float32)
    shape = (2 * rain.shape[1], 2 * rain.shape[2])
    power = np.zeros((shape[0], shape[1] // 2 + 1))
    pair_power = np.zeros_like(power)
    cross = np.zeros(power.shape, complex)
    stride = max(len(rain) // SPECTRUM_MAPS, 1)
    for i in range(0, len(rain), stride):
        first = rfft2(rain[i].astype(np.float32) - mean, shape)
        power += np.abs(first) ** 2
        if i + 1 < len(rain) and times[i + 1] - times[i] == HALF_HOUR:
            second = rfft2(rain[i + 1].astype(np.float32) - mean, shape)
            cross += second * first.conj()
            pair_power += (np.abs(first) ** 2 + np.abs(second) ** 2) / 2
    power /= len(range(0, len(rain), stride))
    memory = cross / np.maximum(pair_power, 1e-12)
    return power, memory * np.minimum(1, MAX_MEMORY / np.maximum(np.abs(memory), 1e-12))


def _fields(
    process: Process, times: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Draw fields of the process, dims (n, y, x), float16, of arbitrary unit."""
    torus = (process.power.shape[0], 2 * (process.power.shape[1] - 1))
    scale = np.sqrt(process.power / process.power.sum()).astype(np.float32)
    fields = np.empty((len(times), *shape), np.float16)
    steps = np.diff(times, prepend=times[:1]) / HALF_HOUR
    state = np.zeros(process.power.shape, np.complex64)
    for i, step in enumerate(steps):
        keep = 0 if i == 0 else (process.memory**step).astype(np.complex64)
        noise = rfft2(rng.standard_normal(torus, np.float32))
        state = keep * state + np.sqrt(1 - np.abs(keep) ** 2) * scale * noise
        fields[i] = irfft2(state, torus)[: shape[0], : shape[1]]
    return fields


def _ranks(values: np.ndarray) -> np.ndarray:
    """Rank of each value, from 0 to 1."""
    return np.argsort(np.argsort(values, kind="stable")) / max(len(values) - 1, 1)


def _sorted_values(rain: np.ndarray, wet_share: np.ndarray) -> np.ndarray:
    """Mean sorted values of the maps of each class of wet share, dims (class, y · x)."""
    order = np.argsort(wet_share, kind="stable")
    return np.stack(
        [
            np.mean([np.sort(rain[i], axis=None) for i in part], axis=0, dtype=np.float32)
            for part in np.array_split(order, min(WET_SHARE_CLASSES, len(order)))
        ]
    )


def _as_rain(
    fields: np.ndarray, values: np.ndarray, ranks: np.ndarray, split: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Match each field with a map of its split by rank, and give it the values of its wet share.

    Args:
        fields: Dims (n, y, x).
        values: From `_sorted_values`.
        ranks: Rank of the wet share of each map, dims (n,).
        split: Number of the split of each map, dims (n,).

    Returns:
        Rain, dims (n, y, x), float16; and the row of the matched map, dims (n,).
    """
    means = fields.mean(axis=(1, 2), dtype=np.float32)
    matched = np.empty(len(fields), int)
    for part in np.unique(split):
        rows = np.flatnonzero(split == part)
        by_mean = rows[np.argsort(means[rows], kind="stable")]
        matched[by_mean] = rows[np.argsort(ranks[rows], kind="stable")]
    rain = np.empty(fields.shape, np.float16)
    positions = np.clip(ranks[matched] * len(values) - 0.5, 0, len(values) - 1)
    for i, position in enumerate(positions):
        low = int(position)
        high = min(low + 1, len(values) - 1)
        ordered = values[low] + (position - low) * (values[high] - values[low])
        flat = rain[i].reshape(-1)
        flat[np.argsort(fields[i], axis=None, kind="stable")] = ordered
    return rain, matched
