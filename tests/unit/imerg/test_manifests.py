import fcntl
import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.grids import study_grid
from rainscore.imerg.layout import VARIABLES
from rainscore.imerg.manifests import (
    COLUMNS,
    index_granules,
    read_manifest,
    size_and_digest,
    write_manifest,
)
from rainscore.imerg.names import granule_name
from rainscore.imerg.writer import write_granule
from rainscore.radar.formats import get_format
from rainscore.radar.fr_radar import frame_name, write_frame
from rainscore.radar.frames import index_frames
from rainscore.times import steps
from tests.data import shared

HALF_HOURS = steps(np.datetime64("2019-06-02"), np.datetime64("2019-06-02T02:00"))
FRAMES = steps(np.datetime64("2019-06-02"), np.datetime64("2019-06-02T00:30"), 5)
STUDY = study_grid(centre=(2.5, 46.5), size_km=40, step_km=4)
RADAR = get_format("fr-radar-rainfall")


def granule(
    folder: Path,
    time: np.datetime64,
    *,
    run: str = "final",
    version: str = "V07B",
    suffix: str = "",
) -> Path:
    """Write a granule of 2 × 2 cells."""
    values = np.ones((2, 2), np.float32)
    dataset = xr.Dataset(
        dict.fromkeys(VARIABLES, (("lat", "lon"), values)),
        {"lat": [45.05, 45.15], "lon": [2.05, 2.15], "time": time.astype("datetime64[ns]")},
    )
    path = folder / (granule_name(run, time, version) + suffix)
    write_granule(path, dataset, run=run, version=version)
    return path


def test_each_expected_half_hour_has_a_row(tmp_path: Path) -> None:
    first = granule(tmp_path, HALF_HOURS[0])
    (tmp_path / "153").mkdir()
    last = granule(tmp_path / "153", HALF_HOURS[3])
    table = index_granules(tmp_path, HALF_HOURS)
    assert list(table) == COLUMNS
    assert list(table["time"]) == list(pd.DatetimeIndex(HALF_HOURS))
    assert list(table["state"]) == ["present", "missing", "missing", "present"]
    assert list(table["file"]) == [str(first), "", "", str(last)]
    assert table["size"][0] == first.stat().st_size
    assert table["sha256"][0] == hashlib.sha256(first.read_bytes()).hexdigest()
    assert list(table["version"]) == ["V07B", "", "", "V07B"]
    assert table["detail"][1] == "not in the folder"


def test_the_row_of_a_damaged_granule_states_the_reason(tmp_path: Path) -> None:
    path = granule(tmp_path, HALF_HOURS[0])
    path.write_bytes(path.read_bytes()[:-100])
    granule(tmp_path, HALF_HOURS[1]).write_text("<html>login</html>")
    table = index_granules(tmp_path, HALF_HOURS[:2])
    assert list(table["state"]) == ["damaged", "damaged"]
    assert table["file"][0] == str(path) and table["size"][0] == path.stat().st_size
    assert "web page" in table["detail"][1]


def test_of_several_files_the_first_readable_one_is_used_and_the_others_are_named(
    tmp_path: Path,
) -> None:
    path = granule(tmp_path, HALF_HOURS[0])
    copy = granule(tmp_path, HALF_HOURS[0], suffix=".1")
    table = index_granules(tmp_path, HALF_HOURS[:1])
    assert table["file"][0] == str(path)
    assert table["detail"][0] == f"used instead of {copy.name}"
    path.write_bytes(b"")
    table = index_granules(tmp_path, HALF_HOURS[:1])
    assert (table["file"][0], table["state"][0]) == (str(copy), "present")
    copy.write_bytes(b"")
    assert index_granules(tmp_path, HALF_HOURS[:1])["state"][0] == "damaged"


def test_of_two_repairs_of_a_version_the_newer_is_used(tmp_path: Path) -> None:
    granule(tmp_path, HALF_HOURS[0], version="V07A")
    newer = granule(tmp_path, HALF_HOURS[0], version="V07C")
    table = index_granules(tmp_path, HALF_HOURS[:1])
    assert (table["file"][0], table["version"][0]) == (str(newer), "V07C")
    assert index_granules(tmp_path, HALF_HOURS[:1], version="V07A")["version"][0] == "V07A"


