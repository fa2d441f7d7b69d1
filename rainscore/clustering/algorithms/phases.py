"""The phases of a joint training, run step by step; a stopped run goes on to the same bits."""

import io
import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from rainscore.io import write_bytes
from rainscore.runtime import progress_bar

logger = logging.getLogger(__name__)


Order = Literal["in order", "shuffled", "drawn"]


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Phase:
    """One part of a training, with one loss and one optimiser.

    Attributes:
        name: Shown, and kept in the checkpoint.
        steps: Most steps.
        loss: `loss(x, rows, step)` of a batch x (B, …), whose row numbers are `rows` (B,).
        optimizer: Makes the optimiser from the parameters.
        order: Batches `in order` (the last of an epoch is short), `shuffled` anew each epoch, or
            `drawn` afresh at each step.
        rows: The members that it trains on; all by default.
        every: Steps between two checks.
        begin: Called once before the first step.
        check: `check(step)` before step 0, `every`, 2 · `every`, …; True ends the phase.
        finish: Called once at the end.
    """

    name: str
    steps: int
    loss: Callable[[Tensor, Tensor, int], Tensor]
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
    order: Order
    rows: np.ndarray | None = None
    every: int = 0
    begin: Callable[[], None] = _nothing
    check: Callable[[int], bool] = lambda step: False
    finish: Callable[[], None] = _nothing


@dataclass
class Run:
    """A training in work.

    Attributes:
        model: All that learns; it is on `place`.
        data: The members, dims (n, …), float32, in main memory.
        memory: Whatever else must survive a stop: plain values and tensors.
        number, step: Phase and step to be done next.
        checkpoint: Side file that outlives the process; None for none.
        checkpoint_seconds: Time between two writings.
        identity: Names settings and data; a checkpoint of another identity is ignored.
        history: One row a check: phase, step, loss (mean since the last check) and what it adds.
    """

    model: nn.Module
    data: Tensor
    place: torch.device
    batch: int
    seed: int
    identity: str
    checkpoint: Path | None
    checkpoint_seconds: float
    progress: bool
    memory: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0
    step: int = 0
    optimizer: torch.optim.Optimizer = field(init=False)

    def go(self, phases: list[Phase]) -> None:
        """Do what is left of the phases."""
        saved = self._resume()
        while self.number < len(phases):
            self._phase(phases[self.number], saved)
            self.number, self.step, saved = self.number + 1, 0, None
            self._save()

    def generator(self, step: int) -> torch.Generator:
        """Source of noise for one step: it has no state that a checkpoint would have to keep."""
        seed = np.random.SeedSequence([self.seed, self.number, step]).generate_state(1)[0]
        return torch.Generator(self.place).manual_seed(int(seed))

    def forget_momentum(self, parameter: nn.Parameter, row: int) -> None:
        """Clear what the optimiser remembers of one row, after the row was set by hand."""
        state = self.optimizer.state.get(parameter, {})
        for value in state.values():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                value[row] = 0

    def _phase(self, phase: Phase, saved: dict | None) -> None:
        self.optimizer = phase.optimizer(self.model.parameters())
        total = torch.zeros((), device=self.place)
        if saved is None:
            phase.begin()
        else:
            self.optimizer.load_state_dict(saved["optimizer"])
            total += saved["total"].to(self.place)
        rows = np.arange(len(self.data)) if phase.rows is None else phase.rows
        bar = progress_bar(
            total=phase.steps, initial=self.step, desc=phase.name, shown=self.progress
        )
        last = time.monotonic()
        with bar:
            while True:
                if phase.every and self.step % phase.every == 0:
                    self._note(phase, total)
                    total = torch.zeros_like(total)
                    if phase.check(self.step):
                        logger.info("%s: stopped after %d steps", phase.name, self.step)
                        break
                if self.step == phase.steps:
                    break
                total += self._learn(phase, rows)
                bar.update()
                if time.monotonic() - last >= self.checkpoint_seconds:
                    self._save(total)
                    last = time.monotonic()
        phase.finish()

    def _learn(self, phase: Phase, rows: np.ndarray) -> Tensor:
        chosen = torch.from_numpy(self._rows(phase, rows))
        x = self.data[chosen].to(self.place, non_blocking=True)
        self.model.train()
        loss = phase.loss(x, chosen, self.step)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1
        return loss.detach()

    def _rows(self, phase: Phase, rows: np.ndarray) -> np.ndarray:
        if phase.order == "drawn":
            rng = np.random.default_rng([self.seed, self.number, self.step])
            return rng.choice(rows, min(self.batch, len(rows)), replace=False)
        epoch, i = divmod(self.step, steps_of_epoch(len(rows), self.batch))
        if phase.order == "shuffled":
            rows = rows[
                np.random.default_rng([self.seed, self.number, epoch]).permutation(len(rows))
            ]
        return rows[i * self.batch : (i + 1) * self.batch]

    def _note(self, phase: Phase, total: Tensor) -> None:
        if self.step == 0:
            return
        loss = total.item() / phase.every
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"{phase.name}: the loss is no longer finite before step {self.step}: "
                "scale the input to about one, or lower the learning rate"
            )
        self.history.append({"phase": phase.name, "step": self.step, "loss": loss})

    def _save(self, total: Tensor | None = None) -> None:
        if self.checkpoint is None:
            return
        saved = {
            "identity": self.identity,
            "model": self.model.state_dict(),
            "optimizer": None if total is None else self.optimizer.state_dict(),
            "total": total,
            "state": (self.number, self.step, self.memory, self.history),
        }
        content = io.BytesIO()
        torch.save(saved, content)
        write_bytes(content.getvalue(), self.checkpoint)

    def _resume(self) -> dict | None:
        """Take up the checkpoint of this very run; what it holds of a phase in work comes back."""
        if self.checkpoint is None or not self.checkpoint.exists():
            return None
        saved = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        if saved["identity"] != self.identity:
            logger.warning("%s is of other settings or data: ignored", self.checkpoint)
            return None
        self.model.load_state_dict(saved["model"])
        self.number, self.step, self.memory, self.history = saved["state"]
        logger.info("going on from %s: phase %d, step %d", self.checkpoint, self.number, self.step)
        return saved if self.step else None


def steps_of_epoch(members: int, batch: int) -> int:
    """Batches of an epoch, the short last one included."""
    return math.ceil(members / batch)
