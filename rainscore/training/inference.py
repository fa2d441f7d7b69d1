"""What a network gives for maps, in files or in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rainscore.training.dataset import Data, batches
from rainscore.training.devices import Precision, autocast, move, place_of


def predict(
    model: nn.Module,
    data: Data,
    *,
    batch: int = 16,
    call: Callable[[Tensor], Any] | None = None,
    device: str = "auto",
    precision: Precision = "fp32",
) -> Iterator[tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]:
    """Run a network over data in order, a batch at a time, so that memory does not grow.

    Args:
        model: The network; it is moved to the device and set to evaluation.
        data: The maps; the network gets the first array of each batch.
        batch: Maps at once.
        call: What of it to call, such as `encode` of an auto-encoder; by default the network.
        device, precision: As in `training.train`.

    Yields:
        The arrays of the batch, and what the network gives for them, float32.
    """
    place = place_of(device)
    move(model, place).eval()
    for maps in batches(data.read, np.arange(len(data)), batch=batch):
        with torch.inference_mode(), autocast(place, precision):
            given = (call or model)(maps[0].to(place))
        outputs = (given,) if isinstance(given, Tensor) else given
        yield tuple(x.numpy() for x in maps), tuple(x.float().cpu().numpy() for x in outputs)


def forward(model: nn.Module, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
    """What a network gives for arrays in memory, float32, on the device where it lies."""
    place = next(model.parameters()).device
    with torch.inference_mode():
        given = model.eval()(torch.from_numpy(inputs).to(place))
    return tuple(x.float().cpu().numpy() for x in given)
