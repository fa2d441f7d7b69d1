"""Examples and prototypes of codes."""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.codebook import NO_CODE
from rainscore.clustering.codepatches import PATCH, example_patches, prototype_patches
from rainscore.hdf5seals import seal
from rainscore.training.channels import CHANNELS, scale_rain, unscale_rain

MIDDLE = PATCH // 2
SIZE = 30
TIMES = pd.date_range("2019-01-01", periods=4, freq="30min")


@dataclass
class Book:
    """Three codes in two families."""

    centres: np.ndarray = field(default_factory=lambda: np.zeros((3, 1)))
    family: np.ndarray = field(default_factory=lambda: np.array([0, 0, 1]))


def write_maps(
    folder: Path, windows: dict, rain: np.ndarray, valid: np.ndarray
) -> tuple[Path, list[Path]]:
    """Codes at places (time, y, x), and a training file with rain [mm/h]."""
    codes = np.full(rain.shape, NO_CODE, np.uint8)
    for place, code in windows.items():
        codes[place] = code
    inputs = np.zeros((len(rain), len(CHANNELS), *rain.shape[1:]), np.float16)
    inputs[:, CHANNELS.index("rain")] = np.where(valid, scale_rain(rain), 0)
    inputs[:, CHANNELS.index("valid")] = valid
    stamps = TIMES.to_numpy().astype("datetime64[s]").astype(np.int64)
    with h5py.File(folder / "codes.h5", "w") as file:
        file["time"], file["code"] = stamps, codes
        file.attrs["codes"] = 3
        seal(file)
    with h5py.File(folder / "2019-01.h5", "w") as file:
        file["time"], file["inputs"] = stamps, inputs
    return folder / "codes.h5", [folder / "2019-01.h5"]


def prototypes(folder: Path, windows: dict, rain: np.ndarray, valid: np.ndarray):
    codes, features = write_maps(folder, windows, rain, valid)
    splits = pd.DataFrame({"time": TIMES, "split": "train"})
    return prototype_patches(Book(), codes, features, splits)  # type: ignore[arg-type]


def dry() -> tuple[np.ndarray, np.ndarray]:
    shape = (len(TIMES), SIZE, SIZE)
    return np.zeros(shape), np.ones(shape, bool)


def test_a_prototype_is_the_mean_of_the_scaled_rain_around_the_windows(tmp_path) -> None:
    rain, valid = dry()
    rain[0, 14, 15], rain[2, 15, 12] = 9.9, 0.9  # scaled 2/3 and 1/3
    windows = {(0, 14, 15): 0, (2, 15, 15): 0, (2, 15, 12): 1}
    result = prototypes(tmp_path, windows, rain, valid)
    first, second, third = result["code_rain"].values
    mean = unscale_rain(np.array([1 / 3, 1 / 6]))
    assert first[MIDDLE, MIDDLE] == pytest.approx(mean[0], rel=2e-3)
    assert first[MIDDLE, MIDDLE - 3] == pytest.approx(mean[1], rel=2e-3)
    assert np.count_nonzero(first) == 2
    assert second[MIDDLE, MIDDLE] == pytest.approx(0.9, rel=2e-3)
    assert np.isnan(third).all()
    family = result["family_rain"].values[0]
    assert family[MIDDLE, MIDDLE] == pytest.approx(unscale_rain(np.array(1 / 3)), rel=2e-3)
    assert family[MIDDLE, MIDDLE - 3] == pytest.approx(unscale_rain(np.array(1 / 9)), rel=2e-3)


def test_missing_pixels_and_the_edge_do_not_lower_a_prototype(tmp_path) -> None:
    rain, valid = dry()
    rain[:] = 9.9
    valid[0, 10:14] = False
    windows = {(0, 14, 15): 0, (0, 0, 0): 0, (2, 15, 15): 0, (0, 29, 29): 1}
    result = prototypes(tmp_path, windows, rain, valid)
    first, second, _ = result["code_rain"].values
    np.testing.assert_allclose(first, 9.9, rtol=2e-3)
    inside = np.isfinite(second)
    assert inside[: MIDDLE + 1, : MIDDLE + 1].all() and inside.sum() == (MIDDLE + 1) ** 2


def test_test_days_have_no_part_in_a_prototype(tmp_path) -> None:
    rain, valid = dry()
    codes, features = write_maps(tmp_path, {(0, 15, 15): 0, (2, 15, 15): 1}, rain, valid)
    splits = pd.DataFrame({"time": TIMES, "split": ["test", "test", "train", "train"]})
    result = prototype_patches(Book(), codes, features, splits)  # type: ignore[arg-type]
    assert np.isnan(result["code_rain"].values[0]).all()


def test_an_example_is_the_rain_around_its_place(tmp_path) -> None:
    rain, valid = dry()
    rain[1, 3, 4], valid[1, 3, 5] = 9.9, False
    _, features = write_maps(tmp_path, {}, rain, valid)
    table = pd.DataFrame({"example_time": TIMES[[1]], "example_row": [3], "example_column": [4]})
    (patch,) = example_patches(features, table)
    assert patch[MIDDLE, MIDDLE] == pytest.approx(9.9, rel=2e-3)
    assert np.isnan(patch[MIDDLE, MIDDLE + 1])
    assert np.isnan(patch[: MIDDLE - 3]).all() and patch[MIDDLE - 3, MIDDLE] == 0
