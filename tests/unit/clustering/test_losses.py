"""The loss of each method by hand, and the faults of the reference code that are not repeated."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rainscore.clustering.algorithms.assignments import squared_distances
from rainscore.clustering.algorithms.dcec import DCEC, IDEC
from rainscore.clustering.algorithms.depict import DEPICT
from rainscore.clustering.algorithms.desom import DESOM
from rainscore.clustering.algorithms.dkm import DeepKMeans, annealed_alphas, soft_minimum
from rainscore.clustering.algorithms.encoders import (
    MLP,
    ConvSettings,
    Identity,
    MLPSettings,
    NoisyConvNet,
)
from rainscore.clustering.algorithms.som import grid_distances
from rainscore.clustering.algorithms.starts import revive
from rainscore.training.loop import Training
from tests.unit.clustering.test_joint import QUIET, blobs


class Doubling(Identity):
    """Its reconstruction of x is 2 x, so its squared error is x²."""

    def decode(self, z):
        return 2 * z


def with_heads(clusterer, network=None, **heads):
    clusterer.network_ = network or Doubling()
    clusterer.heads_ = torch.nn.ParameterDict({k: torch.tensor(v) for k, v in heads.items()})
    return clusterer


X = torch.tensor([[0.0, 2.0], [0.0, 0.0]])
CENTRES = [[0.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("method", [DCEC, IDEC])
def test_the_loss_of_dcec_is_the_mean_error_and_a_tenth_of_the_divergence(method):
    clusterer = with_heads(method(k=2), centres=CENTRES)
    # Squared distances 4, 1 and 0, 1: Q is (1/5, 1/2) and (1, 1/2), to one.
    q = np.array([[2 / 7, 5 / 7], [2 / 3, 1 / 3]])
    p = np.array([[0.1, 0.9], [0.5, 0.5]])
    divergence = (p * np.log(p / q)).sum(axis=1).mean()
    result = clusterer._loss(X, torch.tensor(p, dtype=torch.float32)).item()
    assert result == pytest.approx(4 / 4 + 0.1 * divergence, rel=1e-5)


def test_the_loss_of_deep_k_means_sums_the_error_over_the_features():
    clusterer = with_heads(DeepKMeans(k=2, weight=0.5), centres=CENTRES)
    # Error: 4 and 0 a member. At a large alpha the soft minimum is the nearest: 1 and 0.
    assert clusterer._loss(X, 1000.0).item() == pytest.approx(4 / 2 + 0.5 * 1 / 2)
    # At alpha 0 it is the mean of all: 2.5 and 0.5.
    assert clusterer._loss(X, 0.0).item() == pytest.approx(4 / 2 + 0.5 * 3 / 2)


def test_the_soft_minimum_lets_the_gradient_through_its_weights():
    d = torch.tensor([[1.0, 2.0]], requires_grad=True)
    soft_minimum(d, 0.7).backward()
    numbers = [soft_minimum(torch.tensor([[1.0 + e, 2.0]]), 0.7).item() for e in (1e-3, -1e-3)]
    assert d.grad is not None
    assert d.grad[0, 0].item() == pytest.approx((numbers[0] - numbers[1]) / 2e-3, abs=1e-3)


def test_the_annealing_is_that_of_the_paper():
    alphas = annealed_alphas()
    assert len(alphas) == 40 and alphas[0] == 0.1
    assert alphas[1:4] == pytest.approx([0.423, 0.752, 1.078], abs=1e-3)
    assert alphas[-1] == pytest.approx(28.13, abs=0.01)
    assert DeepKMeans(k=3).alphas == [1000.0] * 20


def test_the_labels_of_deep_k_means_are_those_of_the_final_network():
    """The reference code keeps distances from the batches of the last epochs."""
    network = MLP(MLPSettings((16,), 3, (8,)))
    fitted = DeepKMeans(**QUIET, k=3, network=network, pretrain_epochs=2, epochs_each=1)
    fitted.fit(blobs())
    z = torch.from_numpy(fitted.encode(blobs()))
    nearest = squared_distances(z, fitted.heads_["centres"].detach()).argmin(dim=1)
    assert np.array_equal(fitted.labels_, nearest.numpy())


def test_the_loss_of_desom_weighs_all_units_by_their_way_from_the_nearest():
    units = [[0.0, 0.0], [0.0, 3.0], [4.0, 0.0], [4.0, 3.0]]
    clusterer = with_heads(DESOM(rows=2, columns=2, weight=0.5, steps=3), units=units)
    unit_distances = torch.from_numpy(grid_distances(2, 2) ** 2)
    x = torch.tensor([[0.0, 1.0]])
    # Squared distances 1, 4, 17, 20; ways on the map 0, 1, 1, 2; T = 1 at the middle step.
    expected = 1 + 4 * np.exp(-1) + 17 * np.exp(-1) + 20 * np.exp(-4)
    result = clusterer._loss(x, unit_distances, 1).item()
    assert result == pytest.approx(1 / 2 + 0.5 * expected, rel=1e-5)


def test_the_loss_of_depict_rebuilds_the_clean_layers_from_the_noisy_latent_vector():
    torch.manual_seed(0)
    network = NoisyConvNet(ConvSettings((1, 16, 16), 3, widths=(4, 4), dropouts=(0.5, 0.5, 0.0)))
    weight = np.float32(np.eye(3))
    clusterer = with_heads(DEPICT(k=3), network, weight=weight, bias=np.zeros(3, np.float32))
    x, target = torch.rand(5, 1, 16, 16), torch.softmax(torch.rand(5, 3), dim=1)
    training = plain_training()
    noisy = network.layers(x, training.generator(4))[-1]
    clean = network.layers(x)
    image, first, second = network.inverse(noisy)
    cross = -(target * F.log_softmax(noisy, dim=1)).sum(dim=1).mean()
    layers = F.mse_loss(first, clean[0]) + F.mse_loss(second, clean[1])
    expected = cross + F.mse_loss(image, x) + 0.1 * layers
    assert clusterer._loss(x, target, training.generator(4)).item() == pytest.approx(
        expected.item(), rel=1e-5
    )
    assert not torch.equal(noisy, clean[-1])


def test_depict_holds_members_out_without_looking_at_classes():
    """The reference code draws them by the true classes; here they follow from the seed alone."""
    first, again = (
        DEPICT(**QUIET, k=3)._phases(plain_training(), torch.zeros(200, 2))[0].batches.members
        for _ in range(2)
    )
    assert first is not None and again is not None
    assert len(first) == len(np.unique(first)) == 180
    assert np.array_equal(first, again)


def plain_training():
    training = Training(
        model=torch.nn.Module(), device=torch.device("cpu"), seed=0, identity="", progress=False
    )
    training.memory["revived"] = 0
    return training


def test_an_empty_cluster_is_set_on_a_member_and_its_momentum_forgotten():
    z = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
    centres = torch.nn.Parameter(torch.tensor([[0.1], [100.0]]))
    training = plain_training()
    training.optimizer = torch.optim.Adam([centres])
    centres.square().sum().backward()
    training.optimizer.step()
    assert revive(training, centres, squared_distances(z, centres.detach()), z) == [1]
    assert centres[1].item() in z and training.memory["revived"] == 1
    assert training.optimizer.state[centres]["exp_avg"][1].item() == 0
    assert training.optimizer.state[centres]["exp_avg"][0].item() != 0
    assert revive(training, centres, squared_distances(z, centres.detach()), z) == []


def test_two_empty_clusters_are_set_on_two_members():
    z = torch.tensor([[0.0], [0.1], [5.0], [9.0]])
    centres = torch.nn.Parameter(torch.tensor([[0.0], [100.0], [200.0]]))
    training = plain_training()
    training.optimizer = torch.optim.Adam([centres])
    revive(training, centres, squared_distances(z, centres.detach()), z)
    assert len(set(centres.flatten().tolist())) == 3


def test_clusters_that_end_empty_are_reported(caplog):
    network = MLP(MLPSettings((16,), 3, (8,)))
    fitted = DESOM(**QUIET, network=network, rows=4, columns=4, steps=400).fit(blobs(60))
    empty = np.flatnonzero(fitted.sizes_ == 0)
    assert len(empty) and np.array_equal(fitted.empty_, empty)
    assert str(empty.tolist()) in caplog.text


def test_the_batches_of_dcec_are_in_order_and_those_of_deep_k_means_are_drawn():
    data = torch.zeros(10, 2)
    joint = with_heads(DCEC(k=2, batch=4))._phases(plain_training(), data)[-1]
    rows = [joint.batches.rows(step).tolist() for step in range(4)]
    assert rows == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1, 2, 3]]
    joint = with_heads(DeepKMeans(k=2, batch=4))._phases(plain_training(), data)[-1]
    rows = [sorted(joint.batches.rows(step).tolist()) for step in range(3)]
    assert all(len(set(drawn)) == 4 for drawn in rows) and rows[0] != rows[1]
