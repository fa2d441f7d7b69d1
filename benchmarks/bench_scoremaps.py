"""Processor time and peak memory of the score maps of a month, at 4 km and at 1 km.

The pairs are synthetic and read from a file, as in a run. A month at 4 km has 576 maps, as in the
default run, and at 1 km 1 488; where fewer maps are measured, the time per map is scaled to the
month, and peak memory is increased by the size of the remaining score maps.
"""

import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import xarray as xr
from resultrows import benchmark_parser, result_row, write_rows
from scipy.ndimage import gaussian_filter
from scores.spatial import fss_2d_single_field

from rainscore.grids import Grid, imerg_cells, study_grid
from rainscore.io import write_netcdf
from rainscore.regridding.conservative import Weights, overlap_weights
from rainscore.scores.scoremaps import ScoreSettings, score_month

SETTINGS = ScoreSettings("affinity", 0.1, 48, 0.5, 8)
LIMITS = {4: ("former score", 7.4), 1: ("limit", 300.0)}
"""Name and value of the time that a month may take, by pixel size [km]: [CPU s]."""

MAX_BYTES = 1.5e9
"""Limit of the peak memory [bytes]."""

MONTH = {4: 576, 1: 1488}
"""Number of maps of a month, by pixel size [km]."""


def rain(grid: Grid, scale_km: float, seed: int) -> np.ndarray:
    """Synthetic rain on the study grid, dims (y, x) [mm/h], a quarter of it wet."""
    noise = np.random.default_rng(seed).standard_normal(grid.shape, np.float32)
    smooth = gaussian_filter(noise, scale_km * 1e3 / grid.dx)
    return np.maximum(np.exp(2 * (smooth / smooth.std() - 0.8)) - 0.9, 0)


def synthetic_pair(to_cells: Weights, n: int) -> xr.Dataset:
    """Pair of `n` half-hours; the radar is missing beyond 450 km from the centre."""
    study, cells = to_cells.source, to_cells.target
    truth, error = rain(study, 15, 0), rain(study, 15, 1)
    distance = np.hypot(*np.meshgrid(study.x - study.x.mean(), study.y - study.y.mean()))
    step = study.nx // 20
    radar = np.stack([np.roll(truth, step * t, axis=1) for t in range(n)])
    estimate = np.stack([np.roll(truth + error, step * t, axis=1) / 2 for t in range(n)])
    radar[:, distance > 450e3] = np.nan
    zeros = np.zeros((n, *cells.shape), np.float32)
    on_study, on_cells = ("time", "y", "x"), ("time", "lat", "lon")
    variables = {
        "precipitation": (on_cells, to_cells.apply(estimate)[0]),
        "radar": (on_study, radar),
        "radar_valid": (on_study, np.ones_like(radar)),
        "mw_source": (on_cells, zeros),
        "ir_influence": (on_cells, zeros),
        "imerg_state": (("time",), np.zeros(n, np.int8)),
        "radar_state": (("time",), np.zeros(n, np.int8)),
    }
    times = np.datetime64("2019-07-01", "ns") + np.arange(n) * np.timedelta64(30, "m")
    return xr.Dataset(variables, {"time": times})


def month_cost(path: Path, step_km: int) -> tuple[float, int]:
    """Processor time of the score maps of a month [s], and peak memory with a file's maps [bytes].

    Peak memory is that of the whole process, so each file needs a process of its own.
    """
    to_cells, first = regridding(step_km), 2
    with xr.open_dataset(path, engine="h5netcdf") as pair:
        few, n = pair.isel(time=slice(first)), pair.sizes["time"]
        score_month(few, to_cells, SETTINGS)  # compiles
        start = cpu(lambda: score_month(few, to_cells, SETTINGS))
        seconds = cpu(lambda: score_month(pair, to_cells, SETTINGS))
    month = start + (seconds - start) * (MONTH[step_km] - first) / (n - first)
    return month, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def regridding(step_km: int) -> Weights:
    """Weights from the study grid over France to IMERG's cells."""
    study = study_grid(centre=(2.5, 46.6), size_km=800, step_km=step_km)
    return overlap_weights(study, imerg_cells(study))


def cpu(call: Callable[[], object]) -> float:
    """Processor time of a call, summed over all threads [s]."""
    start = time.process_time()
    call()
    return time.process_time() - start


