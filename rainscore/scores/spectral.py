"""Power spectra of both products, their cross spectrum, and scores computed from them."""

from typing import NamedTuple

import numpy as np
from scipy.fft import fft2

from rainscore.scores.sums import additive, ratio


class SpectralSums(NamedTuple):
    """Sums of each map over its tiles, dims (time, band); they add over maps.

    Attributes:
        imerg_power, radar_power: Power in each band of wavenumbers [(mm/h)²].
        cross_power: Real part of the cross power in each band [(mm/h)²]; the imaginary parts of
            opposite wavenumbers cancel.
        tiles: Number of tiles, dims (time, 1).
    """

    imerg_power: np.ndarray
    radar_power: np.ndarray
    cross_power: np.ndarray
    tiles: np.ndarray


def spectral_sums(imerg: np.ndarray, radar: np.ndarray, *, tile: int) -> SpectralSums:
    """Compute power and cross power by wavenumber, from the tiles without a missing pixel.

    The mean of each tile is removed and a Hann window applied before the Fourier transform. Band
    k, from 1 to tile / 2, holds the wavenumbers between k − ½ and k + ½ cycles per tile.

    Args:
        imerg, radar: Rates [mm/h], dims (time, y, x), NaN where missing.
        tile: Side of the square tiles [pixels], even; pixels beyond the last whole tile are unused.
    """
    taper = np.outer(*[np.hanning(tile + 1)[:-1]] * 2)
    taper /= np.sqrt(np.mean(taper**2))
    cycles = np.fft.fftfreq(tile, 1 / tile)
    band = np.rint(np.hypot(cycles[:, None], cycles)).astype(int).ravel()
    sums = np.zeros((3, len(imerg), tile // 2))
    counts = np.zeros((len(imerg), 1), np.int64)
    for t, maps in enumerate(zip(imerg, radar, strict=True)):
        f, o = (_tiles(one, tile) for one in maps)
        complete = np.isfinite(f + o).all(axis=(1, 2))
        counts[t] = complete.sum()
        f, o = (
            fft2((part - part.mean(axis=(1, 2), keepdims=True)) * taper) / tile
            for part in (f[complete], o[complete])
        )
        for k, power in enumerate((np.abs(f) ** 2, np.abs(o) ** 2, (f * np.conj(o)).real)):
            ring = np.bincount(band, power.sum(axis=0).ravel())
            sums[k, t] = ring[1 : tile // 2 + 1]
    imerg_power, radar_power, cross_power = additive(sums)
    return SpectralSums(imerg_power, radar_power, cross_power, counts)


def _tiles(field: np.ndarray, tile: int) -> np.ndarray:
    """Cut one map into square tiles (n, tile, tile), float64, starting at pixel (0, 0)."""
    ny, nx = (n // tile for n in field.shape)
    cut = field[: ny * tile, : nx * tile].astype(np.float64)
    return cut.reshape(ny, tile, nx, tile).swapaxes(1, 2).reshape(-1, tile, tile)


def wavelengths(tile: int, step: float) -> np.ndarray:
    """Wavelength of each band, longest first, in the unit of `step`, the side of a pixel."""
    return tile * step / np.arange(1, tile // 2 + 1)


def coherence(sums: SpectralSums) -> np.ndarray:
    """Correlation of the two products in each band; NaN where either has no power."""
    power = np.asarray(sums.imerg_power, np.float64) * sums.radar_power
    return ratio(sums.cross_power, np.sqrt(power))


def effective_resolution(sums: SpectralSums, wavelength: np.ndarray) -> float:
    """Shortest wavelength down to which the coherence stays at or above 1 / √2.

    At this coherence half of the variance is shared (Guilloteau et al. 2021,
    doi:10.1175/JHM-D-21-0075.1). Interpolated in the logarithm of the wavelength.

    Args:
        sums: Totals over maps, dims (band,).
        wavelength: Wavelengths of the bands (`wavelengths`).

    Returns:
        Wavelength in the unit of `wavelength`; infinite if the coherence is lower even in the
        longest band, NaN if a band has no power.
    """
    shared = coherence(sums) * np.sqrt(2)
    if np.isnan(shared).any():
        return float("nan")
    if np.all(shared >= 1):
        return float(wavelength[-1])
    k = int(np.argmax(shared < 1))
    if k == 0:
        return float("inf")
    weight = (shared[k - 1] - 1) / (shared[k - 1] - shared[k])
    return float(wavelength[k - 1] ** (1 - weight) * wavelength[k] ** weight)
