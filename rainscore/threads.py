"""How many processor threads a job uses: those that the scheduler gave it, no more."""

import sys

import numba


def use_threads(count: int) -> None:
    """Let Numba, and torch where it is loaded, use `count` threads, or all there are if fewer."""
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]  # set at import
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