class PlainScore:
    """The same scores by NumPy, in a loop over the windows of each map.

    The table of the maps, the amounts of rain and the cost of the sub-cell texture are left out.
    """

    def __init__(self, to_cells: Weights) -> None:
        shares = to_cells.matrix.tocoo()
        self.cell, self.pixel, self.share = shares.row, shares.col, shares.data
        learning = SETTINGS.learning_grid(to_cells.source)
        windows = SETTINGS.windows(to_cells.target, learning)
        matrix, self.inside = windows.weights, windows.inside
        bounds = list(zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True))
        self.windows = [(matrix.indices[a:b], matrix.data[a:b]) for a, b in bounds]

    def __call__(self, imerg: np.ndarray, radar: np.ndarray) -> np.ndarray:
        """Score map of IMERG on its cells (lat, lon) and the radar on the study grid (y, x)."""
        valid = np.isfinite(radar).ravel()
        rate, n = np.where(valid, radar.ravel(), 0), imerg.size
        total = np.bincount(self.cell, self.share * rate[self.pixel], n)
        area = np.bincount(self.cell, self.share * valid[self.pixel], n)
        mean = np.divide(total, area, out=np.zeros(n), where=area > 0)
        used = (area >= SETTINGS.min_valid_share - 1e-6) & np.isfinite(imerg).ravel()
        f, o = (np.where(used, x, 0) for x in (imerg.ravel(), mean))
        wet = np.maximum(f, o.astype(np.float32)) >= np.float32(SETTINGS.wet_threshold_mm_h)
        fields = np.stack([f + o, np.sqrt(f * o), used, wet])
        sums = np.array([fields[:, index] @ weight for index, weight in self.windows])
        sums = sums.reshape(*self.inside.shape, 4)
        enough = sums[..., 2] >= SETTINGS.min_valid_share * self.inside
        defined = enough & (sums[..., 3] > 0)
        return np.divide(
            2 * sums[..., 1], sums[..., 0], out=np.full(defined.shape, np.nan), where=defined
        )


def compare(step_km: int, measured: int, plain_maps: int) -> list[dict]:
    """Rows of one pixel size: `measured` maps, `plain_maps` of them by the peers as well."""
    to_cells, maps = regridding(step_km), MONTH[step_km]
    pair = synthetic_pair(to_cells, measured)
    what = f"score maps of a month at {step_km} km, {maps} maps"
    if measured < maps:
        what += f" (scaled from {measured})"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pair.nc"
        write_netcdf(pair, path)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            seconds, peak = pool.submit(month_cost, path, step_km).result()
    few = pair[["precipitation", "radar"]].isel(time=slice(plain_maps))
    imerg, radar = few["precipitation"].values, few["radar"].values
    ours, _ = score_month(pair.isel(time=slice(plain_maps)), to_cells, SETTINGS)
    remaining = sum(v[0].nbytes for v in ours.data_vars.values() if v.ndim == 3)
    peak += remaining * (maps - measured)

    score = PlainScore(to_cells)
    plain: list[np.ndarray] = []
    plain_seconds = cpu(lambda: plain.extend(map(score, imerg, radar))) * maps / plain_maps
    print("largest difference from NumPy:", np.nanmax(np.abs(ours["score"].values - plain)))
    side = round(SETTINGS.window_km / step_km)
    dry = np.nan_to_num(radar)
    fss_seconds = cpu(lambda: [fss(f, o, side) for f, o in zip(dry, dry[::-1], strict=True)])
    limit, limit_seconds = LIMITS[step_km]
    peers = {
        limit: limit_seconds,
        "NumPy, loop over the windows, score only": plain_seconds,
        "scores' FSS, one threshold, one value per map": fss_seconds * maps / plain_maps,
    }
    rows = [
        result_row(what, seconds, "CPU s", peer=value, peer_name=name)
        for name, value in peers.items()
    ]
    return [*rows, result_row(what, peak, "bytes peak", peer=MAX_BYTES, peer_name="limit")]


def fss(imerg: np.ndarray, radar: np.ndarray, side: int) -> float:
    """Fractions skill score of a map by `scores`, in square windows of `side` pixels."""
    threshold, window = SETTINGS.wet_threshold_mm_h, (side, side)
    return fss_2d_single_field(imerg, radar, event_threshold=threshold, window_size=window)


def main() -> None:
    """Measure and write the rows."""
    options = benchmark_parser(__doc__).parse_args()
    numbers = {4: (96, 4), 1: (24, 2)} if options.quick else {4: (576, 8), 1: (48, 4)}
    rows = [row for step_km, (n, few) in numbers.items() for row in compare(step_km, n, few)]
    write_rows(rows, options.out)


if __name__ == "__main__":
    main()
