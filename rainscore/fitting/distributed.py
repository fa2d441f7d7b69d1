"""Several processes that train one network together, a GPU each, started by torchrun."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of the values where the mask is true, in all processes; 0 where it is nowhere.

    Each process gets its own part of it, so many times larger that the mean over the processes,
    which is what is taken of their gradients, is the mean over all values.
    """
    total, number = torch.where(mask, values, 0.0).sum(), mask.sum()
    if count() > 1:
        group.all_reduce(number)
    return total * count() / number.clamp(min=1)


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


def on_every_gpu(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call `work` here; where there are several GPUs, in one process for each.

    Args:
        work: A function of a module, which trains by `training.train`.
        args, options: For it; they can be pickled.

    Returns:
        What it returns, in the first of the processes.

    Raises:
        SystemExit: It was asked to stop, or failed; its own message is above.
    """
    gpus = torch.cuda.device_count()
    return work(*args, **options) if gpus < 2 else run_processes(gpus, work, *args, **options)


def run_processes(processes: int, work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """As `on_every_gpu`, in a given number of processes."""
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job"
        job.write_bytes(pickle.dumps((work, args, options)))
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        command = [sys.executable, *launch, "-m", "rainscore.fitting.distributed", str(job)]
        with subprocess.Popen(command) as running:
            before = {
                number: signal.signal(number, lambda *_: running.terminate())
                for number in (signal.SIGTERM, signal.SIGUSR1)
            }
            try:
                status = running.wait()
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)
        if status:
            raise SystemExit(status if status > 0 else 128 - status)
        return pickle.loads(job.with_suffix(".done").read_bytes())


def _work(job: Path) -> None:
    """Do a job of `run_processes`, in one of its processes."""
    work, args, options = pickle.loads(job.read_bytes())
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    result = work(*args, **options)
    if is_first():
        job.with_suffix(".done").write_bytes(pickle.dumps(result))
    group.destroy_process_group()


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
