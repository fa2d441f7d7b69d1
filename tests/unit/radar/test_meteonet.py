import os
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.radar import meteonet
from rainscore.radar.formats import get_format
from rainscore.radar.halfhours import half_hour_mean
from tests.data import shared

NAME = "rainfall_NW_2016_08.3.npz"
RADAR = get_format("meteonet")


def write(folder: Path, name: str = NAME, dates: list | None = None) -> Path:
    """Write a file of 4 frames of 2 × 3 pixels, and its coordinates."""
    start = datetime(2016, 8, 21)
    times = [start + timedelta(minutes=5 * i) for i in range(4)] if dates is None else dates
    data = np.arange(24, dtype=np.int16).reshape(4, 2, 3)
    data[1, 0, 0] = -1
    np.savez_compressed(folder / name, data=data, dates=np.array(times, dtype=object))
    lats, lons = np.meshgrid([51.89, 51.88], [-5.83, -5.82, -5.81], indexing="ij")
    np.savez(folder / f"radar_coords_{name.split('_')[1]}.npz", lats=lats, lons=lons)
    return folder / name


def test_frames_are_read_in_any_order_and_minus_one_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path)
    for index in (2, 3, 1, 0):
        expected = np.arange(6 * index, 6 * index + 6).reshape(2, 3) * 0.12
        if index == 1:
            expected[0, 0] = np.nan
        frame = RADAR.read(path, index)
        np.testing.assert_allclose(frame, expected, rtol=1e-6)
        assert frame.dtype == np.float32
    with pytest.raises(DamagedFile, match="4 frames"):
        RADAR.read(path, 4)


def write_quality(rain: Path, maps: list, days: list[date]) -> Path:
    path = rain.with_name(rain.name.replace("rainfall_", "rainfall_mean_quality-code_"))
    np.savez(path, data=np.array(maps, np.int16), dates=np.array(days, object))
    return path


def test_pixels_below_the_quality_of_their_day_are_missing(tmp_path: Path) -> None:
    late = datetime(2016, 8, 21, 23, 55)
    path = write(tmp_path, dates=[late + timedelta(minutes=5 * i) for i in range(4)])
    days = [date(2016, 8, 21), date(2016, 8, 22)]
    # 255 means that the pixel has no quality; such pixels are kept.
    quality = write_quality(
        path, [[[49, 50, 51], [255, 0, 100]], [[100] * 3, [100, 100, 49]]], days
    )
    radar = get_format("meteonet", min_quality=0.5)
    gone = [np.isnan(radar.read(path, i)).tolist() for i in (0, 2)]
    assert gone == [
        [[True, False, False], [False, True, False]],
        [[False, False, False], [False, False, True]],
    ]
    quality.unlink()
    meteonet._qualities.cache_clear()
    with pytest.raises(RainscoreError, match=r"folder of the data, or set radar.min_quality to 0"):
        radar.read(path, 0)
    assert np.isfinite(RADAR.read(path, 0)).all()


def test_frames_of_a_day_without_a_quality_map_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path)
    write_quality(path, [[[0] * 3] * 2], [date(2016, 8, 30)])
    assert np.isfinite(get_format("meteonet", min_quality=0.5).read(path, 0)).all()


@pytest.mark.parametrize("zone", ["NW", "SE"])
def test_real_quality_maps_remove_pixels_below_the_threshold(zone: str) -> None:
    path = shared(f"meteonet/rainfall_{zone}_2016_08.3.npz")
    with np.load(shared(f"meteonet/rainfall_mean_quality-code_{zone}_2016_08.3.npz")) as archive:
        first_day = archive["data"][0]
    every, good = (get_format(f"meteonet-{zone}", min_quality=q).read(path, 0) for q in (0, 0.6))
    gone = np.isfinite(every) & np.isnan(good)
    np.testing.assert_array_equal(gone, np.isfinite(every) & (first_day < 60))
    assert 0.05 < gone.mean() < 0.4


