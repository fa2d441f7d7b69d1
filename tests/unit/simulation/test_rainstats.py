import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from rainscore.grids import window_grid
from rainscore.radar.meteonet import MeteoNet
from rainscore.regridding.conservative import overlap_weights
from rainscore.simulation.rainstats import (
    autocorrelation,
    marginal,
    motion,
    shifted_correlation,
    spectrum_slope,
    summit,
    typical_area,
)
from tests.data import shared

DISTANCES = (2.5, 12.5, 32.5, 52.5)


def smooth(seed: int, *, side: int = 96, width: float = 4) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((side, side))
    field = gaussian_filter(noise, width, mode="wrap")
    return np.exp(field / field.std())


def test_the_distribution_statistics_of_four_pixels_are_those_computed_by_hand():
    statistics = marginal(np.array([[0.0, 1.0], [np.exp(2), np.nan]]))
    assert statistics["wet fraction"] == pytest.approx(2 / 3)
    assert statistics["mean when wet [mm/h]"] == pytest.approx((1 + np.exp(2)) / 2)
    assert statistics["SD of ln(rate)"] == pytest.approx(1)


def test_a_dry_map_has_no_mean_when_wet():
    statistics = marginal(np.zeros((2, 2)))
    assert statistics["wet fraction"] == 0
    assert np.isnan(statistics["mean when wet [mm/h]"])


def test_shifted_correlations_use_the_overlapping_valid_pixels():
    rng = np.random.default_rng(0)
    first, second = rng.normal(2, 1, (2, 12, 15))
    first[3:5, 2:9] = second[8, 4:] = np.nan
    correlation = shifted_correlation(first, second, reach=3)
    for j, i in ((0, 0), (2, -3), (-1, 3)):
        a = first[max(0, -j) : 12 - max(0, j), max(0, -i) : 15 - max(0, i)]
        b = second[max(0, j) : 12 + min(0, j), max(0, i) : 15 + min(0, i)]
        both = np.isfinite(a) & np.isfinite(b)
        expected = np.corrcoef(a[both], b[both])[0, 1]
        assert correlation[3 + j, 3 + i] == pytest.approx(expected, abs=1e-9)


def test_the_correlation_of_a_constant_field_is_missing():
    assert np.isnan(shifted_correlation(np.ones((8, 8)), np.ones((8, 8)), reach=1)).all()


def test_a_gaussian_filter_gives_the_autocorrelation_of_its_square():
    rate = np.mean(
        [autocorrelation(smooth(s, side=256), km=1, distances=[4, 8]) for s in range(6)], axis=0
    )
    # Noise smoothed by a Gaussian of width w has exp(−d² / 4w²); levelling at 0.1 mm/h hardly acts.
    np.testing.assert_allclose(rate, np.exp(-(np.array([4, 8]) ** 2) / 64), atol=0.03)


def test_a_displaced_field_has_its_displacement_and_a_correlation_of_one():
    field = smooth(1)
    correlation, pixels = motion(field[10:80, 10:80], field[7:77, 6:76], reach=8)
    assert correlation == pytest.approx(1, abs=1e-3)
    assert pixels == pytest.approx(5, abs=0.05)


@pytest.mark.parametrize("reach", [2, 3, 4])
def test_a_displacement_that_may_be_beyond_the_reach_is_missing(reach):
    field = smooth(1)
    correlation, pixels = motion(field[10:80, 10:80], field[7:77, 6:76], reach=reach)
    assert np.isnan(pixels) and 0 < correlation <= 1


def test_motion_of_a_dry_map_is_missing():
    assert np.isnan(motion(np.zeros((9, 9)), np.zeros((9, 9)), reach=2)).all()


def test_the_summit_is_the_vertex_of_the_parabola():
    line = 2 - (np.arange(5) - 2.25) ** 2
    offset, height = summit(line, int(line.argmax()))
    assert offset == pytest.approx(0.25)
    assert line.max() + height == pytest.approx(2)


def test_the_summit_at_an_end_has_no_offset():
    assert summit(np.array([3.0, 2.0, 1.0]), 0) == (0.0, 0.0)


def test_the_slope_of_a_power_law_is_its_exponent():
    side, km, slope = 256, 2.0, 2.4
    ky, kx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)
    k = np.hypot(ky, kx)
    k[0, 0] = np.inf
    slopes = []
    for seed in range(5):
        phase = np.fft.rfft2(np.random.default_rng(seed).standard_normal((side, side)))
        field = np.fft.irfft2(phase * k ** (-slope / 2), s=(side, side))
        slopes.append(spectrum_slope(np.exp(field / field.std()), km=km))
    assert np.mean(slopes) == pytest.approx(slope, abs=0.15)


def test_half_of_the_wet_area_lies_in_objects_of_the_typical_area():
    rate = np.zeros((6, 6))
    rate[0, 0] = rate[0, 2] = 1
    rate[2:4, 1:4] = 1
    assert typical_area(rate, km=2) == 6 * 4
    assert np.isnan(typical_area(np.zeros((3, 3)), km=1))


def test_real_showers_have_the_published_correlations_and_slope():
    reader, folder = MeteoNet(zone="SE"), shared("meteonet")
    rows = reader.scan(folder)
    rows = rows[rows["time"].dt.day == 28]
    grid = window_grid(centre=(5.9, 43.7), size_km=(616, 560), step_km=2)
    weights = overlap_weights(reader.grid(rows["file"].iloc[0]), grid)
    frames = {
        time: weights.apply(reader.read(file, index)[None], min_valid=0.5)[0][0]
        for time, file, index in zip(rows["time"], rows["file"], rows["index"], strict=True)
    }
    correlations, followed, slopes, areas, speeds = [], [], [], [], []
    for clock in ("10:00", "10:20", "13:00", "13:05"):
        time = pd.Timestamp(f"2016-08-28 {clock}")
        rain = frames[time]
        correlations.append(autocorrelation(rain, km=2, distances=DISTANCES))
        slopes.append(spectrum_slope(rain, km=2))
        areas.append(typical_area(rain, km=2))
        moved = [
            motion(rain, frames[time + pd.Timedelta(minutes=lag)], reach=lag + 3)
            for lag in (5, 20, 50)
        ]
        followed.append([correlation for correlation, _ in moved])
        speeds.append(moved[1][1] * 2 * 3)
    np.testing.assert_allclose(np.mean(correlations, axis=0), [0.84, 0.49, 0.21, 0.11], atol=0.06)
    np.testing.assert_allclose(np.mean(followed, axis=0), [0.93, 0.77, 0.57], atol=0.06)
    assert np.mean(slopes) == pytest.approx(1.9, abs=0.3)
    assert np.median(areas) == pytest.approx(1800, rel=0.6)
    assert np.mean(speeds) == pytest.approx(46.5, abs=3)
