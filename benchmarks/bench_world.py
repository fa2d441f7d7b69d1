"""The simulated world: rain frames and granules a CPU second, a month, memory."""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import numpy as np

from rainscore.grids import imerg_cells, study_grid
from rainscore.imerg.manifests import write_manifest
from rainscore.regridding.radarreader import RadarSettings, open_radar
from rainscore.simulation.monthwriter import simulate_imerg_month, simulate_radar_month
from rainscore.simulation.rain import simulate_rain

CENTRE, SIDE_KM = (2.5, 46.6), 800
RADAR = RadarSettings(
    format="fr-radar-rainfall",
    timestamp_convention="format",
    step_minutes=5,
    max_rate_mm_h=300,
    min_quality=0,
    min_frame_share=0.8,
)
FIRST = np.datetime64("2019-01-01", "ns")
DAY = np.timedelta64(1, "D")
MONTH_DAYS = 31
FRAMES_TARGET, MONTH_TARGET_S, MEMORY_TARGET = 60, 180, 2 * 1024**3
GRANULES_TARGET = 48 * MONTH_DAYS / MONTH_TARGET_S


def row(
    what: str, ours: float, peer: float, unit: str, peer_name: str, *, less: bool = False
) -> dict:
    """One line of the results; the ratio says how many times better ours is."""
    return {
        "what": what,
        "ours": ours,
        "peer": peer,
        "ratio": peer / ours if less else ours / peer,
        "unit": unit,
        "peer_name": peer_name,
    }


def frame_rate(step_km: float, frames: int) -> float:
    """5-minute frames over 800 × 800 km a CPU second, after the first."""
    grid = study_grid(centre=CENTRE, size_km=SIDE_KM, step_km=step_km)
    world = simulate_rain(grid, FIRST, FIRST + 31 * DAY, seed=1)
    next(world)
    start = time.process_time()
    wet = [float((rain > 0).mean()) for _, rain in islice(world, frames)]
    seconds = time.process_time() - start
    print(f"{step_km} km: {frames} frames, mean wet fraction {np.mean(wet):.3f}")
    return frames / seconds


def products(days: int) -> tuple[float, float]:
    """CPU s of a day of radar frames, and granules a CPU second, written at 4 km as by default."""
    grid = study_grid(centre=CENTRE, size_km=SIDE_KM, step_km=4)
    cells = imerg_cells(grid)
    span = str(FIRST), str(FIRST + days * DAY)
    with tempfile.TemporaryDirectory() as folder:
        radar = Path(folder) / "radar.parquet"
        start = time.process_time()
        manifest = simulate_radar_month(
            radar.with_suffix(""), grid, *span, seed=1, step_minutes=RADAR.step_minutes
        )
        write_manifest(manifest, radar)
        middle = time.process_time()
        reader = open_radar(radar, RADAR, cells)
        simulate_imerg_month(
            Path(folder) / "imerg", reader, cells, *span, seed=1, run="final", errors="all"
        )
        end = time.process_time()
    return (middle - start) / days, 48 * days / (end - middle)


def pysteps_seconds(fields: dict[int, int]) -> dict[int, float]:
    """What `pysteps_noise_peer.py` prints; empty where pysteps cannot be run."""
    python = os.environ.get("PYSTEPS_PYTHON", sys.executable)
    script = Path(__file__).with_name("pysteps_noise_peer.py")
    command = [python, str(script), json.dumps(fields)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        print("pysteps is not compared: install it, or set PYSTEPS_PYTHON", file=sys.stderr)
        return {}
    return {int(n): s for n, s in json.loads(result.stdout.splitlines()[-1]).items()}


def compare(*, frames: int, days: int) -> list[dict]:
    """All rows; the smaller world first, so that each peak of memory is its own."""
    radar_s, granules = products(days)
    month = MONTH_DAYS * (radar_s + 48 / granules)
    rows = [
        row("granules written, Final at 4 km", granules, GRANULES_TARGET, "1/CPU s", "target"),
        row("a month of both at 4 km", month, MONTH_TARGET_S, "CPU s", "target", less=True),
    ]
    sides = {km: int(SIDE_KM / km) for km in (2, 1)}
    numbers = {2: frames, 1: max(frames // 4, 4)}
    peer = pysteps_seconds({sides[km]: numbers[km] for km in sides})
    for km, side in sides.items():
        rate = frame_rate(km, numbers[km])
        what = f"rain frames at {km} km"
        if km == 2:
            rows.append(row(what, rate, FRAMES_TARGET, "1/CPU s", "target"))
        if peer:
            rows.append(row(what, rate, 1 / peer[side], "1/CPU s", "pysteps.noise"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rows.append(row("the world: peak memory", peak, MEMORY_TARGET, "bytes", "target", less=True))
    return rows


def main() -> None:
    """Write the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer frames, under a minute")
    options = parser.parse_args()
    rows = compare(frames=60, days=1) if options.quick else compare(frames=600, days=12)
    options.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
