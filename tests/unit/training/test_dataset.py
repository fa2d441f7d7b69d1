import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from rainscore.errors import DamagedFile
from rainscore.training.dataset import RainMaps, ScoreMaps, batches
from rainscore.training.timecontext import input_channels, remove_sides, unavailable_channels

BASE = ["rain", "source_imager", "age_last", "age_next", "age_known", "quality_index", "valid"]


def write_month(path: Path, minutes: list[int], *, size: int = 4, chunked: bool = False) -> Path:
    """A month file whose rain is the minute / 1000 everywhere, and whose ages are 0 and 0.5."""
    n = len(minutes)
    inputs = np.zeros((n, len(BASE), size, size), np.float16)
    inputs[:, 0] = np.array(minutes)[:, None, None] / 1000
    inputs[:, 2:4, 1:] = 0.5
    inputs[:, 4:] = 1.0
    target = np.full((n, size, size), 0.25, np.float16)
    target[:, 0, 0] = np.nan
    arrays = {
        "inputs": inputs,
        "target": target,
        "wet": np.ones((n, size, size), bool),
        "truth": np.ones((n, size, size), bool),
    }
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            chunks = (1, *array.shape[1:]) if chunked else None
            file.create_dataset(name, data=array, chunks=chunks)
        file["time"] = np.array(minutes, np.int64) * 60
        file.attrs["channels"] = BASE
    return path


def half_hours(*minutes: int) -> np.ndarray:
    return np.array(minutes).astype("datetime64[m]").astype("datetime64[ns]")


@pytest.mark.parametrize("chunked", [False, True])
def test_rain_of_the_neighbours_is_shown_across_the_border_of_two_months(tmp_path, chunked):
    first = write_month(tmp_path / "a.h5", [0, 30], chunked=chunked)
    second = write_month(tmp_path / "b.h5", [60, 120], chunked=chunked)
    data = ScoreMaps([second, first], half_hours(30, 120))
    inputs, target, wet, truth = data.read(np.array([0, 1]))
    middle, alone = inputs[:, :, 2, 2].numpy()
    assert middle[0] == pytest.approx(0.030, rel=1e-3)
    assert middle[-4:] == pytest.approx([-0.030, 0.030, 1, 1], rel=1e-3)
    assert alone[-4:].tolist() == [0, 0, 0, 0]
    assert torch.isnan(target[0, 0, 0]) and target[0, 1, 1] == 0.25
    assert wet.dtype == truth.dtype == torch.bool
    assert data.times.tolist() == half_hours(30, 120).astype("datetime64[s]").tolist()


def test_a_missing_pixel_of_a_neighbour_is_unknown_not_dry(tmp_path):
    path = write_month(tmp_path / "a.h5", [0, 30])
    with h5py.File(path, "r+") as file:
        file["inputs"][0, BASE.index("valid"), 1, 1] = 0
    inputs, *_ = ScoreMaps([path], half_hours(30))[0]
    previous_known = inputs[-2]
    assert previous_known[1, 1] == 0 and previous_known.sum() == previous_known.numel() - 1


def test_hidden_channels_are_never_shown_and_the_others_are(tmp_path):
    path = write_month(tmp_path / "a.h5", [0, 30, 60])
    hidden = unavailable_channels("early")
    shown, early = (ScoreMaps([path], half_hours(30), hidden=h)[0][0] for h in ((), hidden))
    names = input_channels(BASE)
    assert early[:, 2, 2][[names.index(name) for name in hidden]].tolist() == [1, 0, 0]
    kept = [i for i, name in enumerate(names) if name not in hidden]
    assert torch.equal(early[kept], shown[kept])
    assert not torch.equal(early, shown)


def test_pixels_that_do_not_count_have_neither_score_nor_truth(tmp_path):
    path = write_month(tmp_path / "a.h5", [0])
    pixels = np.zeros((4, 4), bool)
    pixels[:, 2:] = True
    inputs, target, wet, truth = ScoreMaps([path], half_hours(0), pixels=pixels)[0]
    assert torch.equal(torch.isfinite(target), torch.from_numpy(pixels))
    assert torch.equal(wet, torch.from_numpy(pixels)) and torch.equal(truth, wet)
    assert torch.equal(inputs, ScoreMaps([path], half_hours(0))[0][0])


def test_what_every_map_forgets_is_forgotten_in_each_epoch(tmp_path):
    path = write_month(tmp_path / "a.h5", [0, 30, 60])
    whole, less = (
        ScoreMaps([path], half_hours(30), removed_sides=f)[0][0] for f in ((), ("after",))
    )
    assert not torch.equal(less, whole)
    remove_sides(whole.numpy(), input_channels(BASE), ("after",))
    assert torch.equal(less, whole)
    data = ScoreMaps([path], half_hours(30), removed_sides=("after",), context_dropout=1.0)
    assert not any(data.read(np.array([0]), epoch)[0][0, -1].any() for epoch in range(8))


