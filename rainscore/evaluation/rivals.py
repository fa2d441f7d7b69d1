"""Methods as strong as the U-Net: same data, same calibration, fitted once for the evaluation."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from rainscore.evaluation.baselines import Baseline
from rainscore.evaluation.blocks import read_blocks
from rainscore.evaluation.boosting import Boosting
from rainscore.evaluation.calibratedrivals import CalibratedRival, calibrate_rivals
from rainscore.evaluation.errormodel import ErrorModel, fit_error_model
from rainscore.evaluation.forests import QuantileForest
from rainscore.evaluation.windowfeatures import WindowSample
from rainscore.times import times_of
from rainscore.training.cards import UNetCard

BOOSTING = "gradient boosting"

FOREST = "quantile forest"

ERROR_MODEL = "error model"


def fit_rivals(
    card: UNetCard,
    paths: Sequence[Path],
    splits: pd.DataFrame,
    pairs: Sequence[Path],
    *,
    share: float,
    seed: int,
) -> dict[str, CalibratedRival]:
    """Fit and calibrate the rivals of a U-Net.

    They learn from the training days with the half-hours around, and the fields other than rain,
    removed at random as for the U-Net, and are calibrated on the same days as it is.

    Args:
        card: Card of the U-Net.
        paths: Training files.
        splits: Table of `splits.split_blocks`.
        pairs: Pair files of all months, for the error model; without them it is left out.
        share: Share of the training windows that trees learn from.
        seed: Random seed.
    """
    settings = card.score
    sample = WindowSample(share, wet_threshold=settings.wet_threshold_mm_h, seed=seed)
    threads = torch.get_num_threads()
    methods: dict[str, Baseline] = {
        BOOSTING: Boosting(sample, threads=threads, seed=seed),
        FOREST: QuantileForest(sample, threads=threads, seed=seed),
    }
    dropout = {name: card.training.get(name, 0.0) for name in ("context_dropout", "input_dropout")}
    training = times_of(splits, "train")
    for block in read_blocks(paths, training, card.hidden, seed=seed, **dropout):
        sample.learn(block)
    if pairs:
        regression = fit_error_model(pairs, training, settings, seed=seed)
        methods[ERROR_MODEL] = ErrorModel(regression, settings, seed=seed)
    rivals = {name: CalibratedRival(method) for name, method in methods.items()}
    calibrate_rivals(rivals, paths, times_of(splits, "calibration"), card.hidden)
    return rivals


def share_of_windows(table: pd.DataFrame, training: np.ndarray | pd.Series, windows: int) -> float:
    """Share of the training windows with rain in IMERG that makes up a number of windows.

    Args:
        table: Score tables of all months: time, imerg_wet_windows.
        training: Half-hours of the training days.
        windows: Approximate number of windows.
    """
    wet = table.set_index("time")["imerg_wet_windows"].reindex(training).sum()
    return min(windows / max(wet, 1), 1.0)


def hidden_share(table: pd.DataFrame) -> float:
    """Share of the windows without rain in IMERG where the radar has rain.

    Args:
        table: Score tables: windows, defined, imerg_wet_windows.
    """
    dry = (table["windows"] - table["imerg_wet_windows"]).sum()
    rain = (table["defined"] - table["imerg_wet_windows"]).sum()
    return float(np.clip(rain / max(dry, 1), 0, 1))
