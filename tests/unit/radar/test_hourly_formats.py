"""Hourly references: COMEPHORE and RADOLAN RW as radars."""

import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest

from rainscore.errors import DamagedFile
from rainscore.grids import study_grid
from rainscore.radar.comephorefiles import read_hour
from rainscore.radar.formats import get_format
from rainscore.radar.frames import index_frames
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.radarreader import RadarReader
from rainscore.times import steps
from tests.data import shared
from tests.world import radar_settings

HEAD = "ncols 3\nnrows 2\nxllcorner -1000\nyllcorner -4000000\ncellsize 1000\nNODATA_value -1\n"
HOURLY = replace(radar_settings(), step_minutes=60)


def test_a_radolan_grid_has_tenths_of_a_millimetre_row_0_north(tmp_path: Path) -> None:
    path = tmp_path / "RW_20221018-0050.asc"
    path.write_text(HEAD + "1 2 -1\n40 0 3\n")
    radar = get_format("radolan")
    np.testing.assert_allclose(radar.read(path), [[0.1, 0.2, np.nan], [4, 0, 0.3]], rtol=1e-6)
    grid = radar.grid(path)
    assert (grid.x0, grid.y0, grid.dx, grid.dy) == (-1000, -3998000, 1000, -1000)
    rows = radar.scan(tmp_path)
    assert list(rows["time"]) == [pd.Timestamp("2022-10-17T23:50")]
    assert list(rows["minutes"]) == [60]


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"\xff\xfe", HEAD.encode(), (HEAD + "1 2 3\n4 5\n").encode(),
     (HEAD + "1 2 3\n4 5 x\n").encode(), (HEAD + "1 2 3\n4 5 1_0\n").encode(),
     (HEAD.replace("ncols 3", "ncols 0_3") + "1 2 3\n4 5 6\n").encode(),
     (HEAD + "1 2 3\n4 5 99999999999\n").encode(),
     (HEAD.replace("ncols 3", "ncols 1e9") + "1").encode(),
     (HEAD.replace("ncols 3", "ncols nan") + "1").encode(),
     (HEAD.replace("-4000000", "47.0") + "1 2 3\n4 5 6\n").encode(),
     (HEAD.replace("cellsize 1000", "cellsize 0") + "1 2 3\n4 5 6\n").encode()],
)  # fmt: skip
def test_a_radolan_grid_that_cannot_be_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "RW_20221018-0050.asc"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="not a grid of RADOLAN RW"):
        get_format("radolan").read(path)
    path.unlink()
    with pytest.raises(DamagedFile, match="it cannot be read"):
        get_format("radolan").grid(path)


def test_names_of_hours_that_do_not_exist_are_problems(tmp_path: Path) -> None:
    for name in ("RW_20221318-0050.asc", "RW_20221018-0050.asc", "RW-latest.asc"):
        (tmp_path / name).touch()
    rows = get_format("radolan").scan(tmp_path)
    assert list(rows["problem"]) == ["", "the hour of its name is none"]
    (tmp_path / "2011113122_RR.gtif").touch()
    (tmp_path / "2011110422_RR.gtif").touch()
    rows = get_format("comephore").scan(tmp_path)
    assert list(rows["time"].notna()) == [True, False]
    assert rows["time"][0] == pd.Timestamp("2011-11-04T21:00")


def test_the_real_day_of_radolan_gives_hours_that_overlap_the_hours_of_imerg(
    tmp_path: Path,
) -> None:
    with tarfile.open(shared("radar-radolan-rw-20221018") / "RW-20221018.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    radar = get_format("radolan", step_minutes=60)
    file = next(tmp_path.rglob("RW_20221018-0750.asc"))
    rate = radar.read(file)
    assert rate.shape == (900, 900)
    assert np.nanmean(rate) == pytest.approx(0.26, abs=0.005)
    assert np.nanmax(rate) == pytest.approx(17.1, abs=1e-4)
    corner = radar.grid(file)
    lonlat = pyproj.Transformer.from_crs(corner.crs, "EPSG:4326", always_xy=True)
    lon, lat = lonlat.transform(corner.x0, corner.y0 + corner.ny * corner.dy)
    assert (lon, lat) == (pytest.approx(3.5889, abs=1e-3), pytest.approx(46.9526, abs=1e-3))
    domain = study_grid(centre=(10.0, 51.0), size_km=160, step_km=4, crs="local")
    table = index_frames(tmp_path, radar, steps("2022-10-18", "2022-10-19", 60), target=domain)
    assert (table["state"] == "present").sum() == 23
    assert set(table["time"].dt.minute) == {50}
    reader = RadarReader(table, radar, domain, HOURLY)
    mean = reader.period_mean(np.datetime64("2022-10-18T07:00"))
    assert mean is not None
    # 07:00 to 08:00: 50 min of the hour from 06:50, and 10 min of the hour from 07:50.
    after = radar.read(next(tmp_path.rglob("RW_20221018-0850.asc")))
    expected, _ = overlap_weights(corner, domain).apply((50 * rate + 10 * after) / 60)
    np.testing.assert_allclose(mean[0], expected, rtol=1e-4, atol=1e-4)


def test_real_hours_of_comephore_are_an_hourly_radar() -> None:
    folder = shared("comephore")
    radar = get_format("comephore", step_minutes=60)
    amount, grid = read_hour(folder / "2011110422_RR.gtif")
    table = index_frames(folder, radar, steps("2011-11-04T20:00", "2011-11-05T04:00", 60))
    assert set(table["state"]) == {"present"} and set(table["minutes"]) == {60}
    reader = RadarReader(table, radar, grid, HOURLY)
    mean = reader.period_mean(np.datetime64("2011-11-04T21:00"))
    assert mean is not None
    np.testing.assert_allclose(mean[0], amount, rtol=1e-5)
