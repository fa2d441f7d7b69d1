"""Fixtures that several tests share because they take long."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from rainscore.clustering.descriptors import describe_maps
from rainscore.clustering.labels import as_records, label_clusters
from rainscore.clustering.latents import extract_latents
from rainscore.clustering.mapclusters import ClusterSettings, cluster_maps
from rainscore.training.autoencoderfitting import fit_autoencoder
from rainscore.training.calibrationfitting import calibrate_unet
from rainscore.training.checkpoint import Checkpoint
from rainscore.training.modelfiles import save_model, write_part
from rainscore.training.settings import AutoEncoderConfig, UNetConfig
from rainscore.training.splits import split_blocks
from rainscore.training.unet import load_unet
from rainscore.training.unetfitting import fit_unet
from tests.world import DOMAIN, training_file

PATTERN = ["train", "train", "train", "validation", "calibration", "test"]
UNET = UNetConfig(
    width=8, depth=2, epochs=6, batch=8, learning_rate=0.01, weight_decay=0.01, patience=9,
    compile=False, context_dropout=0.2, input_dropout=0.1, precision="fp32",
)  # fmt: skip
AUTOENCODER = AutoEncoderConfig(
    latent_size=3, width=8, epochs=3, batch=8, learning_rate=0.01, patience=9, precision="fp32"
)
CLUSTERS = ClusterSettings(
    summary="invariant",
    k=3,
    epochs=2,
    max_training_maps=1500,
    min_wet_share=0.02,
    false_alarm_rate=0.01,
)


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> SimpleNamespace:
    """A whole run on twelve days, with its model folder."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    path, table = training_file(folder, "2019-05-01", "2019-05-13")
    splits = split_blocks(table["time"].to_numpy(), pattern=PATTERN, block_hours=24, gap_hours=0)
    splits.attrs["versions"] = "V07B"
    models = folder / "models"
    unet = fit_unet(
        [path],
        splits,
        UNET,
        domain=DOMAIN,
        run="final",
        seed=1,
        checkpoint=Checkpoint(folder / "checkpoint"),
    )
    save_model(
        models / "unet", unet.model.state_dict(), replace(unet.card, simulated=True).as_dict()
    )
    model, card = load_unet(models / "unet")
    calibration = calibrate_unet(model, card, [path], splits, table)
    write_part(calibration.as_dict(), models / "unet_calibration.json")
    encoder = fit_autoencoder(
        [path],
        splits,
        AUTOENCODER,
        min_wet=0.02,
        seed=1,
        checkpoint=Checkpoint(folder / "checkpoint"),
    )
    save_model(models / "autoencoder", encoder.model.state_dict(), encoder.card.as_dict())
    latents = extract_latents([path], splits, models / "autoencoder", summary="invariant")
    clusterer, cluster_card, clusters = cluster_maps(
        [path], latents, encoder.model, "kmeans", settings=CLUSTERS,
        seed=0, checkpoint=Checkpoint(folder / "checkpoint.clusters"),
    )  # fmt: skip
    digest = clusterer.save(models / "kmeans", **cluster_card)
    descriptors = describe_maps([path], table["time"].to_numpy(), threshold=0.2)
    labels = label_clusters(clusters, table, descriptors, resamples=50, seed=0)
    document = {"clusterer": digest, "labels": as_records(labels)}
    write_part(document, models / "kmeans_labels.json")
    return SimpleNamespace(
        path=path, table=table, splits=splits, unet=model, card=card, models=models,
        calibration=calibration, latents=latents, clusters=clusters, labels=labels,
    )  # fmt: skip


@pytest.fixture(scope="session")
def two_months(tmp_path_factory) -> tuple[list[Path], pd.DataFrame]:
    """Training files of four days of two months, and splits of a day each."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("two_months")
    months = ("2019-05-01", "2019-05-05"), ("2019-06-01", "2019-06-05")
    files = [training_file(folder, *span) for span in months]
    times = np.concatenate([table["time"] for _, table in files])
    pattern = ["train", "validation", "calibration", "test"]
    splits = split_blocks(times, pattern=pattern, block_hours=24, gap_hours=0)
    return [path for path, _ in files], splits
