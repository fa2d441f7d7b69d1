"""Fitting the U-Net that predicts the score, and calibrating its intervals."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.conformal import conformal_margin
from rainscore.dataset import ScoreMaps, input_channels
from rainscore.features import CHANNELS
from rainscore.fitting.common import TRAINING, common_card
from rainscore.mapscore import mean_where
from rainscore.networks.unet import UNet, UNetSettings, unet_loss
from rainscore.training import predict, train

COVERAGE = 0.9
"""Share of the scores that the intervals shall hold."""


def fit_unet(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    table: pd.DataFrame | None,
    *,
    settings: dict,
    hidden: Sequence[str] = (),
    pixels: np.ndarray | None = None,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
) -> tuple[UNet, pd.DataFrame, dict]:
    """Train the U-Net and calibrate its interval on the calibration days.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        table: Score tables of all months (time, map_score); None: nothing is calibrated.
        settings: The configuration's `unet`.
        hidden: Channels that the network never sees.
        pixels: Pixels (y, x) to train and calibrate on; None: all.
        seed, checkpoint, fingerprint: As in `fit_autoencoder`.

    Returns:
        The network, its learning curve, and the card of its model file: among others `margin` of
        the local interval and `map`, which turns the mean of the local medians into the map score.
    """

    def maps(name: str, drop: float = 0.0) -> ScoreMaps:
        times = splits.loc[splits["split"] == name, "time"].to_numpy()
        return ScoreMaps(paths, times, hidden=hidden, pixels=pixels, drop_context=drop, seed=seed)

    torch.manual_seed(seed)
    training = maps("train", settings["drop_context"])
    model = UNet(
        UNetSettings(
            len(input_channels(CHANNELS)), width=settings["width"], depth=settings["depth"]
        )
    )
    result = train(
        model,
        unet_loss,
        training,
        maps("validation"),
        **{key: settings[key] for key in TRAINING},
        seed=seed,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
    )
    card = {
        "kind": "unet",
        **common_card(paths, model.settings, result),
        "channels": input_channels(CHANNELS),
        "hidden": list(hidden),
        "maps": {
            name: int((splits["split"] == name).sum())
            for name in ("train", "validation", "calibration", "test")
        },
    }
    if table is not None:
        card["margin"] = local_margin(model, maps("calibration"))
        card["map"] = map_calibration(model, maps("validation"), maps("calibration"), table)
    return model, result.curve, card


def local_margin(model: UNet, data: ScoreMaps) -> float:
    """Widening with which the local interval covers 90 % of the calibration days' windows."""
    low, high, truth, days = [], [], [], []
    place = 0
    for (_, target, wet, _), (quantiles, _) in predict(model, data):
        defined = wet & np.isfinite(target)
        day = data.times[place : place + len(target)].astype("datetime64[D]")
        place += len(target)
        low.append(quantiles[:, 0][defined])
        high.append(quantiles[:, -1][defined])
        truth.append(target[defined])
        days.append(np.broadcast_to(day[:, None, None], target.shape)[defined])
    return conformal_margin(
        *(np.concatenate(part) for part in (low, high, truth)),
        coverage=COVERAGE,
        groups=np.concatenate(days),
    )


def mean_medians(model: UNet, data: ScoreMaps) -> pd.Series:
    """Mean of each map's predicted medians over the windows where IMERG has rain, by time."""
    values = []
    for (_, _, wet, _), (quantiles, _) in predict(model, data):
        values.append(mean_where(quantiles[:, quantiles.shape[1] // 2], wet))
    return pd.Series(np.concatenate(values), index=data.times.astype("datetime64[ns]"))


def map_calibration(
    model: UNet, validation: ScoreMaps, calibration: ScoreMaps, table: pd.DataFrame
) -> dict[str, float]:
    """How the mean of a map's medians becomes its map score, with a 90 % margin.

    The line is fitted on the validation days; the margin is conformal on the calibration days.
    """
    truth = table.set_index("time")["map_score"]
    pairs = pd.DataFrame({"raw": mean_medians(model, validation)}).join(truth).dropna()
    slope, intercept = 1.0, 0.0
    if len(pairs) >= 30 and pairs["raw"].std() > 1e-3:
        slope, intercept = np.polyfit(pairs["raw"], pairs["map_score"], 1)
    held = pd.DataFrame({"raw": mean_medians(model, calibration)}).join(truth).dropna()
    line = np.clip(intercept + slope * held["raw"].to_numpy(), 0, 1)
    days = held.index.to_numpy().astype("datetime64[D]")
    margin = conformal_margin(
        line, line, held["map_score"].to_numpy(), coverage=COVERAGE, groups=days
    )
    return {"slope": float(slope), "intercept": float(intercept), "margin": margin}
