"""States of a map: which of the inputs of the networks are available."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from rainscore.training.channels import CHANNELS, RAIN_CHANNELS
from rainscore.training.timecontext import SIDES, input_channels

AGES = ("age_last", "age_next")
"""Channels whose missing value is 1; that of the others is 0."""

QUALITY = "quality_index"
"""Channel that may be available without the `FIELDS`."""

FIELDS = tuple(name for name in CHANNELS if name not in (*RAIN_CHANNELS, QUALITY))
"""Channels of which at least one is available in the first four states."""

STATES = (
    "complete",
    "without next half-hour",
    "without previous half-hour",
    "alone",
    "rain and quality index",
    "rain and quality index, alone",
    "rain only",
    "rain only, alone",
)
"""Names of the states. A map without other fields than rain and quality index is `alone` if either
neighbour in time is missing. A map without quality index, but with other fields, is in one of the
first four states: the quality index follows almost entirely from source and age."""


class Removal(NamedTuple):
    """What is removed from maps to bring them into a state.

    Attributes:
        sides: Half-hours that are removed, `before`, `after` or both.
        hidden: Channels that are masked.
    """

    sides: tuple[str, ...]
    hidden: tuple[str, ...]


def input_states(inputs: np.ndarray) -> np.ndarray:
    """State of each map, as a position in `STATES`.

    Args:
        inputs: Channels with those of the time context, dims (map, channel, y, x).

    Returns:
        Dims (map,), integers.
    """
    index = {name: i for i, name in enumerate(input_channels(CHANNELS))}

    def available(name: str, missing: float = 0.0) -> np.ndarray:
        return (inputs[:, index[name]] != missing).any(axis=(1, 2))

    fields = [available(name, float(name in AGES)) for name in FIELDS]
    before, after = available("previous_known"), available("next_known")
    with_fields = np.where(before, np.where(after, 0, 1), np.where(after, 2, 3))
    without = np.where(available(QUALITY), 4, 6) + np.where(before & after, 0, 1)
    return np.where(np.any(fields, axis=0), with_fields, without)


def removals(hidden: Sequence[str]) -> Mapping[int, Removal]:
    """What to remove from complete maps for each state that maps can have, by its number.

    Where several removals lead to a state, it is that of all neighbours in time, and not that of
    the quality index.

    Args:
        hidden: As in `removal_variants`.
    """
    return {state: variants[-1] for state, variants in removal_variants(hidden).items()}


def removal_variants(hidden: Sequence[str]) -> Mapping[int, tuple[Removal, ...]]:
    """All that can be removed from complete maps for each state that maps can have, by its number.

    Args:
        hidden: Channels that the network does not use, as those of the next half-hour with the
            Early run.
    """
    absent = {side for side, channel in SIDES.items() if channel in hidden}
    found: dict[int, list[Removal]] = {}
    for sides in ((), ("after",), ("before",), ("before", "after")):
        missing = absent.union(sides)
        state = {(): 0, ("after",): 1, ("before",): 2}.get(tuple(sorted(missing)), 3)
        alone = 1 if missing else 0
        masked = [(state, ()), (6 + alone, (*FIELDS, QUALITY))]
        if QUALITY not in hidden:
            masked = [(state, (QUALITY,)), (4 + alone, FIELDS), *masked]
        for number, channels in masked:
            found.setdefault(number, []).append(Removal(sides, (*hidden, *channels)))
    return {number: tuple(variants) for number, variants in found.items()}
