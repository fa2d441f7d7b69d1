"""Speed and accuracy of regridding between IMERG's cells and an 800 × 800 km grid at 1 km."""

import time
from collections.abc import Callable

import numpy as np
import rioxarray  # noqa: F401  (adds .rio)
import xarray as xr
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from resultrows import benchmark_parser, result_row, write_rows

from rainscore.grids import Grid, imerg_cells, study_grid
from rainscore.regridding.conservative import Weights, nearest, overlap_weights

FRANCE = study_grid(centre=(2.5, 46.6), size_km=800, step_km=1)


def shortest(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, np.ndarray]:
    """Shortest wall and processor time [s] of each call, after a first call that is not measured.

    The calls alternate, so that other load on the machine affects all of them equally.
    """
    times: dict[str, list] = {name: [] for name in calls}
    for repeat in range(repeats + 1):
        for name, call in calls.items():
            wall, processor = time.perf_counter(), time.process_time()
            result = call()
            spent = time.perf_counter() - wall, time.process_time() - processor
            del result
            if repeat:
                times[name].append(spent)
    return {name: np.min(spent, axis=0) for name, spent in times.items()}


def speed(weights: Weights, maps: np.ndarray, what: str, peers: dict[str, Callable]) -> list[dict]:
    """Time per map of the conservative means, compared with `peers` and with a memory copy."""
    n = len(maps)
    outputs = 2 if np.isnan(maps).any() else 1
    moved = maps.size + outputs * n * weights.target.size
    half = np.zeros(moved // 2, np.float32)  # a copy reads and writes
    calls = {"ours": lambda: weights.apply(maps), **peers}
    calls["memory copy of as many bytes"] = half.copy
    times = shortest(calls, 5)
    ours = times.pop("ours") / n * 1e3
    units = "wall ms/map", "CPU ms/map"
    return [
        result_row(what, ours[i], unit, peer=peer[i] / n * 1e3, peer_name=name)
        for name, peer in times.items()
        for i, unit in enumerate(units)
    ]


def scipy_peers(weights: Weights, maps: np.ndarray) -> dict[str, Callable]:
    """Products with the same weights by SciPy, which has no missing values."""
    matrix, flat = weights.matrix, maps.reshape(len(maps), -1)

    def with_masks() -> np.ndarray:
        valid = np.ascontiguousarray((matrix @ np.isfinite(flat).astype(np.float32).T).T)
        means = np.ascontiguousarray((matrix @ np.nan_to_num(flat).T).T)
        return np.divide(means, valid, out=means, where=valid >= 0.5)

    def map_by_map() -> np.ndarray:
        means = np.empty((len(flat), matrix.shape[0]), np.float32)
        for mean, one in zip(means, flat, strict=True):
            mean[:] = matrix @ one
        return means

    if np.isnan(maps).any():
        return {"SciPy CSR products with masks and valid share": with_masks}
    return {
        "SciPy CSR product, map by map": map_by_map,
        "SciPy CSR product, all maps at once": lambda: np.ascontiguousarray((matrix @ flat.T).T),
        "SciPy CSR product, all maps at once, pixels first": lambda: matrix @ flat.T,
    }


def bilinear(maps: np.ndarray, cells: Grid) -> np.ndarray:
    """Bilinear interpolation of all maps onto the 1 km grid by rioxarray."""
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
    """Means over random 1 km pixels, from the cell values at points × points positions in each."""
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
    """Root-mean-square error and error of the total, compared with bilinear interpolation."""
    rows, columns, exact = exact_means(maps[0], weights.source, pixels=pixels, points=60)
    ours = weights.apply(maps[:1])[0][0, rows, columns] - exact
    peer = bilinear(maps[:1], weights.source)[0, rows, columns] - exact
    name = "rioxarray bilinear"
    total_ours, total_peer = (abs(float(e.sum() / exact.sum())) for e in (ours, peer))
    return [
        result_row("error of 1 km means", rms(ours), "mm/h (RMS)", peer=rms(peer), peer_name=name),
        result_row(
            "error of the total of sampled pixels",
            total_ours,
            "1",
            peer=total_peer,
            peer_name=name,
        ),
    ]


def rms(error: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(error**2)))


def main() -> None:
    """Measure and write the rows."""
    options = benchmark_parser(__doc__).parse_args()
    n, n_bilinear, pixels = (40, 4, 300) if options.quick else (200, 40, 3000)
    cells = imerg_cells(FRANCE)
    rng = np.random.default_rng(0)
    rain = rng.gamma(0.3, 2.0, (n, *cells.shape)).astype(np.float32)
    forward, back = overlap_weights(cells, FRANCE), overlap_weights(FRANCE, cells)
    rows = []
    for weights, maps, what in (
        (forward, rain, "IMERG to 1 km"),
        (back, forward.apply(rain)[0], "1 km to IMERG"),
    ):
        rows += speed(weights, maps, what, scipy_peers(weights, maps))
        maps = maps.copy()
        maps[:, : maps.shape[1] // 8] = np.nan
        rows += speed(weights, maps, f"{what}, an eighth missing", scipy_peers(weights, maps))
    slow = shortest({"bilinear": lambda: bilinear(rain[:n_bilinear], cells)}, 1)["bilinear"]
    for i in range(2):
        peer = slow[i] / n_bilinear * 1e3
        name = "rioxarray bilinear of the 3-D array"
        ours, unit = rows[i]["ours"], rows[i]["unit"]
        rows.append(result_row("IMERG to 1 km", ours, unit, peer=peer, peer_name=name))
    rows += accuracy(forward, rain, pixels)
    write_rows(rows, options.out)


if __name__ == "__main__":
    main()
