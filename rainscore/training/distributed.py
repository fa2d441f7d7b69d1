"""Several processes that train one network together, a GPU each, started by torchrun."""

import os

import numpy as np
import torch
from torch import Tensor, nn
from torch import distributed as group


def count() -> int:
    """Number of the processes that train together; 1 where there is only this one."""
    return group.get_world_size() if group.is_initialized() else 1


def is_first() -> bool:
    """Whether this is the process that writes."""
    return count() == 1 or group.get_rank() == 0


def join(model: nn.Module, place: torch.device) -> nn.Module:
    """Join the processes that torchrun started, if it did: gradients are then averaged."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return model
    if not group.is_initialized():
        group.init_process_group("nccl" if place.type == "cuda" else "gloo")
    return nn.parallel.DistributedDataParallel(model, broadcast_buffers=False)


def share(rows: np.ndarray) -> np.ndarray:
    """This process's part of a batch; all of a batch too small to be shared."""
    if count() == 1 or len(rows) < count():
        return rows
    return rows[group.get_rank() :: count()]


def average(value: Tensor) -> Tensor:
    """Mean of a number over the processes."""
    if count() > 1:
        # Not every backend sums numbers that lie in the memory of the processor.
        value = value.to(_device())
        group.all_reduce(value)
        value = value / count()
    return value


def any_of(flag: bool) -> bool:
    """Whether it is true in any of the processes."""
    return flag if count() == 1 else average(torch.tensor(float(flag))).item() > 0


def _device() -> torch.device:
    return torch.device("cuda" if group.get_backend() == "nccl" else "cpu")
