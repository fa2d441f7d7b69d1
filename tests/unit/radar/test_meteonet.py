import os
import shutil
import struct
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.radar import meteonet
from rainscore.radar.formats import get_format
from rainscore.radar.frames import index_frames
from rainscore.radar.halfhours import half_hour_mean
from rainscore.times import steps
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
    with pytest.raises(DamagedFile, match=r"copy the current radar_coords_NW\.npz"):
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


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


def data_of(path: Path) -> range:
    """Positions of the compressed data in a file."""
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("data.npy")
    local = path.read_bytes()[entry.header_offset :]
    start = entry.header_offset + 30 + sum(struct.unpack("<HH", local[26:30]))
    return range(start, start + entry.compress_size)


def test_every_flipped_bit_in_the_data_is_damage(tmp_path: Path) -> None:
    path = write(tmp_path)
    good = path.read_bytes()
    positions = data_of(path)
    for at in positions[:-1]:  # the last byte has unused bits
        path.write_bytes(good)
        flip(path, at)
        meteonet._verify.cache_clear()
        meteonet._stream.cache_clear()
        with pytest.raises(DamagedFile, match=NAME):
            RADAR.check(path)


def test_a_flipped_bit_damages_all_frames_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path)
    flip(path, data_of(path)[-8])
    with pytest.raises(RainscoreError, match=r"none of its 4 frames .*(Bad CRC-32|Error -3)"):
        index_frames(tmp_path, RADAR, steps("2016-08-21", "2016-08-21T00:30", 5))


def test_one_file_of_reflectivity_is_named(tmp_path: Path) -> None:
    (tmp_path / "reflectivity_old_NW_2016_08.3.npz").write_bytes(b"")
    with pytest.raises(RainscoreError, match=r"MeteoNet's reflectivity .*not its rainfall"):
        RADAR.scan(tmp_path)


def test_codes_of_reflectivity_under_the_name_of_rainfall_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    codes = np.full((4, 2, 3), 255, np.int16)
    codes[:, 0] = 12
    with np.load(path, allow_pickle=True) as archive:
        dates = archive["dates"]
    np.savez_compressed(path, data=codes, dates=dates)
    with pytest.raises(DamagedFile, match="codes of reflectivity"):
        RADAR.check(path)


def test_coordinates_of_the_first_release_are_named(tmp_path: Path) -> None:
    for name in ("radar_coords_NW.npz", "rainfall_NW_2016_08.3.npz"):
        shutil.copy(shared(f"meteonet/{name}"), tmp_path / name)
    with np.load(tmp_path / "radar_coords_NW.npz") as archive:
        lats, lons = archive["lats"] + 0.005, archive["lons"] - 0.005
    np.savez(tmp_path / "radar_coords_NW.npz", lats=lats, lons=lons)
    with pytest.raises(DamagedFile, match=r"\+0.005° in latitude and -0.005° in longitude"):
        RADAR.grid(tmp_path / NAME)


@pytest.mark.parametrize("change", ["swapped", "south first", "nan", "one axis", "integers"])
def test_coordinates_that_cannot_be_are_refused(change: str, tmp_path: Path) -> None:
    path = write(tmp_path)
    coords = tmp_path / "radar_coords_NW.npz"
    with np.load(coords) as archive:
        lats, lons = archive["lats"], archive["lons"]
    changed = {
        "swapped": (lons, lats),
        "south first": (lats[::-1], lons),
        "nan": (lats * np.nan, lons),
        "one axis": (lats[:, 0], lons[0]),
        "integers": (lats.astype(int), lons.astype(int)),
    }[change]
    np.savez(coords, lats=changed[0], lons=changed[1])
    with pytest.raises(DamagedFile, match="radar_coords_NW"):
        RADAR.grid(path)


def test_dates_of_other_days_than_the_name_are_damage(tmp_path: Path) -> None:
    path = write(tmp_path, dates=[datetime(2016, 9, 1, 0, 5 * i) for i in range(4)])
    with pytest.raises(DamagedFile, match="are not its name's"):
        RADAR.check(path)
    path = write(tmp_path, dates=[datetime(2016, 8, 21)] * 3)
    with pytest.raises(DamagedFile, match="4 frames and 3 dates"):
        RADAR.check(path)


def npy(header: str, content: bytes = b"") -> bytes:
    """An npy file with any header."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content


@pytest.mark.parametrize(
    "data",
    [npy("{'descr': '<i2', 'fortran_order': False, 'shape': (1000000, 1000, 1000)}", bytes(99)),
     npy("{'descr': '<i2', 'fortran_order': False, 'shape': (1, 1000000, 1000000)}", bytes(99)),
     npy("{'descr': '<i2', 'fortran_order': False, 'shape': (-1, -2, 3)}", bytes(12)),
     npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 2, 3)}", bytes(48)),
     npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 2, 3)}", bytes(96)),
     npy("(" * 5000, bytes(9)), npy("'", bytes(9)), b"", bytes(50)],
)  # fmt: skip
def test_headers_that_cannot_be_are_damage_before_anything_is_allocated(
    data: bytes, tmp_path: Path
) -> None:
    path = write(tmp_path)
    with zipfile.ZipFile(path) as archive:
        dates = archive.read("dates.npy")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", data)
        archive.writestr("dates.npy", dates)
    for function in (RADAR.check, RADAR.read):
        with pytest.raises(DamagedFile, match=NAME):
            function(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_members_compressed_by_other_methods_are_read_or_damage(
    method: int, tmp_path: Path
) -> None:
    path = write(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    RADAR.check(path)
    assert RADAR.read(path, 2)[0, 1] == pytest.approx(13 * 0.12)
    flip(path, 150)
    with pytest.raises(DamagedFile, match=NAME):
        RADAR.check(path)


def test_encrypted_members_and_things_that_are_no_file_are_damage(tmp_path: Path) -> None:
    path = write(tmp_path)
    content = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = content.find(signature)
        while position >= 0:
            content[position + at] |= 1
            position = content.find(signature, position + 1)
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="encrypted"):
        RADAR.check(path)
    for name in ("absent.npz", "folder.npz"):
        (tmp_path / "folder.npz").mkdir(exist_ok=True)
        for function in (RADAR.check, RADAR.read, RADAR.grid):
            with pytest.raises(DamagedFile, match=name):
                function(tmp_path / name)


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
