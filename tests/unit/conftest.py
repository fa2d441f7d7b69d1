"""What the tests of the learning chain and of new maps share: it is costly, and made once."""

from types import SimpleNamespace

import pytest
import torch

from rainscore.clustering.descriptors import describe_maps
from rainscore.clustering.labels import as_records, label_clusters
from rainscore.clustering.latents import extract_latents
from rainscore.clustering.mapclusters import ClusterSettings, cluster_maps
from rainscore.io import read_json, write_json
from rainscore.training.calibration import calibrate_unet
from rainscore.training.fitting import fit_autoencoder, fit_unet
from rainscore.training.modelfiles import save_model
from rainscore.training.splits import split_blocks
from tests.world import training_file

PATTERN = ["train", "train", "train", "validation", "calibration", "test"]
TRAINING = {"batch": 8, "learning_rate": 0.01, "patience": 9, "precision": "fp32"}
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
    common = {"seed": 1, "checkpoint": folder / "checkpoint", "fingerprint": "test"}
    unet, _, card = fit_unet(
        [path],
        splits,
        settings={
            "width": 8,
            "depth": 2,
            "epochs": 6,
            "context_dropout": 0.2,
            "compile": False,
            "weight_decay": 0.01,
            **TRAINING,
        },
        **common,
    )
    encoder, _, encoder_card = fit_autoencoder(
        [path],
        splits,
        settings={"latent_size": 3, "width": 8, "epochs": 3, **TRAINING},
        min_wet=0.02,
        **common,
    )
    models = folder / "models"
    card |= {"simulated": True, "domain": {"step_km": 8}, "run": "final"}
    save_model(models / "unet", unet.state_dict(), card)
    card = read_json(models / "unet.json")
    calibration = calibrate_unet(unet, card, [path], splits, table)
    write_json(calibration, models / "unet_calibration.json")
    save_model(models / "autoencoder", encoder.state_dict(), encoder_card)
    latents = extract_latents([path], splits, models / "autoencoder", summary="invariant")
    clusterer, cluster_card, clusters = cluster_maps(
        [path], latents, encoder, "kmeans", settings=CLUSTERS,
        seed=0, checkpoint=folder / "checkpoint.clusters", fingerprint="",
    )  # fmt: skip
    clusterer.save(models / "kmeans", **cluster_card)
    descriptors = describe_maps([path], table["time"].to_numpy(), threshold=0.2)
    labels = label_clusters(clusters, table, descriptors, resamples=50, seed=0)
    write_json(as_records(labels), models / "kmeans_labels.json")
    return SimpleNamespace(
        path=path, table=table, splits=splits, unet=unet, card=card, models=models,
        calibration=calibration, latents=latents, clusters=clusters, labels=labels,
    )  # fmt: skip
