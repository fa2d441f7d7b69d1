"""The training loop of all networks: phases of steps, checks between them, and a checkpoint."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rainscore.runtime import STOPPED, progress_bar, stop_requests
from rainscore.training.batches import Batches
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.dataset import Batch
from rainscore.training.devices import Precision, autocast
from rainscore.training.distributed import any_process, is_first_process, process_mean

logger = logging.getLogger(__name__)


Loss = Callable[[Batch, Tensor, int], Tensor]


Check = Callable[[int, dict[str, Any]], bool]


def _nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Part of a training with one loss and one optimiser.

    Attributes:
        name: Name, for messages and the history.
        steps: Maximum number of steps.
        batches: Batch of each step.
        loss: `loss(batch, rows, step)`, the mean over the batch, which is on the device; `rows`
            (B,) are the row numbers of the batch in the data set.
        optimizer: Function that makes the optimiser from the parameters.
        schedule: Function from the share of the steps done to the share of the optimiser's
            learning rate; None: constant.
        max_norm: Maximum norm of the gradients, by clipping; None: no clipping.
        check_every: Steps between two checks; 0: no check.
        begin: Function called once before the first step.
        check: `check(step, row)`, called before step 0, check_every, 2 · check_every, …; returns
            whether the phase ends. It may add values to the `row` of the history.
        finish: Function called once after the last step.
    """

    name: str
    steps: int
    batches: Batches
    loss: Loss
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
    schedule: Callable[[float], float] | None = None
    max_norm: float | None = None
    check_every: int = 0
    begin: Callable[[], None] = _nothing
    check: Check = lambda step, row: False
    finish: Callable[[], None] = _nothing


