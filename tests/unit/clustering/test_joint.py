"""Common properties of the deep clusterers: seeds, resuming, model files, networks, errors."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from rainscore.clustering.algorithms.classical import (
    LatentAgglomerative,
    LatentKMeans,
    LatentMap,
    LatentMixture,
)
from rainscore.clustering.algorithms.dcec import DCEC, IDEC
from rainscore.clustering.algorithms.depict import DEPICT
from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.algorithms.dkm import DeepKMeans
from rainscore.clustering.algorithms.encoders import (
    MLP,
    ConvNet,
    ConvSettings,
    Identity,
    MLPSettings,
)
from rainscore.errors import DamagedFile
from rainscore.training.autoencoder import AutoEncoder, AutoEncoderSettings
from rainscore.training.checkpoint import Checkpoint


def blobs(n=120, shape=(16,), seed=0):
    """Three well separated clusters."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, *shape))
    x = centres[np.arange(n) % 3] + 0.1 * rng.normal(size=(n, *shape))
    return np.float32(0.3 * x)


class Stopping(MLP):
    """Stands for a process that is killed: its encoder gives up after some calls."""

    calls_left = 10**9

    def encode(self, x):
        type(self).calls_left -= 1
        if type(self).calls_left < 0:
            raise KeyboardInterrupt
        return super().encode(x)


def small(kind=MLP, seed=0):
    torch.manual_seed(seed)
    return kind(MLPSettings((16,), 3, (8,)))


QUIET: dict[str, Any] = {"device": "cpu", "progress": False, "batch": 32}
METHODS: list[tuple[Any, dict[str, Any]]] = [
    (DCEC, {"k": 3, "pretrain_epochs": 4, "update": 6, "max_steps": 20}),
    (IDEC, {"k": 3, "pretrain_epochs": 4, "update": 6, "max_steps": 20, "optimizer": "sgd"}),
    (DeepKMeans, {"k": 3, "pretrain_epochs": 4, "epochs_each": 1}),
    (DeepKMeans, {"k": 3, "annealed": True, "epochs_each": 1}),
    (DEPICT, {"k": 3, "pretrain_epochs": 4, "max_epochs": 4, "learning_rate": 1e-2}),
    (DESOM, {"rows": 2, "columns": 3, "steps": 40}),
    (LatentKMeans, {"k": 3, "pretrain_epochs": 4}),
]
each = pytest.mark.parametrize(
    "method, settings", METHODS, ids=lambda x: getattr(x, "__name__", "")
)


def built(method, settings, network=None):
    return method(**QUIET, **settings, network=network or small())


@each
def test_the_same_seed_gives_the_same_bytes(method, settings):
    first, second = (built(method, settings).fit(blobs()) for _ in range(2))
    assert first.transform(blobs()).tobytes() == second.transform(blobs()).tobytes()


@each
@pytest.mark.parametrize("calls", [7, 15])
def test_a_killed_training_goes_on_to_the_same_bits(method, settings, calls, tmp_path):
    Stopping.calls_left = 10**9
    whole = built(method, settings, small(Stopping)).fit(blobs())
    file = Checkpoint(tmp_path / "side")
    cut = built(method, settings, small(Stopping))
    Stopping.calls_left = calls
    with pytest.raises(KeyboardInterrupt):
        cut.fit(blobs(), checkpoint=file, checkpoint_seconds=0)
    Stopping.calls_left = 10**9
    resumed = built(method, settings, small(Stopping))
    resumed.fit(blobs(), checkpoint=file, checkpoint_seconds=0)
    for a, b in zip(whole.network_.parameters(), resumed.network_.parameters(), strict=True):
        assert torch.equal(a, b)
    assert np.array_equal(whole.labels_, resumed.labels_)
    assert whole.history_ == resumed.history_


@each
def test_a_checkpoint_of_another_seed_is_ignored(method, settings, tmp_path, caplog):
    file = Checkpoint(tmp_path / "side")
    built(method, settings).fit(blobs(), checkpoint=file)
    other = built(method, settings).set_params(seed=1).fit(blobs(), checkpoint=file)
    assert "ignored" in caplog.text
    expected = built(method, settings).set_params(seed=1).fit(blobs())
    assert np.array_equal(other.transform(blobs()), expected.transform(blobs()))


@each
def test_a_model_file_gives_the_clusterer_back(method, settings, tmp_path):
    fitted = built(method, settings).fit(blobs())
    fitted.save(tmp_path / "model", maps=120)
    again = method.load(tmp_path / "model")
    assert again.transform(blobs()).tobytes() == fitted.transform(blobs()).tobytes()
    card = json.loads((tmp_path / "model.json").read_text())
    assert card["maps"] == 120 and card["settings"]["seed"] == 0


@each
def test_the_given_network_is_not_changed_and_clone_keeps_the_settings(method, settings):
    network = small()
    before = [x.clone() for x in network.parameters()]
    clusterer = built(method, settings, network).fit(blobs())
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert clone(clusterer).get_params(deep=False)["batch"] == 32


@each
def test_prediction_is_the_least_dissimilar_cluster_of_the_fitted_ones(method, settings):
    fitted = built(method, settings).fit(blobs())
    distances = fitted.transform(blobs())
    assert np.array_equal(fitted.predict(blobs()), distances.argmin(axis=1))
    assert fitted.sizes_.sum() == 120 and distances.shape == (120, len(fitted.sizes_))


