"""Short runs on digits whose classes are known: a wrong loss shows in the accuracy."""

from typing import Any

import h5py
import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from rainscore.clustering.algorithms.classical import LatentKMeans
from rainscore.clustering.algorithms.dcec import DCEC, IDEC
from rainscore.clustering.algorithms.depict import DEPICT
from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.algorithms.dkm import DeepKMeans
from rainscore.clustering.algorithms.encoders import (
    MLP,
    ConvNet,
    ConvSettings,
    MLPSettings,
    NoisyConvNet,
)
from rainscore.clustering.algorithms.som import topographic_error
from rainscore.clustering.metrics import agreement
from tests.data import shared

QUIET: dict[str, Any] = {"device": "cpu", "progress": False}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def digits():
    images, classes = load_digits(return_X_y=True)
    return np.float32(images / 16).reshape(-1, 1, 8, 8), classes


def mlp():
    torch.manual_seed(0)
    return MLP(MLPSettings((1, 8, 8), widths=(128, 128, 256)))


def gain(fitted, classes):
    """NMI at the end, and what it gained over the start."""
    start, end = (agreement(classes, x)["nmi"] for x in (fitted.start_labels_, fitted.labels_))
    return end, end - start


def test_idec_beats_its_own_start_on_digits(digits):
    images, classes = digits
    alone = LatentKMeans(**QUIET, k=10, network=mlp(), pretrain_epochs=60).fit(images)
    settings: dict[str, Any] = {
        "k": 10,
        "network": alone.network_,
        "pretrain_epochs": 0,
        "max_steps": 800,
    }
    end, more = gain(IDEC(**QUIET, **settings).fit(images), classes)
    assert end > 0.73 and more > 0.03


def test_deep_k_means_beats_its_own_start_on_digits(digits):
    images, classes = digits
    fitted = DeepKMeans(**QUIET, k=10, network=mlp(), pretrain_epochs=40, epochs_each=2)
    end, more = gain(fitted.fit(images), classes)
    assert end > 0.72 and more > 0.03


def test_annealed_deep_k_means_finds_digits_without_a_start(digits):
    images, classes = digits
    settings: dict[str, Any] = {"k": 10, "annealed": True, "weight": 0.01, "epochs_each": 3}
    fitted = DeepKMeans(**QUIET, **settings, network=mlp()).fit(images)
    assert len(fitted.empty_) == 0
    assert agreement(classes, fitted.labels_)["nmi"] > 0.45


def test_desom_orders_digits_on_its_map(digits):
    images, classes = digits
    fitted = DESOM(**QUIET, network=mlp(), steps=1200).fit(images)
    assert agreement(classes, fitted.labels_)["purity"] > 0.85
    # A map without order has 94 % of its second units elsewhere.
    assert topographic_error(fitted.transform(images), 8, 8) < 0.6
    assert fitted.decoded_map().shape == (8, 8, 1, 8, 8)


def test_depict_beats_its_own_start_on_digits(digits):
    images, classes = digits
    torch.manual_seed(0)
    settings = ConvSettings((1, 16, 16), widths=(12, 12), dropouts=(0.1, 0.1, 0.0))
    fitted = DEPICT(
        **QUIET,
        k=10,
        network=NoisyConvNet(settings),
        pretrain_epochs=30,
        max_epochs=30,
        learning_rate=1e-3,
    ).fit(np.kron(images, np.ones((1, 1, 2, 2), np.float32)) * 2 - 1)
    end, more = gain(fitted, classes)
    assert end > 0.65 and more > 0.03


def test_dcec_beats_its_own_start_on_usps():
    with h5py.File(shared("benchmarks/usps/usps.h5")) as file:
        images = file["train/data"][:2000].reshape(-1, 1, 16, 16)
        classes = file["train/target"][:2000]
    torch.manual_seed(0)
    network = ConvNet(ConvSettings((1, 16, 16), widths=(8, 16, 32)))
    fitted = DCEC(**QUIET, k=10, network=network, pretrain_epochs=60, max_steps=420).fit(images)
    end, more = gain(fitted, classes)
    assert end > 0.6 and more > 0.02