def test_dates_are_starts_unless_configured_as_ends(tmp_path: Path) -> None:
    write(tmp_path)
    frames = RADAR.scan(tmp_path)
    assert frames["time"][1] == pd.Timestamp("2016-08-21 00:05")
    assert list(frames["index"]) == [0, 1, 2, 3]
    assert frames["time"].dtype == "datetime64[ns]"
    ends = get_format("meteonet", timestamp_convention="end").scan(tmp_path)
    assert ends["time"][1] == pd.Timestamp("2016-08-21")


def test_the_grid_agrees_with_the_coordinates(tmp_path: Path) -> None:
    path = write(tmp_path)
    grid = RADAR.grid(path)
    np.testing.assert_allclose(grid.x, [-5.83, -5.82, -5.81])
    np.testing.assert_allclose(grid.y, [51.89, 51.88])
    coords = tmp_path / "radar_coords_NW.npz"
    with np.load(coords) as good:
        lats, lons = good["lats"], good["lons"].copy()
    lons[1] += 0.003
    np.savez(coords, lats=lats, lons=lons)
    with pytest.raises(DamagedFile, match="not the regular grid"):
        RADAR.grid(path)
    coords.unlink()
    with pytest.raises(DamagedFile, match="coordinates into the folder"):
        RADAR.grid(path)


def test_two_zones_in_a_folder_are_refused_unless_one_is_chosen(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, NAME.replace("NW", "SE"))
    with pytest.raises(RainscoreError, match="meteonet-SE"):
        RADAR.scan(tmp_path)
    frames = get_format("meteonet-SE").scan(tmp_path)
    assert len(frames) == 4 and "_SE_" in frames["file"][0]


def test_a_damaged_file_is_listed_for_each_frame_of_its_days(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DamagedFile, match="download it again"):
        RADAR.check(path)
    frames = RADAR.scan(tmp_path)
    assert len(frames) == 11 * 288
    assert frames["time"].iloc[0] == pd.Timestamp("2016-08-21")
    assert frames["time"].iloc[-1] == pd.Timestamp("2016-08-31 23:55")


class Trap:
    """Object whose unpickling would run a command."""

    def __reduce__(self) -> tuple:
        return os.mkdir, ("trapped",)


def test_a_pickle_that_holds_more_than_dates_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, dates=[Trap()] * 4)
    with pytest.raises(DamagedFile, match="mkdir"):
        RADAR.check(path)
    assert not Path("trapped").exists()


@pytest.mark.parametrize(("zone", "missing"), [("NW", 0.125), ("SE", 0.041)])
def test_real_frames_give_exactly_the_half_hours_with_enough_frames(
    zone: str, missing: float
) -> None:
    radar = get_format(f"meteonet-{zone}")
    frames = radar.scan(shared("meteonet"))
    assert len(frames) == 45
    with np.load(frames["file"][0], allow_pickle=True) as whole:
        data = whole["data"]
    means = {}
    for start, rows in frames.groupby(frames["time"].dt.floor("30min")):
        rates = (radar.read(file, i) for file, i in zip(rows["file"], rows["index"], strict=True))
        mean, _ = half_hour_mean(rates, minutes=[5] * len(rows), min_frame_share=0.8)
        if np.isfinite(mean).any():
            means[start] = mean
            hundredths = data[rows["index"]].astype(float)
            hundredths[hundredths < 0] = np.nan
            mm = np.where(np.isnan(hundredths).sum(0) <= 1, np.nansum(hundredths, axis=0), np.nan)
            n = np.isfinite(hundredths).sum(0)
            np.testing.assert_allclose(mean, mm / np.maximum(n, 1) * 0.12, rtol=1e-5)
    expected = [f"2016-08-28 {clock}" for clock in ("10:00", "10:30", "13:00", "13:30")]
    assert list(means) == [pd.Timestamp(time) for time in expected]
    for mean in means.values():
        assert np.isnan(mean).mean() == pytest.approx(missing, abs=0.0005)


def test_real_coordinates_are_regular() -> None:
    grid = RADAR.grid(shared("meteonet/rainfall_SE_2016_08.3.npz"))
    assert grid.shape == (515, 784)
    np.testing.assert_allclose([grid.x[0], grid.x[-1]], [2.005, 9.835])
    np.testing.assert_allclose([grid.y[0], grid.y[-1]], [46.245, 41.105])
