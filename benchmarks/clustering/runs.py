"""One run of the benchmark: one method, image set and seed."""

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.clustering.images import load_images
from benchmarks.clustering.protocols import PROTOCOLS
from rainscore.clustering.metrics import agreement


def run_method(
    name: str, data: str, seed: int, *, images: Path, device: str, models: Path | None = None
) -> dict[str, Any]:
    """Train and evaluate a method.

    Args:
        name: Method in `protocols.PROTOCOLS`.
        data: Image set in `images.READERS`.
        seed: Random seed.
        images: Folder of the image sets.
        device: Name of the device.
        models: Folder to which the model is written; None: it is not kept.

    Returns:
        Row of the table, with the columns of `rows.COLUMNS`. `acc_start` and `nmi_start` are those
        of the clusters before the joint training, `steps` those of the last phase of the training.
    """
    protocol = PROTOCOLS[name]
    members, classes = _images(data, images)
    if protocol.pixels:
        members = members.reshape(len(members), -1)
    members = protocol.scaled(members, data)
    network = None
    if protocol.network is not None:
        torch.manual_seed(seed)
        network = protocol.network(members.shape[1:])
    clusterer = protocol.build(data, seed=seed, network=network, device=device, progress=False)
    started = time.monotonic()
    clusterer.fit(members)
    row: dict[str, Any] = {"data": data, "method": name, "seed": seed}
    row |= agreement(classes, clusterer.labels_)
    if clusterer.start_labels_ is not None:
        start = agreement(classes, clusterer.start_labels_)
        row |= {"acc_start": start["acc"], "nmi_start": start["nmi"]}
    row["seconds"] = time.monotonic() - started
    row["steps"] = clusterer.history_[-1]["step"] if clusterer.history_ else 0
    row["device"] = _device_name(clusterer.network_)
    revived = f"; {clusterer.revived_} clusters revived" if clusterer.revived_ else ""
    row["protocol"] = protocol.text + revived
    if models is not None:
        models.mkdir(parents=True, exist_ok=True)
        clusterer.save(models / f"{data}-{name}-{seed}")
    return row


@lru_cache(maxsize=2)
def _images(data: str, images: Path) -> tuple[np.ndarray, np.ndarray]:
    return load_images(data, images)


def _device_name(network: torch.nn.Module) -> str:
    parameter = next(network.parameters(), None)
    if parameter is None or not parameter.is_cuda:
        return "cpu"
    return torch.cuda.get_device_name(parameter.device)
