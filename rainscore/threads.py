"""How many processor threads a job uses: those that the scheduler gave it, no more."""

import numba
import torch


def use_threads(count: int) -> None:
    """Let torch and Numba use `count` threads; more than there are cores would slow both down."""
    torch.set_num_threads(count)
    numba.set_num_threads(min(count, numba.get_num_threads()))
