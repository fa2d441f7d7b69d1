from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from rainscore.grids import imerg_cells, window_grid
from rainscore.imerg.manifests import write_manifest
from rainscore.io import write_netcdf
from rainscore.regridding.conservative import overlap_weights
from rainscore.regridding.radarreader import open_radar
from rainscore.simulation.monthwriter import open_truth, simulate_radar_month
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.worlds import REFERENCE
from tests.world import radar_settings

CAPE_TOWN = window_grid(centre=(18.4, -33.9), size_km=(160, 160), step_km=8)


def test_simulated_frames_beyond_the_french_mosaic_are_read_on_their_own_grid(
    tmp_path: Path,
) -> None:
    start, end = "2019-07-02T06:00", "2019-07-02T06:30"
    folder = tmp_path / "frames"
    to_cells = overlap_weights(CAPE_TOWN, imerg_cells(CAPE_TOWN))
    no_errors = replace(REFERENCE, radar_errors=0)
    manifest, truth = simulate_radar_month(
        folder, to_cells, start, end, seed=3, step_minutes=5, world=no_errors
    )
    write_manifest(manifest, tmp_path / "2019-07.parquet")
    reader = open_radar(tmp_path / "2019-07.parquet", radar_settings(), CAPE_TOWN)
    result = reader.period_mean(np.datetime64(start))
    assert result is not None
    frames = simulate_rain(
        CAPE_TOWN, np.datetime64(start), np.datetime64(end), seed=3, step_minutes=5
    )
    expected = np.mean([rate for _, rate in frames], axis=0)
    np.testing.assert_allclose(result[0], expected, atol=0.061)  # half of 0.12 mm/h
    np.testing.assert_array_equal(result[1], 1)
    on_cells, _ = to_cells.apply(expected[None].astype(np.float32), min_valid=0.5)
    np.testing.assert_allclose(truth["rain"].mean("time"), on_cells[0], rtol=1e-4)


def test_the_true_rain_is_kept_next_to_the_measured_one(tmp_path: Path) -> None:
    start, end = "2019-07-02T06:00", "2019-07-02T06:30"
    to_cells = overlap_weights(CAPE_TOWN, imerg_cells(CAPE_TOWN))
    worlds = (replace(REFERENCE, radar_errors=strength) for strength in (0, 1))
    (_, truth), (_, other) = (
        simulate_radar_month(
            tmp_path / name, to_cells, start, end, seed=3, step_minutes=5, world=world
        )
        for name, world in zip(("true", "measured"), worlds, strict=True)
    )
    xr.testing.assert_identical(truth, other)
    frames = [sorted((tmp_path / name).iterdir()) for name in ("true", "measured")]
    pairs = zip(*frames, strict=True)
    assert any(a.read_bytes() != b.read_bytes() for a, b in pairs) and len(frames[0]) == 6
    write_netcdf(truth, tmp_path / "truth.nc")
    times, rates = open_truth(tmp_path / "truth.nc")(np.datetime64(start), np.datetime64(end))
    assert times[0] == np.datetime64(start) and len(times) == 6
    np.testing.assert_array_equal(rates, truth["rain"])