def test_dropped_context_forgets_either_side_or_both_in_another_draw_each_epoch(tmp_path):
    minutes = list(range(0, 30 * 92, 30))
    path = write_month(tmp_path / "a.h5", minutes)
    data = ScoreMaps([path], half_hours(*minutes[1:-1]), context_dropout=0.6, seed=3)
    rows = np.arange(len(data))
    first, again, second = (data.read(rows, epoch)[0] for epoch in (0, 0, 1))
    has_neighbour = first[:, -2:, 2, 2].numpy()
    kinds, counts = np.unique(has_neighbour, axis=0, return_counts=True)
    assert kinds.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert (np.abs(counts - [18, 18, 18, 36]) <= 12).all()
    assert torch.equal(first, again) and not torch.equal(first, second)
    # No age is available where the hours before are removed.
    assert (has_neighbour[:, 0] == first[:, BASE.index("age_known"), 2, 2].numpy()).all()
    part = data.read(rows[5:9], 0)[0]
    assert torch.equal(part, first[5:9])
    whole = ScoreMaps([path], data.times).read(rows, 1)[0]
    assert (whole[:, -2:] == 1).all()


def test_contiguous_arrays_are_mapped_and_the_dataset_pickles_without_its_files(tmp_path):
    data = ScoreMaps([write_month(tmp_path / "a.h5", [0, 30])], half_hours(0, 30))
    before = data[1]
    assert isinstance(data._array(1, "inputs")[0].maps, np.memmap)
    after = pickle.loads(pickle.dumps(data))[1]
    assert all(
        torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(before, after, strict=True)
    )


def test_rain_maps_hold_the_rain_channel_alone(tmp_path):
    (rain,) = RainMaps([write_month(tmp_path / "a.h5", [0, 500])], half_hours(500)).read(
        np.array([0])
    )
    assert rain.shape == (1, 1, 4, 4) and rain.dtype == torch.float32
    assert rain[0, 0, 0, 0] == 0.5


def identity(rows: np.ndarray) -> tuple[torch.Tensor, ...]:
    return (torch.from_numpy(rows),)


def test_batches_hold_every_row_once():
    order = np.random.default_rng(0).permutation(10)
    read = [rows.tolist() for (rows,) in batches(identity, order, batch=4)]
    assert [len(rows) for rows in read] == [4, 4, 2]
    assert sorted(row for rows in read for row in rows) == list(range(10))
    assert set(read[0]) == set(order[:4].tolist())


def test_an_error_of_the_reader_is_passed_on():
    def broken(rows: np.ndarray) -> tuple[torch.Tensor, ...]:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(batches(broken, np.arange(3), batch=2))


def test_files_that_do_not_fit_together_are_named(tmp_path):
    good, other, poor = (write_month(tmp_path / f"{name}.h5", [0]) for name in "abc")
    with h5py.File(other, "r+") as file:
        file.attrs["channels"] = ["rain"]
    with h5py.File(poor, "r+") as file:
        del file["truth"]
    with pytest.raises(DamagedFile, match=r"b\.h5.*channels"):
        ScoreMaps([good, other], half_hours(0))
    with pytest.raises(DamagedFile, match=r"c\.h5.*truth"):
        ScoreMaps([poor], half_hours(0))
    with pytest.raises(ValueError, match="none of the 1 half-hours"):
        ScoreMaps([good], half_hours(90))


def test_some_maps_have_few_fields_in_another_draw_each_epoch(tmp_path):
    minutes = list(range(0, 30 * 122, 30))
    path = write_month(tmp_path / "a.h5", minutes)
    data = ScoreMaps([path], half_hours(*minutes[1:-1]), input_dropout=0.6, seed=3)
    rows = np.arange(len(data))
    full = ScoreMaps([path], data.times).read(rows)[0]
    first, second = data.read(rows, 0)[0], data.read(rows, 1)[0]
    names = input_channels(BASE)
    has_fields, has_quality = (
        (first[:, names.index(name), 2, 2] == 1).numpy() for name in ("age_known", "quality_index")
    )
    kinds, counts = np.unique([has_fields, has_quality], axis=1, return_counts=True)
    assert kinds.T.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert (np.abs(counts - [24, 24, 24, 48]) <= 12).all()  # of 120 maps
    kept = [names.index(name) for name in ("rain", "valid", "change_previous", "next_known")]
    assert torch.equal(first[:, kept], full[:, kept])
    bare = dict(zip(BASE, first[~has_fields][0, : len(BASE), 2, 2].tolist(), strict=True))
    assert bare["age_last"] == 1 and bare["source_imager"] == bare["age_known"] == 0
    whole = has_fields & has_quality
    assert torch.equal(first[whole], full[whole])
    assert not torch.equal(first, second)
