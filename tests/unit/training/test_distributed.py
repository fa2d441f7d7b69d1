"""Two processes on a processor do what several GPUs do."""

import os
import signal
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings, reconstruction_loss
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import RainMaps, ScoreMaps
from rainscore.training.distributed import is_first_process
from rainscore.training.earlystopping import train
from rainscore.training.launcher import on_every_gpu, run_processes
from rainscore.training.losses import unet_loss
from rainscore.training.settings import TrainingSettings
from rainscore.training.unet import UNet, UNetSettings

CHANNELS = ["rain", "age_last", "age_next", "age_known", "valid"]
MINUTES = np.arange(24) * 30
TIMES = MINUTES.astype("datetime64[m]")


def write_month(path: Path) -> Path:
    """Wetter and drier maps, so that the parts of a batch have very different numbers of values."""
    rng = np.random.default_rng(0)
    shape = (len(MINUTES), 8, 8)
    wet = rng.random(shape) < rng.random((len(MINUTES), 1, 1))
    with h5py.File(path, "w") as file:
        file["inputs"] = rng.random((shape[0], len(CHANNELS), 8, 8)).astype(np.float16)
        file["target"] = np.where(wet, rng.random(shape), np.nan).astype(np.float16)
        file["wet"], file["truth"] = wet, np.ones(shape, bool)
        file["time"] = MINUTES * 60
        file.attrs["channels"] = CHANNELS
    return path


def fit(month: Path, checkpoint: Path, loss: Any = unet_loss) -> tuple[nn.Module, pd.DataFrame]:
    """A training whose last steps hold fewer maps than there are processes."""
    torch.manual_seed(1)
    kind = RainMaps if loss is reconstruction_loss else ScoreMaps
    count = len(CHANNELS) + 4
    scales = {"mean": (0.1,) * count, "spread": (0.5,) * count}
    model: nn.Module = UNet(UNetSettings(count, width=8, depth=1, **scales))
    if loss is reconstruction_loss:
        model = AutoEncoder(AutoEncoderSettings(latent=2, width=8, size=8))
    result = train(
        model, loss, kind([month], TIMES[:17]), kind([month], TIMES[17:]),
        TrainingSettings(epochs=2, batch=4, learning_rate=1e-2, seed=2, patience=9),
        checkpoint=Checkpoint(checkpoint), device="cpu", progress=False,
    )  # fmt: skip
    return model, result.curve


def stopped(model: Any, batch: tuple[Tensor, ...]) -> Tensor:
    """Loss during which one of the processes is asked to stop; the other must follow."""
    if not is_first_process():
        os.kill(os.getpid(), signal.SIGTERM)
    return unet_loss(model, batch)


def work(month: Path, folder: Path) -> dict[str, tuple[nn.Module, pd.DataFrame]]:
    """Work of each process."""
    unet = fit(month, folder / "unet")
    with pytest.raises(SystemExit):
        fit(month, folder / "stopped", stopped)
    return {
        "unet": unet,
        "resumed": fit(month, folder / "stopped"),
        "autoencoder": fit(month, folder / "autoencoder", reconstruction_loss),
    }


def test_two_processes_train_as_one_does_and_resume_together(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    month = write_month(tmp_path / "2019-01.h5")
    actual = run_processes(2, work, month, tmp_path)
    one = {
        "unet": fit(month, tmp_path / "one"),
        "autoencoder": fit(month, tmp_path / "other", reconstruction_loss),
    }
    for name, (model, curve) in one.items():
        pd.testing.assert_frame_equal(actual[name][1], curve, rtol=1e-4)
        for parameter, reference in zip(
            model.parameters(), actual[name][0].parameters(), strict=True
        ):
            torch.testing.assert_close(parameter, reference, rtol=1e-2, atol=1e-4)
    assert actual["resumed"][1].equals(actual["unet"][1])


def refuse() -> None:
    raise ValueError("no")


def test_a_process_that_fails_ends_the_others(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with pytest.raises(SystemExit) as stop:
        run_processes(2, refuse)
    assert stop.value.code == 1


def test_without_several_gpus_the_work_is_done_here(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert on_every_gpu(os.getpid) == os.getpid()
