"""Devices and numerical precision of the networks."""

from typing import Literal, TypeVar

import torch
from torch import nn

Precision = Literal["auto", "fp32", "bf16"]
"""Arithmetic of convolutions; `auto` is bfloat16 on devices that compute with it natively."""


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
    mixed = computes_bf16(device) if precision == "auto" else precision == "bf16"
    return torch.autocast(device.type, torch.bfloat16, enabled=mixed)


def computes_bf16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16; others emulate it, slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # There is no public function for processors.
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
