"""Files of a model: cards, weights, calibration, clusterer and labels."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rainscore.clustering.algorithms.base import DeepClusterer
from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.algorithms.encoders import MLP, MLPSettings
from rainscore.io import write_json
from rainscore.prediction.scoringmodels import find_model_files, load_models
from rainscore.training.calibration import Calibration, StateCalibration
from rainscore.training.inputstates import STATES
from rainscore.training.mapscore import MapCurve
from rainscore.training.modelfiles import CARD_DIGEST, save_model, write_part
from rainscore.training.recalibration import FEATURES, HiddenRainCurve, Recalibration
from rainscore.training.unet import UNet, UNetSettings
from tests.faults.bytechanges import byte_changes, file_changes
from tests.faults.outcomes import Change, Result, Subject
from tests.faults.radarchanges import json_changes
from tests.world import unet_card


def write(folder: Path, changed: str) -> Path:
    """Write a small model; return the file of it to change."""
    torch.manual_seed(0)
    card = unet_card()
    settings = UNetSettings(in_channels=len(card.channels), width=4, depth=1)
    plain = dict(settings.__dict__)
    save_model(
        folder / "unet", UNet(settings).state_dict(), replace(card, settings=plain).as_dict()
    )
    weights = json.loads((folder / "unet.json").read_text("utf-8"))["weights_sha256"]
    zeros = (0.0,) * len(FEATURES)
    state = StateCalibration(
        Recalibration(zeros, zeros), HiddenRainCurve(0.0, 1.0), 0.0, (0.1,) * 3
    )
    curve = MapCurve(0.0, (1.0, 0.0), (0.0,) * 3, (1.0,) * 3, (0.3, 0.6))
    calibration = Calibration(dict.fromkeys(STATES, state), curve, weights)
    write_part(calibration.as_dict(), folder / "unet_calibration.json")
    network = MLP(MLPSettings(shape=(6,), latent=2, widths=(4,)))
    data = np.random.default_rng(0).random((20, 6), np.float32)
    clusterer = LatentKMeans(k=2, pretrain_epochs=0, network=network, seed=0).fit(data)
    digest = clusterer.save(folder / "kmeans", false_alarm_rate=0.01)
    rows = [
        {"cluster": n, "name": f"rain {n}", "score_low": 0.2, "score": 0.4, "score_high": 0.6}
        for n in range(2)
    ]
    write_part({"clusterer": digest, "labels": rows}, folder / "kmeans_labels.json")
    write_json({"learned_from": "one world", "verified_on": ""}, folder / "about.json")
    return folder / changed


def read(file: Path) -> Result:
    """All models of the folder of a file, as text."""
    models = load_models(find_model_files(file.parent))
    clusterer = models.clusterer
    clusters: dict[str, np.ndarray | str] = {}
    if isinstance(clusterer, DeepClusterer):  # without labels there are no clusters
        clusters = {
            "clusterer": str(clusterer.card_),
            "labels": str(models.labels),
            "weights of the clusterer": _flat(clusterer.network_),
        }
    return {
        "card": str(models.unet.card),
        "calibration": str(models.unet.calibration),
        "weights": _flat(models.unet.model),
        "provenance": str(models.provenance),
        **clusters,
    }


def _flat(network: torch.nn.Module) -> np.ndarray:
    return np.concatenate([x.numpy().ravel() for x in network.state_dict().values()])


def _never(field: str, kind: str) -> bool:
    return False


def changes(file: Path) -> list[Change]:
    """Changes of one file; those of JSON also with a digest that fits them."""
    found = [*file_changes(), *byte_changes(checksum=True, flips=60)]
    if file.suffix == ".json":
        edits = json_changes(file, _never, depth=4)
        found += edits
        found += [
            Change(f"{edit.field}, with its digest", edit.kind, partial(_resealed, edit.apply),
                   None, plausible=True)
            for edit in edits if CARD_DIGEST not in edit.field
        ]  # fmt: skip
    return found


def _resealed(edit: Callable[[Path], object], path: Path) -> None:
    edit(path)
    values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    values.pop(CARD_DIGEST, None)
    try:
        write_part(values, path)
    except ValueError:  # NaN, which JSON does not have
        path.write_text(json.dumps(values), "utf-8")


def _changes_of_about(file: Path) -> list[Change]:
    """`about.json` has no digest and may be absent: a person writes it."""
    return [replace(edit, plausible=True) for edit in json_changes(file, _never) + file_changes()]


FILES = (
    "unet.json",
    "unet.safetensors",
    "unet_calibration.json",
    "kmeans.json",
    "kmeans.safetensors",
    "kmeans_labels.json",
)
SUBJECTS = {
    **{name: Subject(name, partial(write, changed=name), read, changes) for name in FILES},
    "about.json": Subject(
        "about.json", partial(write, changed="about.json"), read, _changes_of_about
    ),
}
