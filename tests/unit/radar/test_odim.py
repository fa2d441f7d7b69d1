from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyproj
import pytest

from rainscore.errors import DamagedFile
from rainscore.grids import RADAR_CORNER, RADAR_CRS
from rainscore.radar.formats import get_format, remove_clutter
from rainscore.radar.odim import Odim
from tests.data import shared
from tests.odim import write_mosaic

CRS = "+proj=laea +lat_0=55 +lon_0=10 +ellps=WGS84 +units=m"
RADAR = Odim()


def write(
    path: Path,
    values: list,
    *,
    quantity: str = "RATE",
    start: str = "174500",
    end: str = "180000",
    dtype: type = np.uint16,
    inside_data: bool = False,
    scale: float = 1000.0,
    first: str = "QIND",
    **what: float,
) -> Path:
    """Write a composite of 1 × n pixels with the quantity in its second dataset."""
    with h5py.File(path, "w") as file:
        file.create_group("what").attrs.update(date="20180824", time=end)
        where = file.create_group("where").attrs
        where.update(projdef=np.bytes_(CRS), xsize=len(values), ysize=1, xscale=scale, yscale=scale)
        to_lonlat = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform
        for corner, column, row in (("UL", 0, 0), ("UR", 1, 0), ("LL", 0, 1), ("LR", 1, 1)):
            lon, lat = to_lonlat(column * len(values) * 1000.0, -row * 1000.0)
            where.update({f"{corner}_lon": lon, f"{corner}_lat": lat})
        for number, kind in ((10, quantity), (2, first)):
            dataset = file.create_group(f"dataset{number}")
            times = {"startdate": "20180824", "starttime": start, "enddate": "20180824"}
            dataset.create_group("what").attrs.update(endtime=end, **times)
            data = dataset.create_group("data1")
            data["data"] = np.array([values], dtype=dtype)
            owner = data.create_group("what") if inside_data else dataset["what"]
            owner.attrs.update({"gain": 1.0, **what, "quantity": np.bytes_(kind)})
    return path


def test_nodata_is_missing_and_undetected_is_no_rain(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.h5", [65535, 65534, 0, 7], nodata=65535.0, undetect=65534.0, gain=0.5
    )
    rate = RADAR.read(path)
    np.testing.assert_array_equal(rate, np.array([[np.nan, 0, 0, 3.5]], np.float32))
    assert rate.dtype == np.float32


