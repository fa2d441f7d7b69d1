from pathlib import Path

import numpy as np

from rainscore.grids import window_grid
from rainscore.imerg.manifests import write_manifest
from rainscore.regridding.radarreader import open_radar
from rainscore.simulation.monthwriter import simulate_radar_month
from rainscore.simulation.rain import simulate_rain
from tests.world import radar_settings

CAPE_TOWN = window_grid(centre=(18.4, -33.9), size_km=(160, 160), step_km=8)


def test_simulated_frames_beyond_the_french_mosaic_are_read_on_their_own_grid(
    tmp_path: Path,
) -> None:
    start, end = "2019-07-02T06:00", "2019-07-02T06:30"
    folder = tmp_path / "frames"
    manifest = simulate_radar_month(folder, CAPE_TOWN, start, end, seed=3, step_minutes=5)
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
