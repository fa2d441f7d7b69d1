"""Manifests of folders of radar frames that people have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import Grid, study_grid
from rainscore.radar.formats import get_format
from rainscore.radar.fr_radar import frame_name
from rainscore.radar.frames import index_frames
from rainscore.times import steps

RADAR = get_format("fr-radar-rainfall")
START, END = "2019-06-02T00:00", "2019-06-02T02:00"


def write_frames(folder: Path, minutes: int, *, first: str = START, value: int = 10) -> None:
    """Write frames of 8 × 8 pixels from `first` to the end of the two hours."""
    folder.mkdir(exist_ok=True)
    for time in steps(first, END, minutes):
        np.savez(folder / frame_name(time), np.full((8, 8), value, np.int16))


class Listed:
    """Reader of frames that a table lists."""

    name, timestamp_convention, timestamp_reason, has_quality = "listed", "file", "", False

    def __init__(self, **columns: object) -> None:
        self.rows = pd.DataFrame(columns)

    def scan(self, folder: Path) -> pd.DataFrame:
        return self.rows

    def check(self, file: Path | str) -> None:
        if "broken" in Path(file).name:
            raise DamagedFile(file, "broken", "mend it")

    def read(self, file: Path | str, index: int = 0) -> np.ndarray:
        return np.full((2, 2), float(len(Path(file).name)))

    def grid(self, file: Path | str) -> Grid:
        return Grid("EPSG:4326", 2.0, 47.0, 0.1, -0.1, 2, 2)


def listed(tmp_path: Path, names: list[str], times: list[str], **columns: object) -> Listed:
    """Reader of files that exist, with the given starts and further columns."""
    for name in names:
        (tmp_path / name).touch()
    stamps = pd.DatetimeIndex(times).as_unit("ns")
    return Listed(time=stamps, file=[str(tmp_path / n) for n in names], index=0, **columns)


@pytest.mark.parametrize("minutes", [2, 6, 10, 15])
def test_any_step_that_divides_the_half_hour_is_indexed_completely(
    tmp_path: Path, minutes: int
) -> None:
    write_frames(tmp_path, minutes)
    table = index_frames(tmp_path, RADAR, steps(START, END, minutes))
    assert len(table) == 120 // minutes and set(table["state"]) == {"present"}


@pytest.mark.parametrize(("minutes", "configured"), [(6, 5), (10, 5), (5, 15), (2, 5), (60, 30)])
def test_a_step_that_contradicts_the_frames_is_refused_with_the_true_step(
    tmp_path: Path, minutes: int, configured: int
) -> None:
    write_frames(tmp_path, minutes, first="2019-06-01T20:00")
    times = steps("2019-06-01T20:00", END, configured)
    with pytest.raises(RainscoreError, match=rf"set radar\.step_minutes to {minutes}$"):
        index_frames(tmp_path, RADAR, times)


def test_frames_with_a_common_offset_are_indexed_at_their_times(tmp_path: Path) -> None:
    write_frames(tmp_path, 5, first="2019-06-02T00:02")
    table = index_frames(tmp_path, RADAR, steps(START, END, 5))
    assert set(table["state"]) == {"present"}
    assert table["time"].iloc[0] == pd.Timestamp("2019-06-02T00:02")


def test_gaps_do_not_contradict_the_step(tmp_path: Path) -> None:
    for minute in (0, 5, 20, 35, 50, 65):
        time = np.datetime64(START) + np.timedelta64(minute, "m")
        np.savez(tmp_path / frame_name(time), np.zeros((8, 8), np.int16))
    table = index_frames(tmp_path, RADAR, steps(START, END, 5))
    assert (table["state"] == "present").sum() == 6


def test_a_step_that_no_half_hour_has_is_refused(tmp_path: Path) -> None:
    write_frames(tmp_path, 7)
    with pytest.raises(RainscoreError, match="frames must be 1, 2, 3, 5, 6, 10, 15, 30, 60 min"):
        index_frames(tmp_path, RADAR, steps(START, END, 5))


def test_the_stated_length_of_the_frames_decides_on_the_step(tmp_path: Path) -> None:
    # Sums of an hour that are updated every 30 minutes.
    times = [f"2019-06-02T{hour:02}:{minute}" for hour in range(2) for minute in ("00", "30")]
    reader = listed(tmp_path, list("abcd"), times, minutes=60.0)
    with pytest.raises(RainscoreError, match=r"set radar\.step_minutes to 60"):
        index_frames(tmp_path, reader, steps(START, END, 30))
    table = index_frames(tmp_path, reader, steps(START, END, 60))
    assert [Path(file).name for file in table["file"]] == ["a", "c"]
    assert list(table["minutes"]) == [60, 60]


def test_frames_of_mixed_lengths_keep_theirs(tmp_path: Path) -> None:
    times = ["2019-06-02T00:00", "2019-06-02T00:10", "2019-06-02T00:15", "2019-06-02T00:20"]
    reader = listed(tmp_path, list("abcd"), times, minutes=[10.0, 5.0, 5.0, np.nan])
    table = index_frames(tmp_path, reader, steps(START, "2019-06-02T00:30", 5))
    np.testing.assert_array_equal(table["minutes"], [10, np.nan, 5, 5, np.nan, np.nan])


def test_a_frame_without_a_time_is_left_out_and_the_others_are_indexed(
    tmp_path: Path, caplog
) -> None:
    reader = listed(tmp_path, ["a", "cut"], [START, "NaT"], problem=["", "HDF5 cannot read it"])
    with caplog.at_level("WARNING"):
        table = index_frames(tmp_path, reader, steps(START, END, 30))
    assert (table["state"] == "present").sum() == 1
    assert "cut: HDF5 cannot read it" in caplog.text


def test_a_frame_with_a_problem_is_damaged_for_this_reason(tmp_path: Path) -> None:
    reader = listed(tmp_path, ["a", "b"], [START, "2019-06-02T00:30"], problem=["", "no grid"])
    table = index_frames(tmp_path, reader, steps(START, END, 30))
    assert list(table["state"]) == ["present", "damaged", "missing", "missing"]
    assert table["detail"][1] == "no grid; correct or remove the file"


def test_a_folder_whose_frames_can_all_not_be_used_is_an_error_that_says_why(
    tmp_path: Path,
) -> None:
    unplaced = listed(tmp_path, ["a", "b"], ["NaT", "NaT"], problem="it has no time")
    with pytest.raises(RainscoreError, match=r"none of its 2 frames can be used; .*a: it has no t"):
        index_frames(tmp_path, unplaced, steps(START, END, 30))
    broken = listed(tmp_path, ["broken"], [START])
    with pytest.raises(RainscoreError, match=r"none of its 1 frames .*broken; mend it"):
        index_frames(tmp_path, broken, steps(START, END, 30))


def test_frames_elsewhere_are_an_error_at_indexing(tmp_path: Path) -> None:
    reader, times = listed(tmp_path, ["a"], [START]), steps(START, END, 30)
    here = study_grid(centre=(2.1, 46.9), size_km=400, step_km=4)
    elsewhere = study_grid(centre=(6.0, 43.0), size_km=400, step_km=4)
    assert index_frames(tmp_path, reader, times, target=here)["state"][0] == "present"
    with pytest.raises(RainscoreError, match="grid lies outside the domain of the study"):
        index_frames(tmp_path, reader, times, target=elsewhere)


def test_a_folder_of_several_products_is_refused_by_name_and_one_can_be_chosen(
    tmp_path: Path,
) -> None:
    reader = listed(
        tmp_path,
        ["rate_a", "max_a"],
        [START, "2019-06-02T00:30"],
        product=["Finland RATE", "Finland MAX"],
    )
    times = steps(START, END, 30)
    with pytest.raises(RainscoreError, match=r"Finland RATE \(rate_a\), Finland MAX \(max_a\)"):
        index_frames(tmp_path, reader, times)
    table = index_frames(tmp_path, reader, times, pattern="rate_*")
    assert list(table["state"]) == ["present", "missing", "missing", "missing"]
    with pytest.raises(RainscoreError, match=r"no file matches radar\.file_pattern"):
        index_frames(tmp_path, reader, times, pattern="*.h5")


def test_different_frames_of_one_time_are_refused_and_copies_are_not(tmp_path: Path) -> None:
    times = steps(START, END, 5)
    write_frames(tmp_path / "a", 5)
    write_frames(tmp_path / "b", 5)
    assert set(index_frames(tmp_path, RADAR, times)["state"]) == {"present"}
    write_frames(tmp_path / "b", 5, value=20)
    with pytest.raises(RainscoreError, match="hold different frames of 2019-06-02T00:00"):
        index_frames(tmp_path, RADAR, times)


def test_a_single_file_is_a_source(tmp_path: Path) -> None:
    write_frames(tmp_path, 5)
    table = index_frames(tmp_path / frame_name(np.datetime64(START)), RADAR, steps(START, END, 5))
    assert (table["state"] == "present").sum() == 1


def test_frames_behind_a_link_are_indexed(tmp_path: Path) -> None:
    write_frames(tmp_path / "disk", 5)
    (tmp_path / "radar").mkdir()
    (tmp_path / "radar/2019").symlink_to(tmp_path / "disk")
    table = index_frames(tmp_path / "radar", RADAR, steps(START, END, 5))
    assert set(table["state"]) == {"present"}
