"""Processor time and scores of pysteps for a .npy file of fields (product, time, y, x), as JSON.

Run by `bench_scores.py` with the interpreter `$PYSTEPS_PYTHON`, or the current one.
"""

import contextlib
import json
import sys
import time

import numpy as np

with contextlib.redirect_stdout(sys.stderr):
    from pysteps.verification.detcatscores import det_cat_fct
    from pysteps.verification.salscores import sal
    from pysteps.verification.spatialscores import fss


def main() -> None:
    """Time fractions skill scores, categories and SAL [CPU s/pair]."""
    path, thresholds, windows = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    pairs = np.load(path).swapaxes(0, 1)
    cases = {
        "fss": lambda a, b: [fss(a, b, t, w) for t in thresholds for w in windows],
        "categories": lambda a, b: [det_cat_fct(a, b, t) for t in thresholds],
        "sal": lambda a, b: sal(a, b, thr_factor=1 / 15, thr_quantile=0.95),
    }
    times = {}
    for name, case in cases.items():
        start = time.process_time()
        values = [case(a, b) for a, b in pairs]
        times[name] = (time.process_time() - start) / len(pairs)
        if name == "fss":
            scores = np.array(values).reshape(len(pairs), len(thresholds), len(windows)).tolist()
    print(json.dumps({"times": times, "fss": scores}))


if __name__ == "__main__":
    main()