def test_an_accumulation_is_divided_by_its_duration(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", [0, 50], quantity="ACRR", gain=0.01, start="175500")
    np.testing.assert_allclose(RADAR.read(path), [[0, 6.0]], rtol=1e-6)


def test_an_hourly_accumulation_is_divided_by_the_hour(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", [0, 50], quantity="ACRR", start="170000", gain=0.1)
    np.testing.assert_allclose(RADAR.read(path), [[0, 5]], rtol=1e-6)


def test_reflectivity_becomes_rain_by_marshall_and_palmer(tmp_path: Path) -> None:
    # Z = 200 R^1.6: 1 mm/h is 23.01 dBZ, 10 mm/h 39.01 dBZ.
    dbz = [10 * np.log10(200.0), 10 * np.log10(200 * 10**1.6), -32.0, -99.0]
    path = write(
        tmp_path / "a.h5", dbz, quantity="DBZH", dtype=np.float64, undetect=-32.0, nodata=-99.0
    )
    np.testing.assert_allclose(RADAR.read(path), [[1, 10, 0, np.nan]], rtol=1e-5)


def test_rate_is_preferred_at_any_position_in_the_file(
    tmp_path: Path,
) -> None:
    for inside_data in (False, True):
        path = write(tmp_path / "a.h5", [1, 2], first="DBZH", gain=2.0, inside_data=inside_data)
        np.testing.assert_array_equal(RADAR.read(path), [[2, 4]])


def test_a_negative_rate_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", [-1.0, 2.0], dtype=np.float32)
    np.testing.assert_array_equal(RADAR.read(path), np.array([[np.nan, 2]], np.float32))


def test_a_file_without_rain_is_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", [1, 2], quantity="TH")
    for act in (RADAR.read, RADAR.check):
        with pytest.raises(DamagedFile, match=r"it has QIND, TH, none of RATE, ACRR, DBZH"):
            act(path)


def test_the_grid_follows_projection_and_corners_and_checks_the_scales(tmp_path: Path) -> None:
    grid = RADAR.grid(write(tmp_path / "a.h5", [1, 2, 3]))
    assert (grid.crs, grid.shape, grid.dx, grid.dy) == (CRS, (1, 3), 1000, -1000)
    assert (grid.x0, grid.y0) == pytest.approx((0, 0), abs=1e-3)
    with pytest.raises(DamagedFile, match="corners"):
        RADAR.grid(write(tmp_path / "a.h5", [1, 2, 3], scale=2000.0))


def test_a_file_without_its_corners_is_damaged(tmp_path: Path) -> None:
    with h5py.File(write(tmp_path / "a.h5", [1]), "a") as file:
        del file["where"].attrs["UL_lon"]
    with pytest.raises(DamagedFile, match=r"a\.h5: .*UL_lon"):
        Odim().grid(tmp_path / "a.h5")


def test_the_start_is_that_in_the_file_unless_a_convention_is_configured(tmp_path: Path) -> None:
    # OPERA: scans from 10 minutes before to 5 minutes after the nominal time.
    write(tmp_path / "T_201808241800.h5", [1], start="175000", end="180500")
    write(tmp_path / "T_201808241815.h5", [1], start="180500", end="182000")
    for convention, first in (("format", "17:45"), ("start", "18:00"), ("end", "17:45")):
        frames = get_format("odim", timestamp_convention=convention).scan(tmp_path)
        assert frames["time"][0] == pd.Timestamp(f"2018-08-24 {first}")
        assert frames["time"].diff()[1] == pd.Timedelta(minutes=15)


def test_the_time_is_read_from_the_content_if_the_name_has_none(tmp_path: Path) -> None:
    write(tmp_path / "composite.h5", [1])
    frames = RADAR.scan(tmp_path)
    assert frames["time"][0] == pd.Timestamp("2018-08-24 17:45")


def test_a_damaged_file_is_listed(tmp_path: Path) -> None:
    (tmp_path / "T_201808241745.h5").write_bytes(b"")
    write(tmp_path / "T_201808241800.h5", [1])
    frames = RADAR.scan(tmp_path)
    assert list(frames["time"].dt.strftime("%H:%M")) == ["17:30", "17:45"]
    with pytest.raises(DamagedFile, match="empty"):
        RADAR.read(frames["file"][0])


@pytest.mark.parametrize(
    # 5 hundredths of a millimetre in 5 min; the same as a rate; 23 dBZ (1 mm/h is 23.01 dBZ).
    ("quantity", "stored", "rate"),
    [("ACRR", 5, 0.6), ("RATE", 5, 0.6), ("DBZH", 110, 0.99852)],
)
def test_each_quantity_of_the_mosaic_of_meteo_france_is_read_on_the_grid_of_the_mosaic(
    quantity: str, stored: int, rate: float, tmp_path: Path
) -> None:
    values = np.full((3472, 3472), 65535, np.uint16)
    values[1000:2000, 500:3000] = 65534
    values[1200, 700:702] = stored
    path = write_mosaic(tmp_path / "T_IPRN20_C_LFPW_20240812180000.h5", quantity, values)
    write_mosaic(
        tmp_path / "T_IPRN20_C_LFPW_20240812180500.h5", quantity, values[:8, :8], "2024-08-12 18:05"
    )
    radar = get_format("odim", step_minutes=5)
    assert list(radar.scan(tmp_path)["time"].dt.strftime("%H:%M")) == ["17:55", "18:00"]
    rates = radar.read(path)
    np.testing.assert_allclose(rates[1200, 698:703], [0, 0, rate, rate, 0], rtol=1e-4)
    assert np.isnan(rates).mean() == pytest.approx(1 - 1000 * 2500 / 3472**2)
    grid = radar.grid(path)
    assert (grid.shape, grid.dx, grid.dy) == ((3472, 3472), 500, -500)
    # Both mosaics have one corner, of which the 1 km mosaic gives another decimal.
    x, y = pyproj.Transformer.from_crs(grid.crs, RADAR_CRS, always_xy=True).transform(
        grid.x0, grid.y0
    )
    assert (x, y) == pytest.approx(RADAR_CORNER, abs=1.0)


def test_real_opera_composites_are_read_and_their_clutter_counted() -> None:
    folder = shared("opera/20180824")
    radar = get_format("odim")
    frames = radar.scan(folder)
    assert len(frames) == 24
    # Nominal 22:15, scanned from 22:05 to 22:20.
    path = next(file for file in frames["file"] if file.endswith("221500.hdf"))
    rate = radar.read(path)
    with h5py.File(path) as file:
        raw = file["dataset1/data1/data"][()]
    expected = np.where(raw == -9_999_000, np.nan, np.where(raw == -8_888_000, 0, raw))
    np.testing.assert_allclose(rate, expected, rtol=1e-6)
    assert np.isnan(rate).mean() == pytest.approx(0.499, abs=0.001)
    assert np.nanmax(rate) == pytest.approx(8646.82, abs=0.01)
    clean, count = remove_clutter(rate)
    assert count == 2
    assert np.nanmax(clean) <= 300
    assert np.isnan(clean).sum() == np.isnan(rate).sum() + 2


def test_the_grid_of_real_opera_composites_has_the_corners_of_the_file() -> None:
    path = shared("opera/20180824/T_PAAH21_C_EUOC_20180824180000.hdf")
    grid = RADAR.grid(path)
    assert grid.shape == (2200, 1900)
    lon, lat = pyproj.Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(
        grid.x0 + 1900 * grid.dx, grid.y0 + 2200 * grid.dy
    )
    with h5py.File(path) as file:
        where = file["where"].attrs
        assert (lon, lat) == pytest.approx((where["LR_lon"], where["LR_lat"]), abs=1e-6)
