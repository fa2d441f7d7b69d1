"""Calibration of the U-Net on days that neither its weights nor its map curve depend on."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from rainscore.times import times_of
from rainscore.training.calibration import Calibration, StateCalibration
from rainscore.training.cards import UNetCard
from rainscore.training.dataset import ScoreMaps
from rainscore.training.inference import predict
from rainscore.training.inputstates import STATES, Removal, removals
from rainscore.training.mapscore import (
    MapCurve,
    fit_map_score,
    map_features,
    map_margins,
    predict_map_score,
    with_classes,
)
from rainscore.training.recalibration import (
    fit_hidden_rain,
    fit_recalibration,
    window_features,
)
from rainscore.training.unet import UNet

EVERY = 3
"""Maps with fewer inputs are taken at every third half-hour, windows at every third row and column:
those between have almost the same errors."""


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
    least, *others = removals(card.hidden).items()
    complete = _predict(model, data := _reduced(paths, times, least[1]))
    curve = with_classes(curve, complete.features, truth(data))
    value = predict_map_score(complete.features, curve)
    states = {STATES[least[0]]: _of_state(complete, curve, truth(data), 0.0)}
    expected = pd.Series(value, data.times)
    for number, removal in others:
        found = _predict(model, data := _reduced(paths, times[::EVERY], removal))
        difference = expected.reindex(data.times) - predict_map_score(found.features, curve)
        shift = float(np.nan_to_num(difference.mean()))
        states[STATES[number]] = _of_state(found, curve, truth(data), shift)
    return Calibration(states, curve, card.weights_sha256)


def _of_state(
    found: Observations, curve: MapCurve, truth: np.ndarray, shift: float
) -> StateCalibration:
    """Calibration for the maps of one state.

    Args:
        found: Predictions and observations in this state.
        curve: Curve of the map score, with classes.
        truth: Observed map scores, dims (map,), NaN where undefined.
        shift: As in `StateCalibration`.
    """
    value = np.clip(predict_map_score(found.features, curve) + shift, 0, 1)
    return StateCalibration(
        fit_recalibration(found.masses, found.window_features, found.scores),
        fit_hidden_rain(found.logit, found.rain),
        shift,
        map_margins(curve, value, truth, found.days),
    )


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
