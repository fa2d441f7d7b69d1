"""Speed, memory and accuracy of scores of 800 × 800 maps, 6 thresholds × 8 windows."""

import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit, prange
from peers import run_pysteps
from resultrows import benchmark_parser, result_row, write_rows
from scipy.ndimage import gaussian_filter

from rainscore.scores.categorical import contingency_sums
from rainscore.scores.fssbyscale import ScaleSums, scale_fss, scale_sums
from rainscore.scores.sal import sal

THRESHOLDS = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
WINDOWS = [1, 3, 5, 9, 17, 33, 65, 129]
SIDE = 800


def rain_pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of correlated rain fields, float32, dims (time, y, x), from a few shifted fields."""
    rng = np.random.default_rng(0)
    bases = np.empty((2, 4, SIDE, SIDE), np.float32)
    for base in bases.reshape(-1, SIDE, SIDE):
        z = gaussian_filter(rng.standard_normal(base.shape, np.float32), 12)
        base[:] = np.maximum(np.exp(2 * (z / z.std() - 0.8)) - 0.9, 0)
    imerg, radar = np.empty((2, n, SIDE, SIDE), np.float32)
    for t in range(n):
        radar[t] = np.roll(bases[0, t % 4], 37 * t, axis=1)
        imerg[t] = 0.5 * radar[t] + 0.5 * np.roll(bases[1, t % 4], 53 * t, axis=0)
    return imerg, radar


@njit(parallel=True)
def summed_area_fss(imerg, radar, thresholds, windows, sums):
    """Fractions skill score from summed-area tables of each product, without missing values."""
    ny, nx = imerg.shape[1:]
    for t in prange(len(imerg)):
        for k in range(len(thresholds)):
            f_table, o_table = np.zeros((ny + 1, nx + 1)), np.zeros((ny + 1, nx + 1))
            for y in range(ny):
                f_row = o_row = 0.0
                for x in range(nx):
                    f_row += imerg[t, y, x] >= thresholds[k]
                    o_row += radar[t, y, x] >= thresholds[k]
                    f_table[y + 1, x + 1] = f_table[y, x + 1] + f_row
                    o_table[y + 1, x + 1] = o_table[y, x + 1] + o_row
            for s in range(len(windows)):
                half, above, below = windows[s] // 2, 0.0, 0.0
                for y in range(ny):
                    i, j = max(y - half, 0), min(y + half + 1, ny)
                    for x in range(nx):
                        p, q = max(x - half, 0), min(x + half + 1, nx)
                        f = f_table[j, q] - f_table[i, q] - f_table[j, p] + f_table[i, p]
                        o = o_table[j, q] - o_table[i, q] - o_table[j, p] + o_table[i, p]
                        above += (f - o) ** 2
                        below += f**2 + o**2
                sums[t, k, s] = 1 - above / below


def numpy_categories(imerg: np.ndarray, radar: np.ndarray) -> list[np.ndarray]:
    """Contingency tables by NumPy."""
    counts = []
    for threshold in THRESHOLDS:
        a, b = imerg >= threshold, radar >= threshold
        counts.append(np.array([(x & y).sum(axis=(1, 2)) for x in (a, ~a) for y in (b, ~b)]))
    return counts


def cpu(call: Callable[[], object], repeats: int = 1) -> float:
    """Shortest processor time of a call, summed over all threads [s]."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def pysteps_times(imerg: np.ndarray, radar: np.ndarray) -> dict | None:
    """Result of `pysteps_peer.py`; None where pysteps cannot be run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.npy"
        np.save(path, np.stack([imerg, radar]))
        arguments = str(path), json.dumps(THRESHOLDS), json.dumps(WINDOWS)
        return run_pysteps("pysteps_peer.py", *arguments)


def peak_bytes() -> int:
    """Peak memory of this process [bytes]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def compare(n: int, n_pysteps: int) -> list[dict]:
    """All rows, from `n` pairs of maps, the first `n_pysteps` of which pysteps scores as well."""
    imerg, radar = rain_pairs(n)

    def all_scales(pairs: slice) -> ScaleSums:
        return scale_sums(
            imerg[pairs], radar[pairs], thresholds=THRESHOLDS, windows=WINDOWS, min_valid=0.5
        )

    all_scales(slice(1))
    before = peak_bytes()
    ours = cpu(lambda: all_scales(slice(n))) / n
    size = imerg.nbytes + radar.nbytes
    peak = size + peak_bytes() - before
    rows = [result_row("FSS: peak memory", peak, "bytes", peer=1.5 * size, peer_name="limit")]

    plain = np.empty((n, len(THRESHOLDS), len(WINDOWS)))
    peer = np.asarray(THRESHOLDS, np.float32), np.asarray(WINDOWS)
    summed_area_fss(imerg[:1], radar[:1], *peer, plain[:1])
    seconds = cpu(lambda: summed_area_fss(imerg, radar, *peer, plain)) / n
    name = "Numba summed-area table"
    rows.append(result_row("FSS, 6 × 8", ours, "CPU s/pair", peer=seconds, peer_name=name))
    scores = scale_fss(all_scales(slice(n)))
    print("largest difference from the summed-area table:", np.abs(scores - plain).max())

    contingency_sums(imerg[:1], radar[:1], THRESHOLDS)
    tables = cpu(lambda: contingency_sums(imerg, radar, THRESHOLDS), 3) / n
    seconds = cpu(lambda: numpy_categories(imerg, radar)) / n
    rows.append(result_row("categories, 6", tables, "CPU s/pair", peer=seconds, peer_name="NumPy"))

    few = slice(n_pysteps)
    objects = cpu(lambda: sal(imerg[few], radar[few])) / n_pysteps
    pysteps = pysteps_times(imerg[few], radar[few])
    if pysteps:
        times = pysteps["times"]
        measured = {"FSS, 6 × 8": ours, "categories, 6": tables, "SAL": objects}
        peers = {"FSS, 6 × 8": "fss", "categories, 6": "categories", "SAL": "sal"}
        rows += [
            result_row(what, value, "CPU s/pair", peer=times[peers[what]], peer_name="pysteps")
            for what, value in measured.items()
        ]
        print("largest difference from pysteps, by window:")
        print(np.abs(scores[few] - np.array(pysteps["fss"])).max(axis=(0, 1)))
    return rows


def main() -> None:
    """Measure and write the rows."""
    options = benchmark_parser(__doc__).parse_args()
    rows = compare(8, 1) if options.quick else compare(200, 5)
    write_rows(rows, options.out)


if __name__ == "__main__":
    main()
