import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from rainscore.grids import Grid
from rainscore.simulation.noise import Smoother, SmoothNoise, cell_km

CELLS = Grid("EPSG:4326", 0.0, 45.0, 0.1, 0.1, 60, 50)
ALL = np.ones(CELLS.shape, bool)


def noise(km: float = 60.0) -> SmoothNoise:
    return SmoothNoise.on(CELLS, km=km, hours=3.0, key=(1, 2))


def test_cells_are_narrower_than_high():
    height, width = cell_km(CELLS)
    assert height == pytest.approx(11.1, abs=0.1)
    assert width == pytest.approx(11.1 * np.cos(np.deg2rad(47.5)), abs=0.1)


def test_noise_has_zero_mean_and_unit_variance_everywhere():
    fields = np.stack([noise().draw(i) for i in range(600)])
    np.testing.assert_allclose(fields.std(axis=0), 1, atol=0.15)
    assert abs(fields.mean()) < 0.02


def test_noise_is_half_correlated_at_its_length():
    fields = np.stack([noise().draw(i) for i in range(600)])
    distance = round(60 / cell_km(CELLS)[0])
    correlation = (fields[:, 10] * fields[:, 10 + distance]).mean()
    assert correlation == pytest.approx(0.5, abs=0.12)


def test_noise_changes_smoothly_into_an_independent_field():
    now, soon, later = (noise().at(h) for h in (30.0, 30.1, 33.0))
    assert np.corrcoef(now.ravel(), soon.ravel())[0, 1] > 0.98
    assert abs(np.corrcoef(now.ravel(), later.ravel())[0, 1]) < 0.5
    np.testing.assert_allclose(noise().at(32.999), noise().at(33.001), atol=0.01)


def test_smoothing_agrees_with_a_gaussian_filter():
    field = np.zeros(CELLS.shape)
    field[25, 30] = 1
    height, width = cell_km(CELLS)
    sigma = 30 / np.sqrt(8 * np.log(2))
    expected = gaussian_filter(field, (sigma / height, sigma / width), truncate=6)
    np.testing.assert_allclose(Smoother.on(CELLS, fwhm_km=30)(field, ALL), expected, atol=2e-4)


def test_smoothing_leaves_out_invalid_cells():
    valid = ALL.copy()
    valid[:, 30:] = False
    field = np.where(valid, 2.0, 0.0)
    smooth = Smoother.on(CELLS, fwhm_km=40)(field, valid)
    np.testing.assert_allclose(smooth[valid], 2, rtol=1e-5)
