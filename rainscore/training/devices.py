"""Devices and numerical precision of the networks."""

from typing import Literal, TypeVar

import torch
from torch import nn

Precision = Literal["fp32", "bf16"]


Network = TypeVar("Network", bound=nn.Module)


def device_of(name: str) -> torch.device:
    """Device with a name such as `cpu` or `cuda`; `auto` is the GPU if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def to_device(model: Network, device: torch.device) -> Network:
    """Move a network to a device, in channels-last layout, the fastest for convolutions."""
    model.to(device)
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Context of mixed precision for `bf16`; without effect for `fp32`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
