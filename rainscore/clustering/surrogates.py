"""Maps of rain without clusters: what a clustering finds in them is what it finds in anything.

One Gaussian process in space and time, stationary, and one way from its values to rain: all maps
are draws of the same law, whose variables (wet share, intensity, texture, place, and how all of
them last) vary continuously, as much as they do in the real maps. There is one kind of weather.

- Each wavenumber is an autoregression of order one in time, whose complex coefficient carries both
  how long structures last and how they drift.
- A surrogate bears the wet share of a real map, its partner: the rankings by mean value within each
  split are matched. Its rain is ordered by the process, and takes the values of real maps of about
  that wet share, averaged over many of them, so that no two kinds of map of one wet share remain.
- The spectrum of the process is adjusted until the surrogates have the pooled spectrum of the real
  maps.

The score of a surrogate is its partner's: it depends on the wet share alone.

Phase-randomised copies of each map would keep the kinds of map that differ by spectrum or by
intensity, and copies drawn without memory would be more of a crowd than a day of half-hours is.
Method: surrogate data (Theiler et al. 1992, doi:10.1016/0167-2789(92)90102-S), pooled.
"""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, rfft2

STEP = np.timedelta64(30, "m")


MOST_MAPS = 400
"""Maps from which spectra are taken: evenly spread, more of them would add little."""


ROUNDS = 4
"""Adjustments of the spectrum; each one leaves about a third of the mismatch."""


LEVELS = 24
"""Classes of wet share in which the values of real maps are averaged."""


LONGEST_MEMORY = 0.995
"""Most that a wavenumber may keep from half-hour to half-hour."""


@dataclass(frozen=True)
class Process:
    """A Gaussian process on a torus twice as wide as the maps, so that no rain meets itself.

    Attributes:
        power: Dims (2y, x + 1), of each wavenumber of `rfft2`.
        memory: Dims (2y, x + 1), complex: what a wavenumber keeps in half an hour.
    """

    power: np.ndarray
    memory: np.ndarray


def make_surrogates(
    rain: np.ndarray, times: np.ndarray, wet_share: np.ndarray, split: np.ndarray, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Surrogates of maps, one for each, at the same times.

    Args:
        rain: Log-rain maps, dims (n, y, x), in order of time, nothing missing.
        times: Half-hour starts, dims (n,), datetime64; there may be gaps.
        wet_share: Dims (n,).
        split: Name of the split of each map, dims (n,).
        seed: Of the draws.

    Returns:
        Surrogates, dims (n, y, x), float16; and the row of each surrogate's partner, dims (n,),
        in the same split.
    """
    values = _value_table(rain, wet_share)
    ranks = _ranks(wet_share)
    target, memory = spectrum(rain, times)
    process = Process(target, memory)
    some = np.linspace(0, len(rain) - 1, min(len(rain), MOST_MAPS)).round().astype(int)
    for i in range(ROUNDS):
        # One after the other in time would be alike: these are drawn days apart.
        apart = np.arange(len(some)) * np.timedelta64(10, "D") + times[0]
        fields = _fields(process, apart, rain.shape[1:], np.random.default_rng([seed, i]))
        drawn, _ = _as_rain(fields, values, ranks[some], np.zeros(len(some), int))
        found, _ = spectrum(drawn, apart)
        process = Process(process.power * target / np.maximum(found, 1e-12), memory)
    fields = _fields(process, times, rain.shape[1:], np.random.default_rng([seed, ROUNDS]))
    return _as_rain(fields, values, ranks, np.unique(split, return_inverse=True)[1])


def spectrum(rain: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean power of the deviations from the mean map, and what each wavenumber keeps.

    Args:
        rain: Dims (n, y, x).
        times: Dims (n,).

    Returns:
        power and memory of `Process`, from the maps padded with zeros to twice their size.
    """
    mean = rain.mean(axis=0, dtype=np.float64).astype(np.float32)
    shape = (2 * rain.shape[1], 2 * rain.shape[2])
    power = np.zeros((shape[0], shape[1] // 2 + 1))
    pairs_power = np.zeros_like(power)
    cross = np.zeros(power.shape, complex)
    stride = max(len(rain) // MOST_MAPS, 1)
    for i in range(0, len(rain), stride):
        here = rfft2(rain[i].astype(np.float32) - mean, shape)
        power += np.abs(here) ** 2
        if i + 1 < len(rain) and times[i + 1] - times[i] == STEP:
            after = rfft2(rain[i + 1].astype(np.float32) - mean, shape)
            cross += after * here.conj()
            pairs_power += (np.abs(here) ** 2 + np.abs(after) ** 2) / 2
    power /= len(range(0, len(rain), stride))
    memory = cross / np.maximum(pairs_power, 1e-12)
    return power, memory * np.minimum(1, LONGEST_MEMORY / np.maximum(np.abs(memory), 1e-12))


def _fields(
    process: Process, times: np.ndarray, shape: tuple[int, ...], rng: np.random.Generator
) -> np.ndarray:
    """Draws of the process at some times, dims (n, y, x), float16; their unit does not matter."""
    torus = (process.power.shape[0], 2 * (process.power.shape[1] - 1))
    scale = np.sqrt(process.power / process.power.sum()).astype(np.float32)
    fields = np.empty((len(times), *shape), np.float16)
    steps = np.diff(times, prepend=times[:1]) / STEP
    state = np.zeros(process.power.shape, np.complex64)
    for i, gap in enumerate(steps):
        keep = 0 if i == 0 else (process.memory**gap).astype(np.complex64)
        fresh = rfft2(rng.standard_normal(torus, np.float32))
        state = keep * state + np.sqrt(1 - np.abs(keep) ** 2) * scale * fresh
        fields[i] = irfft2(state, torus)[: shape[0], : shape[1]]
    return fields


def _ranks(values: np.ndarray) -> np.ndarray:
    """Rank of each value, from 0 to 1."""
    return np.argsort(np.argsort(values, kind="stable")) / max(len(values) - 1, 1)


def _value_table(rain: np.ndarray, wet_share: np.ndarray) -> np.ndarray:
    """Mean sorted values of the maps of each class of wet share, dims (LEVELS, y · x)."""
    order = np.argsort(wet_share, kind="stable")
    return np.stack(
        [
            np.mean([np.sort(rain[i], axis=None) for i in part], axis=0, dtype=np.float32)
            for part in np.array_split(order, min(LEVELS, len(order)))
        ]
    )


def _as_rain(
    fields: np.ndarray, values: np.ndarray, ranks: np.ndarray, split: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give each field a partner of its rank in its split, and the values of that wet share."""
    means = fields.mean(axis=(1, 2), dtype=np.float32)
    partner = np.empty(len(fields), int)
    for part in np.unique(split):
        rows = np.flatnonzero(split == part)
        # The field of the k-th mean gets the map of the k-th wet share.
        partner[rows[np.argsort(means[rows], kind="stable")]] = rows[
            np.argsort(ranks[rows], kind="stable")
        ]
    rain = np.empty(fields.shape, np.float16)
    places = np.clip(ranks[partner] * len(values) - 0.5, 0, len(values) - 1)
    for i, place in enumerate(places):
        low = int(place)
        high = min(low + 1, len(values) - 1)
        ordered = values[low] + (place - low) * (values[high] - values[low])
        flat = rain[i].reshape(-1)
        flat[np.argsort(fields[i], axis=None, kind="stable")] = ordered
    return rain, partner
