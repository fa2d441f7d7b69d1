"""Fitting the two networks of a run: data, training, calibration, the card of the model file."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import torch

from rainscore.conformal import apply_margin, conformal_margin
from rainscore.dataset import RainMaps, ScoreMaps, input_channels
from rainscore.featurefiles import read_features
from rainscore.features import CHANNELS, wet_share
from rainscore.networks.autoencoder import AutoEncoder, AutoEncoderSettings, reconstruction_loss
from rainscore.networks.unet import UNet, UNetSettings, unet_loss
from rainscore.training import TrainingResult, predict, train

COVERAGE = 0.9
TRAINING = ("epochs", "batch", "learning_rate", "patience", "precision")


def wet_shares(paths: Sequence[Path], splits: pd.DataFrame) -> pd.DataFrame:
    """Wet share of every map that the training files hold, with its split: time, split, wet_share."""
    threshold = score_of(paths[0])["threshold"]
    parts = [
        pd.DataFrame({"time": times, "wet_share": wet_share(block["inputs"], threshold)})
        for times, block in read_features(paths, splits["time"].to_numpy(), ["inputs"])
    ]
    return splits[["time", "split"]].merge(pd.concat(parts, ignore_index=True), on="time")


def score_of(path: Path) -> dict:
    """How the score of a training file was taken."""
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["score"])


def _common_card(paths: Sequence[Path], model: torch.nn.Module, result: TrainingResult) -> dict:
    with h5py.File(paths[0], "r") as file:
        grid = json.loads(file.attrs["grid"])
    return {
        "settings": asdict(model.settings),
        "grid": grid,
        "score": score_of(paths[0]),
        "best_epoch": result.best_epoch,
        "best_loss": result.best_loss,
    }


def fit_autoencoder(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    *,
    settings: dict,
    min_wet: float,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
) -> tuple[AutoEncoder, pd.DataFrame, dict]:
    """Train the auto-encoder on the maps that have enough rain.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        settings: The configuration's `autoencoder`.
        min_wet: Maps with a smaller wet share are left out.
        seed: Of the weights and of the order of the maps.
        checkpoint: Side file from which a killed training goes on.
        fingerprint: Names code and configuration; another one starts anew.

    Returns:
        The network, its learning curve, and the card of its model file.
    """
    shares = wet_shares(paths, splits)
    rainy = shares[shares["wet_share"] >= min_wet]
    data = {
        name: RainMaps(paths, rainy.loc[rainy["split"] == name, "time"].to_numpy())
        for name in ("train", "validation")
    }
    torch.manual_seed(seed)
    size = data["train"].read(np.array([0]))[0].shape[-1]
    model = AutoEncoder(
        AutoEncoderSettings(latent=settings["latent"], width=settings["width"], size=size)
    )
    result = train(
        model,
        reconstruction_loss,
        data["train"],
        data["validation"],
        **{key: settings[key] for key in TRAINING},
        seed=seed,
        checkpoint=checkpoint,
        fingerprint=fingerprint,
    )
    card = {
        "kind": "autoencoder",
        **_common_card(paths, model, result),
        "channels": ["rain"],
        "min_wet": min_wet,
        "maps": {name: len(d) for name, d in data.items()},
    }
    return model, result.curve, card


def fit_unet(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    table: pd.DataFrame,
    *,
    settings: dict,
    seed: int,
    checkpoint: Path,
    fingerprint: str,
) -> tuple[UNet, pd.DataFrame, dict]:
    """Train the U-Net and calibrate its interval on the calibration days.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`.
        table: Score tables of all months (time, map_score).
        settings: The configuration's `unet`.
        seed, checkpoint, fingerprint: As in `fit_autoencoder`.

    Returns:
        The network, its learning curve, and the card of its model file: among others `margin` of
        the local interval and `map`, which turns the mean of the local medians into the map score.
    """

    def maps(name: str, drop: float = 0.0) -> ScoreMaps:
        times = splits.loc[splits["split"] == name, "time"].to_numpy()
        return ScoreMaps(paths, times, drop_context=drop, seed=seed)

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
        **_common_card(paths, model, result),
        "channels": input_channels(CHANNELS),
        "margin": local_margin(model, maps("calibration")),
        "map": map_calibration(model, maps("validation"), maps("calibration"), table),
        "maps": {
            name: int((splits["split"] == name).sum())
            for name in ("train", "validation", "calibration", "test")
        },
    }
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


def mean_where(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean of each map (map, y, x) over its mask; NaN where the mask is empty."""
    count = mask.sum(axis=(1, 2))
    total = np.where(mask, values, 0.0).sum(axis=(1, 2), dtype=np.float64)
    return np.where(count, total / np.maximum(count, 1), np.nan)


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


def map_score(raw: np.ndarray, card: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Map score and its 90 % interval from the mean of the local medians; NaN stays."""
    line = card["map"]
    value = np.clip(line["intercept"] + line["slope"] * raw, 0.0, 1.0)
    low, high = apply_margin(value, value, line["margin"])
    return value, low, high
