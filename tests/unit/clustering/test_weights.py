"""Weights and lengths of the joint training on maps, compared with those of the papers."""

from dataclasses import replace

import pytest
import torch

from rainscore.clustering.algorithms import depict
from rainscore.clustering.algorithms.encoders import Identity
from rainscore.clustering.algorithms.methods import METHODS, Plan
from rainscore.clustering.algorithms.som import grid_distances
from tests.unit.clustering.test_losses import plain_training, with_heads

JOINT = sorted(name for name, method in METHODS.items() if method.joint)
PLAN = Plan(k=4, epochs=3, steps=5, error=0.02, pixels=100)
CENTRES = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


class Shifted(Identity):
    """Its latent vector is the mean and the largest pixel; each pixel of its output is 0.1 off."""

    def encode(self, x):
        self.x = x
        flat = x.flatten(1)
        return torch.stack([flat.mean(dim=1), flat.amax(dim=1)], dim=1)

    def decode(self, z):
        return self.x + 0.1


def terms(name: str, side: int, monkeypatch) -> tuple[float, float]:
    """Reconstruction and clustering term of the loss of maps of side² pixels, all with error 0.01.

    The pixels are repeated, so that the latent vectors do not depend on the side.
    """
    monkeypatch.setattr(depict, "INPUT_DROPOUT", 0.0)
    x = torch.rand(6, 1, 10, 10, generator=torch.Generator().manual_seed(0))
    x = x.repeat_interleave(side // 10, dim=2).repeat_interleave(side // 10, dim=3)
    plan = replace(PLAN, error=0.01, pixels=side**2)
    clusterer = METHODS[name].kind(**METHODS[name].settings(plan))
    heads = {"weight": CENTRES, "bias": [0.0] * 4} if name == "depict" else {"centres": CENTRES}
    with_heads(clusterer, Shifted(), **({"units": CENTRES} if name == "desom" else heads))
    target = torch.tensor([[0.7, 0.1, 0.1, 0.1]]).expand(6, 4)
    further = {
        "deep_kmeans": (1000.0,),
        "desom": (torch.from_numpy(grid_distances(2, 2) ** 2), 1),
        "depict": (target, plain_training().generator(0)),
    }.get(name, (target,))

    def loss() -> float:
        return clusterer._loss(x, *further).item()

    both = loss()
    clusterer.set_params(weight=0.0)
    return loss(), both - loss()


@pytest.mark.parametrize("name", JOINT)
def test_the_ratio_of_the_two_losses_does_not_depend_on_the_number_of_pixels(name, monkeypatch):
    ratios = []
    for side in (20, 100):
        reconstruction, clustering = terms(name, side, monkeypatch)
        assert reconstruction > 0 and clustering > 0
        ratios.append(clustering / reconstruction)
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-3)


@pytest.mark.parametrize(
    "name, paper, input_range",
    # DESOM: a tenth of the weight of the paper, 0.001.
    [
        ("dcec", 0.1, 1),
        ("idec", 0.1, 2),
        ("deep_kmeans", 1.0, 1),
        ("depict", 1.0, 2),
        ("desom", 1e-4, 1),
    ],
)
def test_maps_that_are_reconstructed_like_digits_get_the_weight_of_the_paper(
    name, paper, input_range
):
    digits = replace(PLAN, error=0.01 * input_range**2, pixels=784)
    assert METHODS[name].settings(digits)["weight"] == pytest.approx(paper)
    worse = replace(digits, error=3 * digits.error)
    assert METHODS[name].settings(worse)["weight"] == pytest.approx(3 * paper)


def test_deep_k_means_weighs_its_clusters_by_the_error_summed_over_the_pixels():
    # A map of 100 × 100 pixels, as well reconstructed as a digit: a loss 10 000 / 784 times larger.
    large = replace(PLAN, error=0.01, pixels=10_000)
    assert METHODS["deep_kmeans"].settings(large)["weight"] == pytest.approx(12.755, abs=1e-3)


@pytest.mark.parametrize("name", JOINT)
def test_the_configured_epochs_are_the_limit_of_the_joint_training(name):
    """84 epochs of 1 500 maps, 24 steps each, are the 2 000 steps of the shortest paper."""
    plan = replace(PLAN, epochs=84, steps=24)
    clusterer = METHODS[name].kind(batch=64, **METHODS[name].settings(plan))
    with_heads(clusterer, Shifted(), centres=CENTRES)
    phases = clusterer._phases(plain_training(), torch.zeros(1500, 1, 4, 4))
    assert phases[-1].name == "joint" and phases[-1].steps == 84 * 24 > 2000


@pytest.mark.parametrize("name", ["dcec", "idec"])
def test_the_joint_training_ends_where_less_than_a_thousandth_of_the_labels_changes(name):
    clusterer = METHODS[name].kind(**METHODS[name].settings(PLAN))
    assert clusterer.get_params()["tolerance"] == 0.001
    assert clusterer.get_params()["update"] == PLAN.steps