@each
def test_the_global_generator_is_left_alone(method, settings):
    torch.manual_seed(5)
    expected = torch.rand(3)
    network = small()
    torch.manual_seed(5)
    built(method, settings, network).fit(blobs())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("method, settings", [METHODS[i] for i in (0, 2, 4, 5)])
def test_the_projects_own_auto_encoder_plugs_in(method, settings, tmp_path):
    network = AutoEncoder(AutoEncoderSettings(latent=3, width=2, size=20))
    fitted = built(method, settings, network).fit(blobs(shape=(1, 20, 20)))
    fitted.save(tmp_path / "model")
    again = method.load(tmp_path / "model")
    x = blobs(30, (1, 20, 20), seed=1)
    np.testing.assert_allclose(again.transform(x), fitted.transform(x), rtol=1e-5)


class Foreign(nn.Module):
    """A network of another project."""

    def __init__(self):
        super().__init__()
        self.way = nn.Linear(16, 3)

    def encode(self, x):
        return self.way(x)

    def decode(self, z):
        return z @ self.way.weight


def test_a_foreign_network_plugs_in_and_is_asked_for_when_loading(tmp_path):
    fitted = built(*METHODS[1], Foreign()).fit(blobs())
    fitted.save(tmp_path / "model")
    with pytest.raises(DamagedFile, match="pass one of the same architecture"):
        IDEC.load(tmp_path / "model")
    again = IDEC.load(tmp_path / "model", Foreign())
    assert np.array_equal(again.predict(blobs()), fitted.labels_)


def test_a_model_file_of_another_method_is_refused(tmp_path):
    built(*METHODS[1]).fit(blobs()).save(tmp_path / "model")
    with pytest.raises(ValueError, match="holds IDEC, not DCEC"):
        DCEC.load(tmp_path / "model")


@pytest.mark.parametrize(
    "method, settings",
    [
        (LatentKMeans, {"k": 3}),
        (LatentMixture, {"k": 3}),
        (LatentAgglomerative, {"k": 3}),
        (LatentAgglomerative, {"k": 3, "linkage": "path integral"}),
        (LatentMap, {"rows": 1, "columns": 3}),
    ],
)
def test_the_classical_methods_find_plain_clusters_of_vectors(method, settings, tmp_path):
    fitted = method(**QUIET, **settings, network=Identity(), pretrain_epochs=0).fit(blobs())
    assert all(len(set(fitted.labels_[i::3])) == 1 for i in range(3))
    assert sorted(fitted.sizes_) == [40, 40, 40]
    fitted.save(tmp_path / "model")
    again = method.load(tmp_path / "model")
    assert np.array_equal(again.predict(blobs()), fitted.labels_)


def test_the_mixture_gives_the_density_that_scikit_learn_gives():
    from sklearn.mixture import GaussianMixture

    x = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    fitted = LatentMixture(**QUIET, k=2, network=Identity(), pretrain_epochs=0).fit(x)
    oracle = GaussianMixture(2, n_init=5, random_state=0, reg_covar=1e-5).fit(x.astype(float))
    density = np.logaddexp.reduce(-fitted.transform(x), axis=1)
    np.testing.assert_allclose(density, oracle.score_samples(x), atol=1e-4)


def test_missing_values_too_few_members_and_wrong_dims_are_refused():
    with pytest.raises(ValueError, match="missing values"):
        built(*METHODS[0]).fit(np.full((5, 16), np.nan))
    with pytest.raises(ValueError, match="2 members are fewer than 3 clusters"):
        built(*METHODS[0]).fit(blobs(2))
    with pytest.raises(ValueError, match="not \\(n, d\\)"):
        built(*METHODS[0]).fit(np.zeros((5, 4, 4)))
    with pytest.raises(ValueError, match="takes images"):
        DCEC(**QUIET, k=2).fit(blobs())


def test_a_loss_that_is_no_longer_finite_is_reported():
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        built(*METHODS[0]).fit(blobs() * 1e30)


def test_a_convolutional_network_starts_from_the_seed_alone():
    x = blobs(40, (1, 8, 8))
    settings: dict[str, Any] = {"k": 3, "pretrain_epochs": 1, "max_steps": 2}
    first, second = (DCEC(**QUIET, **settings, seed=3).fit(x) for _ in range(2))
    assert isinstance(first.network_, ConvNet)
    assert first.network_.settings == ConvSettings((1, 8, 8))
    assert first.transform(x).tobytes() == second.transform(x).tobytes()


class Normed(MLP):
    """A network that behaves otherwise while it learns."""

    def __init__(self, settings):
        super().__init__(settings)
        self.norm = nn.BatchNorm1d(settings.latent)

    def encode(self, x):
        return self.norm(super().encode(x))


@each
def test_a_network_with_normalisation_learns_in_training_mode_and_predicts_in_the_other(
    method, settings
):
    fitted = built(method, settings, small(Normed)).fit(blobs())
    assert fitted.network_.get_buffer("norm.num_batches_tracked") > 0
    alone = np.concatenate([fitted.transform(blobs()[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, fitted.transform(blobs())[:5], rtol=1e-4, atol=1e-5)
