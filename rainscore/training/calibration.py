"""Calibration of the U-Net on separate days: intervals of the local score, and the map score."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import read_json
from rainscore.times import times_of
from rainscore.training.cards import UNetCard
from rainscore.training.conformal import apply_margin, conformal_margins
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.mapscore import (
    MapCurve,
    calibrate_map_score,
    fit_map_score,
    map_features,
    map_score,
)
from rainscore.training.pixelclasses import SOURCE_RAIN_CLASSES, source_rain_class
from rainscore.training.unet import UNet

COVERAGE = 0.9
"""Nominal coverage of the intervals."""


@dataclass(frozen=True)
class Calibration:
    """Calibration of a U-Net; content of `unet_calibration.json`.

    Attributes:
        margins: Widening of the interval of the local score in each class of source and rain.
        map: Curve from the features of a map to its map score, with margins.
        weights_sha256: SHA-256 of the weights of the calibrated network.
    """

    margins: tuple[float, ...]
    map: MapCurve
    weights_sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the JSON file; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build a calibration from the content of a JSON file."""
        entries = dict(values["map"])
        curve = MapCurve(
            intercept=entries.pop("intercept"),
            **{name: tuple(value) for name, value in entries.items()},
        )
        return cls(tuple(values["margins"]), curve, values["weights_sha256"])


def calibrate_unet(
    model: UNet,
    card: UNetCard,
    paths: Sequence[Path],
    splits: pd.DataFrame,
    table: pd.DataFrame,
) -> Calibration:
    """Calibrate a trained U-Net.

    The curve of the map score is fitted on the validation days; all margins are computed on the
    calibration days, which neither the weights nor the curve depend on.

    Args:
        model, card: Network and its model card.
        paths: Training files.
        splits: Table of `splits.split_blocks`.
        table: Score tables of all months (time, map_score).
    """
    observed = table.set_index("time")["map_score"]

    def maps(split: str) -> tuple[ScoreMaps, np.ndarray]:
        """Maps of a split, and their observed map scores (NaN where undefined)."""
        data = ScoreMaps(paths, times_of(splits, split), hidden=card.hidden)
        return data, observed.reindex(data.times.astype("datetime64[ns]")).to_numpy(float)

    data, truth = maps("validation")
    curve = fit_map_score(_features_and_windows(model, data)[0], truth)
    data, truth = maps("calibration")
    features, windows = _features_and_windows(model, data)
    days = data.times.astype("datetime64[D]")
    margins = conformal_margins(
        windows["low"],
        windows["high"],
        windows["truth"],
        days=days[windows["map"]],
        groups=windows["group"],
        count=SOURCE_RAIN_CLASSES,
        coverage=COVERAGE,
    )
    return Calibration(
        margins=tuple(margins.tolist()),
        map=calibrate_map_score(curve, features, truth, days),
        weights_sha256=card.weights_sha256,
    )


def _features_and_windows(model: UNet, data: ScoreMaps) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Features of each map; low, high, truth, group, map (number) of the windows with a score."""
    features: list[np.ndarray] = []
    windows: list[dict[str, np.ndarray]] = []
    start = 0
    for (inputs, target, wet, truth), (quantiles, logit) in predict(model, data):
        features.append(map_features(quantiles, expit(logit), wet, truth, inputs))
        defined = wet & np.isfinite(target)
        windows.append(
            {
                "low": quantiles[:, 0][defined],
                "high": quantiles[:, -1][defined],
                "truth": target[defined],
                "group": source_rain_class(inputs)[defined],
                "map": np.nonzero(defined)[0] + start,
            }
        )
        start += len(inputs)
    joined = {name: np.concatenate([part[name] for part in windows]) for name in windows[0]}
    return np.concatenate(features), joined


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
        map_features(quantiles, expit(logit), wet, truth, inputs)
        for (inputs, _, wet, truth), (quantiles, logit) in predict(model, data)
    ]
    values = map_score(np.concatenate(features), calibration.map)["value"]
    return pd.Series(values.to_numpy(), index=data.times.astype("datetime64[ns]"))


def calibrated(quantiles: np.ndarray, inputs: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Replace the outer quantiles by the calibrated interval, and clip the others to it.

    Args:
        quantiles: Quantiles of the U-Net, dims (map, level, y, x).
        inputs: Channels, dims (map, channel, y, x).
        calibration: Calibration of the network.

    Returns:
        Quantiles, dims (map, level, y, x).
    """
    margin = np.array(calibration.margins, np.float32)[source_rain_class(inputs)]
    low, high = apply_margin(quantiles[:, 0], quantiles[:, -1], margin)
    inner = np.clip(quantiles[:, 1:-1], low[:, None], high[:, None])
    return np.concatenate([low[:, None], inner, high[:, None]], axis=1)


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
