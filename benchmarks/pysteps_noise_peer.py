"""Processor time of pysteps per field of correlated noise [s], by side [pixels], as JSON.

Run by `bench_world.py` with the interpreter `$PYSTEPS_PYTHON`, or the current one.
"""

import contextlib
import json
import sys
import time

import numpy as np

with contextlib.redirect_stdout(sys.stderr):
    from pysteps.noise.fftgenerators import (
        generate_noise_2d_fft_filter,
        initialize_param_2d_fft_filter,
    )


def main() -> None:
    """Fit the parametric filter to one field, then measure the fields drawn from it."""
    seconds = {}
    for side, fields in json.loads(sys.argv[1]).items():
        n = int(side)
        pattern = np.random.default_rng(0).standard_normal((n, n)).cumsum(axis=0).cumsum(axis=1)
        noise_filter = initialize_param_2d_fft_filter(pattern)
        state = np.random.RandomState(1)
        start = time.process_time()
        for _ in range(fields):
            generate_noise_2d_fft_filter(noise_filter, randstate=state)
        seconds[side] = (time.process_time() - start) / fields
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
