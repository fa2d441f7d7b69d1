"""Scores of 800 × 800 maps, 6 thresholds × 8 windows: speed, memory and agreement."""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit, prange
from scipy.ndimage import gaussian_filter

from rainscore.scores.categorical import contingency_sums
from rainscore.scores.fssbyscale import ScaleSums, scale_fss, scale_sums
from rainscore.scores.sal import sal

THRESHOLDS = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
WINDOWS = [1, 3, 5, 9, 17, 33, 65, 129]
SIDE = 800


def rain_pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of correlated rain fields, float32 (time, y, x), from a few bases that are rolled."""
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
def plain_table(imerg, radar, thresholds, windows, sums):
    """Fractions skill score from plain summed-area tables of each product, without masks."""
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
                        n = (j - i) * (q - p)
                        f = f_table[j, q] - f_table[i, q] - f_table[j, p] + f_table[i, p]
                        o = o_table[j, q] - o_table[i, q] - o_table[j, p] + o_table[i, p]
                        above += ((f - o) / n) ** 2
                        below += (f / n) ** 2 + (o / n) ** 2
                sums[t, k, s] = 1 - above / below


def numpy_categories(imerg: np.ndarray, radar: np.ndarray) -> list[np.ndarray]:
    """Contingency tables by plain NumPy."""
    counts = []
    for threshold in THRESHOLDS:
        a, b = imerg >= threshold, radar >= threshold
        counts.append(np.array([(x & y).sum(axis=(1, 2)) for x in (a, ~a) for y in (b, ~b)]))
    return counts


def cpu(call: Callable[[], object], repeats: int = 1) -> float:
    """Least processor time [s] of a call, over all threads."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def pysteps_times(imerg: np.ndarray, radar: np.ndarray) -> dict | None:
    """What `pysteps_peer.py` prints, or None where pysteps cannot be run."""
    python = os.environ.get("PYSTEPS_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.npy"
        np.save(path, np.stack([imerg, radar]))
        script = Path(__file__).with_name("pysteps_peer.py")
        command = [python, str(script), str(path), json.dumps(THRESHOLDS), json.dumps(WINDOWS)]
        result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        print("pysteps is not compared: install it, or set PYSTEPS_PYTHON", file=sys.stderr)
        return None
    return json.loads(result.stdout.splitlines()[-1])


def peak_bytes() -> int:
    """Largest memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def row(what: str, ours: float, peer: float, unit: str, peer_name: str) -> dict:
    """One line of the results; the ratio says how many times better ours is."""
    return {
        "what": what,
        "ours": ours,
        "peer": peer,
        "ratio": peer / ours if ours else None,
        "unit": unit,
        "peer_name": peer_name,
    }


def compare(n: int, n_pysteps: int) -> list[dict]:
    """All rows, from `n` pairs of maps, of which pysteps gets the first few."""
    imerg, radar = rain_pairs(n)

    def all_scales(pairs: slice) -> ScaleSums:
        return scale_sums(
            imerg[pairs], radar[pairs], thresholds=THRESHOLDS, windows=WINDOWS, min_valid=0.5
        )

    all_scales(slice(1))
    before = peak_bytes()
    ours = cpu(lambda: all_scales(slice(n))) / n
    given = imerg.nbytes + radar.nbytes
    rows = [row("FSS: peak memory", (given + peak_bytes() - before), 1.5 * given, "bytes", "limit")]

    plain = np.empty((n, len(THRESHOLDS), len(WINDOWS)))
    peer = np.asarray(THRESHOLDS, np.float32), np.asarray(WINDOWS)
    plain_table(imerg[:1], radar[:1], *peer, plain[:1])
    seconds = cpu(lambda: plain_table(imerg, radar, *peer, plain)) / n
    rows.append(row("FSS, 6 × 8", ours, seconds, "CPU s/pair", "plain Numba summed-area table"))
    scores = scale_fss(all_scales(slice(n)))
    print("largest difference from the plain table:", np.abs(scores - plain).max())

    contingency_sums(imerg[:1], radar[:1], THRESHOLDS)
    tables = cpu(lambda: contingency_sums(imerg, radar, THRESHOLDS), 3) / n
    seconds = cpu(lambda: numpy_categories(imerg, radar)) / n
    rows.append(row("categories, 6", tables, seconds, "CPU s/pair", "NumPy"))

    few = slice(n_pysteps)
    objects = cpu(lambda: sal(imerg[few], radar[few])) / n_pysteps
    pysteps = pysteps_times(imerg[few], radar[few])
    if pysteps:
        times = pysteps["times"]
        rows += [
            row("FSS, 6 × 8", ours, times["fss"], "CPU s/pair", "pysteps"),
            row("categories, 6", tables, times["categories"], "CPU s/pair", "pysteps"),
            row("SAL", objects, times["sal"], "CPU s/pair", "pysteps"),
        ]
        # pysteps takes what lies outside the map as dry, so that they agree on single pixels only
        print("largest difference from pysteps, windows of 1 and 3 pixels:")
        print(np.abs(scores[few] - np.array(pysteps["fss"])).max(axis=(0, 1))[:2])
    return rows


def main() -> None:
    """Write the rows as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer maps, under a minute")
    options = parser.parse_args()
    rows = compare(8, 1) if options.quick else compare(200, 5)
    options.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
