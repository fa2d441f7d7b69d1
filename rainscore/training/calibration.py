"""Calibration of the U-Net on separate days: local distribution, hidden rain, and map score.

Everything is calibrated for each state of the inputs (`inputstates.STATES`), because what is
missing makes a prediction less certain.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.training.cards import UNetCard
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.inputstates import STATES, input_states
from rainscore.training.mapscore import (
    MapCurve,
    map_features,
    map_score,
    predict_map_score,
)
from rainscore.training.modelfiles import read_part
from rainscore.training.recalibration import (
    HiddenRainCurve,
    Recalibration,
    window_features,
)
from rainscore.training.unet import UNet


@dataclass(frozen=True)
class StateCalibration:
    """Calibration for maps of one state of the inputs.

    Attributes:
        local: Recalibration of the distribution of the local score.
        hidden: Curve of the probability of hidden rain.
        shift: Number that is added to the map score of the curve: its mean difference between
            complete maps and the same maps in this state.
        margins: Margin of the 90 % interval of the map score in each class (`MapCurve.edges`).
    """

    local: Recalibration
    hidden: HiddenRainCurve
    shift: float
    margins: tuple[float, ...]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build from the content of a JSON file."""
        return cls(
            Recalibration(**_tuples(values["local"])),
            HiddenRainCurve(**values["hidden"]),
            values["shift"],
            tuple(values["margins"]),
        )


@dataclass(frozen=True)
class Calibration:
    """Calibration of a U-Net; content of `unet_calibration.json`.

    Attributes:
        states: Calibration by name of the state; a state that maps cannot have is absent.
        map: Curve from the features of a map to its map score.
        weights_sha256: SHA-256 of the weights of the calibrated network.
    """

    states: Mapping[str, StateCalibration]
    map: MapCurve
    weights_sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the JSON file; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build a calibration from the content of a JSON file."""
        states = {name: StateCalibration.from_dict(part) for name, part in values["states"].items()}
        return cls(states, MapCurve(**_tuples(values["map"])), values["weights_sha256"])

    def local(self, masses: np.ndarray, inputs: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Calibrated distributions of the local score in some windows.

        Args:
            masses: Output of the U-Net, dims (map, mass, y, x).
            inputs: Channels, dims (map, channel, y, x).
            chosen: The windows, dims (map, y, x).

        Returns:
            Dims (n, mass), the windows in the order of `chosen`.
        """
        rows = np.moveaxis(masses, 1, -1)[chosen]
        features = window_features(rows, inputs, chosen)
        state = input_states(inputs)[np.nonzero(chosen)[0]]
        for calibration, part in self._parts(state):
            rows[part] = calibration.local.apply(rows[part], features[part])
        return rows

    def hidden_rain(self, logit: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Calibrated probability of hidden rain, dims (map, y, x).

        Args:
            logit: Output of the U-Net, dims (map, y, x).
            inputs: Channels, dims (map, channel, y, x).
        """
        probability = np.empty(logit.shape, np.float64)
        for calibration, part in self._parts(input_states(inputs)):
            probability[part] = calibration.hidden.probability(logit[part])
        return probability

    def map_score(self, features: np.ndarray, inputs: np.ndarray) -> pd.DataFrame:
        """Map score with its calibrated interval, one row per map (`mapscore.map_score`).

        Args:
            features: `map_features` of the maps, dims (map, feature).
            inputs: Channels, dims (map, channel, y, x).
        """
        states = input_states(inputs)
        tables = [
            map_score(features[part], self.map, calibration.margins, calibration.shift).set_index(
                np.flatnonzero(part)
            )
            for calibration, part in self._parts(states)
        ]
        return pd.concat(tables).sort_index()

    def _parts(self, states: np.ndarray) -> Iterator[tuple[StateCalibration, np.ndarray]]:
        """Calibration of each state that occurs, and the maps or windows that are in it."""
        for number in np.unique(states):
            yield self.states[STATES[number]], states == number


def map_scores(
    model: UNet,
    card: UNetCard,
    calibration: Calibration,
    paths: Sequence[Path],
    times: np.ndarray,
) -> pd.Series:
    """Predicted map score of half-hours of the training files, by time; NaN without rain.

    Args:
        model, card: Network and its model card.
        calibration: Calibration of the network.
        paths: Training files.
        times: Half-hour starts, datetime64.
    """
    data = ScoreMaps(paths, times, hidden=card.hidden)
    features = [
        map_features(masses, expit(logit), wet, truth, inputs)
        for (inputs, _, wet, truth), (masses, logit) in predict(model, data)
    ]
    values = predict_map_score(np.concatenate(features), calibration.map)
    return pd.Series(values, index=data.times.astype("datetime64[ns]"))


def read_calibration(stem: Path, card: UNetCard) -> Calibration:
    """Read the calibration of a U-Net, `{stem}_calibration.json`.

    Args:
        stem: Path of the model file without extension.
        card: Card of the network.

    Raises:
        RainscoreError: The file does not exist.
        DamagedFile: It is of another network, was edited, or is damaged.
    """
    path = stem.with_name(f"{stem.name}_calibration.json")
    if not path.is_file():
        raise RainscoreError(f"{path}: no such file; calibrate the network (rule calibrate_unet)")
    try:
        calibration = Calibration.from_dict(read_part(path))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        reason = f"it is not a calibration of this version ({type(error).__name__}: {error})"
        raise DamagedFile(path, reason, "calibrate the network again") from error
    if calibration.weights_sha256 != card.weights_sha256:
        raise DamagedFile(path, "it is of another network", "calibrate the network again")
    return calibration


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no tuples: turn lists into them."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
