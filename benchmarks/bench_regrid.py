"""Regridding between IMERG's cells and an 800 × 800 km grid at 1 km: speed and accuracy."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rioxarray  # noqa: F401  (adds .rio)
import xarray as xr
from rasterio.enums import Resampling
from rasterio.transform import from_origin

from rainscore.grids import Grid, imerg_cells, study_grid
from rainscore.regrid import Weights, nearest, overlap_weights

FRANCE = study_grid(centre=(2.5, 46.6), size_km=800, step_km=1)


def best_of(repeats: int, call: Callable[[], object]) -> float:
    """Shortest wall time [s] of a few calls, after one that compiles and warms up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def row(what: str, ours: float, peer: float, unit: str, peer_name: str) -> dict:
    """One line of the results; the ratio says how many times better ours is."""
    ratio = peer / ours if ours else None
    return {
        "what": what,
        "ours": ours,
        "peer": peer,
        "ratio": ratio,
        "unit": unit,
        "peer_name": peer_name,
    }


def speed(weights: Weights, maps: np.ndarray, what: str) -> list[dict]:
    """Our means and valid shares, in the order of the maps, against SciPy's products."""
    n, matrix = len(maps), weights.matrix
    flat = maps.reshape(n, -1)

    def same_job() -> None:
        valid = np.ascontiguousarray((matrix @ np.isfinite(flat).astype(np.float32).T).T)
        means = np.ascontiguousarray((matrix @ np.nan_to_num(flat).T).T)
        np.divide(means, valid, out=means, where=valid >= 0.5)

    ours = best_of(3, lambda: weights.apply(maps)) / n * 1e3
    peers = {
        "SciPy CSR product, map by map": lambda: [matrix @ one for one in flat],
        "SciPy CSR product, all maps at once, left in the order of pixels": lambda: matrix @ flat.T,
        "SciPy CSR products with masks, valid share and the order of maps": same_job,
    }
    rows = [
        row(what, ours, best_of(3, peer) / n * 1e3, "ms/map", name) for name, peer in peers.items()
    ]
    outputs = 2 if np.isnan(maps).any() else 1
    moved = np.zeros(maps.size + outputs * n * weights.target.size, np.float32)
    copy = best_of(3, moved.copy) / 2 / n * 1e3  # a copy reads and writes
    rows.append(row(what, ours, copy, "ms/map", "memory: copying as many bytes as must move"))
    return rows


def bilinear(maps: np.ndarray, cells: Grid) -> np.ndarray:
    """Bilinear interpolation of all maps by rioxarray, onto the 1 km grid."""
    field = xr.DataArray(
        maps[:, ::-1],
        {"time": np.arange(len(maps)), "y": cells.y[::-1], "x": cells.x},
        dims=("time", "y", "x"),
    ).rio.write_crs(cells.crs)
    corner = from_origin(FRANCE.x0, FRANCE.y0, FRANCE.dx, -FRANCE.dy)
    return field.rio.reproject(
        FRANCE.crs, shape=FRANCE.shape, transform=corner, resampling=Resampling.bilinear
    ).values


def exact_means(field: np.ndarray, cells: Grid, *, pixels: int, points: int) -> tuple:
    """Means of the cells' values over random 1 km pixels, from points × points places in each."""
    rng = np.random.default_rng(1)
    rows, columns = rng.integers(0, FRANCE.ny, pixels), rng.integers(0, FRANCE.nx, pixels)
    means = [
        field.ravel()[
            nearest(
                cells,
                Grid(
                    FRANCE.crs,
                    FRANCE.x0 + c * FRANCE.dx,
                    FRANCE.y0 + r * FRANCE.dy,
                    FRANCE.dx / points,
                    FRANCE.dy / points,
                    points,
                    points,
                ),
            )
        ].mean(dtype=np.float64)
        for r, c in zip(rows, columns, strict=True)
    ]
    return rows, columns, np.array(means)


def accuracy(weights: Weights, maps: np.ndarray, pixels: int) -> list[dict]:
    """Root-mean-square and total error against exact means, next to bilinear interpolation."""
    rows, columns, exact = exact_means(maps[0], weights.source, pixels=pixels, points=60)
    ours = weights.apply(maps[:1])[0][0, rows, columns] - exact
    peer = bilinear(maps[:1], weights.source)[0, rows, columns] - exact
    name = "rioxarray bilinear"
    total_ours, total_peer = (abs(float(e.sum() / exact.sum())) for e in (ours, peer))
    return [
        row("error of 1 km means", rms(ours), rms(peer), "mm/h (RMS)", name),
        row("error of the total of sampled pixels", total_ours, total_peer, "1", name),
    ]


def rms(error: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(error**2)))


def main() -> None:
    """Write the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer maps, under a minute")
    options = parser.parse_args()
    n, n_bilinear, pixels = (40, 4, 300) if options.quick else (200, 40, 3000)
    cells = imerg_cells(FRANCE)
    rng = np.random.default_rng(0)
    rain = rng.gamma(0.3, 2.0, (n, *cells.shape)).astype(np.float32)
    forward, back = overlap_weights(cells, FRANCE), overlap_weights(FRANCE, cells)
    rows = speed(forward, rain, "IMERG to 1 km")
    slow = best_of(1, lambda: bilinear(rain[:n_bilinear], cells)) / n_bilinear * 1e3
    rows.append(row("IMERG to 1 km", rows[0]["ours"], slow, "ms/map", "rioxarray bilinear, 3-D"))
    radar = forward.apply(rain)[0]
    radar[:, :100] = np.nan
    rows += speed(back, radar, "1 km to IMERG")
    rows += accuracy(forward, rain, pixels)
    options.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
