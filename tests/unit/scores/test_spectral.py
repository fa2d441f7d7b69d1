"""Spectra: waves by hand, coherence of mixtures with a given solution, effective resolution."""

import numpy as np
import pytest

from rainscore.scores.spectral import (
    SpectralSums,
    coherence,
    effective_resolution,
    spectral_sums,
    wavelengths,
)


def noise(seed: int, maps: int = 60, n: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((maps, n, n))


def total(sums: SpectralSums) -> SpectralSums:
    return SpectralSums(*(part.sum(axis=0) for part in sums))


def test_a_wave_of_eight_pixels_has_its_power_at_eight_pixels():
    wave = np.broadcast_to(np.sin(2 * np.pi * np.arange(64) / 8), (1, 64, 64))
    sums = spectral_sums(wave, 2 * wave, tile=64)
    bands = wavelengths(64, 1.0)
    assert bands[np.argmax(sums.imerg_power)] == 8
    # Hann spreads the wave over neighbouring bands and keeps its sum of squares
    np.testing.assert_allclose(sums.imerg_power.sum(), 64 * 64 / 2, rtol=0.01)
    np.testing.assert_allclose(sums.radar_power.sum(), 64 * 64 * 2, rtol=0.01)


def test_a_scaled_field_has_coherence_one_and_an_inverted_field_minus_one():
    field = noise(0)
    np.testing.assert_allclose(coherence(total(spectral_sums(field, 3 * field, tile=32))), 1)
    np.testing.assert_allclose(coherence(total(spectral_sums(field, -field, tile=32))), -1)


def test_equal_noise_added_to_a_field_halves_the_shared_variance():
    field, other = noise(1), noise(2)
    sums = total(spectral_sums(field + other, field, tile=32))
    np.testing.assert_allclose(coherence(sums)[1:], np.sqrt(0.5), atol=0.06)


def test_tiles_with_a_missing_pixel_are_left_out():
    field = np.tile(noise(3, 2), (1, 2, 2))
    holed = field.copy()
    holed[0, 40, 3] = np.nan
    holed[1] = np.nan
    sums = spectral_sums(field, holed, tile=32)
    np.testing.assert_array_equal(sums.tiles[:, 0], [3, 0])
    whole = spectral_sums(field, field, tile=32)
    np.testing.assert_allclose(sums.imerg_power[0], 0.75 * whole.imerg_power[0], atol=1e-5)
    assert np.isnan(coherence(sums)[1]).all()


def test_effective_resolution_is_interpolated_between_bands():
    power = np.ones(4)
    cross = np.array([1.0, 0.9, 0.6, 0.3])
    sums = SpectralSums(power, power, cross, np.ones(1))
    weight = (0.9 - np.sqrt(0.5)) / 0.3
    expected = np.exp((1 - weight) * np.log(32) + weight * np.log(64 / 3))
    assert effective_resolution(sums, wavelengths(8, 8.0)) == pytest.approx(expected)


@pytest.mark.parametrize("cross, expected", [(1.0, 2.0), (0.1, np.inf), (np.nan, np.nan)])
def test_effective_resolution_beyond_the_bands(cross, expected):
    sums = SpectralSums(np.ones(4), np.ones(4), np.full(4, cross), np.ones(1))
    np.testing.assert_equal(effective_resolution(sums, wavelengths(8, 1.0)), expected)
