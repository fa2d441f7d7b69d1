"""Training of a network until its loss on validation data no longer falls."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from rainscore.training.batches import Batches
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import Batch, TimedData
from rainscore.training.devices import autocast, device_of, to_device
from rainscore.training.distributed import join_processes, process_mean
from rainscore.training.loop import Phase, Training
from rainscore.training.settings import TrainingSettings

logger = logging.getLogger(__name__)


ModelLoss = Callable[[Any, Batch], Tensor]


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training, besides the weights.

    Attributes:
        curve: One row per epoch: epoch (from 1), training and validation loss, learning_rate.
        best_epoch: Epoch whose weights the model has.
        best_loss: Validation loss in that epoch.
        stopped_early: Whether patience ended the training before its last epoch.
    """

    curve: pd.DataFrame
    best_epoch: int
    best_loss: float
    stopped_early: bool


def train(
    model: nn.Module,
    loss: ModelLoss,
    train_data: TimedData,
    validation_data: TimedData,
    settings: TrainingSettings,
    *,
    checkpoint: Checkpoint,
    device: str = "auto",
    progress: bool = True,
) -> TrainingResult:
    """Train a model in place; it ends with the weights of the lowest validation loss.

    Optimiser: AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), gradients clipped to norm 1,
    learning rate of `one_cycle`. Interruption and resumption: see `loop.Training`. Processes
    started by torchrun share the maps of each step; the steps are those of one process.

    Args:
        model: Network without random layers, initialised by the caller.
        loss: `loss(model, batch)`, the mean over a batch.
        train_data, validation_data: Maps.
        settings: Settings of the training.
        checkpoint: Side file from which an interrupted training resumes; kept at the end.
        device: Name of the device; `auto` is the GPU if there is one.
        progress: Whether to show a progress bar.

    Raises:
        SystemExit: The process was asked to stop.
        FloatingPointError: The loss is not finite.
    """
    place = device_of(device)
    to_device(model, place)
    if settings.compile:
        model.compile()
    network = join_processes(model, place)
    times = [sha256(data.times.tobytes()).hexdigest() for data in (train_data, validation_data)]
    training = Training(
        model=model,
        device=place,
        seed=settings.seed,
        identity=repr((settings, times)),
        checkpoint=checkpoint,
        precision=settings.precision,
        progress=progress,
    )
    batches = Batches(train_data, settings.batch, "shuffled", (settings.seed,), sort=True)
    validation_batches = Batches(validation_data, settings.batch, "in order")

    def validate(step: int, row: dict[str, Any]) -> bool:
        """Add the validation loss to the row; return whether patience has ended."""
        if step == 0:
            return False
        row["validation"] = _mean_loss(training, network, loss, validation_batches)
        row["learning_rate"] = training.optimizer.param_groups[0]["lr"]
        if not math.isfinite(row["validation"]):
            raise FloatingPointError(
                f"the validation loss is not finite before step {step}: lower the learning rate"
            )
        logger.info("step %d: training %.5f, validation %.5f", step, row["loss"], row["validation"])
        return training.keep_best(row["validation"]) >= settings.patience

    phase = _phase(network, loss, batches, settings)
    training.run([replace(phase, check=validate, finish=training.restore_best)])
    model.eval()
    return _result(training.history, settings.epochs)


def _phase(
    network: nn.Module, loss: ModelLoss, batches: Batches, settings: TrainingSettings
) -> Phase:
    """The only phase of the training, checked after each epoch."""

    def optimizer(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )

    return Phase(
        name="training",
        steps=settings.epochs * batches.per_epoch,
        batches=batches,
        loss=lambda batch, rows, step: loss(network, batch),
        optimizer=optimizer,
        schedule=one_cycle,
        max_norm=1.0,
        check_every=batches.per_epoch,
    )


def one_cycle(done: float) -> float:
    """Share of the peak learning rate after a share of the steps: linear rise, then cosine decay.

    Smith and Topin 2019 (arXiv:1708.07120); the rise takes 0.3 of the steps.

    >>> [round(one_cycle(done), 2) for done in (0, 0.15, 0.3, 0.65, 1)]
    [0.01, 0.5, 1.0, 0.5, 0.0]
    """
    rise = 0.3
    if done < rise:
        return max(done / rise, 0.01)
    return (1 + math.cos(math.pi * (done - rise) / (1 - rise))) / 2


def _mean_loss(training: Training, network: nn.Module, loss: ModelLoss, batches: Batches) -> float:
    """Mean loss of the network on all maps."""
    total, count = torch.zeros((), dtype=torch.float64), 0
    training.model.eval()
    for size, _, batch in batches.read(0, batches.per_epoch):
        batch = tuple(x.to(training.device, non_blocking=True) for x in batch)
        with torch.no_grad(), autocast(training.device, training.precision):
            total += loss(network, batch).item() * size
        count += size
        training.exit_if_stopped()
    return process_mean(total).item() / count


def _result(history: list[dict[str, Any]], epochs: int) -> TrainingResult:
    curve = pd.DataFrame(
        {
            "epoch": np.arange(1, len(history) + 1),
            "training": [row["loss"] for row in history],
            "validation": [row["validation"] for row in history],
            "learning_rate": [row["learning_rate"] for row in history],
        }
    )
    best = int(curve["validation"].argmin())
    return TrainingResult(
        curve=curve,
        best_epoch=best + 1,
        best_loss=float(curve["validation"][best]),
        stopped_early=len(curve) < epochs,
    )
