"""Speed and memory of the simulation: rain frames, granules, and a month of both."""

import json
import resource
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np
from peers import run_pysteps
from resultrows import benchmark_parser, result_row, write_rows

from rainscore.grids import imerg_cells, study_grid
from rainscore.imerg.manifests import write_manifest
from rainscore.io import write_netcdf
from rainscore.regridding.conservative import overlap_weights
from rainscore.simulation.monthwriter import (
    open_truth,
    simulate_imerg_month,
    simulate_radar_month,
)
from rainscore.simulation.rain import simulate_rain
from rainscore.simulation.worlds import REFERENCE

CENTRE, SIDE_KM = (2.5, 46.6), 800
STEP_MINUTES = 5
FIRST = np.datetime64("2019-01-01", "ns")
DAY = np.timedelta64(1, "D")
MONTH_DAYS = 31
FRAMES_TARGET, MONTH_TARGET_S, MEMORY_TARGET = 60, 180, 2 * 1024**3
GRANULES_TARGET = 48 * MONTH_DAYS / MONTH_TARGET_S


def frame_rate(step_km: float, frames: int) -> float:
    """5-minute frames of 800 × 800 km per second of processor time, after the first frame."""
    grid = study_grid(centre=CENTRE, size_km=SIDE_KM, step_km=step_km)
    world = simulate_rain(grid, FIRST, FIRST + 31 * DAY, seed=1)
    next(world)
    start = time.process_time()
    wet = [float((rain > 0).mean()) for _, rain in islice(world, frames)]
    seconds = time.process_time() - start
    print(f"{step_km} km: {frames} frames, mean wet fraction {np.mean(wet):.3f}")
    return frames / seconds


def products(days: int) -> tuple[float, float]:
    """Processor time of a day of radar frames [s], and granules per second, written at 4 km."""
    grid = study_grid(centre=CENTRE, size_km=SIDE_KM, step_km=4)
    cells = imerg_cells(grid)
    span = str(FIRST), str(FIRST + days * DAY)
    with tempfile.TemporaryDirectory() as folder:
        radar = Path(folder) / "radar.parquet"
        start = time.process_time()
        manifest, truth = simulate_radar_month(
            radar.with_suffix(""),
            overlap_weights(grid, cells),
            *span,
            seed=1,
            step_minutes=STEP_MINUTES,
            world=REFERENCE,
        )
        write_manifest(manifest, radar)
        write_netcdf(truth, Path(folder) / "truth.nc")
        middle = time.process_time()
        simulate_imerg_month(
            Path(folder) / "imerg",
            open_truth(Path(folder) / "truth.nc"),
            cells,
            *span,
            seed=1,
            run="final",
            errors="all",
            world=REFERENCE,
        )
        end = time.process_time()
    return (middle - start) / days, 48 * days / (end - middle)


def pysteps_seconds(fields: dict[int, int]) -> dict[int, float]:
    """Processor time per field of `pysteps_noise_peer.py`; empty where pysteps cannot be run.

    Args:
        fields: Number of fields by side [pixels].
    """
    seconds = run_pysteps("pysteps_noise_peer.py", json.dumps(fields)) or {}
    return {int(side): value for side, value in seconds.items()}


def compare(*, frames: int, days: int) -> list[dict]:
    """All rows; the smaller grids first, because the peak memory never decreases."""
    radar_s, granules = products(days)
    month = MONTH_DAYS * (radar_s + 48 / granules)
    rows = [
        result_row(
            "granules written, Final at 4 km",
            granules,
            "1/CPU s",
            peer=GRANULES_TARGET,
            peer_name="target",
            higher_is_better=True,
        ),
        result_row(
            "a month of both at 4 km", month, "CPU s", peer=MONTH_TARGET_S, peer_name="target"
        ),
    ]
    sides = {km: int(SIDE_KM / km) for km in (2, 1)}
    numbers = {2: frames, 1: max(frames // 4, 4)}
    peer = pysteps_seconds({sides[km]: numbers[km] for km in sides})
    for km, side in sides.items():
        rate = frame_rate(km, numbers[km])
        what = f"rain frames at {km} km"
        compared = {"target": FRAMES_TARGET} if km == 2 else {}
        if peer:
            compared["pysteps.noise"] = 1 / peer[side]
        rows += [
            result_row(what, rate, "1/CPU s", peer=value, peer_name=name, higher_is_better=True)
            for name, value in compared.items()
        ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rows.append(
        result_row("simulation: peak memory", peak, "bytes", peer=MEMORY_TARGET, peer_name="target")
    )
    return rows


def main() -> None:
    """Measure and write the rows."""
    options = benchmark_parser(__doc__).parse_args()
    rows = compare(frames=60, days=1) if options.quick else compare(frames=600, days=12)
    write_rows(rows, options.out)


if __name__ == "__main__":
    main()
