"""What follows a code half an hour later."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from rainscore.clustering.codebook import NO_CODE
from rainscore.clustering.successors import count_successors, successor_table
from rainscore.hdf5seals import seal

TIMES = np.array(["00:00", "00:30", "01:00", "02:00", "02:30"])
TIMES = np.array([f"2019-01-01T{time}" for time in TIMES], "datetime64[s]")


def write_maps(folder: Path, codes: list, truth: np.ndarray | None = None) -> tuple[Path, Path]:
    """Codes of the first half-hours of TIMES, rows of four pixels, and a training file of TIMES."""
    values = np.array(codes, np.uint8)[:, None]
    with h5py.File(folder / "codes.h5", "w") as file:
        file["time"] = TIMES[: len(values)].astype(np.int64)
        file["code"] = values
        file.attrs["codes"] = 3
        seal(file)
    with h5py.File(folder / "2019-01.h5", "w") as file:
        file["time"] = TIMES.astype(np.int64)
        file["truth"] = np.ones((len(TIMES), 1, 4), bool) if truth is None else truth
    return folder / "codes.h5", folder / "2019-01.h5"


CODES = [
    [0, 0, 1, 2],
    [0, 1, NO_CODE, NO_CODE],
    [2, 1, 0, 0],
    [NO_CODE, 0, 0, 0],
    [1, 1, 2, 0],
]


def test_successors_are_those_of_half_hours_thirty_minutes_apart(tmp_path) -> None:
    codes, features = write_maps(tmp_path, CODES)
    pairs = count_successors(codes, [features], TIMES, count=3)
    assert pairs.tolist() == [[2, 2, 2, 0], [0, 1, 0, 1], [0, 0, 0, 1]]


def test_a_half_hour_without_codes_is_not_without_rain(tmp_path) -> None:
    codes, features = write_maps(tmp_path, CODES[:2])  # 01:00, which is wanted, has no codes
    pairs = count_successors(codes, [features], TIMES, count=3)
    assert pairs.tolist() == [[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]


def test_a_window_that_is_missing_is_not_without_rain(tmp_path) -> None:
    truth = np.ones((5, 1, 4), bool)
    truth[1, 0, 2] = False  # the code 1 at 00:00 is followed by a missing window
    codes, features = write_maps(tmp_path, CODES, truth)
    pairs = count_successors(codes, [features], TIMES, count=3)
    assert pairs.tolist() == [[2, 2, 2, 0], [0, 1, 0, 0], [0, 0, 0, 1]]


def test_a_successor_of_another_split_is_left_out(tmp_path) -> None:
    codes, features = write_maps(tmp_path, CODES)
    pairs = count_successors(codes, [features], TIMES[[0, 2, 3, 4]], count=3)
    assert pairs.tolist() == [[1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_successors_of_the_end_of_a_month_are_in_the_next(tmp_path) -> None:
    parts = []
    for name, time in (("2019-01", "2019-01-31T23:30"), ("2019-02", "2019-02-01T00:00")):
        parts.append(tmp_path / f"{name}.h5")
        with h5py.File(parts[-1], "w") as file:
            file["time"] = np.array([time], "datetime64[s]").astype(np.int64)
            file["truth"] = np.ones((1, 1, 2), bool)
    times = np.array(["2019-01-31T23:30", "2019-02-01T00:00"], "datetime64[s]")
    with h5py.File(tmp_path / "codes.h5", "w") as file:
        file["time"] = times.astype(np.int64)
        file["code"] = np.array([[[0, 1]], [[1, NO_CODE]]], np.uint8)
        file.attrs["codes"] = 2
        seal(file)
    pairs = count_successors(tmp_path / "codes.h5", parts, times, count=2)
    assert pairs.tolist() == [[0, 1, 0], [0, 0, 1]]


PAIRS = np.array([[4, 2, 1, 3], [0, 0, 2, 2], [0, 0, 0, 0]])
FAMILY = np.array([0, 0, 1])


def test_shares_of_a_code_are_of_its_windows_with_a_known_successor() -> None:
    table = successor_table(PAIRS, FAMILY, families=False)
    assert table["followed"].tolist() == [10, 4, 0]
    first = table.iloc[0]
    assert (first["stays"], first["stays_family"], first["ends"]) == (0.4, 0.6, 0.3)
    assert (first["next_family"], first["next_share"]) == (1, 0.1)
    assert table["stays"][1] == 0 and table["next_share"][1] == 0.5
    assert table.loc[2].drop("followed").isna().all()


def test_shares_of_a_family_are_those_of_all_its_windows() -> None:
    table = successor_table(PAIRS, FAMILY, families=True)
    assert table["followed"].tolist() == [14, 0]
    row = table.iloc[0]
    assert row["stays"] == row["stays_family"] == pytest.approx(6 / 14)
    assert row["ends"] == pytest.approx(5 / 14) and row["next_share"] == pytest.approx(3 / 14)


def test_a_code_that_only_stays_or_ends_has_no_next_family() -> None:
    table = successor_table(np.array([[1, 1]]), np.array([0]), families=False)
    assert table["stays"][0] == table["ends"][0] == 0.5
    assert pd.isna(table["next_family"][0]) and pd.isna(table["next_share"][0])
