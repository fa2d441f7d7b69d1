"""The same recalibration for the rivals of the U-Net as for the U-Net itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rainscore.evaluation.baselines import Baseline
from rainscore.evaluation.blocks import Block, read_blocks, thinned
from rainscore.training.calibrationfitting import EVERY
from rainscore.training.inputstates import input_states, removals
from rainscore.training.recalibration import Recalibration, fit_recalibration, window_features


class CalibratedRival:
    """A method with a recalibration for each state of the inputs.

    Args:
        method: Method that learns and predicts.
    """

    def __init__(self, method: Baseline) -> None:
        self.method = method
        self.states: dict[int, Recalibration] = {}

    def learn(self, block: Block) -> None:
        """Learn from the evaluated windows of some training maps."""
        self.method.learn(block)

    def predict(self, block: Block) -> np.ndarray:
        """Recalibrated distributions of the evaluated windows, dims (n, mass)."""
        masses = self.method.predict(block)
        features = window_features(masses, block.inputs, block.evaluated)
        states = input_states(block.inputs)[block.map_index]
        for number in np.unique(states).tolist():
            part = states == number
            masses[part] = self.states[number].apply(masses[part], features[part])
        return masses


def calibrate_rivals(
    rivals: Mapping[str, CalibratedRival],
    paths: Sequence[Path],
    times: np.ndarray,
    hidden: Sequence[str],
) -> None:
    """Fit the recalibrations of some methods, as `calibrationfitting.calibrate_unet` does.

    The days, the thinning of the windows and the states of the inputs are those of the U-Net.

    Args:
        rivals: Fitted methods by name.
        paths: Training files.
        times: Half-hours of the calibration days.
        hidden: Channels that are hidden from all methods.
    """
    for i, (number, removal) in enumerate(removals(hidden).items()):
        chosen = times[::EVERY] if i else times
        found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in rivals}
        scores = []
        for block in read_blocks(paths, chosen, removal.hidden, removed_sides=removal.sides):
            part = thinned(block, EVERY)
            scores.append(part.scores)
            for name, rival in rivals.items():
                masses = rival.method.predict(part).astype(np.float32)
                features = window_features(masses, part.inputs, part.evaluated)
                found[name].append((masses, features))
        for name, rival in rivals.items():
            masses, features = (np.concatenate(rows) for rows in zip(*found[name], strict=True))
            rival.states[number] = fit_recalibration(masses, features, np.concatenate(scores))
