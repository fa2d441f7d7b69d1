"""Time context of a map: the channels that describe the half-hours before and after it."""

from collections.abc import Collection, Sequence

import numpy as np

TIME_CONTEXT = ("change_previous", "change_next", "previous_known", "next_known")
"""Channels that `add_time_context` adds."""


SIDES = {"before": "change_previous", "after": "change_next"}
"""The half-hours next to a map, and the channel of the change of rain to each."""


REMOVED_SIDES = ((), ("before",), ("after",), ("before", "after"))
"""Sides that may be missing: none, one, or both."""


def input_channels(base: Sequence[str]) -> list[str]:
    """Names of the channels that `add_time_context` returns, from those of the month files."""
    return [*base, *TIME_CONTEXT]


def unavailable_channels(run: str) -> tuple[str, ...]:
    """Channels that an IMERG run does not provide: an Early granule has no later half-hour."""
    return ("age_next", "change_next", "next_known") if run == "early" else ()


def add_time_context(
    inputs: np.ndarray, previous: np.ndarray | None, following: np.ndarray | None
) -> np.ndarray:
    """Add the change of the scaled rain in the half-hours before and after a map.

    Training and prediction use this function. Differences are given rather than the rain itself,
    because they are small compared with the rain and a network learns them slowly otherwise.

    Args:
        inputs: Channels of one map, dims (C, y, x), `rain` first and `valid` last.
        previous: Rain channel of the half-hour before, dims (y, x), NaN missing; None if the
            half-hour is missing.
        following: Rain channel of the half-hour after, likewise.

    Returns:
        Dims (C + 4, y, x), float32, in the order of `input_channels`. A change is the rain of the
        neighbour minus the rain of the map. Where either is missing, both channels of the
        neighbour are 0; elsewhere its `known` channel is 1.
    """
    count = len(inputs)
    stacked = np.zeros((count + 4, *inputs.shape[1:]), np.float32)
    stacked[:count] = inputs
    rain = np.where(inputs[-1] > 0, stacked[0], np.nan)
    for i, neighbour in enumerate((previous, following)):
        if neighbour is not None:
            change = neighbour.astype(np.float32) - rain
            stacked[count + i] = np.nan_to_num(change)
            stacked[count + 2 + i] = np.isfinite(change)
    return stacked


def remove_sides(stacked: np.ndarray, channels: Sequence[str], sides: Collection[str]) -> None:
    """Remove, in place, the information that comes from the half-hours before or after a map.

    This is the rain of the neighbour, and the time to a microwave pass before or after the map.
    Where the map itself holds a pass, both ages stay 0.

    Args:
        stacked: Channels of `add_time_context`, dims (C, y, x).
        channels: Names of the C channels.
        sides: `before`, `after`, both or neither.
    """
    index = {name: i for i, name in enumerate(channels)}
    no_pass = stacked[index["age_last"]] > 0  # pixels without a pass in the map itself
    if "before" in sides:
        stacked[[index["change_previous"], index["previous_known"]]] = 0.0
        stacked[index["age_last"]][no_pass] = 1.0
        stacked[index["age_known"]][no_pass] = 0.0
    if "after" in sides:
        stacked[[index["change_next"], index["next_known"]]] = 0.0
        stacked[index["age_next"]][no_pass] = 1.0


def mask_channels(inputs: np.ndarray, channels: Sequence[str], hidden: Sequence[str]) -> None:
    """Set channels to the value of missing data, in place: ages to 1, all others to 0.

    Where the map itself holds a pass, `age_next` stays 0, unless `age_last` is masked too.

    Args:
        inputs: Dims (C, y, x).
        channels: Names of the C channels.
        hidden: Names of the channels to mask.
    """
    for name in hidden:
        missing: float | np.ndarray = 1.0 if name in ("age_last", "age_next") else 0.0
        if name == "age_next" and "age_last" not in hidden:
            missing = inputs[channels.index("age_last")] > 0
        inputs[channels.index(name)] = missing