def test_several_versions_or_runs_are_refused_unless_one_is_chosen(tmp_path: Path) -> None:
    granule(tmp_path, HALF_HOURS[0])
    late = granule(tmp_path, HALF_HOURS[1], run="late")
    with pytest.raises(RainscoreError, match=rf"several runs: final .*, late \({late.name}\)"):
        index_granules(tmp_path, HALF_HOURS)
    table = index_granules(tmp_path, HALF_HOURS, run="late")
    assert list(table["state"]) == ["missing", "present", "missing", "missing"]
    with pytest.raises(RainscoreError, match="contains the run final, late, not early"):
        index_granules(tmp_path, HALF_HOURS, run="early")
    late.unlink()
    granule(tmp_path, HALF_HOURS[1], version="V06E")
    with pytest.raises(RainscoreError, match=r"several versions: V06 \(.*V06E.*\), V07"):
        index_granules(tmp_path, HALF_HOURS)
    assert index_granules(tmp_path, HALF_HOURS, version="V06")["state"][1] == "present"


def test_other_files_are_named_in_the_log_and_granules_with_other_names_are_opened(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = granule(tmp_path, HALF_HOURS[0])
    path.rename(tmp_path / "subset.nc4")
    (tmp_path / "notes.txt").touch()
    (tmp_path / f"{path.name}.xml").touch()
    table = index_granules(tmp_path, HALF_HOURS[:1])
    assert table["file"][0] == str(tmp_path / "subset.nc4")
    (tmp_path / "other.h5").touch()
    with caplog.at_level("WARNING"):
        table = index_granules(tmp_path, HALF_HOURS[:1])
    assert table["state"][0] == "present"
    assert "other.h5: the file is empty" in caplog.text


def test_a_folder_that_is_absent_or_empty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RainscoreError, match="no such folder"):
        index_granules(tmp_path / "none", HALF_HOURS)
    with pytest.raises(RainscoreError, match="no IMERG granules"):
        index_granules(tmp_path, HALF_HOURS)
    with pytest.raises(RainscoreError, match="no frames"):
        index_frames(tmp_path, RADAR, FRAMES)


def test_each_expected_frame_has_a_row(tmp_path: Path) -> None:
    for time in FRAMES[[0, 2, 3]]:
        write_frame(tmp_path / frame_name(time), np.ones(STUDY.shape), STUDY)
    (tmp_path / frame_name(FRAMES[3])).write_bytes(b"PK")
    table = index_frames(tmp_path, RADAR, FRAMES)
    assert list(table["state"]) == ["present", "missing", "present", "damaged"] + ["missing"] * 2
    assert set(table["version"]) == {"fr-radar-rainfall", ""}


def test_a_month_without_frames_is_all_missing(tmp_path: Path) -> None:
    write_frame(tmp_path / "201801010000.npz", np.ones(STUDY.shape), STUDY)
    assert set(index_frames(tmp_path, RADAR, FRAMES)["state"]) == {"missing"}


def test_frames_off_the_expected_times_are_an_error_and_not_missing(tmp_path: Path) -> None:
    for minute in (1, 12, 23, 29):
        write_frame(tmp_path / f"2019060200{minute:02}.npz", np.ones(STUDY.shape), STUDY)
    with pytest.raises(RainscoreError, match=r"is 5, but its frames are 11 min"):
        index_frames(tmp_path, RADAR, FRAMES)


