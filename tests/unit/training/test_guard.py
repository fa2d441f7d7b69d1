"""Windows unlike those of the training are withheld, those of the calibration days rarely."""

from types import SimpleNamespace

import numpy as np
import pytest

from rainscore.errors import DamagedFile
from rainscore.prediction.fields import FLAG, window_dataset, withheld_share, withhold
from rainscore.times import times_of
from rainscore.training.dataset import ScoreMaps
from rainscore.training.guard import FLAGS, SIDE, Guard, descriptors, fit_guard
from rainscore.training.timecontext import input_channels
from tests.world import LEARNING, unet_card

CHANNELS = input_channels(unet_card().channels[:-4])


@pytest.fixture(scope="module")
def guard(run: SimpleNamespace) -> Guard:
    return fit_guard(run.card, [run.path], run.splits, seed=0)


def flagged(run: SimpleNamespace, guard: Guard, change=lambda inputs: inputs) -> np.ndarray:
    """Flags of the wet windows of the calibration days, dims (n,)."""
    data = ScoreMaps([run.path], times_of(run.splits, "calibration"))
    inputs, _, wet, _ = (array.numpy() for array in data.read(np.arange(len(data))))
    inputs = change(inputs.copy())
    flags = guard.flags(inputs, wet)
    assert (flags[~wet] == 0).all()
    return flags[wet]


def test_few_windows_of_the_calibration_days_are_withheld(run, guard) -> None:
    assert (flagged(run, guard) > 0).mean() < 0.08  # 5 % of a sample of them


def test_rain_a_hundred_times_too_strong_is_unlike_the_training(run, guard) -> None:
    def strong(inputs: np.ndarray) -> np.ndarray:
        inputs[:, 0] = np.where(inputs[:, 0] > 0, inputs[:, 0] + 0.67, 0)
        return inputs

    assert (flagged(run, guard, strong) > 0).mean() > 0.8


def test_rows_without_rain_are_unlike_the_training(run, guard) -> None:
    def striped(inputs: np.ndarray) -> np.ndarray:
        inputs[:, 0, ::5] = 0
        return inputs

    assert (flagged(run, guard, striped) > 0).mean() > 0.8


def test_a_missing_line_is_found_by_hand() -> None:
    inputs = np.zeros((len(CHANNELS), 40, 40), np.float32)
    inputs[0] = 0.5
    whole = descriptors(inputs)
    inputs[0, 20] = 0
    cut = descriptors(inputs)
    assert whole[-2:].tolist() == np.zeros((2, 40, 40)).tolist()
    np.testing.assert_allclose(cut[-2, 20, 20], np.log(51), rtol=1e-4)
    assert cut[-2, 0, 0] == 0 and cut[-1, 20, 20] == 0
    np.testing.assert_allclose(cut[0, 20, 20], (SIDE - 1) / SIDE, rtol=1e-5)  # wet share


def test_a_guard_is_read_as_it_was_written_and_belongs_to_one_network(run, guard, tmp_path) -> None:
    assert Guard.load(tmp_path / "unet", run.card) is None
    guard.save(tmp_path / "unet", run.card)
    read = Guard.load(tmp_path / "unet", run.card)
    assert read is not None
    for name, values in guard.__dict__.items():
        np.testing.assert_array_equal(getattr(read, name), values)
    with pytest.raises(DamagedFile, match="another network"):
        Guard.load(tmp_path / "unet", unet_card(weights_sha256="0" * 64))


def test_withheld_scores_are_missing_and_the_flag_variable_says_why() -> None:
    shape = LEARNING.shape
    score, flag = np.full(shape, 0.5, np.float32), np.zeros(shape, np.float32)
    score[0, 0] = flag[0, 0] = np.nan  # no rain
    flag[1, 1] = flag[2, 2] = 1
    maps = withhold({"score": score, "precipitation": np.ones(shape), FLAG: flag})
    assert np.isnan(maps["score"]).sum() == 3
    assert maps[FLAG][[0, 1, 2], [0, 1, 2]].tolist() == [0, 1, 1]
    assert withheld_share(maps) == pytest.approx(2 / (LEARNING.size - 1))
    variable = window_dataset(maps, {}, LEARNING, np.datetime64("2019-01-01", "ns"))[FLAG]
    assert variable.dtype == np.int8
    assert variable.attrs["flag_values"].tolist() == [0, 1]
    assert variable.attrs["flag_meanings"].split() == list(FLAGS)


def test_without_a_guard_nothing_is_withheld() -> None:
    maps = {"score": np.ones((2, 2))}
    assert withhold(maps) == maps and withheld_share(maps) == 0
