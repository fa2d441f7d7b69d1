"""One run of the benchmark: one method, image set and seed."""

import logging
import time
from pathlib import Path
from typing import Any

import torch
from images import load_images
from protocols import PROTOCOLS, PUBLISHED, UNTRAINED
from rows import write_row

from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.metrics import agreement
from rainscore.training.checkpoint import Checkpoint

logger = logging.getLogger(__name__)


def run_method(
    name: str, data: str, seed: int, *, start: Path | None, images: Path, stem: Path, table: Path
) -> None:
    """Train and evaluate a method, write its model and row, and merge the row into the table.

    The model is written to `stem`.safetensors and .json, the row to `stem`.csv. An interrupted run
    resumes from `stem`.checkpoint.

    Args:
        name: Method in `protocols.PROTOCOLS`.
        data: Image set in `images.READERS`.
        seed: Random seed.
        start: Path without suffix of the model whose network is the start; None without one.
        images: Folder of the image sets.
        stem: Path of the outputs without suffix.
        table: CSV file of all rows.
    """
    protocol = PROTOCOLS[name]
    members, classes = load_images(data, images)
    if protocol.pixels:
        members = members.reshape(len(members), -1)
    members = protocol.scaled(members, data)
    clusterer = protocol.build(data, seed, _network(name, members.shape[1:], seed, start))
    checkpoint = Checkpoint(stem.with_suffix(".checkpoint"))
    start_time = time.monotonic()
    clusterer.fit(members, checkpoint=checkpoint)
    scores = agreement(classes, clusterer.labels_)
    card: dict[str, Any] = {"seconds": time.monotonic() - start_time, "agreement": scores}
    if clusterer.start_labels_ is not None:
        card["agreement_at_start"] = agreement(classes, clusterer.start_labels_)
    clusterer.save(stem, **card)
    checkpoint.remove()
    acc, nmi = PUBLISHED.get((name, data), (None, None))
    row = {"method": name, "data": data, "seed": seed, **scores}
    row |= {"published_acc": acc, "published_nmi": nmi, "protocol": _protocol(clusterer, name)}
    logger.info("%s", card)
    write_row(row, stem.with_suffix(".csv"), table)


def _network(name: str, shape: tuple[int, ...], seed: int, start: Path | None) -> Any:
    if start is not None:
        return LatentKMeans.load(start).network_
    if name in UNTRAINED:
        torch.manual_seed(seed)
        return UNTRAINED[name](shape)
    return None


def _protocol(clusterer: Any, name: str) -> str:
    parts = [PROTOCOLS[name].text]
    if PROTOCOLS[name].start:
        parts.append(f"network of {PROTOCOLS[name].start}")
    if clusterer.history_:
        parts.append("{step} steps {phase}".format(**clusterer.history_[-1]))
    if clusterer.revived_:
        parts.append(f"{clusterer.revived_} clusters revived")
    return "; ".join(parts)
