"""Run a network on maps, from files or in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rainscore.training.dataset import Data, batches
from rainscore.training.devices import Precision, autocast, device_of, to_device


def predict(
    model: nn.Module,
    data: Data,
    *,
    batch: int = 16,
    call: Callable[[Tensor], Any] | None = None,
    device: str = "auto",
    precision: Precision = "fp32",
) -> Iterator[tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]]:
    """Run a network on data, in order and batch by batch.

    Args:
        model: Network; it is moved to the device and set to evaluation mode.
        data: Maps; the network receives the first array of each batch.
        batch: Maps per batch.
        call: Method of the network to call, such as `encode`; by default its forward pass.
        device: Name of the device; `auto` is the GPU if there is one.
        precision: `fp32`, `bf16` for mixed precision, or `auto` (`devices.Precision`).

    Yields:
        Arrays of the batch, and outputs of the network, float32.
    """
    place = device_of(device)
    to_device(model, place).eval()
    for maps in batches(data.read, np.arange(len(data)), batch=batch):
        with torch.inference_mode(), autocast(place, precision):
            result = (call or model)(maps[0].to(place))
        outputs = (result,) if isinstance(result, Tensor) else result
        yield tuple(x.numpy() for x in maps), tuple(x.float().cpu().numpy() for x in outputs)


def forward(
    model: nn.Module, inputs: np.ndarray, *, call: Callable[[Tensor], Any] | None = None
) -> tuple[np.ndarray, ...]:
    """Outputs of a network for arrays in memory, float32, computed on the network's device.

    Args:
        model: Network; it is set to evaluation mode.
        inputs: Input of the network.
        call: Method of the network to call; by default its forward pass.
    """
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        outputs = (call or model)(torch.from_numpy(inputs).to(device))
    return tuple(x.float().cpu().numpy() for x in outputs)
