from pathlib import Path

import h5py
import numpy as np
import pytest

from rainscore.training.channels import CHANNELS, scale_rain
from rainscore.training.features import coarsen_rain, learning_grid, read_features
from tests.world import GRID, training_file


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("features")
    return [training_file(folder, f"2019-0{m}-01", f"2019-0{m}-02", seed=m)[0] for m in (5, 6)]


def test_blocks_average_their_valid_pixels_and_need_half_of_them() -> None:
    rain = np.array([[[1, 3, np.nan, np.nan], [np.nan, np.nan, np.nan, 4]]])
    np.testing.assert_array_equal(coarsen_rain(rain, 2), [[[2, np.nan]]])


def test_a_training_file_holds_what_the_contract_says(files: list[Path]) -> None:
    with h5py.File(files[0]) as file:
        assert list(file.attrs["channels"]) == list(CHANNELS)
        assert file["inputs"].shape == (48, len(CHANNELS), 20, 20)
        assert file["inputs"].dtype == np.float16
        assert np.isfinite(file["inputs"][:]).all()
        wet, target = file["wet"][:], file["target"][:]
        assert np.isfinite(target[wet]).all()
        scores = target[np.isfinite(target)]
        assert ((scores >= 0) & (scores <= 1)).all()
        assert file["truth"][:].all()
    assert learning_grid(files[0]) == GRID.coarsen(2)


def test_rows_come_in_order_across_files_and_only_those_asked_for(files: list[Path]) -> None:
    wanted = np.array(["2019-05-01T10:00", "2019-06-01T00:30", "2030-01-01"], "datetime64[s]")
    blocks = list(read_features(files[::-1], wanted, ["inputs", "wet"], maps=16))
    times = np.concatenate([t for t, _ in blocks])
    np.testing.assert_array_equal(times, wanted[:2])
    assert blocks[0][1]["inputs"].shape == (1, len(CHANNELS), 20, 20)


def test_the_rain_channel_is_the_scaled_rain_of_the_learning_pixel(files: list[Path]) -> None:
    from tests.world import month_pair

    pair = month_pair("2019-05-01", "2019-05-02", seed=5)
    expected = scale_rain(coarsen_rain(pair["imerg"].values, 2))
    with h5py.File(files[0]) as file:
        np.testing.assert_allclose(file["inputs"][:, 0], expected, atol=1e-3)
