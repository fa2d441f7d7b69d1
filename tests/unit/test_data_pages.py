"""The configurations in the pages on IMERG, radar and downloads are valid and read data."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr
import yaml

from rainscore.config import check_config, merge
from rainscore.grids import study_grid
from rainscore.imerg.manifests import write_manifest
from rainscore.paths import CHECKOUT
from rainscore.radar.formats import get_format
from rainscore.radar.fr_radar import frame_name, mosaic_grid, write_frame
from rainscore.radar.frames import index_frames
from rainscore.regridding.radarreader import open_radar
from rainscore.times import steps
from tests.odim import write_mosaic
from tests.world import radar_settings

DEFAULT = (CHECKOUT / "config.yaml").read_text()
PAGES = [(CHECKOUT / "docs" / f"{page}.md").read_text() for page in ("imerg", "radar", "download")]
SNIPPETS = [
    yaml.safe_load(text)
    for page in PAGES
    for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
]
LOCAL = [snippet for snippet in SNIPPETS if snippet.get("radar", {}).get("source") == "local"]
START, END = "2024-08-12", "2024-08-12T00:30"


@pytest.mark.parametrize("snippet", SNIPPETS, ids=range(len(SNIPPETS)))
def test_each_snippet_is_a_valid_configuration(snippet: dict, tmp_path: Path) -> None:
    config = merge(yaml.safe_load(DEFAULT), snippet)
    if config["imerg"]["source"] != "simulated" and config["radar"]["source"] == "simulated":
        config["radar"]["source"] = "zarr"  # granules that are not simulated need such a radar
    for product, key in (
        ("imerg", "granule_folder"),
        ("radar", "frame_folder"),
        ("radar", "comephore_folder"),
    ):
        config[product][key] = config[product][key] and str(tmp_path)
    check_config(config)


def write_folder(folder: Path, form: str, step: int) -> tuple[float, float]:
    """Write frames of 6 mm/h of half an hour; return longitude and latitude of a covered point."""
    folder.mkdir(parents=True)
    times = steps(START, END, step)
    if form == "odim":
        for when in times:
            end = pd.Timestamp(when) + pd.Timedelta(minutes=5)
            path = folder / f"T_IPRN20_C_LFPW_{end:%Y%m%d%H%M%S}.h5"
            quantity = "ACRR" if step == 5 else "RATE"  # both 6 mm/h
            write_mosaic(path, quantity, np.full((240, 240), 50, np.uint16), str(end))
        return -8.87, 53.20
    if form == "fr-radar-rainfall":
        for when in times:
            write_frame(folder / frame_name(when), np.full((768, 768), 6.0), mosaic_grid(768))
        return 2.5, 46.6
    if form.startswith("meteonet"):
        lats, lons = np.meshgrid(
            46.2 - 0.01 * np.arange(99), 5 + 0.01 * np.arange(99), indexing="ij"
        )
        dates = [datetime(2024, 8, 12) + timedelta(minutes=5 * i) for i in range(times.size)]
        data = np.full((times.size, 99, 99), 50, np.int16)
        name = "rainfall_SE_2024_08.2.npz"
        np.savez(folder / name, data=data, dates=np.array(dates, object))
        days = np.array([dates[0].date()], object)
        maps = np.full((1, 99, 99), 90, np.int16)
        quality = folder / name.replace("_", "_mean_quality-code_", 1)
        np.savez(quality, data=maps, dates=days)
        np.savez(folder / "radar_coords_SE.npz", lats=lats, lons=lons)
        return 5.5, 45.7
    crs = pyproj.CRS("EPSG:25833")
    x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(10.5, 59.0)
    axes = {"x": x + 1000.0 * np.arange(-60, 60), "y": y + 1000.0 * np.arange(-60, 60)}
    rain = np.full((times.size, 120, 120), 6.0, np.float32)
    attrs = {"units": "mm h-1", "grid_mapping": "crs"}
    variables = {"rr": (("time", "y", "x"), rain, attrs), "crs": ((), 0, crs.to_cf())}
    xr.Dataset(variables, {"time": times, **axes}).to_netcdf(folder / "a.nc", engine="h5netcdf")
    return 10.5, 59.0


@pytest.mark.parametrize("snippet", LOCAL, ids=lambda snippet: str(snippet["radar"]))
def test_each_local_radar_gives_its_half_hour_on_the_study_grid(
    snippet: dict, tmp_path: Path
) -> None:
    radar = merge(yaml.safe_load(DEFAULT), snippet)["radar"]
    step, folder = radar["step_minutes"], tmp_path / radar["frame_folder"]
    centre = write_folder(folder, radar["format"], step)
    reader = get_format(radar["format"], step_minutes=step)
    table = index_frames(folder, reader, steps(START, END, step))
    assert set(table["state"]) == {"present"}
    write_manifest(table, tmp_path / "radar.parquet")
    grid = study_grid(centre=centre, size_km=16, step_km=4, crs="local")
    mean = open_radar(tmp_path / "radar.parquet", radar_settings(radar), grid).period_mean(
        table["time"].to_numpy()[0]
    )
    assert mean is not None
    np.testing.assert_allclose(mean[0], 6, rtol=1e-4)
    np.testing.assert_allclose(mean[1], 1, rtol=1e-4)


def test_the_pages_have_a_snippet_of_each_source_and_format() -> None:
    radars = [snippet["radar"] for snippet in SNIPPETS if "radar" in snippet]
    assert {radar.get("source") for radar in radars} == {"local", "hub", "zarr", "icechunk", None}
    formats = {radar["format"].partition("-SE")[0] for radar in radars if "format" in radar}
    assert formats == {"odim", "fr-radar-rainfall", "meteonet", "netcdf"}
    granules = [snippet["imerg"]["source"] for snippet in SNIPPETS if "imerg" in snippet]
    assert set(granules) == {"earthdata", "icechunk", "local"}
