"""Several processes, started by torchrun, that train one network together, one GPU each."""

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch import distributed as group


def process_count() -> int:
    """Number of the processes that train together; 1 without torchrun."""
    return group.get_world_size() if group.is_initialized() else 1


def is_first_process() -> bool:
    """Whether this process writes files and shows progress."""
    return process_count() == 1 or group.get_rank() == 0


def join_processes(model: nn.Module, device: torch.device) -> nn.Module:
    """Join the processes of torchrun and wrap the network, so that its gradients are averaged.

    Without torchrun the network is returned as it is.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return model
    if not group.is_initialized():
        group.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return nn.parallel.DistributedDataParallel(model, broadcast_buffers=False)


def unwrapped(model: Any) -> Any:
    """Network inside the wrapper of `join_processes`."""
    return model.module if isinstance(model, nn.parallel.DistributedDataParallel) else model


def rows_of_process(rows: np.ndarray) -> np.ndarray:
    """Rows of a batch that this process reads; all of them if there are fewer than processes."""
    if process_count() == 1 or len(rows) < process_count():
        return rows
    return rows[group.get_rank() :: process_count()]


def process_mean(value: Tensor) -> Tensor:
    """Mean of a scalar over the processes."""
    if process_count() > 1:
        # The NCCL backend reduces tensors in GPU memory only.
        value = value.to("cuda" if group.get_backend() == "nccl" else "cpu")
        group.all_reduce(value)
        value = value / process_count()
    return value


def any_process(flag: bool) -> bool:
    """Whether the flag is true in any of the processes."""
    return flag if process_count() == 1 else process_mean(torch.tensor(float(flag))).item() > 0


def total_mean(values: Tensor) -> Tensor:
    """Mean of values; 0 if there are none.

    With several processes, the mean over the processes of the result is the mean of the values of
    all of them, as it has to be, because gradients are averaged over the processes.

    Args:
        values: Values of this process, dims (n,).
    """
    total, number = values.sum(), torch.tensor(len(values), device=values.device)
    if process_count() > 1:
        group.all_reduce(number)
    return total * process_count() / number.clamp(min=1)