def test_a_manifest_keeps_its_columns_types_and_metadata(tmp_path: Path) -> None:
    write_frame(tmp_path / frame_name(FRAMES[0]), np.ones(STUDY.shape), STUDY)
    table = index_frames(tmp_path, RADAR, FRAMES)
    table.attrs["step_minutes"] = 5
    write_manifest(table, tmp_path / "2019-06.parquet", month="2019-06")
    back = read_manifest(tmp_path / "2019-06.parquet")
    pd.testing.assert_frame_equal(back, table, check_column_type=False)
    assert back["time"].dtype == "datetime64[ns]"
    assert back.attrs == {"step_minutes": 5, "month": "2019-06"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="sha256"), "columns"),
        (lambda t: t.assign(time=t["time"].astype("datetime64[s]")), "datetime64"),
        (lambda t: t.iloc[::-1], "order"),
        (lambda t: t.assign(time=t["time"].iloc[0]), "unique"),
        (lambda t: t.assign(state="lost"), "states"),
        (lambda t: t.assign(state="present"), "file"),
    ],
)
def test_a_table_that_breaks_the_contract_is_not_written(tmp_path: Path, change, message) -> None:
    granule(tmp_path, HALF_HOURS[0])
    table = change(index_granules(tmp_path, HALF_HOURS))
    with pytest.raises(RainscoreError, match=f"not a manifest: .*{message}"):
        write_manifest(table, tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()


def test_the_real_folders_are_indexed(tmp_path: Path) -> None:
    times = np.array(["2020-01-01T12:00"], dtype="datetime64[ns]")
    with pytest.raises(RainscoreError, match=r"several runs: early .*, final"):
        index_granules(shared("imerg"), times)
    table = index_granules(shared("imerg"), times, run="final")
    assert (table["state"][0], table["version"][0]) == ("present", "V06B")
    radar = get_format("meteonet-SE")
    frames = steps(np.datetime64("2016-08-28T10:00"), np.datetime64("2016-08-28T11:00"), 5)
    table = index_frames(shared("meteonet"), radar, frames)
    assert set(table["state"]) == {"present"} and table["index"].is_monotonic_increasing
    assert Path(table["file"][0]).is_absolute()
    radar = get_format("odim")
    frames = steps(np.datetime64("2018-08-24T17:30"), np.datetime64("2018-08-25"), 15)
    table = index_frames(shared("opera/20180824"), radar, frames)
    assert table["state"].value_counts().to_dict() == {"present": 24, "missing": 2}


def test_things_that_are_no_granules_do_not_stop_the_index(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = granule(tmp_path, HALF_HOURS[0])
    (tmp_path / f"._{path.name}").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / granule_name("final", HALF_HOURS[1])).mkdir()
    (tmp_path / granule_name("final", HALF_HOURS[2])).symlink_to(tmp_path / "nothing")
    (tmp_path / path.name.replace("20190602", "20191345")).write_bytes(path.read_bytes())
    table = index_granules(tmp_path, HALF_HOURS[:3])
    assert list(table["state"]) == ["present", "missing", "missing"]
    assert "no such time: 20191345" in caplog.text


def test_granules_in_linked_folders_are_found_and_loops_of_links_end(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "granules"
    elsewhere.mkdir()
    folder.mkdir()
    granule(elsewhere, HALF_HOURS[0])
    (folder / "2019").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    assert index_granules(folder, HALF_HOURS[:1])["state"][0] == "present"


def test_a_granule_that_is_being_written_does_not_stop_the_index(tmp_path: Path) -> None:
    locked = granule(tmp_path, HALF_HOURS[0])
    granule(tmp_path, HALF_HOURS[1])
    with locked.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        table = index_granules(tmp_path, HALF_HOURS[:2])
    assert list(table["state"]) == ["damaged", "present"]
    assert "another program is writing to it" in table["detail"][0]
    assert "download" not in table["detail"][0]


def test_a_granule_under_the_name_of_another_run_or_version_is_damaged(tmp_path: Path) -> None:
    path = granule(tmp_path, HALF_HOURS[0], run="late")
    path.rename(tmp_path / granule_name("final", HALF_HOURS[0]))
    table = index_granules(tmp_path, HALF_HOURS[:1])
    assert table["state"][0] == "damaged"
    assert f"restore the name that the archive gave it, {path.name}" in table["detail"][0]


def test_a_file_with_several_half_hours_has_a_row_for_each() -> None:
    month = shared("pairs-brazil-halfhourly/imerg_early_v06_202311.nc")
    times = steps(np.datetime64("2023-11-12"), np.datetime64("2023-11-12T02:00"))
    table = index_granules(month, times)
    assert set(table["state"]) == {"present"} and set(table["file"]) == {str(month)}
    assert (np.diff(table["index"]) == 1).all() and set(table["version"]) == {"unknown"}


def test_the_digest_of_a_pipe_is_an_error_and_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "frame.h5")
    with pytest.raises(DamagedFile, match=r"frame\.h5: it is not a file"):
        size_and_digest(str(tmp_path / "frame.h5"))
