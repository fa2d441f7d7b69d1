"""Local stores in the layout of the open stores, whose rain is that of a real radar case."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from benchmarks.radarsequences import Sequence
from tests.data import shared
from tests.stores import write_imerg, write_mrms
from tests.workflow.checkout import TINY

SOUTH, WEST = 35.0, -101.0
ROWS, COLUMNS = 60, 80  # cells of IMERG
STEP = 0.02  # pixels of the radar [degrees]; the real ones have 0.01


def rain_fields(maps: int) -> tuple[np.ndarray, np.ndarray]:
    """Half-hourly rain of a radar case that passes over the domain, and IMERG's view of it.

    Args:
        maps: Number of half-hours.

    Returns:
        Rain on the radar's pixels and on IMERG's cells, dims (time, lat, lon), row 0 south [mm/h].
    """
    case = Sequence.read(shared("radar-sequences/mrms_20190610.nc")).half_hours()[1]
    case = np.nan_to_num(case[:, ::-1]).astype(np.float32)
    ny, nx = round(ROWS * 0.1 / STEP), round(COLUMNS * 0.1 / STEP)
    rows = np.linspace(0, case.shape[1] - 1, ny).astype(int)
    columns = np.linspace(0, case.shape[2] - 1, nx).astype(int)
    case = case[:, rows][:, :, columns]
    radar = np.stack([np.roll(case[i % len(case)], (3 * i, 11 * i), (0, 1)) for i in range(maps)])
    size = round(0.1 / STEP)
    cells = radar.reshape(maps, ROWS, size, COLUMNS, size).mean(axis=(2, 4))
    rng = np.random.default_rng(4)
    factor = rng.lognormal(0, 0.4, (maps, 1, 1))
    shift = rng.integers(-2, 3, (maps, 2))
    seen = [np.roll(cell, tuple(by), (0, 1)) for cell, by in zip(cells, shift, strict=True)]
    return radar, np.minimum(np.stack(seen) * factor, 100)


def write_stores(
    folder: Path,
    half_hours: pd.DatetimeIndex,
    missing: str,
    *,
    imerg_chunks: tuple[int, int, int] = (90, 20, 20),
    radar_chunks: tuple[int, int, int] = (40, 100, 100),
) -> None:
    """Write the stores `late` and `mrms`.

    Args:
        folder: Folder of the stores.
        half_hours: Starts of the half-hours, from a whole hour on.
        missing: Half-hour without a value in `late`.
        imerg_chunks, radar_chunks: Sizes of chunks (time, latitude, longitude).
    """
    radar, imerg = rain_fields(half_hours.size)
    imerg[pd.Timestamp(missing) == half_hours] = np.nan
    write_imerg(folder / "late", half_hours, imerg, south=SOUTH, west=WEST, chunks=imerg_chunks)
    hours = (radar[0:-1:2] + radar[1::2]) / 2
    ends = half_hours[0:-1:2] + pd.Timedelta(hours=1)
    write_mrms(folder / "mrms", ends, hours, south=SOUTH, west=WEST, step=STEP, chunks=radar_chunks)


def configuration(run_folder: Path, stores: Path, **over: dict) -> dict:
    """The tiny configuration with both stores, and no simulation.

    Args:
        run_folder: Folder of the run.
        stores: Folder of the stores.
        over: Sections to replace.
    """
    config = yaml.safe_load(TINY.read_text())
    return config | {
        "run_folder": str(run_folder),
        "period": {"months": ["2021-06"], "first_day": 1, "last_day": 2},
        "domain": {
            "name": "Kansas", "centre": [-97.0, 38.0], "size_km": 512, "step_km": 8,
            "learning_step_km": 16,
        },
        "imerg": {
            "source": "icechunk", "run": "late", "icechunk": {"address": str(stores / "late")}
        },
        "radar": {
            "source": "icechunk", "format": "netcdf", "step_minutes": 60,
            "icechunk": {"address": str(stores / "mrms")},
        },
    } | over  # fmt: skip
