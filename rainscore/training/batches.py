"""Which rows of a data set each training step uses, and reading them ahead."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rainscore.training.dataset import Batch, Data, read_ahead
from rainscore.training.distributed import rows_of_process

Order = Literal["in order", "shuffled", "drawn"]


@lru_cache(maxsize=8)
def _shuffled(count: int, seed: tuple[int, ...]) -> np.ndarray:
    """Numbers 0 … count − 1 in random order; kept, because every step of an epoch needs them."""
    return np.random.default_rng(seed).permutation(count)


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
        part = slice(position * self.size, (position + 1) * self.size)
        if self.order == "shuffled":
            rows = members[_shuffled(len(members), (*self.seed, epoch))[part]]
        else:
            rows = members[part]
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
