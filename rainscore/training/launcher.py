"""Run a training in several processes, one per GPU, and write its files."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import distributed as group

from rainscore.io import write_text
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.distributed import is_first_process
from rainscore.training.fitting import Trained
from rainscore.training.modelfiles import save_model


def train_and_save(
    fit: Callable[..., Trained],
    *args: Any,
    weights: Path,
    curve: Path,
    fingerprint: str,
    code: Sequence[str],
    simulated: bool,
    **options: Any,
) -> None:
    """Train a network on all GPUs, write its model file and learning curve.

    A killed training resumes from a checkpoint next to the weights, which is removed at the end.

    Args:
        fit: `fitting.fit_unet` or `fitting.fit_autoencoder`.
        *args: Positional arguments of `fit`.
        weights: Weights file to write; the card is written next to it.
        curve: CSV file of the learning curve to write.
        fingerprint: Identification of code, configuration and data (`checkpoint.fingerprint`).
        code: Digests of the code, for the card.
        simulated: Whether IMERG or the radar is simulated, for the card.
        **options: Keyword arguments of `fit`, except the checkpoint.
    """
    stem = weights.with_suffix("")
    checkpoint = Checkpoint(stem.with_suffix(".checkpoint"), fingerprint)
    trained = on_every_gpu(fit, *args, checkpoint=checkpoint, **options)
    card = replace(trained.card, code=tuple(code), simulated=simulated)
    save_model(stem, trained.model.state_dict(), card.as_dict())
    write_text(trained.curve.to_csv(index=False), curve)
    checkpoint.remove()


def on_every_gpu(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a function in this process; with several GPUs, in one process per GPU.

    Args:
        work: Function of a module, which trains by `earlystopping.train`.
        *args, **options: Its arguments; they must be picklable.

    Returns:
        Its result, in the first of the processes.

    Raises:
        SystemExit: A process was asked to stop, or failed; its message was printed.
    """
    gpus = torch.cuda.device_count()
    return work(*args, **options) if gpus < 2 else run_processes(gpus, work, *args, **options)


def run_processes(processes: int, work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a function in a number of processes, as `on_every_gpu`."""
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job"
        job.write_bytes(pickle.dumps((work, args, options)))
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        command = [sys.executable, *launch, "-m", "rainscore.training.launcher", str(job)]
        with subprocess.Popen(command) as running:
            handlers = {
                number: signal.signal(number, lambda *_: running.terminate())
                for number in (signal.SIGTERM, signal.SIGUSR1)
            }
            try:
                status = running.wait()
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        if status:
            raise SystemExit(status if status > 0 else 128 - status)
        return pickle.loads(job.with_suffix(".done").read_bytes())


def _run_job(job: Path) -> None:
    """Call the function of a job file of `run_processes`, in one of its processes."""
    work, args, options = pickle.loads(job.read_bytes())
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    result = work(*args, **options)
    if is_first_process():
        job.with_suffix(".done").write_bytes(pickle.dumps(result))
    group.destroy_process_group()


if __name__ == "__main__":
    _run_job(Path(sys.argv[1]))
