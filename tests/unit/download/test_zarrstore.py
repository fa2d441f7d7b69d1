"""Copies of the Zarr store of the French mosaic, and stores that are not it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import zarr

from rainscore.download.plan import plan_store
from rainscore.download.zarrstore import ENDPOINT, STORE, fetch_frames, open_store, store_address
from rainscore.errors import DamagedFile, RainscoreError
from rainscore.paths import CHECKOUT
from rainscore.radar.fr_radar import FrRadarRainfall, mosaic_grid
from rainscore.radar.netcdf import CfRadar
from tests.buckets import write_store

TIMES = pd.date_range("2020-01-01", periods=12, freq="5min").delete([3])
RATES = np.random.default_rng(1).integers(0, 500, (11, 96, 96)) * 0.12


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Local copy of a store with 11 of 12 frames, with the attributes of the public one."""
    path = tmp_path / "copy.zarr"
    write_store(path, TIMES.to_numpy(), RATES, np.array([], "datetime64[ns]"))
    group = zarr.open_group(path, mode="a")
    group.attrs["mlcast_dataset_identifier"] = "FR-MF-prate"
    crs = {"grid_mapping_name": "polar_stereographic", "crs_wkt": _wkt()}
    group["crs"].attrs.update(crs)
    group["prate"].attrs["grid_mapping"] = "crs"
    return path


def _wkt() -> str:
    return pyproj.CRS(mosaic_grid(96).crs).to_wkt()


def test_a_local_copy_gives_the_frames_of_the_store(store: Path, tmp_path: Path) -> None:
    table = fetch_frames(tmp_path / "2020-01", "2020-01-01", "2020-01-01T01:00", address=str(store))
    assert list(table["state"]) == ["present"] * 3 + ["missing"] + ["present"] * 8
    reader = FrRadarRainfall()
    file = tmp_path / table["file"][4]
    np.testing.assert_allclose(reader.read(file), RATES[3], rtol=1e-6)
    assert reader.grid(file) == mosaic_grid(96)


def test_the_store_read_as_netcdf_keeps_its_half_pixel(store: Path) -> None:
    reader = CfRadar(step_minutes=5)
    found, expected = reader.grid(store), mosaic_grid(96)
    assert (found.x0, found.y0) == pytest.approx((expected.x0, expected.y0))
    np.testing.assert_allclose(reader.read(store, 2), RATES[2], rtol=1e-6)
    assert len(reader.scan(store)) == 11


def test_the_plan_of_a_local_copy_has_its_frames(store: Path, tmp_path: Path) -> None:
    spans = {"2020-01": ["2020-01-01", "2020-01-01T01:00"]}
    line = plan_store(tmp_path / "radar", spans, address=str(store))[0]
    assert line.startswith("radar: 12 frames, 11 in the store, 0 on disk, 11 to download")


def test_addresses_of_the_configuration_are_completed() -> None:
    assert store_address("", "") == {"address": STORE, "endpoint": ENDPOINT}
    folder = store_address("data/copy.zarr", "")["address"]
    assert folder == str(CHECKOUT / "data/copy.zarr")
    other = store_address("s3://bucket/a.zarr", "https://s3.example.org")
    assert other == {"address": "s3://bucket/a.zarr", "endpoint": "https://s3.example.org"}


def edit(store: Path, name: str, **changes: object) -> None:
    """Change the metadata of an array, and remove the consolidated copy of it."""
    for file in (store / "zarr.json", store / name / "zarr.json"):
        metadata = json.loads(file.read_text())
        metadata.pop("consolidated_metadata", None)
        if file.parent.name == name:
            metadata |= changes
        file.write_text(json.dumps(metadata))


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [("prate", {"fill_value": 0.0}, "frames that it lacks would be 0.0, not missing"),
     ("prate", {"attributes": {"units": "dBZ"}}, "the unit of prate is 'dBZ'"),
     ("prate", {"attributes": {"units": "mm"}}, "the unit of prate is 'mm'"),
     ("prate", {"dimension_names": ["time", "x", "y"]}, "no prate .time, y, x. with times"),
     ("time", {"attributes": {"units": "moons"}}, "with times"),
     ("prate", {"codecs": [{"name": "evil"}]}, "evil"), ("prate", {"shape": "x"}, "layout")],
)  # fmt: skip
def test_stores_of_another_layout_are_refused(
    name: str, changes: dict, message: str, store: Path
) -> None:
    edit(store, name, **changes)
    with pytest.raises(RainscoreError, match=message) as raised:
        open_store(str(store))
    assert "copy.zarr" in str(raised.value)


def test_a_folder_that_is_absent_no_store_or_has_links_is_refused(
    store: Path, tmp_path: Path
) -> None:
    with pytest.raises(RainscoreError, match=r"check radar\.store"):
        open_store(str(tmp_path / "absent.zarr"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RainscoreError, match="empty"):
        open_store(str(tmp_path / "empty"))
    (store / "prate" / "link").symlink_to("/etc")
    with pytest.raises(DamagedFile, match="contains the link"):
        open_store(str(store))


def test_times_that_occur_twice_are_refused(store: Path, tmp_path: Path) -> None:
    group = zarr.open_group(store, mode="a")
    times = group["time"]
    assert isinstance(times, zarr.Array)
    times[1] = times[0]
    with pytest.raises(RainscoreError, match="not unique"):
        fetch_frames(tmp_path / "2020-01", "2020-01-01", "2020-01-01T00:05", address=str(store))
