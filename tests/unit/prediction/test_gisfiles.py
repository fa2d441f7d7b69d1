"""Files of scored maps in the tools that read them: CF checker, rasterio, gdalinfo."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

from rainscore.cli import main
from rainscore.io import write_netcdf
from rainscore.prediction.fields import globe_dataset
from rainscore.prediction.globe import CELLS
from rainscore.prediction.mapfiles import write_geotiff, write_zarr
from tests.compliance import cf_messages
from tests.world import month_pair, write_granules

NAMES = ("precipitation", "score", "score_low", "score_high", "hidden_rain_probability")


def globe() -> xr.Dataset:
    """A scored globe whose score is the latitude divided by 90."""
    maps = {name: np.full(CELLS.shape, 0.5, np.float32) for name in NAMES}
    maps["score"] = np.repeat(CELLS.y[:, None] / 90, CELLS.nx, axis=1)
    names = ("map_score", "map_score_low", "map_score_high", "map_score_outside", "novelty")
    table = pd.DataFrame({name: [0.5, np.nan] for name in (*names, "cluster")})
    table = table.assign(window_lat=[10.0, 20.0], window_lon=[-170.0, 170.0])
    dataset = globe_dataset(maps, table, CELLS, np.datetime64("2019-05-01T12:00", "ns"))
    return dataset.assign_attrs(title="Scores", history="scored by rainscore", source="3B-HHR")


def gdalinfo(name: str | Path) -> dict:
    """What `gdalinfo` of Debian says about a file, without any warning."""
    if shutil.which("gdalinfo") is None:
        pytest.skip("gdalinfo is absent: apt-get install gdal-bin")
    ran = subprocess.run(["gdalinfo", "-json", str(name)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def window(run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a scored window."""
    folder = tmp_path_factory.mktemp("window")
    (granule,) = write_granules(folder, month_pair("2019-05-01", "2019-05-01T00:30"))
    arguments = ["score", str(granule), "--model", str(run.models), "--out", str(folder / "out")]
    assert main([*arguments, "--no-png"]) == 0
    (path,) = (folder / "out").glob("*.nc")
    return path


@pytest.fixture(scope="module")
def globe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a scored globe."""
    path = tmp_path_factory.mktemp("globe") / "globe.nc"
    write_netcdf(globe(), path)
    return path


def test_a_window_and_a_globe_follow_cf_without_a_remark(window: Path, globe_file: Path) -> None:
    assert cf_messages(window) == []
    assert cf_messages(globe_file) == []


def test_the_history_states_the_command_and_the_version(window: Path) -> None:
    with xr.open_dataset(window) as dataset:
        first, last = dataset.attrs["history"].splitlines()
        assert first[10] == "T" and first.endswith("Z rainscore score")
        assert last.startswith("scored by rainscore ")
        assert dataset["precipitation"].attrs["standard_name"] == "lwe_precipitation_rate"
        assert dataset["x"].attrs["axis"] == "X" and dataset["time"].attrs["axis"] == "T"


@pytest.mark.parametrize("name", NAMES)
def test_rasterio_places_each_field_of_a_window(name: str, window: Path) -> None:
    with rasterio.open(f"netcdf:{window}:{name}") as image, xr.open_dataset(window) as dataset:
        assert image.crs.to_dict()["proj"] == "stere"
        np.testing.assert_array_equal(image.read(1), dataset[name].values)
        x, y = image.xy(3, 5)
        assert (x, y) == pytest.approx((float(dataset["x"][5]), float(dataset["y"][3])))


@pytest.mark.parametrize("form", ["nc", "tif"])
def test_rasterio_places_the_fields_of_the_globe(
    form: str, globe_file: Path, tmp_path: Path
) -> None:
    address = f"netcdf:{globe_file}:score"
    if form == "tif":
        address = str(tmp_path / "globe.tif")
        write_geotiff(globe(), Path(address))
    with rasterio.open(address) as image:
        assert image.crs.to_epsg() == 4326 or image.crs.is_geographic
        band = 1 if form == "nc" else image.descriptions.index("score") + 1
        row, column = image.index(2.35, 48.85)
        assert image.read(band)[row, column] == pytest.approx(48.85 / 90, abs=1e-6)
        assert image.bounds == pytest.approx((-180, -90, 180, 90))


@pytest.mark.parametrize("name", NAMES)
def test_gdalinfo_places_each_field_of_a_window(name: str, window: Path) -> None:
    info = gdalinfo(f'NETCDF:"{window}":{name}')
    with xr.open_dataset(window) as dataset:
        x, y, field = dataset["x"].values, dataset["y"].values, dataset[name]
        assert info["size"] == [x.size, y.size]
        assert info["bands"][0]["type"] == "Float32"
        assert info["bands"][0].get("unit", "1") == field.attrs["units"]
    step = x[1] - x[0]
    expected = [x[0] - step / 2, step, 0, y[0] + step / 2, 0, -step]
    assert info["geoTransform"] == pytest.approx(expected)
    assert "Stereographic" in info["coordinateSystem"]["wkt"]


def test_gdalinfo_places_the_fields_of_the_globe(globe_file: Path) -> None:
    info = gdalinfo(f'NETCDF:"{globe_file}":precipitation')
    assert info["size"] == [3600, 1800]
    assert info["geoTransform"] == pytest.approx([-180, 0.1, 0, 90, 0, -0.1], abs=1e-5)
    assert "WGS 84" in info["coordinateSystem"]["wkt"]


@pytest.mark.parametrize("place", ["window", "globe"])
def test_gdalinfo_sees_a_cloud_optimised_geotiff_with_named_bands(
    place: str, window: Path, tmp_path: Path
) -> None:
    path = tmp_path / "map.tif"
    if place == "globe":
        write_geotiff(globe(), path)
    else:
        with xr.open_dataset(window) as dataset:
            write_geotiff(dataset.load(), path)
    info = gdalinfo(path)
    assert info["driverShortName"] == "GTiff"
    assert info["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"] == "COG"
    assert set(NAMES) <= {band["description"] for band in info["bands"]}
    assert {str(band["noDataValue"]) for band in info["bands"]} == {"NaN"}
    crs = {"window": "Stereographic", "globe": "WGS 84"}[place]
    assert crs in info["coordinateSystem"]["wkt"]


def test_a_zarr_store_has_the_projection_of_the_netcdf_file(window: Path, tmp_path: Path) -> None:
    with xr.open_dataset(window) as dataset:
        write_zarr(dataset, tmp_path / "map.zarr")
        store = xr.open_zarr(tmp_path / "map.zarr")
        assert store["crs"].attrs == dataset["crs"].attrs
