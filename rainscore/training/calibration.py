"""Calibration of the U-Net on separate days: local distribution, hidden rain, and map score.

Everything is calibrated for each state of the inputs (`inputstates.STATES`), because what is
missing makes a prediction less certain.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import read_json
from rainscore.times import times_of
from rainscore.training.cards import UNetCard
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.inputstates import STATES, Removal, input_states, removals
from rainscore.training.mapscore import (
    MapCurve,
    fit_map_score,
    map_features,
    map_margins,
    map_score,
    predict_map_score,
    with_classes,
)
from rainscore.training.recalibration import (
    HiddenRainCurve,
    Recalibration,
    fit_hidden_rain,
    fit_recalibration,
    window_features,
)
from rainscore.training.unet import UNet

EVERY = 3
"""Maps with fewer inputs are taken at every third half-hour, windows at every third row and column:
those between have almost the same errors."""


@dataclass(frozen=True)
class StateCalibration:
    """Calibration for maps of one state of the inputs.

    Attributes:
        local: Recalibration of the distribution of the local score.
        hidden: Curve of the probability of hidden rain.
        margins: Margin of the 90 % interval of the map score in each class (`MapCurve.edges`).
    """

    local: Recalibration
    hidden: HiddenRainCurve
    margins: tuple[float, ...]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build from the content of a JSON file."""
        return cls(
            Recalibration(**_tuples(values["local"])),
            HiddenRainCurve(**values["hidden"]),
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
            map_score(features[part], self.map, calibration.margins).set_index(np.flatnonzero(part))
            for calibration, part in self._parts(states)
        ]
        return pd.concat(tables).sort_index()

    def _parts(self, states: np.ndarray) -> Iterator[tuple[StateCalibration, np.ndarray]]:
        """Calibration of each state that occurs, and the maps or windows that are in it."""
        for number in np.unique(states):
            yield self.states[STATES[number]], states == number


class Observations(NamedTuple):
    """Predictions and observations of some maps in one state.

    Attributes:
        features: Features of each map (`map_features`), dims (map, feature).
        days: Day of each map, dims (map,).
        masses, window_features, scores: Predicted distribution, features and observed score of
            windows where IMERG has rain, dims (n, …).
        logit, rain: Predicted logit of hidden rain, and whether the radar has rain, in windows
            where IMERG has none, dims (m,).
    """

    features: np.ndarray
    days: np.ndarray
    masses: np.ndarray
    window_features: np.ndarray
    scores: np.ndarray
    logit: np.ndarray
    rain: np.ndarray


def calibrate_unet(
    model: UNet,
    card: UNetCard,
    paths: Sequence[Path],
    splits: pd.DataFrame,
    table: pd.DataFrame,
) -> Calibration:
    """Calibrate a trained U-Net.

    The curve of the map score is fitted on the validation days; all else is calibrated on the
    calibration days, which neither the weights nor the curve depend on, once for each state that
    maps can have: the inputs are removed as the prediction finds them missing.

    Args:
        model, card: Network and its model card.
        paths: Training files.
        splits: Table of `splits.split_blocks`.
        table: Score tables of all months (time, map_score).

    Raises:
        ValueError: The calibration days have no window with rain and a score.
    """
    observed = table.set_index("time")["map_score"]

    def truth(data: ScoreMaps) -> np.ndarray:
        """Observed map scores (NaN where undefined)."""
        return observed.reindex(data.times.astype("datetime64[ns]")).to_numpy(float)

    validation = ScoreMaps(paths, times_of(splits, "validation"), hidden=card.hidden)
    curve = fit_map_score(_predict(model, validation).features, truth(validation))
    times = times_of(splits, "calibration")
    states: dict[str, StateCalibration] = {}
    for number, removal in removals(card.hidden).items():
        chosen = times[::EVERY] if states else times
        data = _reduced(paths, chosen, removal)
        found = _predict(model, data)
        if not states:
            curve = with_classes(curve, found.features, truth(data))
        states[STATES[number]] = StateCalibration(
            fit_recalibration(found.masses, found.window_features, found.scores),
            fit_hidden_rain(found.logit, found.rain),
            map_margins(curve, found.features, truth(data), found.days),
        )
    return Calibration(states, curve, card.weights_sha256)


def _reduced(paths: Sequence[Path], times: np.ndarray, removal: Removal) -> ScoreMaps:
    """Maps without some of their inputs."""
    return ScoreMaps(paths, times, hidden=removal.hidden, removed_sides=removal.sides)


def _predict(model: UNet, data: ScoreMaps) -> Observations:
    """Run the network on maps, and thin out the windows."""
    parts = []
    for (inputs, target, wet, truth), (masses, logit) in predict(model, data):
        thinned = np.zeros_like(wet)
        thinned[:, ::EVERY, ::EVERY] = True
        chosen, dry = thinned & wet & np.isfinite(target), thinned & truth & ~wet
        rows = np.moveaxis(masses, 1, -1)[chosen]
        parts.append(
            (
                map_features(masses, expit(logit), wet, truth, inputs),
                rows,
                window_features(rows, inputs, chosen),
                target[chosen],
                logit[dry],
                np.isfinite(target[dry]),
            )
        )
    features, *windows = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Observations(features, data.times.astype("datetime64[D]"), *windows)


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
        DamagedFile: It is of another network.
    """
    path = stem.with_name(f"{stem.name}_calibration.json")
    if not path.is_file():
        raise RainscoreError(f"{path}: no such file; calibrate the network (rule calibrate_unet)")
    try:
        calibration = Calibration.from_dict(read_json(path))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        reason = f"it is not a calibration of this version ({type(error).__name__}: {error})"
        raise DamagedFile(path, reason, "calibrate the network again") from error
    if calibration.weights_sha256 != card.weights_sha256:
        raise DamagedFile(path, "it is of another network", "calibrate the network again")
    return calibration


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no tuples: turn lists into them."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
