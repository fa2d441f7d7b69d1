"""The novelty flag on altered maps."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.mapsets import read_rain
from rainscore.clustering.novelty import ALTERATIONS, detections, false_alarms
from rainscore.training.channels import scale_rain, unscale_rain
from tests.world import training_file

RNG = np.random.default_rng(0)
RATE = np.where(RNG.random((3, 1, 20, 20)) < 0.5, RNG.exponential(2.0, (3, 1, 20, 20)), 0.0)


def altered(name: str) -> np.ndarray:
    """Rain of the altered maps [mm/h]."""
    maps = ALTERATIONS[name](scale_rain(RATE).astype(np.float32), np.random.default_rng(1))
    assert maps.shape == RATE.shape
    return unscale_rain(maps)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rain × 0.2", RATE * 0.2),
        ("rain × 5", RATE * 5),
        ("rain × 20", RATE * 20),
        ("at least 0.3 mm/h everywhere", np.maximum(RATE, 0.3)),
    ],
)
def test_rain_is_altered_in_mm_per_hour(name: str, expected: np.ndarray) -> None:
    np.testing.assert_allclose(altered(name), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("every other pixel dry", 0.5),
        ("every tenth row dry", 0.9),
        ("half missing, filled as dry", 0.5),
    ],
)
def test_some_pixels_become_dry_and_the_others_keep_their_rain(name: str, kept: float) -> None:
    maps = altered(name)
    same = np.isclose(maps, RATE, rtol=1e-4)
    assert (maps[~same] == 0).all()
    wet = RATE > 0
    assert (maps[wet] > 0).mean() == pytest.approx(kept, abs=0.06)


def test_the_missing_half_is_the_western_one() -> None:
    maps = altered("half missing, filled as dry")
    assert (maps[..., :10] == 0).all() and (maps[..., 10:] > 0).any()


def test_the_square_covers_a_fifth_of_the_rows_and_columns() -> None:
    heavy = np.isclose(altered("a square of 20 mm/h"), 20, rtol=1e-4)
    assert heavy[:, :, 8:12, 8:12].all() and heavy.sum() == 3 * 16


def test_pixels_in_random_places_keep_their_values() -> None:
    maps = altered("pixels in random places")
    for after, before in zip(maps, RATE, strict=True):
        np.testing.assert_allclose(np.sort(after, None), np.sort(before, None), rtol=1e-4)
    assert not np.allclose(maps, RATE)


def test_noise_has_the_mean_of_its_name() -> None:
    assert altered("noise, 2 mm/h").mean() == pytest.approx(2, rel=0.1)


def test_coarser_and_enlarged_maps_repeat_pixels() -> None:
    coarse, large = altered("four times coarser"), altered("twice enlarged")
    np.testing.assert_allclose(coarse[..., 7, 10], RATE[..., 4, 8], rtol=1e-4)
    np.testing.assert_allclose(large[..., 0, 0], RATE[..., 5, 5], rtol=1e-4)
    np.testing.assert_allclose(large[..., 19, 19], RATE[..., 14, 14], rtol=1e-4)


def test_detections_are_the_shares_of_altered_clustered_test_maps_that_are_flagged(
    tmp_path: Path,
) -> None:
    """The flag depends on the mean rain, and thus not on the order of the pixels."""
    path, scores = training_file(tmp_path, "2019-05-01", "2019-05-03")
    times = scores["time"]
    clusters = pd.DataFrame({"time": times, "cluster": 0, "split": "train"})
    clusters.loc[40:59, "split"] = "test"
    clusters.loc[59, "cluster"] = -1
    clusterer: Any = SimpleNamespace(
        novelty=lambda x: x.astype(float).mean(axis=(1, 2, 3)), card_={"novelty_threshold": 0.3}
    )
    table = detections(clusterer, [path], clusters, resamples=50, seed=0).set_index("group")
    assert set(table.index) == set(ALTERATIONS)
    assert (table["n"] == 19).all() and (table["days"] == 2).all()
    assert table.loc["rain × 0.2", "value"] == 0
    assert table.loc["noise, 2 mm/h", "value"] == 1
    expected = read_rain([path], times[40:59].to_numpy()).astype(float).mean(axis=(1, 2, 3)) > 0.3
    assert table.loc["pixels in random places", "value"] == expected.mean()
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    none = clusters.assign(split="train")
    assert detections(clusterer, [path], none, resamples=50, seed=0).empty


def test_false_alarms_are_the_share_of_flagged_clustered_test_maps() -> None:
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2019-01-01", periods=6, freq="12h"),
            "split": ["test"] * 5 + ["train"],
            "cluster": [0, 0, 0, 0, -1, 0],
            "novel": [True, False, False, False, True, True],
        }
    )
    row = false_alarms(frame, resamples=100, seed=0).iloc[0]
    assert (row["value"], row["n"], row["days"]) == (0.25, 4, 2)
    assert row["low"] == 0 and row["high"] == 0.5
