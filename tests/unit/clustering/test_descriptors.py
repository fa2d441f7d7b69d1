"""Descriptors of rain maps."""

import numpy as np
import pytest

from rainscore.clustering.descriptors import (
    HEAVY_MM_H,
    decorrelation_length,
    describe_maps,
    rain_descriptors,
)
from tests.world import training_file


def test_descriptors_of_a_small_map_equal_a_count_by_hand() -> None:
    rain = np.zeros((2, 4, 5))
    rain[0, 0, 4], rain[0, 0, 3] = 6.0, 2.0
    rain[0, 3, 0] = 0.1  # dry: below the threshold
    rain[0, 3, 1:] = np.nan
    table = rain_descriptors(rain, threshold=0.2, step_km=8)
    assert table.loc[0, "wet_share"] == 2 / 16
    assert table.loc[0, "intensity"] == 4
    assert table.loc[0, "heavy_share"] == 0.5
    assert table.loc[0, "north"] == 1
    assert table.loc[0, "east"] == pytest.approx((6 * 1 + 2 * 0.5) / 8)
    assert table.loc[1, "wet_share"] == 0
    assert table.drop(columns="wet_share").loc[1].isna().all()
    assert np.isnan(rain_descriptors(rain * np.nan, threshold=0.2, step_km=8)["wet_share"]).all()


def test_the_decorrelation_length_of_filtered_noise_is_that_of_theory() -> None:
    rng = np.random.default_rng(0)
    wave = np.fft.fftfreq(128)
    distance = np.hypot(wave[:, None], wave)
    noise = np.fft.fft2(rng.standard_normal((20, 128, 128)))
    fields = []
    for width in (3.0, 9.0):
        # A Gaussian filter of width s gives the autocorrelation exp(−r² / 4s²): 1/e at r = 2s.
        fields.append(np.fft.ifft2(noise * np.exp(-2 * (np.pi * distance * width) ** 2)).real)
    short, long = (decorrelation_length(field).mean() for field in fields)
    assert short == pytest.approx(6, rel=0.1)
    assert long == pytest.approx(18, rel=0.2)


def test_the_decorrelation_length_of_a_constant_field_is_half_the_shorter_side() -> None:
    np.testing.assert_array_equal(decorrelation_length(np.ones((1, 10, 20))), [5])


def test_maps_of_a_training_file_are_described_with_their_sources(tmp_path) -> None:
    path, scores = training_file(tmp_path, "2019-05-01", "2019-05-02")
    times = np.append(scores["time"].to_numpy()[:10], np.datetime64("2030-01-01T00:00", "ns"))
    table = describe_maps([path], times, threshold=0.2)
    assert table["time"].tolist() == scores["time"][:10].tolist()
    assert table["wet_share"].between(0, 1).all()
    assert (table.loc[table["heavy_share"] == 1, "intensity"] >= HEAVY_MM_H).all()
    shares = table[["imager", "SSMIS", "sounder", "morphed", "infrared"]]
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
