"""Training that stops early, survives being killed and repeats to the bit."""

import io
import logging
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from tqdm import tqdm

from rainscore.io import write_bytes
from rainscore.runtime import STOPPED, progress_bar, stop_requests
from rainscore.training.dataset import Batch, Data, batches
from rainscore.training.devices import Precision, autocast, move, place_of
from rainscore.training.distributed import any_of, average, is_first, join, share

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves beside the weights.

    Attributes:
        curve: One row an epoch: epoch (from 1), training, validation, learning_rate.
        best_epoch: Epoch whose weights the model has.
        best_loss: Its loss on the validation data.
        stopped_early: Whether patience ended the training before its last epoch.
    """

    curve: pd.DataFrame
    best_epoch: int
    best_loss: float
    stopped_early: bool


def train(
    model: nn.Module,
    loss: Callable[..., Tensor],
    train_data: Data,
    validation_data: Data,
    *,
    epochs: int,
    batch: int,
    learning_rate: float,
    weight_decay: float = 0.01,
    seed: int,
    patience: int,
    checkpoint: Path,
    fingerprint: str,
    device: str = "auto",
    precision: Precision = "fp32",
    compiled: bool = False,
    progress: bool = True,
) -> TrainingResult:
    """Train a model in place; it ends with its best weights, by the loss on the validation data.

    AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101); one cycle of the learning rate, up during
    three tenths of the steps and down to zero along a cosine (Smith and Topin 2019,
    arXiv:1708.07120); gradients clipped to norm 1. The order of the maps follows from the seed and
    the epoch alone, so that on a processor a training that was stopped and resumed ends with the
    same bits as one that was not.

    A checkpoint is written after each epoch and, on SIGTERM or SIGUSR1 (a time limit), after the
    batch in work, whereupon the process exits with status 143. The next call goes on from there,
    unless the fingerprint, a setting or the half-hours have changed: then it starts anew. The file
    stays at the end, so that nothing is lost if what follows fails: remove it once the model is
    saved.

    In processes that torchrun started the maps of a step are shared among them, and the steps are
    those of one process.

    Args:
        model: Network without random layers, initialised by the caller.
        loss: `loss(model, batch)`, the mean over a batch.
        train_data, validation_data: The maps.
        epochs: Most epochs.
        batch: Maps of a step.
        learning_rate: Highest learning rate.
        weight_decay: How strongly AdamW pulls the weights towards 0; by default as torch has it.
        seed: Draws the order of the maps.
        patience: Epochs without a better validation loss after which the training stops.
        checkpoint: Side file that outlives the process.
        fingerprint: Names the code, the configuration and the data.
        device: `auto` (the GPU where there is one), `cpu`, `cuda`, …
        precision: `fp32`, or `bf16` for mixed precision.
        compiled: Whether `torch.compile` translates the network first.
        progress: Whether to show a bar.

    Raises:
        SystemExit: It was asked to stop.
        FloatingPointError: The loss is no longer finite.
    """
    place = place_of(device)
    move(model, place)
    if compiled:
        model.compile()
    settings = (epochs, batch, learning_rate, weight_decay, seed, patience, precision, compiled)
    maps = [sha256(data.times.tobytes()).hexdigest() for data in (train_data, validation_data)]
    run = _Run(
        model=model,
        optimizer=torch.optim.AdamW(
            model.parameters(), lr=learning_rate, weight_decay=weight_decay, fused=True
        ),
        loss=partial(_loss, join(model, place), loss, place, precision),
        checkpoint=checkpoint,
        identity=repr((fingerprint, settings, maps)),
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        seed=seed,
    )
    run.resume()
    done, steps = run.done, math.ceil(len(train_data) / batch)
    bar = progress_bar(
        total=epochs * steps,
        initial=done.epoch * steps + done.step,
        unit="batch",
        shown=progress and is_first(),
    )
    with bar, stop_requests() as run.stop:
        while done.epoch < epochs and done.epoch - done.best_epoch < patience:
            run.epoch(train_data, validation_data, bar)
    model.load_state_dict(done.best_weights)
    model.eval()
    return TrainingResult(
        curve=pd.DataFrame(done.curve),
        best_epoch=done.best_epoch,
        best_loss=done.best_loss,
        stopped_early=done.epoch < epochs,
    )


@dataclass
class _Progress:
    """How far a training is; with the weights and the optimiser, all that a checkpoint holds."""

    epoch: int = 0
    step: int = 0
    training_sum: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    best_epoch: int = 0
    best_loss: float = math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    curve: list[dict[str, float]] = field(default_factory=list)


@dataclass
class _Run:
    """One training: its parts, its settings, how far it is."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    loss: Callable[[Batch], Tensor]
    checkpoint: Path
    identity: str
    epochs: int
    batch: int
    learning_rate: float
    seed: int
    done: _Progress = field(default_factory=_Progress)
    stop: threading.Event = field(default_factory=threading.Event)

    def epoch(self, train_data: Data, validation_data: Data, bar: tqdm) -> None:
        """Go through the training data, or what is left of them; judge; save."""
        done = self.done
        self._learn(train_data, bar)
        validation = self._judge(validation_data)
        training = average(done.training_sum).item() / len(train_data)
        done.epoch, done.step, done.training_sum = done.epoch + 1, 0, done.training_sum * 0
        if not math.isfinite(training + validation):
            raise FloatingPointError(
                f"the loss is no longer finite in epoch {done.epoch} (training {training}, "
                f"validation {validation}): lower the learning rate"
            )
        if validation < done.best_loss:
            done.best_epoch, done.best_loss = done.epoch, validation
            state = self.model.state_dict()
            done.best_weights = {name: x.detach().cpu().clone() for name, x in state.items()}
        row = {"epoch": done.epoch, "training": training, "validation": validation}
        done.curve.append({**row, "learning_rate": self.optimizer.param_groups[0]["lr"]})
        bar.set_postfix(epoch=done.epoch, validation=f"{validation:.4f}", best=done.best_epoch)
        logger.info("epoch %d: training %.5f, validation %.5f", *row.values())
        self._save()

    def _learn(self, data: Data, bar: tqdm) -> None:
        """Train on the batches of the epoch that are left."""
        done = self.done
        steps = math.ceil(len(data) / self.batch)
        order = np.random.default_rng([self.seed, done.epoch]).permutation(len(data))
        left = order[done.step * self.batch :]
        self.model.train()
        for size, maps in self._batches(data, left, epoch=done.epoch):
            rate = _schedule((done.epoch * steps + done.step) / (self.epochs * steps))
            for group in self.optimizer.param_groups:
                group["lr"] = rate * self.learning_rate
            loss = self.loss(maps)
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            # Summed where it lies: to ask for each value would make a GPU wait.
            done.training_sum = done.training_sum + loss.detach().double() * size
            done.step += 1
            bar.update()
            self._leave_if_asked()

    def _judge(self, data: Data) -> float:
        """Mean loss on the validation data."""
        total = torch.zeros((), dtype=torch.float64)
        self.model.eval()
        for size, maps in self._batches(data, np.arange(len(data))):
            with torch.no_grad():
                total += self.loss(maps).item() * size
            self._leave_if_asked()
        return average(total).item() / len(data)

    def _batches(
        self, data: Data, order: np.ndarray, **options: int
    ) -> Iterator[tuple[int, Batch]]:
        """Number of maps of each step, and those of them that this process has."""
        sizes = (len(order[i : i + self.batch]) for i in range(0, len(order), self.batch))
        read = batches(lambda rows: data.read(share(rows), **options), order, batch=self.batch)
        return zip(sizes, read, strict=True)

    def _leave_if_asked(self) -> None:
        if any_of(self.stop.is_set()):
            self._save()
            logger.warning("asked to stop: saved %s; the next run goes on from it", self.checkpoint)
            raise SystemExit(STOPPED)

    def _save(self) -> None:
        self.done.training_sum = average(self.done.training_sum)
        if not is_first():
            return
        saved = {
            "identity": self.identity,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "done": vars(self.done),
        }
        content = io.BytesIO()
        torch.save(saved, content)
        write_bytes(content.getvalue(), self.checkpoint)

    def resume(self) -> None:
        """Take up the checkpoint, if there is one and it is of this very training."""
        if not self.checkpoint.exists():
            return
        saved = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        if saved["identity"] != self.identity:
            logger.warning("%s is of other code, settings or data: ignored", self.checkpoint)
            return
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.done = _Progress(**saved["done"])
        logger.info("going on from %s, epoch %d", self.checkpoint, self.done.epoch + 1)


def _schedule(share: float) -> float:
    """Learning rate, as a part of the highest, after a share of the steps: up, then a cosine."""
    rise = 0.3
    if share < rise:
        return max(share / rise, 0.01)
    return (1 + math.cos(math.pi * (share - rise) / (1 - rise))) / 2


def _loss(
    model: nn.Module,
    loss: Callable[..., Tensor],
    place: torch.device,
    precision: Precision,
    maps: Batch,
) -> Tensor:
    maps = tuple(array.to(place, non_blocking=True) for array in maps)
    with autocast(place, precision):
        return loss(model, maps)
