"""Launch a training in several processes, one per GPU."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed as group

from rainscore.training.distributed import is_first


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
        command = [sys.executable, *launch, "-m", "rainscore.training.launcher", str(job)]
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