@dataclass(kw_only=True)
class Training:
    """A training in progress.

    On a CPU, an interrupted training that resumes from its checkpoint ends with the same bits as
    an uninterrupted one. The checkpoint is written at checks, at most every `checkpoint_seconds`,
    at the end of each phase and, on SIGTERM or SIGUSR1, after the current step, after which the
    process exits with status 143. It is kept at the end: remove it once the model is saved.

    Attributes:
        model: All trained parameters; on `device`.
        device: Device of the model; batches are moved to it.
        seed: Random seed for the noise of `generator`.
        identity: Identification of settings and data; a checkpoint of another one is ignored.
        checkpoint: Side file; None: no checkpoint.
        checkpoint_seconds: Minimum time between two writings at checks.
        precision: `fp32`, `bf16` for mixed precision, or `auto` (`devices.Precision`).
        progress: Whether to show a progress bar.
        phase_number, step: Phase and step to do next, from 0.
        checked_step: Step before which the last check of the phase was done; −1: none.
        loss_sum, loss_rows: Sum of the losses since the last check, weighted by the rows of the
            batches, and number of these rows.
        history: One row per check: phase, step, loss (mean since the last check) and the values
            that the check adds.
        memory: Further state of the phases that the checkpoint must keep: plain values and tensors.
        optimizer: Optimiser of the current phase.
    """

    model: nn.Module
    device: torch.device
    seed: int
    identity: str
    checkpoint: Checkpoint | None = None
    checkpoint_seconds: float = 60.0
    precision: Precision = "fp32"
    progress: bool = True

    def __post_init__(self) -> None:
        self.phase_number, self.step, self.checked_step = 0, 0, -1
        self.history: list[dict[str, Any]] = []
        self.memory: dict[str, Any] = {}
        self.optimizer: torch.optim.Optimizer
        self._stop = threading.Event()
        self._last_save = time.monotonic()
        self.loss_sum: Tensor
        self.loss_rows: int
        self._reset_loss()

    def run(self, phases: list[Phase]) -> None:
        """Run the phases, or the rest of them after an interruption.

        Raises:
            SystemExit: The process was asked to stop.
            FloatingPointError: The loss is not finite.
        """
        optimizer_state = self._resume()
        with stop_requests() as self._stop:
            while self.phase_number < len(phases):
                self._run_phase(phases[self.phase_number], optimizer_state)
                optimizer_state = None
                self.phase_number, self.step, self.checked_step = self.phase_number + 1, 0, -1
                self._reset_loss()
                self._save(within_phase=False)

    def _run_phase(self, phase: Phase, optimizer_state: dict | None) -> None:
        self.optimizer = phase.optimizer(self.model.parameters())
        if optimizer_state is None:
            phase.begin()
        else:
            self.optimizer.load_state_dict(optimizer_state)
        bar = progress_bar(
            total=phase.steps,
            initial=self.step,
            desc=phase.name,
            shown=self.progress and is_first_process(),
        )
        with bar:
            while not self._check(phase) and self.step < phase.steps:
                self.model.train()
                for size, rows, batch in phase.batches.read(self.step, self._next_check(phase)):
                    batch = tuple(x.to(self.device, non_blocking=True) for x in batch)
                    self._set_learning_rate(phase)
                    with autocast(self.device, self.precision):
                        loss = phase.loss(batch, rows, self.step)
                    self.optimizer.zero_grad()
                    loss.backward()
                    if phase.max_norm is not None:
                        nn.utils.clip_grad_norm_(self.model.parameters(), phase.max_norm)
                    self.optimizer.step()
                    # Summed on the device: reading each value would make a GPU wait.
                    self.loss_sum = self.loss_sum + loss.detach().double() * size
                    self.loss_rows += size
                    self.step += 1
                    bar.update()
                    self.exit_if_stopped()
        phase.finish()

    def _set_learning_rate(self, phase: Phase) -> None:
        if phase.schedule is not None:
            for group in self.optimizer.param_groups:
                share = phase.schedule(self.step / phase.steps)
                group["lr"] = share * self.optimizer.defaults["lr"]

    def _next_check(self, phase: Phase) -> int:
        """Step before which the next check is due, or the end of the phase."""
        if not phase.check_every:
            return phase.steps
        return min((self.step // phase.check_every + 1) * phase.check_every, phase.steps)

    def _check(self, phase: Phase) -> bool:
        """Check the training, if it is due; return whether the phase ends."""
        due = phase.check_every and self.step % phase.check_every == 0
        if not due or self.step == self.checked_step:
            return False
        row: dict[str, Any] = {"phase": phase.name, "step": self.step}
        if self.step:
            row["loss"] = process_mean(self.loss_sum).item() / self.loss_rows
            if not math.isfinite(row["loss"]):
                raise FloatingPointError(
                    f"{phase.name}: the loss is not finite before step {self.step}: scale the "
                    "input to about one, or lower the learning rate"
                )
        ended = phase.check(self.step, row)
        if self.step:
            self.history.append(row)
        self.checked_step = self.step
        self._reset_loss()
        if ended:
            logger.info("%s: ended after %d steps", phase.name, self.step)
        elif any_process(time.monotonic() - self._last_save >= self.checkpoint_seconds):
            self._save()
        return ended

    def _reset_loss(self) -> None:
        self.loss_sum, self.loss_rows = torch.zeros((), dtype=torch.float64), 0

    def generator(self, step: int) -> torch.Generator:
        """Random generator for the noise of one step; it depends on seed, phase and step only."""
        seed = np.random.SeedSequence([self.seed, self.phase_number, step]).generate_state(1)[0]
        return torch.Generator(self.device).manual_seed(int(seed))

    def reset_optimizer_row(self, parameter: nn.Parameter, row: int) -> None:
        """Clear the optimiser's state of one row of a parameter that was set by hand."""
        for value in self.optimizer.state.get(parameter, {}).values():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                value[row] = 0

    def keep_best(self, loss: float) -> int:
        """Keep the weights if the loss is the lowest so far; return the checks since the lowest."""
        best = self.memory.get("best")
        if best is None or loss < best["loss"]:
            state = self.model.state_dict()
            weights = {name: x.detach().cpu().clone() for name, x in state.items()}
            best = self.memory["best"] = {"loss": loss, "age": -1, "weights": weights}
        best["age"] += 1
        return best["age"]

    def restore_best(self) -> None:
        """Load the weights that `keep_best` kept, if any."""
        best = self.memory.pop("best", None)
        if best is not None:
            self.model.load_state_dict(best["weights"])

    def exit_if_stopped(self) -> None:
        """On a request to stop, write the checkpoint and exit.

        Raises:
            SystemExit: The process was asked to stop.
        """
        if any_process(self._stop.is_set()):
            self._save()
            logger.warning("stopped on request; the next run resumes from the checkpoint")
            raise SystemExit(STOPPED)

    def _save(self, *, within_phase: bool = True) -> None:
        self.loss_sum = process_mean(self.loss_sum)
        self._last_save = time.monotonic()
        if self.checkpoint is None or not is_first_process():
            return
        names = ("phase_number", "step", "checked_step", "loss_sum", "loss_rows", "history")
        self.checkpoint.save(
            self.identity,
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict() if within_phase else None,
                "memory": self.memory,
                "progress": {name: getattr(self, name) for name in names},
            },
        )

    def _resume(self) -> dict | None:
        """Load the checkpoint, if any; return the state of the optimiser, None between phases."""
        state = None if self.checkpoint is None else self.checkpoint.load(self.identity)
        if state is None:
            return None
        self.model.load_state_dict(state["model"])
        # In place: the phases hold a reference to the memory.
        self.memory.clear()
        self.memory.update(state["memory"])
        for name, value in state["progress"].items():
            setattr(self, name, value)
        logger.info("resumed in phase %d, step %d", self.phase_number, self.step)
        return state["optimizer"]
