"""What the trainings of the networks have in common: the result, and the entries of the cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd

from rainscore.training.autoencoder import AutoEncoder
from rainscore.training.cards import ModelCard
from rainscore.training.channels import NORMALISATION
from rainscore.training.checkpoint import file_digest
from rainscore.training.earlystopping import TrainingResult
from rainscore.training.features import learning_grid, score_settings
from rainscore.training.unet import UNet

Network = TypeVar("Network", AutoEncoder, UNet)


Card = TypeVar("Card", bound=ModelCard)


@dataclass(frozen=True)
class Trained(Generic[Network, Card]):
    """A trained network.

    Attributes:
        model: The network, with its best weights.
        curve: Learning curve (`loop.TrainingResult.curve`).
        card: Its model card, without code digests.
    """

    model: Network
    curve: pd.DataFrame
    card: Card


def common_entries(
    paths: Sequence[Path], splits: pd.DataFrame, result: TrainingResult
) -> dict[str, Any]:
    """Entries that the cards of all networks share.

    Args:
        paths: Training files.
        splits: Table of `splits.split_blocks`; `attrs["versions"]` names the IMERG versions.
        result: Result of the training.
    """
    return {
        "normalisation": NORMALISATION,
        "grid": learning_grid(paths[0]),
        "score": score_settings(paths[0]),
        "versions": tuple(splits.attrs.get("versions", "").split()),
        "splits": {
            str(name): sorted(part["time"].dt.strftime("%Y-%m-%d").unique())
            for name, part in splits.groupby("split")
        },
        "data_sha256": {Path(path).name: file_digest(path) for path in sorted(paths)},
        "best_epoch": result.best_epoch,
        "best_loss": result.best_loss,
    }
