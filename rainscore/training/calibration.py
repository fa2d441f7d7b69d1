"""Calibration of the U-Net on days kept for it: local intervals, and the score of the whole map."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.errors import DamagedFile, RainscoreError
from rainscore.io import read_json
from rainscore.training.conformal import apply_margin, conformal_margins
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.mapscore import calibrate_map_score, fit_map_score, map_features, map_score
from rainscore.training.pixelclasses import SOURCE_RAIN_CLASSES, source_rain_class
from rainscore.training.unet import UNet

COVERAGE = 0.9
"""Share of the scores that the intervals shall hold."""


def calibrate_unet(
    model: UNet, card: dict, paths: Sequence[Path], splits: pd.DataFrame, table: pd.DataFrame
) -> dict:
    """Calibrate a trained U-Net.

    The curve of the map score is fitted on the validation days; every margin is conformal on the
    calibration days, which neither the weights nor the curve have seen.

    Args:
        model, card: The network and the card of its model file.
        paths: Training files.
        splits: Of `period.split_blocks`.
        table: Score tables of all months (time, map_score).

    Returns:
        Plain values: `margins`, widening of the local interval in each class of source and rain;
        `map`, of `mapscore.calibrate_map_score`; `weights_sha256`, of the network they belong to.
    """
    truth = table.set_index("time")["map_score"]

    def maps(name: str) -> ScoreMaps:
        times = splits.loc[splits["split"] == name, "time"].to_numpy()
        return ScoreMaps(paths, times, hidden=card["hidden"])

    def found(data: ScoreMaps) -> np.ndarray:
        return truth.reindex(data.times.astype("datetime64[ns]")).to_numpy(float)

    fitting, held = maps("validation"), maps("calibration")
    fitted = fit_map_score(_read(model, fitting)[0], found(fitting))
    features, windows = _read(model, held)
    days = held.times.astype("datetime64[D]")
    margins = conformal_margins(
        windows["low"],
        windows["high"],
        windows["truth"],
        days=days[windows["map"]],
        groups=windows["group"],
        count=SOURCE_RAIN_CLASSES,
        coverage=COVERAGE,
    )
    return {
        "margins": margins.tolist(),
        "map": calibrate_map_score(fitted, features, found(held), days),
        "weights_sha256": card["weights_sha256"],
    }


def _read(model: UNet, data: ScoreMaps) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Features of each map, and the windows with a score: low, high, truth, group, map (number)."""
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
    model: UNet, card: dict, calibration: dict, paths: Sequence[Path], times: np.ndarray
) -> pd.Series:
    """Predicted map score of each half-hour of the training files, by time; NaN without rain.

    Args:
        model, card: The network and the card of its model file.
        calibration: Of `calibrate_unet`.
        paths: Training files.
        times: Half-hours wanted, datetime64.
    """
    data = ScoreMaps(paths, times, hidden=card["hidden"])
    features = [
        map_features(quantiles, expit(logit), wet, truth, inputs)
        for (inputs, _, wet, truth), (quantiles, logit) in predict(model, data)
    ]
    values = map_score(np.concatenate(features), calibration["map"])["value"]
    return pd.Series(values.to_numpy(), index=data.times.astype("datetime64[ns]"))


def calibrated(quantiles: np.ndarray, inputs: np.ndarray, calibration: dict) -> np.ndarray:
    """Quantiles whose outer two bound the calibrated interval; those between stay within it.

    Args:
        quantiles: Of the U-Net, dims (map, level, y, x).
        inputs: Channels, dims (map, channel, y, x).
        calibration: Of `calibrate_unet`.
    """
    margin = np.array(calibration["margins"], np.float32)[source_rain_class(inputs)]
    low, high = apply_margin(quantiles[:, 0], quantiles[:, -1], margin)
    inner = np.clip(quantiles[:, 1:-1], low[:, None], high[:, None])
    return np.concatenate([low[:, None], inner, high[:, None]], axis=1)


def read_calibration(stem: Path, card: dict) -> dict:
    """The calibration beside a model file, `{stem}_calibration.json`.

    Raises:
        RainscoreError: There is none.
        DamagedFile: It is not that of this network.
    """
    path = stem.with_name(f"{stem.name}_calibration.json")
    if not path.is_file():
        raise RainscoreError(f"{path}: no such file; calibrate the network (rule calibrate_unet)")
    found = read_json(path)
    if found.get("weights_sha256") != card["weights_sha256"]:
        raise DamagedFile(path, "it is of another network", "calibrate the network again")
    return found
