"""Which rows of a data set each training step uses, and reading them ahead."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rainscore.training.dataset import Batch, Data, read_ahead
from rainscore.training.distributed import rows_of_process

Order = Literal["in order", "shuffled", "drawn"]


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches of a data set, one per step.

    The rows of a step depend on the seed and the number of the step only, so that a resumed
    training reads the same batches.

    Attributes:
        data: Data set.
        size: Rows per batch, over all processes; the last batch of an epoch may be smaller.
        order: `in order`; `shuffled`, in another order in each epoch; or `drawn`, without
            replacement, for each step.
        seed: Random seed for the order.
        members: Rows to use; None: all.
        sort: Whether the rows of a batch are read in ascending order, as they lie in files.
    """

    data: Data
    size: int
    order: Order
    seed: tuple[int, ...] = ()
    members: np.ndarray | None = None
    sort: bool = False

    @property
    def per_epoch(self) -> int:
        """Number of batches that hold every row once."""
        return math.ceil(len(self._members()) / self.size)

    def rows(self, step: int) -> np.ndarray:
        """Rows of the batch of a step, over all processes."""
        members = self._members()
        if self.order == "drawn":
            rng = np.random.default_rng([*self.seed, step])
            return rng.choice(members, min(self.size, len(members)), replace=False)
        epoch, position = divmod(step, self.per_epoch)
        if self.order == "shuffled":
            rng = np.random.default_rng([*self.seed, epoch])
            members = members[rng.permutation(len(members))]
        rows = members[position * self.size : (position + 1) * self.size]
        return np.sort(rows) if self.sort else rows

    def read(self, first: int, last: int) -> Iterator[tuple[int, Tensor, Batch]]:
        """Read the batches of the steps first … last − 1, each while the previous one is in use.

        Yields:
            Number of rows of the batch over all processes; rows (B,) and batch of this process.
        """
        return read_ahead(self._read, range(first, last))

    def _read(self, step: int) -> tuple[int, Tensor, Batch]:
        rows = self.rows(step)
        process_rows = rows_of_process(rows)
        batch = self.data.read(process_rows, step // self.per_epoch)
        return len(rows), torch.from_numpy(process_rows), batch

    def _members(self) -> np.ndarray:
        return np.arange(len(self.data)) if self.members is None else self.members
