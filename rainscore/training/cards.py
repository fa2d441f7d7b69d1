"""What the fits of all networks share."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from rainscore.training.channels import NORMALISATION, wet_share
from rainscore.training.features import read_features
from rainscore.training.loop import TrainingResult

TRAINING = ("epochs", "batch", "learning_rate", "patience", "precision")
"""Keys of a network's configuration that go to `training.train` as they are."""


def fingerprint(files: Sequence[str], *settings: object) -> str:
    """Names what a training is made of, so that a checkpoint of another one is not taken up.

    Args:
        files: Training files, told apart by their content.
        settings: Plain values: code digests, configuration.
    """
    return repr(([_digest(file) for file in sorted(files)], *settings))


def _digest(path: Path | str) -> str:
    with Path(path).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def wet_shares(paths: Sequence[Path], splits: pd.DataFrame) -> pd.DataFrame:
    """Wet share of each map of the training files, with its split: time, split, wet_share."""
    threshold = score_of(paths[0])["wet_threshold_mm_h"]
    parts = [
        pd.DataFrame({"time": times, "wet_share": wet_share(block["inputs"], threshold)})
        for times, block in read_features(paths, splits["time"].to_numpy(), ["inputs"])
    ]
    return splits[["time", "split"]].merge(pd.concat(parts, ignore_index=True), on="time")


def score_of(path: Path) -> dict:
    """How the score of a training file was taken."""
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["score"])


def common_card(
    paths: Sequence[Path],
    splits: pd.DataFrame,
    *,
    network: Any,
    settings: dict,
    result: TrainingResult,
) -> dict:
    """What the cards of all networks say.

    Args:
        paths: Training files.
        splits: Of `period.split_blocks`; `attrs["versions"]` names the versions of IMERG.
        network: Dataclass that rebuilds the network.
        settings: The network's part of the configuration.
        result: Of its training.
    """
    with h5py.File(paths[0], "r") as file:
        grid = json.loads(file.attrs["grid"])
    return {
        "settings": asdict(network),
        "training": dict(settings),
        "normalisation": NORMALISATION,
        "grid": grid,
        "score": score_of(paths[0]),
        "versions": splits.attrs.get("versions", "").split(),
        "splits": {
            str(name): sorted(part["time"].dt.strftime("%Y-%m-%d").unique())
            for name, part in splits.groupby("split")
        },
        "data_sha256": {Path(path).name: _digest(path) for path in sorted(paths)},
        "best_epoch": result.best_epoch,
        "best_loss": result.best_loss,
    }
