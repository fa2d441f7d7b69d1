"""Where networks compute, and in which precision."""

from typing import Literal, TypeVar

import torch
from torch import nn

Precision = Literal["fp32", "bf16"]


Network = TypeVar("Network", bound=nn.Module)


def place_of(device: str) -> torch.device:
    """The device of a name; `auto` is the GPU where there is one."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)


def move(model: Network, place: torch.device) -> Network:
    """Move to the device, channels last: what convolutions are fastest with."""
    # PyTorch's types know no `to` with a memory format alone.
    return model.to(place).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs


def autocast(place: torch.device, precision: Precision) -> torch.autocast:
    """Mixed precision where it is asked for."""
    return torch.autocast(place.type, torch.bfloat16, enabled=precision == "bf16")
